"""Map: the codes of the test images, beside PCA and t-SNE of the same images."""

import io
from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components import canvas, maps
from app.components.maps import Atlas, Cursor, Decoding, Map
from app.controls import behind, choices, drawing, scrubber, sidebar
from app.markup import strips
from app.results import exports, latents, layouts, makers
from app.results.layouts import Layout
from app.session import state
from app.session.plain import flat, plain
from app.session.state import Model
from vaecore import serving
from vaecore.serving import Explorer

PAPER = 200  # pixels of the side of the canvas
WAYS = ("principal axes", "two numbers")
NAMES, ALL = {"pca": "PCA", "tsne": "t-SNE", "codes": "t-SNE of the codes", "umap": "UMAP"}, "all"
TITLES = {
    "tsne": "t-SNE of the same images, perplexity {}",
    "codes": "t-SNE of the codes, perplexity {}",
    "umap": "UMAP of the same images",
}


def choose_axes(model: Model, latent: int) -> tuple[int, int]:
    """Return the two dimensions to show; one twice for the principal axes, on which a longer code opens."""
    if latent <= 2:
        return 0, latent - 1
    names = [strips.subscript("z", index) for index in range(latent)]
    first, second, *_ = (names[index] for index in latents.used_first(model))
    way = choices.one("Codes along", WAYS, "along", help="The two directions in which codes vary most, or two numbers.")
    if way == WAYS[0]:
        return 0, 0
    x = st.selectbox("Across", names, names.index(first), key="x", bind="query-params", width=100)
    others = [name for name in names if name != x]
    state.keep_valid("y", others, first if x == second else second)
    y = st.selectbox(
        "Up", others, others.index(first if x == second else second), key="y", bind="query-params", width=100
    )
    return names.index(x), names.index(y)


def choose_classes(names: tuple[str, ...]) -> list[int]:
    """Return the classes to bring out; none means all."""
    strips.paint_pills("classes", len(names))
    chosen = st.pills(
        "Bring out classes", names, selection_mode="multi", key="classes", bind="query-params", wrap=True,
        format_func=plain, label_visibility="collapsed",
    )  # fmt: skip
    return [names.index(name) for name in chosen]


def choose_beside(laid: Layout) -> list[str]:
    """Return the maps that stand beside that of the codes: t-SNE at first, or the one chosen, or all."""
    kinds = {NAMES[name.partition("-")[0]]: name for name in layouts.beside(laid)}  # of t-SNE any
    options = [name for name in NAMES.values() if name in kinds]
    if len(options) > 1:
        usual = NAMES["tsne"] if NAMES["tsne"] in options else options[0]
        chosen = choices.one("Beside", [*options, ALL], "beside", usual)
        options = options if chosen == ALL else [chosen]
    perplexity = choose_perplexity(laid) if NAMES["tsne"] in options else None
    return [f"tsne-{perplexity}" if name == NAMES["tsne"] else kinds[name] for name in options]


def score(laid: serving.maps.LatentMap, key: str, x: int, y: int) -> list[tuple[str, str]]:
    """Return a map's scores; those of a code of more than two numbers are of all of them, and it says so."""
    latent = laid.codes.shape[1]
    whole = key == "codes" and latent > 2
    rows = written(laid.scores.get(key, {}), f", all {latent}" if whole else "")
    if whole and x != y and "neighbours" in laid.scores.get(key, {}):
        with suppress(ValueError):  # the codes may be equal in these two
            rows.append(("of these two", f"{serving.maps.plane_accuracy(laid, x, y):.3f}"))
    return rows


def written(scores: Mapping[str, float], scope: str = "") -> list[tuple[str, str]]:
    """Return scores as they stand under a map."""
    names = {"trustworthiness": "trustworthiness", "neighbours": "5-neighbour accuracy"}
    return [(f"{name}{scope}", f"{scores[key]:.3f}") for key, name in names.items() if key in scores]


def choose_perplexity(laid: Layout) -> int | None:
    """Draw the choice among the t-SNEs that are at hand; return the one chosen, None where there is none."""
    at_hand = sorted(int(name.removeprefix("tsne-")) for name in layouts.beside(laid) if name.startswith("tsne-"))
    if not at_hand:
        return None
    chosen = at_hand[0]
    if len(at_hand) > 1:
        state.keep_valid("perplexity", at_hand, serving.maps.USUAL)
        chosen = st.select_slider(
            "Perplexity of t-SNE", at_hand, serving.maps.USUAL, key="perplexity", bind="query-params", width=190,
            help="About how many neighbours each point attends to: few show small clusters, many the large ones. "
            "All were laid out beforehand.",
        )  # fmt: skip
    return chosen


def table(laid: Layout) -> bytes:
    """Write the codes as CSV: row of the test set, class, one column per dimension."""
    labels = np.full(len(laid.codes), -1) if laid.labels is None else laid.labels
    header = ",".join(["row", "class", *(f"z{i + 1}" for i in range(laid.codes.shape[1]))])
    columns = np.column_stack([laid.index, labels, laid.codes])
    buffer = io.StringIO()
    formats = ["%d", "%d", *["%.6g"] * laid.codes.shape[1]]
    np.savetxt(buffer, columns, fmt=formats, delimiter=",", header=header, comments="")
    return buffer.getvalue().encode()


def atlas(model: Model, data: str, laid: Layout) -> Atlas | None:
    """Return the sheet of all images on the maps, where they can be had."""
    sheet = layouts.sheet(model, data, laid.index, makers.MAP_COLUMNS)
    return sheet and Atlas(kept(sheet[0], "images", model, data), makers.MAP_COLUMNS, made=sheet[1])


def kept(made: bytes, part: str, model: Model, data: str, *numbers: int) -> str:
    """Keep a part of the maps, and return its address."""
    own = data == state.own_images(model.explorer)
    return makers.keep(made, part, model, *numbers) if own else makers.hold(made, part)


def decoding(model: Model) -> Decoding | None:
    """Return what the page needs to decode the place under the pointer."""
    decoder = exports.decoder(model)
    return None if decoder is None else Decoding(decoder, "condition" in model.explorer.abilities)


def draw(model: Model, laid: Layout) -> tuple[Cursor | None, DeltaGenerator]:
    """Draw the canvas where it is asked for; return the drawing's place on the maps, and a place for the maps."""
    own = model.explorer
    if not st.session_state.get("draw"):
        canvas.forget()
        return None, st.container()
    choice = st.container()
    row = st.container(horizontal=True, gap="medium")
    paper, plan = row.container(width=PAPER), row.container(width="stretch")
    drawing.draw(model, choice, paper, map_too=True)
    return Cursor(own.name, laid.codes if own.latent <= state.WIDEST else None), plan


@st.fragment
def page() -> None:
    """Draw the maps."""
    model = state.chosen()
    own, data = model.explorer, state.images()
    try:
        laid = layouts.layout(model, data)
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    missing, names = laid.scored.missing, laid.names
    for sentence in dict.fromkeys(missing.values()):
        st.info(strips.sentence(sentence), icon=":material/info:")
    coded = "codes" not in missing
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        x, y = choose_axes(model, own.latent) if coded else (0, 0)
        others = choose_beside(laid)
        laid = layouts.holding(laid, others)
        if coded:
            st.toggle("Draw on the map", key="draw", bind="query-params", help="The model reads a digit of your own.")
    focus = choose_classes(names) if laid.labels is not None else []
    view = layouts.view(model, data, laid, x, y) if coded else None
    shown = planes_of(own, laid, view, (x, y), others)
    if not shown:
        return
    try:
        drawn, plan = draw(model, laid) if coded else (None, st.container())
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    which = sum(1 << layouts.beside(laid).index(name) for name in others)
    with plan:
        maps.maps(
            shown, laid.index, laid.labels, names, focus, own.shape,
            atlas(model, data, laid), view,
            decoding(model) if coded else None,
            own.standard_prior and own.latent == 2,
            lambda part, made: kept(made, part, model, data, *((x, y, which) if part == "points" else ())),
            layouts.spread(laid, x, y) if coded else None, drawn,
        )  # fmt: skip
    explain(model, data, laid)
    take_home(model, laid)


def take_home(model: Model, laid: Layout) -> None:
    """Offer the codes and the page to take away, and show the program behind the page."""
    own = model.explorer
    with st.container(horizontal=True):
        st.download_button(
            "Codes as CSV", lambda: table(laid), f"{own.name}-codes.csv", "text/csv",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        sidebar.offer_page(model)
    behind.show(
        "laid = serving.maps.latent_map(explorer)  # of 2,000 test images, with the scores",
        "print(laid.scores)",
        'planes = serving.maps.planes(explorer.dataset)  # "tsne-5" to "tsne-100" and "umap-15", of all test images',
        images=False,
        command=f"vaecore evaluate {own.name} --write",
    )


def planes_of(
    own: Explorer, laid: Layout, view: serving.paths.Projection | None, plane: tuple[int, int], others: list[str]
) -> list[Map]:
    """Return what there is to see: the codes, where they differ, first."""
    x, y = plane
    principal = own.latent > 2 and x == y
    along = ", along their principal axes" if principal else ""
    said = {
        "codes": (
            f"Codes of {own.name}{along}",
            score(laid.scored, "codes", x, y),
            None if principal else axes_of(x, y),
        ),
        "pca": ("PCA of the same images", score(laid.scored, "pca", x, y), None),
    }
    for name, each in laid.planes.items():
        kind, _, number = name.partition("-")
        said[name] = (TITLES[kind].format(number), written(each.scores), None)
    shown = layouts.places(laid, view, others)
    return [Map(name, said[name][0], points, *said[name][1:]) for name, points in shown.items()]


def axes_of(x: int, y: int) -> tuple[str, str]:
    """Return the names of the two dimensions that are shown."""
    return strips.subscript("z", x), strips.subscript("z", y) if x != y else ""


def explain(model: Model, data: str, laid: Layout) -> None:
    """Say what is shown, and what the numbers under each map are."""
    own, count = model.explorer, f"{len(laid.index):,} test images"
    ellipses = " The ellipses under the pointer are the image's posterior, at one and two scales."
    if data != state.own_images(own):
        said = (
            f"All {count} of {flat(data)}, which {flat(own.name)} has never learned: its codes put them among what it "
            f"knows, and so does the PCA of {flat(state.own_images(own))}. No map of them is scored. "
        )
    elif model.at is not None:
        said = f"All {count}, where {flat(own.name)}, puts them. No map of a model that is not done is scored. "
    else:
        all_scored = len(laid.scored.index) == len(laid.index)
        scored = "on all of them" if all_scored else f"on {len(laid.scored.index):,} of them"
        said = (
            f"{'All' if laid.whole else 'Of the data set,'} {count}, scored {scored}. "
            "Under each map stand its trustworthiness and its 5-neighbour accuracy: how often the five nearest dots "
            "vote for the right class. A code of more than two numbers is scored whole. t-SNE and UMAP are scored on "
            "the points that they were laid out on; codes and PCA place images that they have not seen. "
        )
    opens = "The maps open on the middle 99 % of their points; zoom out for the others."
    st.html(strips.caption(said + opens + ellipses * (laid.scales is not None)))


st.title("Map of the codes")
strips.lead("Every dot is an image. Point at the left map to decode a place; draw a lasso where two colours meet.")
scrubber.show()
page()

"""Map: the codes of the test images, beside PCA and t-SNE of the same images."""

import io
from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components import canvas, maps
from app.components.maps import Atlas, Cursor, Decoding, Map
from app.controls import behind, drawing, sidebar
from app.markup import strips
from app.results import exports, latents, layouts, makers
from app.results.latents import MIDDLE
from app.results.layouts import Layout
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving
from vaecore.serving import Explorer

PAPER = 200  # pixels of the side of the canvas


def choose_axes(model: Model, latent: int) -> tuple[int, int]:
    """Return the two dimensions to show; a code of two needs no choice."""
    if latent <= 2:
        return 0, latent - 1
    with st.container(horizontal=True):
        names = [strips.subscript("z", index) for index in range(latent)]
        first, second, *_ = latents.used_first(model)
        x = st.selectbox("Across", names, first, key="x", bind="query-params", width=120)
        y = st.selectbox("Up", names, second, key="y", bind="query-params", width=120)
    return names.index(x), names.index(y)


def choose_classes(names: tuple[str, ...]) -> list[int]:
    """Return the classes to bring out; none means all."""
    strips.paint_pills("classes", len(names))
    chosen = st.pills(
        "Bring out classes", names, selection_mode="multi", key="classes", bind="query-params", wrap=True,
        format_func=plain, help="The others fade but stay.",
    )  # fmt: skip
    return [names.index(name) for name in chosen]


def score(laid: serving.maps.LatentMap, key: str, x: int, y: int) -> list[tuple[str, str]]:
    """Return a map's scores; those of a code of more than two numbers are of all of them, and it says so."""
    latent = laid.codes.shape[1]
    whole = key == "codes" and latent > 2
    rows = written(laid.scores.get(key, {}), f", all {latent}" if whole else "")
    if whole and "neighbours" in laid.scores.get(key, {}):
        with suppress(ValueError):  # the codes may be equal in these two
            rows.append(("of these two", f"{serving.maps.plane_accuracy(laid, x, y):.3f}"))
    return rows


def written(scores: Mapping[str, float], scope: str = "") -> list[tuple[str, str]]:
    """Return scores as they stand under a map."""
    names = {"trustworthiness": "trustworthiness", "neighbours": "5-neighbour accuracy"}
    return [(f"{name}{scope}", f"{scores[key]:.3f}") for key, name in names.items() if key in scores]


def choose_perplexity(laid: Layout) -> int | None:
    """Draw the choice among the t-SNEs that are at hand; return the one chosen, None where there is none."""
    at_hand = sorted(int(name.removeprefix("tsne-")) for name in laid.planes if name.startswith("tsne-"))
    if not at_hand:
        return None
    chosen = at_hand[0]
    if len(at_hand) > 1:
        state.keep_valid("perplexity", at_hand, serving.maps.USUAL)
        chosen = st.select_slider(
            "Perplexity of t-SNE", at_hand, serving.maps.USUAL, key="perplexity", bind="query-params", width=260,
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


def atlas(model: Model, laid: Layout) -> Atlas | None:
    """Return the sheet of all images on the maps, where they can be had."""
    sheet = layouts.sheet(model, laid.index, makers.MAP_COLUMNS)
    return sheet and Atlas(makers.keep(sheet[0], "images", model), makers.MAP_COLUMNS, made=sheet[1])


def decoding(model: Model, plane: tuple[int, int]) -> Decoding | None:
    """Return what the page needs to decode the place under the pointer."""
    own = model.explorer
    decoder = exports.decoder(model)
    if decoder is None:
        return None
    return Decoding(decoder, latents.quantiles(model)[MIDDLE], plane, "condition" in own.abilities)


def draw(model: Model, laid: Layout, plane: tuple[int, int]) -> tuple[Cursor | None, DeltaGenerator]:
    """Draw the canvas where it is asked for; return the drawing's place on the maps, and a place for the maps."""
    own = model.explorer
    if not st.toggle("Draw on the map", key="draw", bind="query-params", help="The model reads a digit of your own."):
        canvas.forget()
        return None, st.container()
    choice = st.container()
    row = st.container(horizontal=True, gap="medium")
    paper, plan = row.container(width=PAPER), row.container(width="stretch")
    drawing.draw(model, choice, paper, map_too=True)
    return Cursor(own.name, plane, laid.codes if own.latent <= state.WIDEST else None), plan


@st.fragment
def page() -> None:
    """Draw the maps."""
    model = state.chosen()
    own = model.explorer
    try:
        laid = layouts.layout(model)
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    if st.session_state["data"] != own.dataset:
        st.info(f"The map is of {plain(own.dataset)}, the images that the model knows.", icon=":material/info:")
    missing, names = laid.scored.missing, tuple(own.classes)
    for sentence in dict.fromkeys(missing.values()):
        st.info(strips.sentence(sentence), icon=":material/info:")
    coded = "codes" not in missing
    x, y = choose_axes(model, own.latent) if coded else (0, 0)
    with st.container(horizontal=True, gap="large"):
        focus = choose_classes(names) if laid.labels is not None else []
        perplexity = choose_perplexity(laid)
    shown = planes_of(own, laid, (x, y) if coded else None, perplexity)
    if not shown:
        return
    try:
        drawn, plan = draw(model, laid, (x, y)) if coded else (None, st.container())
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    free = coded and x != y
    with plan:
        maps.maps(
            shown, laid.index, laid.labels, names, focus, own.shape,
            atlas(model, laid),
            decoding(model, (x, y)) if coded else None,
            own.standard_prior and free,
            lambda part, data: makers.keep(data, part, model, *((x, y, perplexity) if part == "points" else ())),
            layouts.spread(laid, x, y) if coded else None, drawn,
        )  # fmt: skip
    explain(laid)
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


def planes_of(own: Explorer, laid: Layout, plane: tuple[int, int] | None, perplexity: int | None) -> list[Map]:
    """Return what there is to see: the codes, where they differ, first."""
    x, y = plane or (0, 0)
    said = {
        "codes": (f"Codes of {own.name}", score(laid.scored, "codes", x, y), axes_of(x, y)),
        "pca": ("PCA of the same images", score(laid.scored, "pca", x, y), None),
    }
    for name, each in laid.planes.items():
        kind, _, number = name.partition("-")
        title = "UMAP of the same images" if kind == "umap" else f"t-SNE of the same images, perplexity {number}"
        said[name] = (title, written(each.scores), None)
    shown = layouts.places(laid, plane, perplexity)
    return [Map(said[name][0], points, *said[name][1:]) for name, points in shown.items()]


def axes_of(x: int, y: int) -> tuple[str, str]:
    """Return the names of the two dimensions that are shown."""
    return strips.subscript("z", x), strips.subscript("z", y)


def explain(laid: Layout) -> None:
    """Say what is shown, and what the numbers under each map are."""
    count = f"{len(laid.index):,} test images"
    scored = f"on {len(laid.scored.index):,} of them" if laid.whole else "on all of them"
    st.caption(
        f"{'All' if laid.whole else 'Of the data set,'} {count}, scored {scored}. "
        "Trustworthiness: of the neighbours on the map, how many are neighbours as images (1 is all). "
        "5-neighbour accuracy: how often five neighbours on the map vote for the right class. "
        "A code of more than two numbers is scored whole. "
        "The maps open on the middle 99 % of their points; zoom out for the others."
        + (
            " The ellipses under the pointer are the image's posterior, at one and two scales."
            if laid.scales is not None
            else ""
        )
    )


st.title("Map")
strips.lead(
    "Every dot is a test image at the place of its code. Move over the first map and watch what each place decodes to; "
    "then draw a lasso around the border of two colours."
)
page()

"""Reconstruct: what a model keeps of an image, beside PCA with a code of the same size."""

import numpy as np
import streamlit as st

from app.components import canvas
from app.controls import behind, choices, drawing, scrubber
from app.controls.drawing import Drawn
from app.figures import sprites
from app.markup import exhibits, strips
from app.markup.exhibits import Exhibit
from app.results import comparison, picks
from app.results.comparison import Scores
from app.results.data import Pictures, chosen_pictures
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving
from vaecore.serving import Explorer


def choose_k(model: Model) -> int:
    """Draw the choice of how many components PCA has."""
    largest = comparison.largest_baseline(model)
    k = st.slider(
        "PCA components", 1, max(largest, 2), min(model.explorer.latent, largest),
        key="k", bind="query-params", width=165, disabled=largest == 1,
        help="A fair comparison gives PCA as many numbers as the model's code has.",
    )  # fmt: skip
    return min(k, largest)  # a slider has two ends, even where there is one component only


def controls(found: Pictures) -> tuple[int | None, int]:
    """Draw the choices that every way of picking test images shares: the class, how many."""
    names = ["any", *found.names] if found.labels is not None else ["any"]
    name = st.selectbox("Class", names, key="of", bind="query-params", width=110)
    count = st.slider("Images", 4, 16, 10, key="images", bind="query-params", width=150)
    return names.index(name) - 1 if name != "any" else None, count


def choose(found: Pictures, result: Scores, way: str, label: int | None, count: int) -> np.ndarray:
    """Return the rows to show, with the control that this way of picking needs."""
    if way == "by row":
        text = st.text_input(
            "Rows of the test set", "0 1 2 3 4 5 6 7 8 9", key="rows", bind="query-params",
            help="From 0; the class does not matter here.",
        )  # fmt: skip
        return picks.parse(text, len(found.images))[:count]
    rows = picks.members(found.labels, label, len(found.images))
    if way == "random":
        seed = st.number_input("Seed", 0, 9999, 0, key="seed", bind="query-params", width=90)
        st.button("Draw again", icon=":material/casino:", on_click=redraw)
        return picks.draw(rows, count, seed)
    return picks.extreme(rows, result, way, count)


def redraw() -> None:
    """Take the next seed."""
    st.session_state["seed"] = (st.session_state["seed"] + 1) % 10000


def pick(model: Model, found: Pictures, way: str) -> tuple[int, np.ndarray]:
    """Draw the controls of a way of picking test images; return k and the rows that they pick."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label, count = controls(found)
        k = choose_k(model)
        return k, choose(found, comparison.scores(model, found, k), way, label, count)


def draw(model: Model) -> tuple[int, tuple[str, ...]]:
    """Draw the canvas, and what is made of the drawing; return k, and what a program says of the drawing."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        k = choose_k(model)
        choice = st.container(width="content")
    drawn = drawing.draw(model, choice, st.container(border=True))
    if drawn is None:
        return k, ()
    show_drawing(model, k, drawn)
    label = "" if drawn.label is None else f", labels=np.array([{drawn.label}])"
    strokes = f"serving.drawings.unpack_drawing({st.session_state[canvas.DRAWING]!r})"
    return k, (f"image = serving.drawings.drawing({strokes}, explorer.shape)", f"image[None]{label}")


def show_drawing(model: Model, k: int, drawn: Drawn) -> None:
    """Draw a drawing as the model sees it, both reconstructions and both error maps."""
    own = model.explorer
    labels = None if drawn.label is None else np.array([drawn.label])
    part = serving.comparison.compare(own, comparison.baseline(model, k), drawn.image[None], labels)
    top = sprites.top_of(part.error_map, part.baseline_error_map)
    read = "" if drawn.label is None else f", read as {own.classes[drawn.label]}"
    st.html(
        exhibits.gallery(
            [
                Exhibit("Your drawing", sprites.pixels(drawn.image[None])[0], f"as the model sees it{read}"),
                Exhibit(own.name, sprites.pixels(part.reconstructions)[0], f"{own.latent} numbers", "reconstruction"),
                Exhibit("Its error", sprites.heat(part.error_map, top)[0], squares(part.errors), "reconstruction"),
                Exhibit(f"PCA-{k}", sprites.pixels(part.baseline)[0], f"{k} numbers", "baseline"),
                Exhibit(
                    "Its error",
                    sprites.heat(part.baseline_error_map, top)[0],
                    squares(part.baseline_errors),
                    "baseline",
                ),
            ]
        )
        + f'<div class="vc-flush">{strips.legend(top, "maps")}</div>'
    )


def squares(errors: np.ndarray) -> str:
    """Write the squared error of one image."""
    return f"sum of squares {errors[0]:.1f}"


def show(model: Model, k: int, found: Pictures, rows: np.ndarray) -> None:
    """Draw the originals, both reconstructions and both error maps."""
    own = model.explorer
    labels = None if found.labels is None else found.labels[rows]
    images = found.images[rows]
    part = serving.comparison.compare(own, comparison.baseline(model, k), images, labels)
    top = sprites.top_of(part.error_map, part.baseline_error_map)
    names = [found.names[label] for label in labels] if labels is not None else [""] * len(rows)
    titles = [f"{name}\n{row}" if name else str(row) for name, row in zip(names, rows, strict=True)]
    st.html(
        strips.row(
            "Decoded" if found.source.trouble else "Originals", sprites.pixels(images), titles, "x", "class, row"
        )
        + strips.row(own.name, sprites.pixels(part.reconstructions), (), "reconstruction", f"{own.latent} numbers")
        + strips.row(
            "Its error", sprites.heat(part.error_map, top), errors(part.errors), "reconstruction", "sum of squares"
        )
        + strips.row(f"PCA-{k}", sprites.pixels(part.baseline), (), "baseline", f"{k} numbers")
        + strips.row(
            "Its error",
            sprites.heat(part.baseline_error_map, top),
            errors(part.baseline_errors),
            "baseline",
            "sum of squares",
        )
        + strips.legend(top)
    )


def errors(values: np.ndarray) -> list[str]:
    """Write squared errors under their images."""
    return [f"{value:.1f}" for value in values]


def remembered(own: Explorer) -> None:
    """Say what the card measured, where the real images are not at hand: the model's own would flatter it."""
    metrics = own.card["metrics"]
    st.subheader(f"Mean squared error, as measured on the {plain(serving.scores.split(own.card))} images")
    first, second = st.columns(2)
    first.metric(plain(own.name), f"{metrics['squared_error']:.2f}")
    if "pca_squared_error" in metrics:
        second.metric(f"PCA-{own.latent}", f"{metrics['pca_squared_error']:.2f}")
    st.caption("The images above were decoded by a model, so their errors say nothing of real ones.")


def totals(name: str, k: int, result: Scores) -> None:
    """Say how both sides do over every image."""
    st.subheader(f"Mean squared error over all {len(result.errors):,} images")
    first, second, third = st.columns([1, 1, 2], vertical_alignment="center")
    first.metric(plain(name), f"{result.mean:.2f}")
    second.metric(f"PCA-{k}", f"{result.baseline_mean:.2f}")
    third.html(strips.share(name, result.wins, f"PCA-{k}", result.baseline_wins, len(result.errors)))
    st.caption(
        "Squared error is summed over the pixels of an image, pixels in [0, 1]; an image is won by the smaller error."
    )


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    own = model.explorer
    found = chosen_pictures()
    way = choices.one("Show", picks.WAYS, "show")
    try:
        if way == picks.DRAWN:
            k, source = draw(model)
        else:
            canvas.forget()
            k, rows = pick(model, found, way)
            if len(rows) == 0:
                st.info("There is no such image here; choose another class or name a row.")
                return
            show(model, k, found, rows)
            source = (f"rows = {rows.tolist()}", f"tests.images[rows]{behind.labels(own)}")
        result = comparison.scores(model, found, k)
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    if found.source.trouble:
        remembered(own)
    else:
        totals(own.name, k, result)
    if source:
        again(k, *source)


def again(k: int, *images: str) -> None:
    """Show the program that reconstructs some images, by the line that finds them and the arguments that name them."""
    behind.show(
        *images[:-1],
        f"pca = serving.comparison.baseline(explorer, {k})",
        f"found = serving.comparison.compare(explorer, pca, {images[-1]})",
        "print(found.errors, found.baseline_errors)",
    )


st.title("Squeeze and rebuild")
strips.lead(
    "Each image is squeezed into the model's code and rebuilt from it. Choose “PCA ahead”: on which images is PCA, "
    "which has no network at all, the better one?"
)
scrubber.show()
page()

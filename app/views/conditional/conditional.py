"""Conditional: the style of one image, or of a drawing, in every class that the model can be told."""

import numpy as np
import streamlit as st

from app.components import canvas
from app.controls import behind
from app.figures import sprites
from app.markup import strips
from app.markup.exhibits import Exhibit
from app.results import conditional
from app.results.conditional import Style
from app.results.data import Pictures, chosen_pictures
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from app.views.conditional import classes, sources
from vaecore import serving
from vaecore.serving import Explorer


def source(style: Style, own: Explorer) -> Exhibit | None:
    """Return the picture that a style was read from."""
    if style.image is None or style.label is None:
        return None
    return Exhibit(style.title, sprites.pixels(style.image[None])[0], f"read as {own.classes[style.label]}")


def every_class(model: Model, style: Style) -> None:
    """Draw one style in every class."""
    own = model.explorer
    st.subheader("The same style in every class")
    cells = sprites.pixels(conditional.in_every_class(model, style.code[None])[0])
    st.html(classes.family(cells, own.classes, style.label, source(style, own)))
    come = "drawn from the prior" if style.label is None else "read from the picture before them"
    kept = "" if style.label is None else f" Told {plain(own.classes[style.label])}, it is the reconstruction."
    st.caption(
        f"One code, {come}, decoded once for each class. What the class does not say stays: of a digit, its slant, its "
        f"width, the weight of its stroke.{kept}"
    )


def table(model: Model, found: Pictures, style: Style) -> None:
    """Draw several styles in every class."""
    own = model.explorer
    st.subheader("A table of styles")
    count = st.slider("Styles", 2, 12, 6, key="styles", bind="query-params", width=220)
    shown = conditional.fellows(model, found, style, count)
    cells = conditional.in_every_class(model, np.stack([each.code for each in shown]))
    pictures = [each.image for each in shown if each.image is not None]
    heads = sprites.pixels(np.stack(pictures)) if pictures else [each.title.split()[-1] for each in shown]
    st.html(classes.table(heads, rgb(cells), own.classes, style.label))
    rows = "styles of the prior, by their numbers"
    if style.label is not None:
        rows = f"images of class {plain(own.classes[style.label])}, at the left, and their styles in every class"
    st.caption(f"Row by row, {rows}. Read it as a table of multiplication: a style times a class.")


def walk(model: Model, style: Style) -> None:
    """Draw what one number of the code does in every class."""
    own = model.explorer
    st.subheader("Walk along one dimension")
    order = conditional.dimensions(model)
    names = [strips.subscript("z", index) for index in order]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        state.keep_valid("dim", names, names[0])
        name = st.selectbox("Dimension", names, key="dim", bind="query-params", width=130)
        at = st.slider(
            f"{name}, in deviations of the prior", -conditional.REACH, conditional.REACH, 0.0, 0.1,
            key="at", bind="query-params", width=320,
        )  # fmt: skip
    dimension = order[names.index(name)]
    here = sprites.pixels(conditional.moved(model, style.code, dimension, at))
    st.html(classes.family(here, own.classes, style.label, None))
    stops, cells = conditional.walk(model, style.code, dimension)
    with st.expander("The whole walk", expanded=True):
        st.html(classes.table([signed(stop) for stop in stops], rgb(cells), own.classes, style.label))
    st.caption(
        f"All other numbers of the code stay; {name} of {style.title} itself is {signed(style.code[dimension], 2)}. "
        "What changes the pictures most stands first in the list: which number slants, and which one thickens?"
    )


def signed(value: float, digits: int = 1) -> str:
    """Write a number with the sign of typography."""
    return f"{value:.{digits}f}".replace("-", strips.MINUS)


def rgb(images: np.ndarray) -> np.ndarray:
    """Return images [rows, classes, c, h, w] as RGB bytes."""
    return np.stack([sprites.pixels(row) for row in images])


def label_left(model: Model) -> None:
    """Draw how much of the class the code still holds."""
    own = model.explorer
    st.subheader("What the code still says of the class")
    try:
        told = conditional.label_left(model)
    except ValueError as error:
        st.info(f"This takes images with classes. {strips.sentence(str(error))}", icon=":material/info:")
        return
    other = conditional.untold(model)
    bare = None if other is None else (other.explorer.name, conditional.label_left(other))
    metrics = [(f"Read from {own.name}'s codes", told.accuracy)]
    if bare:
        metrics.append((f"From {bare[0]}'s, never told", bare[1].accuracy))
    metrics.append(("Always naming the commonest class", told.chance))
    for column, (name, share) in zip(st.columns(len(metrics)), metrics, strict=True):
        column.metric(plain(name), f"{share:.1%}")
    st.caption(about_label(told, bare))


def about_label(told: serving.styles.LabelLeft, bare: tuple[str, serving.styles.LabelLeft] | None) -> str:
    """Say what the numbers mean."""
    beside = f" {plain(bare[0])} has nothing but its code to say the class with, so it must." if bare else ""
    return (
        f"How many of {told.tested:,} test images a linear probe puts into their class when it sees the code alone; it "
        f"was fitted on the codes of {told.probed:,} training images. Near the last number, the code holds style only, "
        "as far as a linear rule can read it: the decoder is told the class, and to say it again would cost rate."
        f"{beside}"
    )


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    found = chosen_pictures()
    try:
        with st.container(border=True):
            style = sources.choose(model, found)
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    if style is not None:
        every_class(model, style)
        table(model, found, style)
        walk(model, style)
    label_left(model)
    if style is not None:
        again(style)


def again(style: Style) -> None:
    """Show the program that draws the style in every class."""
    if style.number is None:
        text, label = st.session_state[canvas.DRAWING], style.label
        source = [f"image = serving.drawings.drawing(serving.drawings.unpack_drawing({text!r}), explorer.shape)"]
        source += [f"code = explorer.encode(image[None], np.array([{label}]))"]
    elif style.image is None:
        source = [f"code = serving.styles.prior_codes(explorer, np.array([{style.number}]))"]
    else:
        row = style.number
        source = [f"code = explorer.encode({behind.image(row)}, {behind.image(row, 'labels')})"]
    behind.show(*source, "every = serving.styles.in_every_class(explorer, code)", "print(every.shape)")


st.title("One style, every class")
strips.lead(
    "This model is told the class, so its code is left with the style. Pick an image or draw one, and see every class "
    "in the same hand: what stays when the class changes?"
)
page()

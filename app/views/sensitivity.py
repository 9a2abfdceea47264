"""Sensitivity: which changes of an image move its code, and which leave it where it is."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind, choices, sidebar
from app.figures import charts, curves, sprites
from app.figures.charts import Series
from app.figures.marks import Axis
from app.markup import exhibits, strips
from app.markup.exhibits import Exhibit
from app.results import directions
from app.results.data import Pictures, chosen_pictures
from app.results.directions import Push
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving


class Side(NamedTuple):
    """A model, what its code feels at the chosen image, and its colour."""

    model: Model
    name: str
    felt: serving.directions.Sensitivity
    variable: str


def choose_image(found: Pictures) -> int:
    """Draw the image's choosers beside it; return its row."""
    picture, control = st.columns([1, 2], vertical_alignment="center", wrap=False)
    with control:
        row = sidebar.one_image(found)
    tag = strips.picture_tag(sprites.pixels(found.images[row : row + 1])[0], "The image")
    picture.html(f'<div class="vc-frame" style="--width:7.5rem">{tag}</div>')
    return row


def choose_companion(model: Model) -> Model | None:
    """Draw the choice of the model beside, the plain twin first."""
    names = directions.companions(model, tuple(state.model_names()))
    if not names:
        return None
    state.keep_valid("beside", names, names[0])
    name = st.selectbox(
        "Beside it", names, key="beside", bind="query-params",
        help="A model's plain twin comes first: the same data, the same size and kind of code, no penalty.",
    )  # fmt: skip
    return state.find(name)


def sides(model: Model, companion: Model | None, found: Pictures, row: int) -> list[Side]:
    """Take the Jacobians of the models apart."""
    shown = [Side(model, model.explorer.name, directions.sensitivity(model, found, row), "reconstruction")]
    if companion:
        name = companion.explorer.name
        other = f"{name}, the other" if name == shown[0].name else name
        shown.append(Side(companion, other, directions.sensitivity(companion, found, row), "twin"))
    return shown


def norms(shown: list[Side]) -> None:
    """Write how much each code feels in all."""
    columns = st.columns(len(shown))
    for column, side in zip(columns, shown, strict=True):
        column.metric(f"‖J‖ of {plain(side.name)}", f"{side.felt.norm:.2f}")
    if len(shown) == 2:
        ratio = directions.ratio(shown[0].felt, shown[1].felt)
        st.caption(
            f"In all, {plain(shown[0].name)} feels **{ratio:.2f} times** as much as {plain(shown[1].name)}. That is a "
            "fair comparison of codes of one kind only: a code of larger numbers has a larger Jacobian."
        )


def spectra(shown: list[Side]) -> None:
    """Draw the singular values of every model."""
    st.markdown("**How far the code moves, direction by direction**")
    series = [
        Series(side.name, directions.ranks(side.felt), side.felt.values, side.variable) for side in shown
    ]  # fmt: skip
    plot(curves.spectrum(series, height=330), "spectra")


def pictures(shown: list[Side]) -> str:
    """Return the directions that each code feels most and least, as signed pictures on one scale."""
    top = sprites.reach(*(part for side in shown for part in (side.felt.felt, side.felt.ignored)))
    return "".join(
        strips.row(side.name, sprites.signed(part, top), lengths(values), side.variable, note)
        for side in shown
        for note, part, values in (
            ("feels most", side.felt.felt, side.felt.values),
            ("ignores most", side.felt.ignored, side.felt.ignored_values),
        )
    ) + strips.signed_legend(top, "per pixel of a step of length 1; the sign of a direction means nothing")


def lengths(values: np.ndarray) -> list[str]:
    """Write singular values under their directions."""
    return [f"{value:.3f}" for value in values[: directions.DIRECTIONS]]


def choose_push(shown: list[Side]) -> tuple[np.ndarray, int]:
    """Draw the choice of a direction and of a step; return both."""
    sensitivities = {side.name: side.felt for side in shown}
    names = list(sensitivities)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        end = choices.one("Direction", ("felt", "ignored"), "end")
        whose = choices.one("By", names, "by")
        among = sensitivities[whose].felt if end == "felt" else sensitivities[whose].ignored
        state.keep_valid("nth", range(1, len(among) + 1), 1)
        number = st.number_input("Number", 1, len(among), 1, key="nth", bind="query-params", width=130)
        percent = st.slider(
            "Step", -100, 100, 40, 5, format="%d%%", key="step", bind="query-params", width=260,
            help="In percent of the usual distance between two images, in pixel space.",
        )  # fmt: skip
    return among[number - 1], percent


def pushed(shown: list[Side], found: Pictures, row: int, direction: np.ndarray, percent: int) -> list[Push]:
    """Draw the image, where it was pushed to, and what each model makes of that; return the pushes."""
    done = [directions.push(side.model, found, row, direction, percent) for side in shown]
    top = sprites.reach(direction[None])
    st.html(
        exhibits.gallery(
            [
                Exhibit("Image", sprites.pixels(found.images[row : row + 1])[0], f"row {row}"),
                Exhibit("Direction", sprites.signed(direction[None], top)[0], "length 1", "z"),
                Exhibit("Pushed", sprites.pixels(done[0].image[None])[0], signed(done[0].length)),
                *(
                    Exhibit(side.name, sprites.pixels(each.reconstruction[None])[0], "reconstructs this", side.variable)
                    for side, each in zip(shown, done, strict=True)
                ),
            ]
        )
    )
    return done


def signed(length: float) -> str:
    """Write the length of a push."""
    return "by " + f"{length:+.2f}".replace("-", strips.MINUS)


def movements(shown: list[Side], done: list[Push], percent: int) -> None:
    """Say how far each code moved, and draw it for every step."""
    left, right = st.columns([1, 1.6], gap="medium", vertical_alignment="center")
    parts = [f"that of **{plain(side.name)}** by {each.percent:.0f}%" for side, each in zip(shown, done, strict=True)]
    left.markdown(
        f"The image moved by {abs(percent)}% of the usual distance between two images. In the same measure, the usual "
        f"distance between the codes of two images, its code moved: {', '.join(parts)}."
    )
    series = [
        Series(side.name, directions.PUSHES, each.curve, side.variable) for side, each in zip(shown, done, strict=True)
    ]
    steps = {float(step): f"{step}".replace("-", strips.MINUS) for step in (-100, -50, 0, 50, 100)}
    across = Axis("step, %", (-103, 103), ticks=steps, grid=False)
    with right:
        plot(charts.lines(series, across, "code moves, %", percent, form=".0f", height=260), "movements")


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    own = model.explorer
    found = chosen_pictures()
    left, right = st.columns([1, 1.35], gap="medium")
    try:
        with left:
            with st.container(border=True):
                row = choose_image(found)
            companion = choose_companion(model)
            shown = sides(model, companion, found, row)
            norms(shown)
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    with right:
        spectra(shown)
    st.subheader("What the code feels, and what it ignores")
    st.html(pictures(shown))
    st.caption(
        "Under each direction: how far the code moves for a small step of length 1. What is ignored is sought among "
        "the directions in which images do vary, the commonest first where many move nothing: a corner that is always "
        "black would be no news."
    )
    st.subheader("Push the image")
    direction, percent = choose_push(shown)
    done = pushed(shown, found, row, direction, percent)
    movements(shown, done, percent)
    label = f", label=tests.labels[{row}]" if "condition" in own.abilities else ""
    behind.show(
        f"felt = serving.directions.sensitivity(explorer, tests.images[{row}]{label})",
        "print(felt.values)  # the singular values of the Jacobian",
    )


st.title("What a code notices")
strips.lead(
    "A good code notices what matters in an image and ignores the rest. Push the image in a direction that the code "
    "notices, then in one that it ignores: what changes in the picture, and what in the one rebuilt from the code?"
)
page()

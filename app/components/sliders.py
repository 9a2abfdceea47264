"""Sliders over a code, with what it decodes to: decoded in the page, at every move; Python hears when it ends."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from app.components.files import register
from app.components.heard import heard
from app.results.walks import MIDDLE, Walk
from app.session.address import whole
from app.session.blobs import BLOBS
from vaecore import serving

DECIMALS = 6  # of a pixel
DRAWS = 10000  # as many as the page's
PERCENTS, LABEL, TURN = "percents", "label", "turn"  # keys of the session; the label's is the address's too
MOVED = "moved"  # the same: what it is that the percents move
BASE, DRAW, SOME = "base", "drawn", "a draw"  # of the address: what sliders start from, the draw's number; the choice
MOVING = "moving"  # the same, while a gesture lasts: the address says where it ends
BLIND = "blind"  # whether the page could not fetch a decoder that it was offered
_sliders = register("latent_sliders", "sliders")


@dataclass(frozen=True)
class Plane:
    """The picture of a 2-D model's manifold: `side` images along each side, and a sentence under it."""

    address: str
    side: int
    caption: str


@dataclass(frozen=True)
class Beside:
    """Another model of as many dimensions: its name, its decoder, its codes at whole percents, whether it is told."""

    name: str
    decoder: serving.Exported
    quantiles: np.ndarray
    conditional: bool


@dataclass(frozen=True)
class Stand:
    """Where the sliders stand, by dimension and in percent, those in the middle left out; and the class."""

    percents: Mapping[int, float]
    label: int | None


class Left(NamedTuple):
    """Where a page left its sliders, by dimension; the class and the draw that were chosen there, if any were.

    The turn counts the gestures; one of them may last, and the page may be blind to what it decodes.
    """

    percents: dict[int, float]
    turn: int
    moving: bool
    blind: bool
    label: str | None
    draw: int | None


def begin(walk: Walk, told: str | None = None) -> None:
    """Put every slider home once it moves something else than before; the class is then that of the image."""
    before = st.session_state.get(MOVED)
    st.session_state[MOVED] = own = (walk.letter, walk.word)
    if before is not None and before != own:
        st.session_state[PERCENTS] = {}
    elif before is not None or LABEL in st.query_params:
        return
    if told is not None:
        st.session_state[LABEL] = told


def stand(walk: Walk, classes: Sequence[str]) -> Stand:
    """Return where the sliders of a walk stand: in the session, or at first in the address."""
    if PERCENTS not in st.session_state:
        st.session_state[PERCENTS] = asked_percents(walk.letter)
    name = st.session_state.setdefault(LABEL, st.query_params.get(LABEL))
    label = classes.index(name) if name in classes else min(3, len(classes) - 1)
    percents, home = st.session_state[PERCENTS], walk.home
    kept = {index: at for index, at in percents.items() if index in home and at != home[index]}
    return Stand(kept, label if classes else None)


def choose_draw() -> int:
    """Draw the choice of the draw that sliders start from; return its number.

    The address is written here: Streamlit 1.67 leaves out a bound number that was there before its control, as that of
    the button Random is.
    """
    if DRAW not in st.session_state:
        st.session_state[DRAW] = (whole(st.query_params.get(DRAW, "")) or 0) % DRAWS
    number = st.number_input("Draw", 0, DRAWS - 1, key=DRAW, width=130)
    if st.query_params.get(DRAW, "0") != str(number):
        st.query_params[DRAW] = str(number)
    return number


def needs_picture(decoder: serving.Exported | None) -> bool:
    """Return whether the page does not decode itself: it cannot run the decoder, or its weights did not come."""
    return decoder is None or bool(st.session_state.get(BLIND))


def sliders(
    walk: Walk,
    shown: Sequence[int],
    names: Sequence[str],
    classes: Sequence[str],
    shape: Sequence[int],
    decoder: serving.Exported | None,
    picture: np.ndarray | None,
    plane: Plane | None,
    beside: Sequence[Beside] = (),
    groups: Sequence[str] = (),
) -> None:
    """Draw a slider for each number or direction that is shown, its picture, and the plane of a 2-D model.

    What a walk can move and is not shown is moved by a draw. ``picture`` is what the code decodes to where it stands
    now, for a page that ``needs_picture``. Models ``beside`` decode the code at the same percents of their own.
    ``groups`` are the headings that sliders stand under, one for each.
    """
    at = stand(walk, classes)
    if not st.session_state.get(MOVING):
        _write_address(at, walk, classes)
    data = {
        **_codes(walk.middle, walk.quantiles),
        **({} if walk.local else {"home": walk.home}),
        **({} if walk.basis is None else {"basis": _written(walk.basis)}),
        "variable": walk.variable,
        "shown": list(shown),
        "names": list(names),
        "groups": list(groups),
        "classes": list(classes),
        "label": at.label,
        "percents": at.percents,
        "turn": st.session_state.get(TURN, 0),
        "shape": list(shape),
        **({"network": None, "weights": None} if decoder is None else _network(decoder)),
        "beside": [_beside(each, walk.home) for each in beside],
        "picture": None if picture is None else picture.ravel().astype(float).round(DECIMALS).tolist(),
        "plane": None if plane is None else {"address": plane.address, "side": plane.side, "caption": plane.caption},
    }
    _sliders(data=data, key="sliders", on_stand_change=_take)


def _beside(model: Beside, movable: Collection[int]) -> dict[str, Any]:
    table = model.quantiles
    codes = _codes(table[MIDDLE], {index: table[:, index] for index in movable})
    return {"name": model.name, "told": model.conditional, **codes, **_network(model.decoder)}


def _codes(middle: np.ndarray, quantiles: Mapping[int, np.ndarray]) -> dict[str, Any]:
    return {"middle": middle.tolist(), "quantiles": {index: column.tolist() for index, column in quantiles.items()}}


def _written(basis: np.ndarray) -> list[list[float]]:
    return [[float(f"{value:.{DECIMALS}g}") for value in row] for row in basis.tolist()]


def _network(decoder: serving.Exported) -> dict[str, Any]:
    return {
        "network": decoder.networks["decoder"],
        "weights": BLOBS.put_weights(decoder),
    }


def _take() -> None:
    """Keep where the sliders were left."""
    left = left_of("sliders")
    if left is not None:
        st.session_state[PERCENTS], st.session_state[TURN] = left.percents, left.turn
        st.session_state[MOVING], st.session_state[BLIND] = left.moving, left.blind
        if left.label is not None:
            st.session_state[LABEL] = left.label
        if left.draw is not None:
            st.session_state[BASE], st.session_state[DRAW] = SOME, left.draw % DRAWS


def _write_address(at: Stand, walk: Walk, classes: Sequence[str]) -> None:
    told = {} if at.label is None else {LABEL: classes[at.label]}
    for name in [name for name in st.query_params if _is_slider(name) and name[0] != walk.letter]:
        st.query_params.pop(name)
    write_percents(at.percents, walk.home, told, walk.letter)


def write_percents(
    percents: Mapping[int, float], home: Mapping[int, float], told: Mapping[str, str], letter: str = "z"
) -> None:
    """Let the address say where sliders stand, and what else is told; those that are back home say so.

    All of it is one step of history.
    """
    words = {f"{letter}{index + 1}": f"{percent:g}" for index, percent in percents.items()}
    named = {f"{letter}{index + 1}": f"{percent:g}" for index, percent in home.items()}
    words |= {name: named[name] for name in st.query_params if name in named and name not in words}
    words |= told
    changed = {name: word for name, word in words.items() if st.query_params.get(name) != word}
    if changed:
        st.query_params.update(changed)


def asked_percents(letter: str = "z") -> dict[int, float]:
    """Return where the address says that sliders stand, by dimension; what names no percent is left out."""
    asked = {int(name[1:]) - 1: _percent(word) for name, word in st.query_params.items() if _is_slider(name, letter)}
    return {index: percent for index, percent in asked.items() if percent is not None}


def left_of(key: str) -> Left | None:
    """Return where the page left the sliders of that key."""
    return heard(key, "stand", _left)


def _left(said: Mapping[str, Any]) -> Left:
    percents = {int(index): _within(float(percent)) for index, percent in said["percents"].items()}
    label, draw = said.get("label"), said.get("draw")
    return Left(
        percents, int(said["turn"]), bool(said.get("moving")), bool(said.get("blind")),
        None if label is None else str(label), None if draw is None else int(draw),
    )  # fmt: skip


def _is_slider(name: str, letters: str = "vz") -> bool:
    return re.fullmatch(rf"[{letters}][1-9]\d{{0,5}}", name) is not None


def _percent(word: str | None) -> float | None:
    """Return the percent that an address names, None where it names none."""
    try:
        return _within(float(word or ""))
    except ValueError:
        return None


def _within(percent: float) -> float:
    return min(max(1, percent), 99)  # in this order: what is no number is 1

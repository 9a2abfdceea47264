"""Paths between two codes, in the page: dragged by their ends on the plane of the real codes, played step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app.components.files import register
from app.components.heard import heard
from app.figures import sprites
from app.results import paths as computed
from app.results.paths import FINE, Ground, Kind, Way
from app.session.address import whole
from app.session.blobs import BLOBS
from vaecore import serving

DIGITS = 5  # that a number keeps on its way to the page
STEP, TURN = "stop", "turn of the paths"  # keys of the session; the step's is the address's too, from 1
_paths = register("latent_paths", "paths")
Take = Callable[[Mapping[str, str]], None]


@dataclass(frozen=True)
class Film:
    """A path as it is shown: in words, and itself, or why it cannot be had."""

    kind: Kind
    title: str
    note: str
    way: Way | None
    trouble: str = ""


@dataclass(frozen=True)
class Board:
    """The real codes under the paths: their classes by name, their places and the sheet of their images by address."""

    ground: Ground
    names: Sequence[str]
    points: str
    atlas: str | None
    columns: int
    made: bool


@dataclass(frozen=True)
class Mark:
    """An end of the paths: its code, and what it is in words."""

    title: str
    code: np.ndarray


@dataclass(frozen=True)
class Told:
    """The class that every step is told, and whether that is A's own, wherever A is; None for neither."""

    label: int | None
    follows: bool


def step_of(steps: int) -> int:
    """Return the step that is looked at, from 0: in the session, at first in the address, else in the middle."""
    if STEP not in st.session_state:
        asked = whole(st.query_params.get(STEP, ""))
        st.session_state[STEP] = asked - 1 if asked and asked <= steps else None
    step = st.session_state[STEP]
    return steps // 2 if step is None else min(step, steps - 1)


def paths(
    films: Sequence[Film],
    ends: tuple[Mark, Mark],
    steps: int,
    shape: Sequence[int],
    told: Told,
    board: Board | None,
    decoder: serving.Exported | None,
    take: Take,
) -> None:
    """Draw paths, the one that is looked at first; ``take`` hears of ends that were moved, each as a word.

    The word is a place of the plane where that is the whole code, else the row of a test image.
    """
    step = step_of(steps)
    if st.session_state[STEP] is not None:
        st.query_params[STEP] = str(step + 1)
    live = decoder if board is not None and board.ground.free else None
    data = {
        "steps": steps,
        "fine": FINE,
        "step": step,
        "turn": st.session_state.get(TURN, 0),
        "shape": list(shape),
        "shares": computed.shares(steps),
        "ways": [_film(film, board) for film in films],
        "ends": [_end(end, board) for end in ends],
        "label": told.label,
        "follows": told.follows,
        "ground": None if board is None else _ground(board),
        "network": None if live is None else live.networks["decoder"],
        "weights": None if live is None else BLOBS.put_weights(live),
    }
    _paths(data=data, key="paths", on_stand_change=lambda: _hear(take))


def _hear(take: Take) -> None:
    """Keep the step that was left, and pass the ends on."""
    left = heard("paths", "stand", _left)
    if left is not None:
        st.session_state[STEP], st.session_state[TURN], ends = left
        take(ends)


def _left(said: Mapping[str, Any]) -> tuple[int, int, dict[str, str]]:
    ends = {end: str(said["ends"][end]) for end in "ab" if end in said["ends"]}
    return max(0, int(said["step"])), int(said["turn"]), ends


def _film(film: Film, board: Board | None) -> dict[str, Any]:
    said = {"kind": film.kind, "title": film.title, "note": film.note, "trouble": film.trouble}
    way = film.way
    if way is None:
        return said | {"film": None}
    sheet = sprites.sheet(way.cells, len(way.cells))
    said["film"] = BLOBS.inline(sprites.png(sheet), "image/png")
    if board is None or way.company is None or way.density is None or way.line is None:
        return said
    return said | {
        "line": _short(way.line),
        "nearest": way.company.nearest.tolist(),
        "distances": _short(way.company.distances),
        "neighbours": way.company.neighbours.tolist(),
        "density": _short(way.density),
    }


def _end(end: Mark, board: Board | None) -> dict[str, Any]:
    if board is None:
        return {"title": end.title, "place": [0, 0], "point": -1}
    place = board.ground.plane.places(end.code[None])[0]
    return {"title": end.title, "place": place.tolist(), "point": computed.nearest(board.ground, end.code)}


def _ground(board: Board) -> dict[str, Any]:
    ground, labels = board.ground, board.ground.laid.labels
    return {
        "points": board.points,
        "free": ground.free,
        "axes": ["z₁", "z₂"] if ground.free else ["1st component", "2nd component"],
        "radius": ground.around.radius,
        "usual": ground.around.usual,
        "index": ground.laid.index.tolist(),
        "labels": None if labels is None else labels.tolist(),
        "names": list(board.names),
        "colors": list(serving.browser.CLASS_COLORS),
        "inks": [serving.browser.ink_on(color) for color in serving.browser.CLASS_COLORS],
        "atlas": board.atlas,
        "columns": board.columns,
        "made": board.made,
    }


def _short(values: np.ndarray) -> list[Any]:
    """Return an array of one or two axes as lists of few digits."""
    if values.ndim == 2:
        return [_short(row) for row in values]
    return [float(f"{value:.{DIGITS}g}") for value in values]

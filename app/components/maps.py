"""Maps of the same images side by side: hover, lasso and live decoding, all of it in the page."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np
import streamlit as st

from app.components.files import register
from app.components.heard import heard
from app.figures.sprites import packed
from app.session.blobs import BLOBS
from vaecore import serving

LASSO, TURN = "lasso", "lasso turn"  # of the address, which the session has no copy of; and of the session
KIND, CORNERS = re.compile(r"[a-z]+(-\d+)?"), 64
_maps = register("latent_maps", "maps")
Keep = Callable[[Literal["points", "rows", "codes"], bytes], str]


@dataclass(frozen=True)
class Map:
    """A kind, a title, the places of all points [n, 2], what is said under them, and axes whose numbers mean much."""

    kind: str
    title: str
    points: np.ndarray
    facts: Sequence[tuple[str, str]] = ()
    axes: tuple[str, str] | None = None


@dataclass(frozen=True)
class Atlas:
    """The address of one sheet with all images of the maps, row by row, and whether a model made them."""

    address: str
    columns: int
    made: bool


@dataclass(frozen=True)
class Decoding:
    """What the page decodes on the first map, whose place (x, y) is the code middle + axes (x, y)."""

    decoder: serving.Exported
    conditional: bool


@dataclass(frozen=True)
class Cursor:
    """A drawing's place on the maps: the model that reads it.

    Its nearest images are found by all numbers of their `codes` [n, latent], or on the map where there are none.
    """

    model: str
    codes: np.ndarray | None


def maps(
    shown: Sequence[Map],
    index: np.ndarray,
    labels: np.ndarray | None,
    names: Sequence[str],
    focus: Sequence[int],
    shape: Sequence[int],
    atlas: Atlas | None,
    view: serving.paths.Projection | None,
    decoding: Decoding | None,
    prior: bool,
    keep: Keep,
    scales: np.ndarray | None = None,
    cursor: Cursor | None = None,
) -> None:
    """Draw maps of the same images; ``prior`` draws the rings of N(0, I) on the first one.

    ``view`` is the plane of the codes that the first map shows. ``keep`` takes the bytes of a part and returns their
    address. ``scales`` [n, 2] are those of each image's posterior there: its ellipse is drawn under the pointer. With a
    cursor, a drawing on the page's canvas is found on the maps while it is drawn.
    """
    parts = [each.points for each in shown] + ([] if scales is None else [scales])
    known = [index] if labels is None else [index, labels]
    data = {
        "points": keep("points", packed(parts)),
        "images": keep("rows", packed(known)),
        "labelled": labels is not None,
        "scaled": scales is not None,
        "count": len(index),
        "kinds": [each.kind for each in shown],
        "titles": [each.title for each in shown],
        "facts": [list(each.facts) for each in shown],
        "axes": [each.axes for each in shown],
        "names": list(names),
        "colors": list(serving.browser.CLASS_COLORS),
        "inks": [serving.browser.ink_on(color) for color in serving.browser.CLASS_COLORS],
        "focus": list(focus),
        "shape": list(shape),
        "atlas": None if atlas is None else {"address": atlas.address, "columns": atlas.columns},
        "made": atlas is not None and atlas.made,
        "prior": prior,
        "network": None,
        "weights": None,
        "cursor": None,
        "middle": [] if view is None else view.middle.tolist(),
        "basis": [] if view is None else view.axes.T.tolist(),
    }
    if cursor is not None:
        data["cursor"] = {
            "model": cursor.model,
            "codes": None if cursor.codes is None else keep("codes", packed([cursor.codes])),
        }
    if decoding is not None:
        data |= {
            "network": decoding.decoder.networks["decoder"],
            "weights": BLOBS.put_weights(decoding.decoder),
            "conditional": decoding.conditional,
        }
    _maps(data=data | {"lasso": asked(), "turn": st.session_state.get(TURN, 0)}, key="maps", on_lasso_change=_take)


def asked() -> dict[str, Any] | None:
    """Return the lasso that the address has; None where it has none that can be read."""
    kind, *words = st.query_params.get(LASSO, "").split("_")[: 2 * CORNERS + 1]
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return None
    if not KIND.fullmatch(kind) or len(numbers) % 2 or not all(map(isfinite, numbers)):
        return None
    return {"kind": kind, "corners": list(zip(numbers[::2], numbers[1::2], strict=True))}


def _take() -> None:
    """Have the address say what was chosen on the maps."""
    left = heard("maps", LASSO, _read)
    if left is None:
        return
    kind, corners, st.session_state[TURN] = left
    if corners and KIND.fullmatch(kind):
        numbers = (number for corner in corners[:CORNERS] for number in corner)
        st.query_params[LASSO] = "_".join([kind, *(f"{number:.4g}" for number in numbers)])
    else:
        st.query_params.pop(LASSO, None)


def _read(said: Any) -> tuple[str, list[tuple[float, float]], int]:  # noqa: ANN401  a browser says it
    return str(said["kind"]), [(float(x), float(y)) for x, y in said["corners"]], int(said["turn"])

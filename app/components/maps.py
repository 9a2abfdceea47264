"""Maps of the same images side by side: hover, lasso and live decoding, all of it in the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.components.files import register
from app.figures.sprites import packed
from app.session.blobs import BLOBS
from vaecore import serving

_maps = register("latent_maps", "maps")
Keep = Callable[[Literal["points", "rows", "codes"], bytes], str]


@dataclass(frozen=True)
class Map:
    """A title, the places of all points [n, 2], what is said under them, and the axes where their numbers mean much."""

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
    """What the page decodes on the first map: the two numbers of the code that it shows, the others at `middle`."""

    decoder: serving.Exported
    middle: np.ndarray
    plane: tuple[int, int]
    conditional: bool


@dataclass(frozen=True)
class Cursor:
    """A drawing's place on the maps: the model that reads it, the two numbers of the code that the first map shows.

    Its nearest images are found by all numbers of their `codes` [n, latent], or by those two where there are none.
    """

    model: str
    plane: tuple[int, int]
    codes: np.ndarray | None


def maps(
    shown: Sequence[Map],
    index: np.ndarray,
    labels: np.ndarray | None,
    names: Sequence[str],
    focus: Sequence[int],
    shape: Sequence[int],
    atlas: Atlas | None,
    decoding: Decoding | None,
    prior: bool,
    keep: Keep,
    scales: np.ndarray | None = None,
    cursor: Cursor | None = None,
) -> None:
    """Draw maps of the same images; ``prior`` draws the rings of N(0, I) on the first one.

    ``keep`` takes the bytes of a part and returns their address. ``scales`` [n, 2] are those of each image's posterior
    there: its ellipse is drawn under the pointer. With a cursor, a drawing on the page's canvas is found on the maps
    while it is drawn.
    """
    parts = [each.points for each in shown] + ([] if scales is None else [scales])
    known = [index] if labels is None else [index, labels]
    data = {
        "points": keep("points", packed(parts)),
        "images": keep("rows", packed(known)),
        "labelled": labels is not None,
        "scaled": scales is not None,
        "count": len(index),
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
    }
    if cursor is not None:
        data["cursor"] = {
            "model": cursor.model,
            "plane": list(cursor.plane),
            "codes": None if cursor.codes is None else keep("codes", packed([cursor.codes])),
        }
    if decoding is not None:
        data |= {
            "network": decoding.decoder.networks["decoder"],
            "weights": BLOBS.put_weights(decoding.decoder),
            "middle": [float(value) for value in decoding.middle],
            "plane": list(decoding.plane),
            "conditional": decoding.conditional,
        }
    _maps(data=data, key="maps")

"""Drawings: strokes of a pen, prepared as the images that a model was trained on.

A stroke is its points in shares of the canvas's side, x to the right and y down. The picture depends on the shape of
a drawing only: not on where on the canvas it stands, nor on how large it is.

>>> import numpy as np
>>> stroke = np.array([[0.2, 0.1], [0.2, 0.9]])
>>> image = drawing([stroke], (1, 28, 28))
>>> image.shape, int((image[0].max(axis=1) > 0.5).sum())
((1, 28, 28), 20)
>>> pack_drawing([stroke])
'MzGaMz5m'
"""

import base64
import binascii
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from vaecore.limits import check

Strokes = Sequence[ndarray]  # each of points [n, 2]

# As MNIST was made: the larger side of the ink is 20 of 28 pixels, the centre of mass stands in the middle. In the
# files it stands at pixel 14.0, counted from 0, half a pixel beyond the middle: ours is half-way between the two.
SIDE, BOX, MIDDLE = 28, 20, 13.75
PEN = 1.2  # radius of the pen in these pixels: the median stroke of MNIST's test images is 2.4 wide
DOT = 0.02  # of the canvas: a drawing no larger is a dot, and is not blown up to a blot
THIN = 0.003  # of the canvas: what a point may lie off the line between its neighbours and be left out
STEPS = 2**12 - 1  # of a packed coordinate
SEPARATOR = "."
WHERE = "a drawing"  # begins what refuses one


def drawing(strokes: Strokes, shape: tuple[int, int, int]) -> Float32[ndarray, "c h w"]:
    """Strokes as an image [c, h, w] in [0, 1], light on dark: on 28x28 pixels as MNIST was made.

    On any other size the ink fills the image, as scikit-learn's 8x8 digits do, and is scaled by area: with MNIST's
    margin `cvae-digits-2` tells 28 percent of MNIST's digits, filled 58 percent.

    Raises:
        ValueError: there is no point in the strokes, or one that is no number.
    """
    strokes = _checked(strokes)
    if not strokes:
        raise ValueError("a drawing: expected at least one stroke, got none")
    channels, height, width = shape
    side = min(height, width)
    picture = _centred(strokes) if (height, width) == (SIDE, SIDE) else _by_area(_filled(strokes), side)
    frame = np.zeros((height, width), np.float32)
    top, left = (height - side) // 2, (width - side) // 2
    frame[top : top + side, left : left + side] = picture.clip(0, 1)
    return np.repeat(frame[None], channels, axis=0)


def _centred(strokes: Strokes) -> Float64[ndarray, "28 28"]:
    """The ink with its centre of mass in the middle, or as near to it as keeps all of it inside."""
    boxed = [stroke + (SIDE - 1) / 2 for stroke in _scaled(strokes)]
    ink = _inked(boxed, SIDE)
    columns, rows = ink.sum(0), ink.sum(1)
    mass = np.array([columns @ np.arange(SIDE), rows @ np.arange(SIDE)]) / ink.sum()
    room = (SIDE - BOX) / 2
    return _inked([stroke + (MIDDLE - mass).clip(-room, room) for stroke in boxed], SIDE)


def _filled(strokes: Strokes) -> Float64[ndarray, "20 20"]:
    """The ink with its larger side as the side of the picture."""
    return _inked([stroke + (BOX - 1) / 2 for stroke in _scaled(strokes)], BOX)


def _scaled(strokes: Strokes) -> Strokes:
    """Strokes around zero whose ink has the larger side `BOX`, in pixels."""
    points = np.concatenate(strokes)
    low, high = points.min(0), points.max(0)
    extent = float((high - low).max())
    scale = (BOX - 2 * PEN) / extent if extent > DOT else 0.0
    return [(stroke - (low + high) / 2) * scale for stroke in strokes]


def _inked(strokes: Strokes, side: int) -> Float64[ndarray, "side side"]:
    """How much of each pixel a round pen covers along the strokes; the centre of pixel i is at i."""
    starts = np.concatenate([stroke[:-1] if len(stroke) > 1 else stroke for stroke in strokes])
    ends = np.concatenate([stroke[-max(len(stroke) - 1, 1) :] for stroke in strokes])
    rows, columns = np.indices((side, side))
    pixels = np.stack([columns, rows], axis=-1).reshape(-1, 2).astype(np.float64)
    nearest = _distances(pixels, starts, ends).min(axis=1)
    return (PEN + 0.5 - nearest).clip(0, 1).reshape(side, side)


def _distances(
    points: Float64[ndarray, "points 2"], starts: Float64[ndarray, "lines 2"], ends: Float64[ndarray, "lines 2"]
) -> Float64[ndarray, "points lines"]:
    """The distance of each point from each straight line between a start and an end."""
    along = ends - starts
    lengths = np.maximum(np.square(along).sum(1), 1e-18)  # a dot's line is a point
    away = points[:, None] - starts
    share = ((away * along).sum(-1) / lengths).clip(0, 1)
    return np.linalg.norm(away - share[..., None] * along, axis=-1)


def _by_area(picture: Float64[ndarray, "n n"], side: int) -> Float64[ndarray, "side side"]:
    """A square picture with another number of pixels, each the mean of the area that it covers."""
    size = len(picture)
    ends = np.linspace(0, size, side + 1)
    pixels = np.arange(size)
    shared = np.minimum(ends[1:, None], pixels + 1) - np.maximum(ends[:-1, None], pixels)
    weights = shared.clip(0) * side / size
    return weights @ picture @ weights.T


def pack_drawing(strokes: Strokes) -> str:
    """Strokes as a short word of an address: points that hardly matter left out, four characters for each other.

    Raises:
        ValueError: a point is no pair of numbers, or there are more points or corners than the limits of these names.
    """
    thinned = [_thinned(stroke) for stroke in _checked(strokes)]
    check("drawing_corners", sum(map(len, thinned)), WHERE)
    return SEPARATOR.join(map(_word, thinned))


def unpack_drawing(text: str) -> list[Float64[ndarray, "_ 2"]]:
    """The strokes that were packed; none where the text is empty.

    Raises:
        ValueError: the text is none that `pack_drawing` writes.
    """
    check("drawing_corners", len(text) // 4, WHERE)
    return [_points(word) for word in text.split(SEPARATOR)] if text else []


def _word(points: Float64[ndarray, "n 2"]) -> str:
    x, y = np.rint(points.clip(0, 1) * STEPS).astype(">u4").T
    three_bytes = (x * (STEPS + 1) + y).astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
    return base64.urlsafe_b64encode(three_bytes.tobytes()).decode()


def _points(word: str) -> Float64[ndarray, "n 2"]:
    try:
        read = base64.b64decode(word, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        read = b""
    if not read or len(read) % 3:
        raise ValueError(f"a drawing: expected what `pack_drawing` writes, got {word[:20]!r}")
    three_bytes = np.frombuffer(read, np.uint8).reshape(-1, 3).astype(np.float64)
    both = three_bytes @ [2**16, 2**8, 1]
    return np.stack(np.divmod(both, STEPS + 1), axis=1) / STEPS


def _thinned(points: Float64[ndarray, "n 2"]) -> Float64[ndarray, "m 2"]:
    """The ends, and the points without which the line would be `THIN` off (Ramer 1972, Douglas & Peucker 1973)."""
    kept = {0, len(points) - 1}
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        off = _distances(points[first + 1 : last], points[[first]], points[[last]])[:, 0]
        if off.max() > THIN:
            corner = first + 1 + int(off.argmax())
            kept.add(corner)
            check("drawing_corners", len(kept), WHERE)
            parts += pairwise((first, corner, last))
    return points[sorted(kept)]


def _checked(strokes: Strokes) -> list[Float64[ndarray, "_ 2"]]:
    """Strokes of finite points; those without a point left out."""
    check("drawing_points", sum(map(len, strokes)), WHERE)
    found = [np.asarray(stroke, dtype=np.float64) for stroke in strokes if len(stroke)]
    for stroke in found:
        if stroke.ndim != 2 or stroke.shape[1] != 2 or not np.isfinite(stroke).all():
            raise ValueError(f"a drawing: expected strokes of points [n, 2], got {list(stroke.shape)} or no numbers")
    return found

"""Sets of images, each as one sheet of bytes, for a page that trains on them; with PCA, which it is held against.

>>> made = sheet("circles")
>>> made.shape, made.training, made.test, made.classes
((1, 1, 2), 1000, 400, ('outside', 'inside'))
>>> [round(error, 4) for error in made.errors]  # of PCA with one component and with both: no line is a circle
[0.0356, 0.0]
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from math import pi

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from vaecore.data import DATASETS, dataset, is_here

TRAINING, TEST = 10_000, 1_000  # images, at most
POINTS, HELD_POINTS = 1_000, 400
COMPONENTS = 64  # of PCA, at most
EFFORT = 6  # of zlib
PLANE = (1, 1, 2)  # the shape of a point

Points = tuple[Float32[ndarray, "n 2"], UInt8[ndarray, "n"]]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A set as a page takes it.

    Attributes:
        shape: channels, height, width; a point of the plane is an image of two pixels.
        classes: their names.
        training: images to train on.
        test: images that are not trained on.
        errors: ||x - x^||^2 of PCA with 1, 2 ... components, in the mean over the test images.
        data: deflated: the pixels of both parts, bytes of images and little-endian float32 of points; the labels of
            both, a byte each; then float32: the mean, and PCA's components, a row each.
    """

    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    training: int
    test: int
    errors: list[float] = field(repr=False)
    data: bytes = field(repr=False)


def moons(draws: np.random.Generator, count: int) -> Points:
    """Two half circles that reach into each other."""
    labels = draws.integers(0, 2, count)
    angle = pi * draws.random(count)
    arc = np.stack([np.cos(angle), np.sin(angle)], 1)
    other = np.array([1.0, 0.5]) - arc
    return _placed(np.where(labels[:, None] == 0, arc, other) + draws.normal(0, 0.06, (count, 2))), labels.astype("u1")


def spiral(draws: np.random.Generator, count: int) -> Points:
    """One curve around its own middle, in three parts."""
    along = np.sqrt(draws.random(count))
    angle = 3.2 * pi * along
    curve = along[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return _placed(curve + draws.normal(0, 0.02, (count, 2))), np.minimum(3 * along, 2).astype("u1")


def circles(draws: np.random.Generator, count: int) -> Points:
    """A circle around another."""
    labels = draws.integers(0, 2, count)
    angle = 2 * pi * draws.random(count)
    circle = np.where(labels == 0, 1, 0.5)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return _placed(circle + draws.normal(0, 0.05, (count, 2))), labels.astype("u1")


def _placed(points: ndarray) -> Float32[ndarray, "n 2"]:
    """Points inside of [0, 1]^2, both axes on one scale."""
    return (0.5 + 0.36 * (points - (points.max(0) + points.min(0)) / 2) / (np.ptp(points, axis=0).max() / 2)).astype(
        np.float32
    )


@dataclass(frozen=True)
class Plane:
    """A row of the table of sets in the plane: how it is drawn, and the names of its parts."""

    draw: Callable[[np.random.Generator, int], Points]
    classes: tuple[str, ...]


PLANES = {
    "moons": Plane(moons, ("upper", "lower")),
    "spiral": Plane(spiral, ("inner", "middle", "outer")),
    "circles": Plane(circles, ("outside", "inside")),
}
IMAGES = ("digits", "mnist", "fashion-mnist")
NAMES = (*IMAGES, *PLANES)


def at_hand(name: str) -> bool:
    """Whether a set can be had without a download."""
    return name in PLANES or is_here(name)


def about(name: str) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """The shape of a set's images and its classes, known before anything is read."""
    if name in PLANES:
        return PLANE, PLANES[name].classes
    row = DATASETS[name]
    assert row.shape is not None
    return row.shape, row.classes


def sheet(name: str) -> Sheet:
    """A set by its name: of images the first 10,000 to train on, and the first 1,000 test images.

    Raises:
        ValueError: there is none of that name, or it cannot be had.
    """
    if name not in NAMES:
        raise ValueError(f"expected one of {', '.join(NAMES)}, got {name!r}")
    if name in PLANES:
        points, labels = PLANES[name].draw(np.random.default_rng(0), POINTS + HELD_POINTS)
        return _sheet(points, labels, POINTS, *about(name))
    parts = [dataset(name, split) for split in ("train", "test")]
    pixels = [part.data.flatten(1).numpy()[:most] for part, most in zip(parts, (TRAINING, TEST), strict=True)]
    labels = [part.labels[:most] for part, most in zip(parts, (TRAINING, TEST), strict=True) if part.labels is not None]
    return _sheet(np.concatenate(pixels), np.concatenate(labels).astype("u1"), len(pixels[0]), *about(name))


def _sheet(
    pixels: ndarray, labels: UInt8[ndarray, "n"], training: int, shape: tuple[int, int, int], classes: tuple[str, ...]
) -> Sheet:
    rows = pixels / 255 if pixels.dtype == np.uint8 else pixels.astype(np.float64)
    mean, components = principal(rows[:training])
    errors = errors_of(rows[training:], mean, components)
    floats = np.vstack([mean[None], components]).astype("<f4")
    data = zlib.compress(pixels.tobytes() + labels.tobytes() + floats.tobytes(), EFFORT)
    return Sheet(shape, classes, training, len(rows) - training, errors, data)


def principal(rows: ndarray) -> tuple[ndarray, ndarray]:
    """The mean [pixels] and the leading principal components [k, pixels], in float64."""
    mean = rows.mean(0)
    deviation = rows - mean
    _, vectors = np.linalg.eigh(deviation.T @ deviation)
    return mean, vectors.T[::-1][:COMPONENTS]


def errors_of(rows: ndarray, mean: ndarray, components: ndarray) -> list[float]:
    """||x - x^||^2 of PCA with 1, 2 ... components, in the mean over rows: what is left of the deviation's square."""
    deviation = rows - mean
    kept = np.square(deviation @ components.T).mean(0).cumsum()
    return np.maximum(np.square(deviation).sum(1).mean() - kept, 0).tolist()

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
import torch
from jaxtyping import Float32, UInt8
from numpy import ndarray
from scipy.linalg import eigh

from vaecore.data import DATASETS, Examples, Images, dataset, is_here

TRAINING, TEST = 10_000, 1_000  # images, at most
POINTS, HELD_POINTS = 1_000, 400
COMPONENTS = 64  # of PCA, at most
EFFORT = 6  # of zlib
PLANE = (1, 1, 2)  # the shape of a point
SIDE = 32  # pixels of an image of one's own, at most
LABELS = 256  # classes that a byte can tell apart
SMALL = 1024  # pixels of an image of which all components are found at once

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


def sheet_of(training: Examples, test: Examples) -> Sheet:
    """Images of one's own: of many, drawn ones; larger ones shrunk by area; without labels, if they have too many.

    Raises:
        ValueError: these are texts.

    >>> sheet_of(*(dataset("digits", split) for split in ("train", "test"))).shape
    (1, 8, 8)
    """
    if not isinstance(training, Images) or not isinstance(test, Images):
        raise ValueError("expected images, got lines of text, which are learned on the server")
    classes = training.names if len(training.names) <= LABELS else ()
    parts = [_some(part, most) for part, most in ((training, TRAINING), (test, TEST))]
    labels = [
        np.zeros(len(part), "u1") if part.labels is None or not classes else part.labels.astype("u1") for part in parts
    ]
    pixels = [_shrunk(part.pixels) for part in parts]
    channels, height, width = pixels[0].shape[1:]
    rows = np.concatenate([part.reshape(len(part), -1) for part in pixels])
    return _sheet(rows, np.concatenate(labels), len(parts[0]), (channels, height, width), classes)


def _some(part: Images, most: int) -> Images:
    """At most so many, drawn by a fixed seed: those of one class may come one after the other."""
    if len(part) <= most:
        return part
    return part.rows(torch.randperm(len(part), generator=torch.Generator().manual_seed(0))[:most])


def _shrunk(pixels: UInt8[torch.Tensor, "n channels height width"]) -> UInt8[ndarray, "n channels low narrow"]:
    """Images whose longer side is SIDE, where it was longer."""
    height, width = pixels.shape[2:]
    if max(height, width) <= SIDE:
        return pixels.numpy()
    size = tuple(max(1, round(each * SIDE / max(height, width))) for each in (height, width))
    small = [torch.nn.functional.interpolate(part.float(), size, mode="area") for part in pixels.split(1000)]
    return torch.cat(small).round().byte().numpy()


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
    squares, size = deviation.T @ deviation, rows.shape[1]
    if size <= SMALL:
        _, vectors = np.linalg.eigh(squares)
    else:
        _, vectors = eigh(squares, subset_by_index=[size - COMPONENTS, size - 1])
    return mean, vectors.T[::-1][:COMPONENTS]


def errors_of(rows: ndarray, mean: ndarray, components: ndarray) -> list[float]:
    """||x - x^||^2 of PCA with 1, 2 ... components, in the mean over rows: what is left of the deviation's square."""
    deviation = rows - mean
    kept = np.square(deviation @ components.T).mean(0).cumsum()
    return np.maximum(np.square(deviation).sum(1).mean() - kept, 0).tolist()

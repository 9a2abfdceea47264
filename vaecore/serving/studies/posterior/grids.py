"""A density over the plane, summed on a lattice that is fine where its mass is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import exp, log

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray
from scipy.ndimage import binary_dilation

LogDensity = Callable[[Float64[ndarray, "n 2"]], Float64[ndarray, "n"]]

STEP = 0.2  # of the first lattice
EXTENT = 6.0  # how far it reaches each way: e^-18 of N(0, I) lies further out
WIDEST = 48.0
FAR = 16.0  # nats below the highest value: a Gaussian has e^-16 of its mass there
DOUBTFUL = 50.0  # the same, while the highest value may stand between the points
TOLERANCE = 1e-3  # nats
NEARLY = 0.1  # nats: all modes are seen, though not yet weighed
FEW = 16  # points that share the mass: lattices of so few agree by chance
SHARED = 500  # points that share the mass: enough to draw it
MOST = 200_000  # points of a lattice: a density that still is not resolved says so by its error
FINEST = 1e-5  # distance
AROUND = np.ones((3, 3), bool)


@dataclass(frozen=True, eq=False)
class Lattice:
    """Values of a log density at points of equal distances; minus infinity where it is too small to matter.

    Attributes:
        origin: z_1 and z_2 of the first point.
        step: the distance.
        values: in nats, [rows, columns]; z_1 grows with the columns, z_2 with the rows.
    """

    origin: tuple[float, float]
    step: float
    values: Float64[ndarray, "rows columns"]

    @property
    def across(self) -> Float64[ndarray, "columns"]:
        """z_1 of every column."""
        return self.origin[0] + self.step * np.arange(self.values.shape[1])

    @property
    def up(self) -> Float64[ndarray, "rows"]:
        """z_2 of every row."""
        return self.origin[1] + self.step * np.arange(self.values.shape[0])

    @cached_property
    def log_integral(self) -> float:
        """The log of the sum over the points times the area of a cell, in nats."""
        return log_sum(self.values) + 2 * log(self.step)

    @cached_property
    def error(self) -> float:
        """By how much the four lattices of every second row and column disagree with the whole, in nats.

        The sum over a lattice that resolves a smooth density is exact up to exp(-2 (pi scale / step)^2): where the
        coarse ones agree, the whole is as good as exact.
        """
        parts = [log_sum(self.values[row::2, column::2]) for row, column in product((0, 1), repeat=2)]
        with np.errstate(invalid="ignore"):
            apart = np.abs(np.array(parts) + 2 * log(2 * self.step) - self.log_integral)
        return float(np.nan_to_num(apart, nan=np.inf).max())

    @cached_property
    def shared(self) -> float:
        """How many points share the mass, 1 / sum of their squared shares."""
        return exp(2 * log_sum(self.values) - log_sum(2 * self.values))


def log_sum(values: Float64[ndarray, "..."]) -> float:
    """log sum_i exp(values_i), which cannot overflow."""
    return float(np.logaddexp.reduce(values, axis=None))


def integrate(log_density: LogDensity) -> Lattice:
    """Sum exp(log density) over the plane: a coarse lattice around the origin, then finer ones where the mass is.

    The first reaches as far as the density does, over [-6, 6]^2 or more, and no further than [-48, 48]^2. Each of the
    next has half the distance between its points and leaves out what is too small to matter. A mode further from the
    origin than the first lattice is not found unless the density between is large.
    """
    lattice = _first(log_density)
    while True:
        resolved = lattice.error < TOLERANCE
        seen = lattice.error < NEARLY and lattice.shared > FEW
        lattice, kept = _cropped(lattice, FAR if seen else DOUBTFUL)
        exhausted = 4 * kept.sum() > MOST or lattice.step < FINEST
        if exhausted or (resolved and lattice.shared >= SHARED):
            return lattice
        lattice = _halved(lattice, kept, log_density)


def _first(log_density: LogDensity) -> Lattice:
    extent = EXTENT
    while True:
        side = np.arange(-extent, extent + STEP / 2, STEP)
        across, up = np.meshgrid(side, side)
        values = log_density(np.stack([across.ravel(), up.ravel()], 1)).reshape(across.shape)
        edge = max(values[0].max(), values[-1].max(), values[:, 0].max(), values[:, -1].max())
        if edge < values.max() - FAR or extent >= WIDEST:
            return Lattice((-extent, -extent), STEP, values)
        extent *= 2


def _cropped(lattice: Lattice, depth: float) -> tuple[Lattice, Bool[ndarray, "rows columns"]]:
    """The part that holds all points up to `depth` nats below the highest, and which points these and those beside are.

    The others become minus infinity.
    """
    kept = binary_dilation(lattice.values > lattice.values.max() - depth, AROUND)
    rows, columns = (slice(found[0], found[-1] + 1) for found in (np.flatnonzero(kept.any(axis)) for axis in (1, 0)))
    kept = kept[rows, columns]
    origin = (float(lattice.across[columns.start]), float(lattice.up[rows.start]))
    return replace(lattice, origin=origin, values=np.where(kept, lattice.values[rows, columns], -np.inf)), kept


def _halved(lattice: Lattice, kept: Bool[ndarray, "rows columns"], log_density: LogDensity) -> Lattice:
    """Points of half the distance, where a point beside them was kept."""
    rows, columns = (2 * size - 1 for size in kept.shape)
    values, known = np.full((rows, columns), -np.inf), np.zeros((rows, columns), bool)
    values[::2, ::2], known[::2, ::2] = lattice.values, kept
    finer = Lattice(lattice.origin, lattice.step / 2, values)
    row, column = np.nonzero(binary_dilation(known, AROUND) & ~known)
    values[row, column] = log_density(np.stack([finer.across[column], finer.up[row]], 1))
    return finer

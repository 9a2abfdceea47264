"""Where codes are and where none is: what a density of codes has to fit before it can be sampled."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from scipy.spatial import Delaunay, KDTree

NEIGHBOURS = 5  # a code's neighbourhood reaches to so many others
LONELY = 0.95  # share of the codes that are not further from the next than where a hole begins
FINE = 80  # places along each side where the largest hole is sought
WITHIN = 0.98  # of the codes, on each axis, bound that search: one code far out makes no hole


@dataclass(frozen=True)
class Mismatch:
    """KL(N(mean, covariance) || N(0, I)) = (m'm + tr S - log det S - n) / 2 in nats, by its terms.

    Attributes:
        offset: m'm, how far the codes' mean is from zero.
        spread: tr S, their variances.
        log_volume: log det S.
        latent: n.
    """

    offset: float
    spread: float
    log_volume: float
    latent: int

    @property
    def nats(self) -> float:
        """The divergence."""
        return (self.offset + self.spread - self.log_volume - self.latent) / 2


@dataclass(frozen=True)
class Fit:
    """How well draws stand for codes.

    Attributes:
        outside: share of the draws in a hole: further from any code than 95 of 100 codes are from the next.
        covered: share of the codes with a draw as near as their fifth neighbour (coverage, Naeem et al. 2020).
    """

    outside: float
    covered: float


class Codes:
    """Codes of real images [n, 2], and the holes between them."""

    def __init__(self, codes: ndarray) -> None:
        self.codes = np.asarray(codes, np.float64)
        if self.codes.ndim != 2 or self.codes.shape[1] != 2 or len(self.codes) <= NEIGHBOURS:
            raise ValueError(
                f"expected more than {NEIGHBOURS} codes of two numbers, got an array of {self.codes.shape}"
            )

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.codes)

    @cached_property
    def radii(self) -> Float64[ndarray, "n"]:
        """How far each code is from its fifth neighbour."""
        return self._tree.query(self.codes, NEIGHBOURS + 1)[0][:, -1]

    @cached_property
    def gaps(self) -> Float64[ndarray, "n"]:
        """How far each code is from the code that is nearest to it."""
        return self._tree.query(self.codes, 2)[0][:, 1]

    @cached_property
    def usual(self) -> float:
        """The median of these."""
        return float(np.median(self.gaps))

    def within(self, radius: float) -> float:
        """The share of the codes that are no further from zero."""
        return float((np.linalg.norm(self.codes, axis=1) <= radius).mean())

    @cached_property
    def edge(self) -> float:
        """How far from any code a hole begins."""
        return float(np.quantile(self.gaps, LONELY))

    @cached_property
    def mean(self) -> Float64[ndarray, "2"]:
        """The codes' mean."""
        return self.codes.mean(0)

    @cached_property
    def covariance(self) -> Float64[ndarray, "2 2"]:
        """The codes' covariance, divided by n."""
        return np.cov(self.codes.T, bias=True)

    @property
    def mismatch(self) -> Mismatch:
        """How far the Gaussian of the codes' mean and covariance is from the prior N(0, I)."""
        return Mismatch(
            float(self.mean @ self.mean),
            float(np.trace(self.covariance)),
            float(np.linalg.slogdet(self.covariance)[1]),
            len(self.mean),
        )

    @property
    def box(self) -> tuple[Float64[ndarray, "2"], Float64[ndarray, "2"]]:
        """The lower and the upper ends of all but the outermost codes."""
        low, high = np.quantile(self.codes, [(1 - WITHIN) / 2, (1 + WITHIN) / 2], axis=0)
        return low, high

    def distances(self, places: ndarray) -> Float64[ndarray, "m"]:
        """How far places [m, 2] are from the code that is nearest."""
        return np.asarray(self._tree.query(np.asarray(places, np.float64))[0])

    def fit(self, places: ndarray) -> Fit:
        """How well places [m, 2] stand for the codes.

        Raises:
            ValueError: there is no place.
        """
        if len(places) == 0:
            raise ValueError("expected at least one place, got none")
        near = KDTree(np.asarray(places, np.float64)).query(self.codes)[0]
        return Fit(float((self.distances(places) > self.edge).mean()), float((near <= self.radii).mean()))

    @cached_property
    def deepest(self) -> Float64[ndarray, "2"]:
        """The middle of the largest hole: the place among the codes, inside their hull, that is furthest from any."""
        low, high = self.box
        sides = (np.linspace(first, last, FINE) for first, last in zip(low, high, strict=True))
        places = np.stack(np.meshgrid(*sides), -1).reshape(-1, 2)
        inner = ((self.codes >= low) & (self.codes <= high)).all(1)
        places = places[Delaunay(self.codes[inner]).find_simplex(places) >= 0]
        return places[self.distances(places).argmax()]

    def drawn(self, n: int, way: str, seed: int = 0, around: ndarray | None = None) -> Float64[ndarray, "n 2"]:
        """Places to decode: from "prior" N(0, I), from "fitted" N(m, S), evenly over the codes' "box", or "around" one.

        Those around a place spread by half its distance from the nearest code, or by the usual one where codes are.

        Raises:
            ValueError: another way, or no finite place to draw around.
        """
        noise = np.random.default_rng(seed).standard_normal((n, 2))
        if way == "prior":
            return noise
        if way == "fitted":
            return self.mean + noise @ np.linalg.cholesky(self.covariance).T
        if way == "box":
            low, high = self.box
            return low + (high - low) * np.random.default_rng(seed).random((n, 2))
        if way == "around" and around is not None and np.isfinite(around).all():
            place = np.asarray(around, np.float64)
            return place + max(self.usual, self.distances(place[None])[0] / 2) * noise
        raise ValueError(f"expected 'prior', 'fitted', 'box', or 'around' a finite place, got {way!r} and {around}")

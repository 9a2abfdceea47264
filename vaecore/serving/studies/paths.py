"""A path through the codes, seen from the real ones: which is nearest at each of its steps, how many are near.

>>> import numpy as np
>>> around = surroundings(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=np.float32))
>>> company(np.array([[0.9, 0.1]], dtype=np.float32), around).nearest
array([1])
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from torch import Tensor

from vaecore.serving.inputs import as_codes

NEIGHBOUR = 10  # whose distance, at the median code, is the radius of a neighbourhood


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Real codes, and what is usual among them.

    Attributes:
        codes: [n, latent].
        radius: of a neighbourhood: the median over the codes of the distance to the tenth nearest other one.
        usual: the median over the codes of the kernel sum over all others, see `company`.
    """

    codes: Float32[ndarray, "n latent"]
    radius: float
    usual: float


@dataclass(frozen=True, eq=False)
class Company:
    """The real codes around each code of a path.

    Attributes:
        nearest: the row of the nearest real code (Euclidean), [steps].
        distances: how far it is.
        neighbours: how many real codes are within the radius.
        density: of the real codes, 1 where it is as at the median real code.
    """

    nearest: Int64[ndarray, "steps"]
    distances: Float32[ndarray, "steps"]
    neighbours: Int64[ndarray, "steps"]
    density: Float32[ndarray, "steps"]


@dataclass(frozen=True, eq=False)
class Projection:
    """A plane through the codes: a code's place on it is (z - middle) axes.

    Attributes:
        middle: [latent].
        axes: orthonormal, or zero where a code of one number has no second one, [latent, 2].
    """

    middle: Float32[ndarray, "latent"]
    axes: Float32[ndarray, "latent 2"]

    def places(self, codes: Float32[ndarray, "n latent"]) -> Float32[ndarray, "n 2"]:
        """Where codes are seen on the plane."""
        return (codes - self.middle) @ self.axes


def surroundings(codes: ndarray) -> Surroundings:
    """What is usual among real codes [n, latent].

    Raises:
        ValueError: fewer than two codes, or some that are no finite numbers.
    """
    real = _rows(codes, np.shape(codes)[-1], "surroundings")
    if len(real) < 2:
        raise ValueError(f"surroundings: expected at least 2 codes, got {len(real)}")
    apart = torch.cdist(real, real).fill_diagonal_(torch.inf)
    tenth = apart.kthvalue(min(NEIGHBOUR, len(real) - 1), dim=1).values
    radius = float(tenth.quantile(0.5))
    return Surroundings(real.float().numpy(), radius, float(_kernel_sum(apart, radius).quantile(0.5)))


def company(path: ndarray, around: Surroundings) -> Company:
    """The real codes around each code of a path [steps, latent].

    The density at z is the sum over real codes z_i of exp(-||z - z_i||^2 / 2 s^2) (Parzen 1962), where s is half the
    radius, so that neighbours are those within two deviations; divided by what is usual: the median of that sum over
    the real codes, each without itself.

    Raises:
        ValueError: codes of another size than the real ones, or not finite.
    """
    latent = around.codes.shape[1]
    apart = torch.cdist(_rows(path, latent, "company"), _rows(around.codes, latent, "company"))
    distances, nearest = apart.min(dim=1)
    density = _kernel_sum(apart, around.radius) / max(around.usual, torch.finfo(torch.float64).tiny)
    return Company(
        nearest.numpy(),
        distances.float().numpy(),
        (apart <= around.radius).sum(dim=1).numpy(),
        density.float().numpy(),
    )


def nearest_code(code: ndarray, codes: ndarray) -> int:
    """The row of the real code that is nearest to a code [latent] (Euclidean).

    Raises:
        ValueError: codes of another size, or not finite.
    """
    latent = np.shape(codes)[-1]
    one = _rows(np.asarray(code)[None], latent, "nearest_code")
    return int(torch.cdist(one, _rows(codes, latent, "nearest_code")).argmin())


def projection(codes: ndarray) -> Projection:
    """The plane on which codes [n, latent] are seen: themselves if they have two numbers, else where they vary most.

    A longer code is seen along its first two principal components, so that a straight path stays straight.

    Raises:
        ValueError: codes that are not finite.
    """
    latent = np.shape(codes)[-1]
    real = _rows(codes, latent, "projection")
    if latent <= 2:
        return Projection(np.zeros(latent, np.float32), np.eye(latent, 2, dtype=np.float32))
    middle = real.mean(0)
    axes = torch.linalg.eigh((real - middle).T @ (real - middle)).eigenvectors[:, [-1, -2]]
    # A sign of its own is arbitrary: the largest entry of each axis is positive.
    axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    return Projection(middle.float().numpy(), axes.float().numpy())


def coordinates(middle: ndarray, across: int, up: int) -> Projection:
    """The plane of two different numbers of a code, all others as in a code [latent]."""
    others, pair = np.array(middle, np.float32), [across, up]
    others[pair] = 0
    return Projection(others, np.eye(len(others), dtype=np.float32)[:, pair])


def _rows(codes: ndarray, latent: int, name: str) -> Tensor:
    return as_codes(codes, latent, name).double()


def _kernel_sum(apart: Tensor, radius: float) -> Tensor:
    """Per row of distances, the sum of exp(-d^2 / 2 s^2); where all real codes are one, that of the coinciding ones."""
    deviation = max(radius / 2, torch.finfo(torch.float32).tiny)
    return torch.exp(-((apart / deviation) ** 2) / 2).sum(dim=1)

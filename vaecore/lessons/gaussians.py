"""One Gaussian in the place of a density of several modes: both divergences, and their descent."""

from dataclasses import dataclass
from math import log, pi
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy import ndarray
from torch import Tensor

Direction = Literal["forward", "reverse"]

REACH = 8.0  # scales of a Gaussian that a lattice covers each way: e^-32 of it lies further out
POINTS = 801  # of a lattice
RATE = 0.2  # of a step of natural gradient: in units of q's own scale
LONGEST = 0.5  # step in these units
ENOUGH = 200  # steps, to be at the end
SAME = 0.05  # scales between two ends that are one
SPILT = 0.05  # of p's highest density: below it there is next to nothing
WIDE = 2  # scales of q that it is said to reach over


@dataclass(frozen=True)
class Mixture:
    """A mixture of Gaussians on the line: p(z) = sum_i weight_i N(z; mean_i, scale_i^2).

    Raises:
        ValueError: the three are not of one length, a weight or a scale is not above 0, or the weights do not add to 1.
    """

    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.weights) == len(self.means) == len(self.scales) > 0:
            raise ValueError(f"expected as many weights as means and scales, got {self}")
        if min(*self.weights, *self.scales) <= 0 or abs(sum(self.weights) - 1) > 1e-6:
            raise ValueError(f"expected weights above 0 that add to 1, and scales above 0, got {self}")

    @property
    def mean(self) -> float:
        """E[z]."""
        return float(np.dot(self.weights, self.means))

    @property
    def scale(self) -> float:
        """The deviation of z: Var(z) = sum_i weight_i (scale_i^2 + mean_i^2) - E[z]^2."""
        return float(np.sqrt(np.dot(self.weights, np.square(self.scales) + np.square(self.means)) - self.mean**2))

    @property
    def lattice(self) -> Float64[ndarray, "points"]:
        """Points of equal distances over all that matters."""
        low = min(mean - REACH * scale for mean, scale in zip(self.means, self.scales, strict=True))
        high = max(mean + REACH * scale for mean, scale in zip(self.means, self.scales, strict=True))
        return np.linspace(low, high, POINTS)

    @property
    def entropy(self) -> float:
        """-E[log p(z)] in nats, by quadrature."""
        log_p = self.log_density(torch.from_numpy(self.lattice))
        return -float((log_p.softmax(0) * log_p).sum())

    def log_density(self, z: Float[Tensor, "*points"]) -> Float[Tensor, "*points"]:
        """log p(z), in nats."""
        weights, means, scales = (torch.tensor(part, dtype=z.dtype) for part in (self.weights, self.means, self.scales))
        return (weights.log() + gaussian_log_density(z[..., None], means, scales)).logsumexp(-1)

    def density(self, z: Float64[ndarray, "points"]) -> Float64[ndarray, "points"]:
        """p(z)."""
        return self.log_density(torch.from_numpy(z)).exp().numpy()


def gaussian_log_density(
    z: Float[Tensor, "..."], mean: Float[Tensor, "..."], scale: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    """log N(z; mean, scale^2), the three broadcast against each other."""
    return -((z - mean) / scale).square() / 2 - scale.log() - log(2 * pi) / 2


def divergence(
    p: Mixture, mean: Float[Tensor, "*q"], scale: Float[Tensor, "*q"], direction: Direction
) -> Float[Tensor, "*q"]:
    """KL(p || q) ("forward") or KL(q || p) ("reverse") of q = N(mean, scale^2), in nats, by quadrature.

    A sum over a lattice that covers the density of the expectation: p's own, or q's, which moves with q.
    """
    if direction == "forward":
        z = torch.from_numpy(p.lattice)
        log_p, log_q = p.log_density(z), gaussian_log_density(z, mean[..., None], scale[..., None])
        weights = log_p.exp()
    else:
        units = torch.linspace(-REACH, REACH, POINTS, dtype=mean.dtype)
        z = mean[..., None] + scale[..., None] * units
        log_p, log_q = p.log_density(z), gaussian_log_density(z, mean[..., None], scale[..., None])
        weights = (-units.square() / 2).exp()
    apart = log_p - log_q if direction == "forward" else log_q - log_p
    return (weights / weights.sum() * apart).sum(-1)


@torch.no_grad()
def landscape(
    p: Mixture, means: Float64[ndarray, "columns"], log_scales: Float64[ndarray, "rows"], direction: Direction
) -> Float64[ndarray, "rows columns"]:
    """The divergence of every q of a grid, in nats."""
    log_scale, mean = torch.meshgrid(torch.from_numpy(log_scales), torch.from_numpy(means), indexing="ij")
    return torch.stack([divergence(p, *row, direction) for row in zip(mean, log_scale.exp(), strict=True)]).numpy()


class Reach(NamedTuple):
    """Shares: of q's mass where p has next to nothing, and of p's mass that q does not reach."""

    spilt: float
    missed: float


def reach(p: Mixture, mean: float, scale: float, z: Float64[ndarray, "points"]) -> Reach:
    """How much of q = N(mean, scale^2) lies where p is below 5 % of its mode, and of p beyond two of q's scales.

    Sums over the points `z`, which are at equal distances.
    """
    of_p, of_q = p.density(z), density(mean, scale, z)
    inside = np.abs(z - mean) <= WIDE * scale
    return Reach(float(of_q[of_p < SPILT * of_p.max()].sum() / of_q.sum()), float(of_p[~inside].sum() / of_p.sum()))


def density(mean: float, scale: float, z: Float64[ndarray, "points"]) -> Float64[ndarray, "points"]:
    """N(z; mean, scale^2)."""
    return np.exp(-np.square((z - mean) / scale) / 2) / (scale * np.sqrt(2 * np.pi))


@dataclass(frozen=True)
class Parts:
    """What a divergence of q = N(mean, scale^2) is the sum of, in nats.

    Attributes:
        divergence: KL(p || q), or KL(q || p).
        offset: (E_p[z] - mean)^2 / (2 scale^2); or None for KL(q || p), as all below.
        spread: Var_p(z) / (2 scale^2).
        log_width: log scale + log(2 pi) / 2; forward, -E_p[log q] is the sum of these three.
        cross_entropy: -E_p[log q], or -E_q[log p].
        entropy: of p, or of q; the divergence is the cross-entropy less this.
    """

    divergence: float
    offset: float | None
    spread: float | None
    log_width: float | None
    cross_entropy: float
    entropy: float


@torch.no_grad()
def parts(p: Mixture, mean: float, scale: float, direction: Direction) -> Parts:
    """A divergence by its terms: forward, all but the entropy in closed form; reverse, the entropy in closed form.

    Raises:
        ValueError: the scale is not above 0.
    """
    _check_scale(scale)
    if direction == "forward":
        offset, spread = (p.mean - mean) ** 2 / (2 * scale**2), p.scale**2 / (2 * scale**2)
        log_width = log(scale) + log(2 * pi) / 2
        cross_entropy = offset + spread + log_width
        return Parts(cross_entropy - p.entropy, offset, spread, log_width, cross_entropy, p.entropy)
    q = torch.tensor([mean, scale], dtype=torch.float64)
    apart = float(divergence(p, q[0], q[1], "reverse"))
    entropy = log(scale) + log(2 * pi) / 2 + 0.5
    return Parts(apart, None, None, None, apart + entropy, entropy)


def ends(p: Mixture) -> list[tuple[float, float]]:
    """Where descents of KL(q || p) end: mean and scale of every minimum that a start at a mode or at the moments finds.

    The least comes first.
    """
    starts = [*zip(p.means, p.scales, strict=True), (p.mean, p.scale)]
    paths = [descend(p, mean, scale, "reverse", ENOUGH) for mean, scale in starts]
    found = sorted((path.values[-1], path.means[-1], path.scales[-1]) for path in paths)
    kept: list[tuple[float, float]] = []
    for _, mean, scale in found:
        if all(abs(mean - other) > SAME * scale for other, _ in kept):
            kept.append((float(mean), float(scale)))
    return kept


def _check_scale(scale: float) -> None:
    if not scale > 0:
        raise ValueError(f"expected a scale above 0, got {scale}")


@dataclass(frozen=True, eq=False)
class Descent:
    """A Gaussian on its way down a divergence, from the start on.

    Attributes:
        means: of q after each step, [steps + 1].
        scales: the same.
        values: the divergence, in nats.
    """

    means: Float64[ndarray, "steps"]
    scales: Float64[ndarray, "steps"]
    values: Float64[ndarray, "steps"]


def descend(p: Mixture, mean: float, scale: float, direction: Direction, steps: int) -> Descent:
    """Descend a divergence over the mean and the log scale of q by its natural gradient (Amari 1998).

    The gradient, by autograd through the quadrature, is divided by the Fisher information of a Gaussian: 1/scale^2 of
    its mean, 2 of its log scale. A step is no longer than half of q's scale.

    Raises:
        ValueError: the scale is not above 0.
    """
    _check_scale(scale)
    q, path = torch.tensor([mean, log(scale)], dtype=torch.float64), []
    for _ in range(steps + 1):
        with torch.enable_grad():
            q.requires_grad_()
            value = divergence(p, q[0], q[1].exp(), direction)
            (gradient,) = torch.autograd.grad(value, q)
        q, width = q.detach(), q[1].detach().exp()
        path.append([*q.tolist(), value.item()])
        step = -RATE * torch.stack([width * gradient[0], gradient[1] / 2])  # in units of q's scale
        q = q + step * min(1.0, LONGEST / max(step.norm().item(), 1e-12)) * torch.stack([width, torch.ones_like(width)])
    means, log_scales, values = np.array(path).T
    return Descent(means, np.exp(log_scales), values)

"""True posteriors that no ellipse can be: the Gaussian that covers one, and the images whose posteriors bend most."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float64, Int64
from numpy import ndarray
from torch import Tensor

from vaecore.serving import Explorer
from vaecore.serving.inputs import as_images
from vaecore.serving.studies.posterior import TruePosterior
from vaecore.serving.studies.posterior.bounds import in_plane

SIDE = np.arange(-4.0, 4.01, 0.1)  # of the lattice on which posteriors are searched for bends


class Ellipse(NamedTuple):
    """A Gaussian with the axes of the code: N(mean, diag scale^2)."""

    mean: Float64[ndarray, "2"]
    scale: Float64[ndarray, "2"]

    @property
    def area(self) -> float:
        """The product of the scales: of the ellipse at one scale, over pi."""
        return float(np.prod(self.scale))


def held(scales: float) -> float:
    """The share of a Gaussian of the plane that its ellipse at some scales holds: 1 - exp(-scales^2 / 2)."""
    return float(1 - np.exp(-(scales**2) / 2))


def covering(of: TruePosterior) -> Ellipse:
    """argmin_q KL(p(z|x) || q): the Gaussian of the posterior's own mean and deviations, in closed form.

    Source: the moments are the sufficient statistics of a Gaussian, e.g. Bishop 2006, section 10.7.
    """
    shares = of.density / of.density.sum()
    return _moments(shares, of.across, of.up)


def _moments(shares: ndarray, across: ndarray, up: ndarray) -> Ellipse:
    marginals = (shares.sum(0), across), (shares.sum(1), up)
    means = [float(share @ axis) for share, axis in marginals]
    variances = [float(share @ np.square(axis - mean)) for (share, axis), mean in zip(marginals, means, strict=True)]
    return Ellipse(np.array(means), np.sqrt(variances))


def forward_divergence(of: TruePosterior, q: Ellipse) -> float:
    """KL(p(z|x) || q) in nats: a sum over the posterior's grid.

    Raises:
        ValueError: a scale is not above 0.
    """
    if not (np.asarray(q.scale) > 0).all():
        raise ValueError(f"expected two scales above 0, got {q.scale}")
    cell = (of.across[1] - of.across[0]) * (of.up[1] - of.up[0])
    return _forward(of.density / of.density.sum(), of.across, of.up, q, float(np.log(cell)))


def _forward(shares: ndarray, across: ndarray, up: ndarray, q: Ellipse, log_cell: float) -> float:
    axes = [
        -np.square((axis - mean) / scale) / 2 - np.log(scale) - np.log(2 * np.pi) / 2
        for axis, mean, scale in zip((across, up), q.mean, q.scale, strict=True)
    ]
    log_q = axes[1][:, None] + axes[0]
    inside = shares > 0
    return float((shares[inside] * (np.log(shares[inside]) - log_cell - log_q[inside])).sum())


def sampled(of: TruePosterior, n: int, seed: int = 0) -> Float64[ndarray, "n 2"]:
    """Codes drawn from a posterior: a cell of its grid by its share, and a place in it."""
    random, shares = np.random.default_rng(seed), of.density.ravel() / of.density.sum()
    row, column = np.unravel_index(random.choice(shares.size, n, p=shares), of.density.shape)
    step = np.array([of.across[1] - of.across[0], of.up[1] - of.up[0]])
    return np.stack([of.across[column], of.up[row]], 1) + step * (random.random((n, 2)) - 0.5)


@torch.no_grad()
def most_bent(explorer: Explorer, images: ndarray, count: int) -> Int64[ndarray, "count"]:
    """The rows of the images whose posteriors an ellipse covers worst, by KL(p(z|x) || q) of the best q, worst first.

    Raises:
        ValueError: the posterior cannot be seen whole, the model is conditional, or images of the wrong shape.
    """
    if not in_plane(explorer) or "condition" in explorer.abilities:
        raise ValueError(f"{explorer.name}: expected an unconditional model with a likelihood and codes of two numbers")
    x = as_images(images, explorer.shape, explorer.name).to(explorer.device)
    across, up = np.meshgrid(SIDE, SIDE)
    z = torch.from_numpy(np.stack([across.ravel(), up.ravel()], 1)).to(x)
    likelihood, log_prior = explorer.model.likelihood(z), explorer.model.prior().log_prob(z)
    worst = [_bend(likelihood.log_prob(image[None]) + log_prior) for image in x]
    return np.argsort(-np.array(worst), kind="stable")[:count]


def _bend(log_joint: Tensor) -> float:
    shares = log_joint.double().softmax(0).reshape(len(SIDE), len(SIDE)).cpu().numpy()
    q = _moments(shares, SIDE, SIDE)
    return _forward(shares, SIDE, SIDE, q, 2 * float(np.log(SIDE[1] - SIDE[0]))) if q.scale.all() else 0.0

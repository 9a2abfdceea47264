"""The joint density log p(x, z) of one image over a 2-D code, and bounds on its integral."""

from math import log, sqrt

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy import ndarray
from torch import Tensor

from vaecore.distributions import Factored, Gaussian
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_images

PIECE = 2000  # codes that are decoded at once
REACH = 6.0  # scales of q that its own lattice covers each way
STEPS = (0.5, 0.25, 0.125)  # scales between the points of that lattice: finer until nothing changes
SETTLED = 1e-3  # nats
NODES = 8  # of the quadrature along each axis while an ellipse is fitted


def in_plane(explorer: Explorer) -> bool:
    """Whether a model has a likelihood, and codes of two numbers: a posterior that can be seen whole."""
    return explorer.latent == 2 and "likelihood" in explorer.abilities


class Joint:
    """log p(x, z) of one image as a function of z, and densities q(z|x) [1, 2] to go with it."""

    def __init__(self, explorer: Explorer, image: ndarray, label: int | None) -> None:
        if not in_plane(explorer):
            raise ValueError(
                f"{explorer.name}: expected a model with a likelihood and codes of two numbers, got a "
                f"{explorer.variant} with codes of {explorer.latent}"
            )
        x = as_images(np.asarray(image)[None], explorer.shape, explorer.name)
        labels = explorer.label_of(None if label is None else np.array([label]), 1)
        self.explorer, self.model = explorer, explorer.model
        self.like = next(self.model.parameters())
        self.x = x.to(self.like)
        self.label = None if labels is None else labels.to(self.like.device)

    def __call__(self, z: Float[Tensor, "n 2"]) -> Float[Tensor, "n"]:
        """log p(x|z) + log p(z), in nats."""
        label = None if self.label is None else self.label.expand(len(z))
        return self.model.likelihood(z, label).log_prob(self.x) + self.model.prior().log_prob(z)

    @torch.no_grad()
    def at(self, z: Float[ndarray, "n 2"]) -> Float64[ndarray, "n"]:
        """The same, numpy in and numpy out, piece by piece."""
        pieces = torch.from_numpy(z).to(self.like).split(PIECE)
        return torch.cat([self(piece).cpu().double() for piece in pieces]).numpy()

    @torch.no_grad()
    def encoded(self) -> Factored:
        """The encoder's q(z|x)."""
        posterior = self.model.posterior(self.x, self.label)
        assert isinstance(posterior, Factored)
        return posterior

    def gaussian(self, mean: ndarray, scale: ndarray) -> Gaussian:
        """N(mean, diag scale^2)."""
        both = np.array([mean, scale], np.float64)
        if both.shape != (2, 2) or not np.isfinite(both).all() or not (both[1] > 0).all():
            raise ValueError(
                f"{self.explorer.name}: expected two finite means and two scales above 0, got {mean} and {scale}"
            )
        location, spread = torch.from_numpy(both).to(self.like)
        return Gaussian(location[None], spread[None])


def importance_bound(log_weights: Float64[ndarray, "n"], k: int) -> tuple[float, float]:
    """The mean of log 1/k sum_i w_i over the samples in groups of k, and its standard error.

    Each group is a union of smaller ones: what is found never falls as k grows, as what is estimated does not.
    """
    groups = len(log_weights) // k
    found = np.logaddexp.reduce(log_weights[: groups * k].reshape(groups, k), axis=1) - log(k)
    return float(found.mean()), float(found.std(ddof=1) / sqrt(groups)) if groups > 1 else float("nan")


def elbo_of(joint: Joint, q: Gaussian) -> tuple[float, float]:
    """E_q[log p(x, z)] + H(q): a sum over a lattice in units of q's scale, and what half of the lattice would miss."""
    mean, scale = (part[0].cpu().double().numpy() for part in (q.mean, q.scale))
    value = error = float("nan")
    for step in STEPS:
        side = np.arange(-REACH, REACH + step / 2, step)
        weights = np.exp(-np.add.outer(side**2, side**2) / 2)
        units = np.stack(np.meshgrid(side, side, indexing="ij"), -1)
        values = joint.at(mean + scale * units.reshape(-1, 2)).reshape(weights.shape)
        value, coarse = (np.average(values[::by, ::by], weights=weights[::by, ::by]) for by in (1, 2))
        error = abs(value - coarse)
        if error < SETTLED:
            break
    return float(value + np.log(scale).sum() + log(2 * np.pi) + 1), float(error)


def climbed(joint: Joint, q: Gaussian) -> Gaussian:
    """Climb the elbo from a Gaussian by L-BFGS, the expectation by Gauss-Hermite quadrature."""
    nodes, weights = (torch.from_numpy(part).to(joint.like) for part in np.polynomial.hermite_e.hermegauss(NODES))
    units, shares = torch.cartesian_prod(nodes, nodes), torch.outer(weights, weights).ravel() / weights.sum() ** 2
    mean, log_scale = q.mean.clone().requires_grad_(), q.scale.log().requires_grad_()
    optimiser = torch.optim.LBFGS([mean, log_scale], max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        found = -(shares @ joint(mean + log_scale.exp() * units)) - log_scale.sum()
        mean.grad, log_scale.grad = torch.autograd.grad(found, [mean, log_scale])  # none for the weights of the model
        return found

    with torch.enable_grad():
        optimiser.step(loss)  # type: ignore[arg-type]
    climbed = Gaussian(mean.detach(), log_scale.detach().exp())
    return climbed if torch.isfinite(torch.cat([climbed.mean, climbed.scale])).all() else q

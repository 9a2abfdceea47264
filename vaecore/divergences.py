"""Kullback-Leibler divergences, per example, in nats."""

import torch
from jaxtyping import Float
from torch import Tensor

from vaecore.distributions import Distribution, Gaussian


def kl_per_latent(q: Gaussian, p: Gaussian) -> Float[Tensor, "*batch latent"]:
    """KL(q || p) of two diagonal Gaussians, one value per latent dimension.

    KL = log(scale_p / scale_q) + (scale_q^2 + (mean_q - mean_p)^2) / (2 scale_p^2) - 1/2
    """
    variance_ratio = (q.scale / p.scale).square()
    distance = ((q.mean - p.mean) / p.scale).square()
    return (variance_ratio + distance - 1 - variance_ratio.log()) / 2


def kl(q: Gaussian, p: Gaussian) -> Float[Tensor, "*batch"]:
    """KL(q || p) of two diagonal Gaussians in closed form, summed over the latent dimensions, in nats.

    Source: Kingma & Welling 2013, appendix B, for p = N(0, I).
    """
    return kl_per_latent(q, p).sum(-1)


def kl_by_sampling(q: Distribution, p: Distribution, samples: int) -> Float[Tensor, "batch"]:
    """KL(q || p) = E_q[log q(z) - log p(z)] by `samples` draws, in nats: unbiased, for any pair of densities."""
    z = q.rsample((samples,))
    return (q.log_prob(z) - p.log_prob(z)).mean(0)


def kl_of_activity(wanted: float, activity: Float[Tensor, "*units"]) -> Float[Tensor, "*units"]:
    """KL(rho || rho_j) of two Bernoulli distributions, rho the wanted activity and rho_j a unit's, in nats.

    KL = rho log(rho / rho_j) + (1 - rho) log((1 - rho) / (1 - rho_j)); rho_j is kept inside (0, 1), and a unit that
    reaches an end of it gets no gradient.
    """
    smallest = torch.finfo(activity.dtype).eps
    activity = activity.clamp(smallest, 1 - smallest)
    return wanted * (wanted / activity).log() + (1 - wanted) * ((1 - wanted) / (1 - activity)).log()


def squared_error(
    x: Float[Tensor, "*batch channels height width"], reconstruction: Float[Tensor, "*batch channels height width"]
) -> Float[Tensor, "*batch"]:
    """||x - reconstruction||^2: summed over the pixels of an image, never averaged over them."""
    return (x - reconstruction).square().flatten(-3).sum(-1)

"""A density over codes that is fitted on them: a mixture of Gaussians."""

from dataclasses import dataclass, replace
from math import prod

import torch
from jaxtyping import Float
from torch import Tensor

from vaecore.distributions import LOG_2_PI, Distribution


@dataclass(frozen=True, eq=False)
class Mixture(Distribution):
    """One Gaussian of k, chosen by weight; every example's distribution is the same: a density over codes.

    log p(v) = log sum_i weights_i N(v; means_i, scale_trils_i scale_trils_i')

    Attributes:
        weights: [k], of sum one.
        means: [k, latent].
        scale_trils: the lower Cholesky factors of the covariances, [k, latent, latent].
    """

    weights: Tensor
    means: Tensor
    scale_trils: Tensor

    @property
    def mean(self) -> Tensor:
        """The expectation, [latent]."""
        return self.weights @ self.means

    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """Samples [*samples, latent]. The choice of the component carries no gradient."""
        count = prod(samples)
        some = max(count, 1)  # torch refuses to draw none
        chosen = torch.multinomial(self.weights, some, replacement=True, generator=generator)[:count]
        noise = torch.randn(
            count, self.means.shape[1], 1, generator=generator, device=self.means.device, dtype=self.means.dtype
        )
        return (self.means[chosen] + (self.scale_trils[chosen] @ noise)[..., 0]).reshape(*samples, self.means.shape[1])

    def tempered(self, temperature: float) -> "Mixture":
        """The same, every component's scale multiplied by `temperature`."""
        return replace(self, scale_trils=temperature * self.scale_trils)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log density of `value` [*batch, latent], in nats."""
        rows = value.reshape(-1, value.shape[-1])
        deviation = (rows - self.means[:, None]).mT  # [k, latent, rows]: one solve for each component, not for each row
        standard = torch.linalg.solve_triangular(self.scale_trils, deviation, upper=False)
        log_volume = self.scale_trils.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        log_component = -(standard.square() + LOG_2_PI).sum(1) / 2 - log_volume[:, None]
        return (self.weights.log()[:, None] + log_component).logsumexp(0).reshape(value.shape[:-1])


def one_gaussian(codes: Float[Tensor, "n latent"]) -> Mixture:
    """The Gaussian of full covariance with the mean and the covariance of `codes`: a mixture of one."""
    covariance = torch.cov(codes.T.double(), correction=0).reshape(codes.shape[1], codes.shape[1])
    ridge = 1e-6 * covariance.diagonal().mean() * torch.eye(len(covariance), dtype=torch.float64, device=codes.device)
    scale_tril = torch.linalg.cholesky(covariance + ridge).to(codes.dtype)
    return Mixture(codes.new_ones(1), codes.mean(0, keepdim=True), scale_tril[None])

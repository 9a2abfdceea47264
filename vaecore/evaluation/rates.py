"""Where the nats of a variational model go: rate by group of latents, distortion, what is used and what is not."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vaecore.device import model_device
from vaecore.joint import Chain
from vaecore.models.base import Images, Labels
from vaecore.models.variational import Variational

CHUNK = 1000
ACTIVE = 0.01  # variance over images of a unit's posterior mean (Burda, Grosse & Salakhutdinov 2016)
COLLAPSED = 0.01  # nats of rate of an image in a group (Lucas et al. 2019)


@torch.no_grad()
def rates_and_distortion(
    model: Variational, x: Images, label: Labels | None = None, generator: torch.Generator | None = None
) -> tuple[Float[Tensor, "n groups"], Float[Tensor, "n"]]:
    """KL(q(z|x) || p(z)) by group of latents, and -E_q[log p(x|z)], of every image, in nats, on the CPU.

    By one sample of the posterior, and unweighed: beta, annealing and free bits are of the training alone. Their sum
    over groups and terms is minus the elbo.
    """
    pieces = []
    for rows, own in _chunks(model, x, label):
        posterior = model.posterior(rows, own)
        z, log_posterior = posterior.rsample_with_log_prob((), generator)
        distortion = -model.likelihood(z, own).log_prob(rows)
        pieces.append((model.rates(posterior, z, log_posterior).cpu(), distortion.cpu()))
    rates, distortion = zip(*pieces, strict=True)
    return torch.cat(rates), torch.cat(distortion)


@torch.no_grad()
def posterior_means(model: Variational, x: Images, label: Labels | None = None) -> Float[Tensor, "n latent"]:
    """The mean of every posterior, on the CPU."""
    return torch.cat([model.posterior(rows, own).mean.cpu() for rows, own in _chunks(model, x, label)])


def varies(means: Float[Tensor, "n latent"]) -> Bool[Tensor, "latent"]:
    """Which latents are active: the variance over images of the posterior's mean is above 0.01."""
    return means.var(0, correction=0) > ACTIVE


def silent(rates: Float[Tensor, "n groups"]) -> Bool[Tensor, "n groups"]:
    """On which images a group of latents says nothing: its rate is below 0.01 nats."""
    return rates < COLLAPSED


@torch.no_grad()
def one_code_each(
    model: Variational, x: Images, label: Labels | None = None, generator: torch.Generator | None = None
) -> Float[Tensor, "n latent"]:
    """A draw of every posterior, in float64 on the CPU: together, draws of the aggregate posterior.

    In a hierarchy, the noise that the prior would have had to draw.
    """
    pieces = []
    for rows, own in _chunks(model, x, label):
        z, prior = model.posterior(rows, own).rsample((), generator), model.prior()
        pieces.append((prior.noise_of(z) if isinstance(prior, Chain) else z).cpu().double())
    return torch.cat(pieces)


def aggregate_divergence(codes: Float[Tensor, "n latent"]) -> Float[Tensor, ""]:
    """KL(N(m, C) || N(0, I)) in nats, of the Gaussian fitted on codes: 0 where they have the prior's moments."""
    mean, covariance = codes.mean(0), torch.cov(codes.T, correction=0).reshape(codes.shape[1], codes.shape[1])
    spread = covariance.trace() - codes.shape[1] - torch.linalg.slogdet(covariance).logabsdet
    return (spread + mean.square().sum()) / 2


def _chunks(model: Variational, x: Tensor, label: Tensor | None) -> list[tuple[Tensor, Tensor | None]]:
    device = model_device(model)
    own = [None] * -(-len(x) // CHUNK) if label is None else [part.to(device) for part in label.split(CHUNK)]
    return [(rows.to(device), part) for rows, part in zip(x.split(CHUNK), own, strict=True)]

"""log p(x) of a code of few numbers by importance samples that look for the modes which q(z|x) has missed.

A plane of codes is crowded: p(z|x) is narrow, often of several modes, and q(z|x) is at one of them at most. Draws of q
alone then miss by nats, whatever their number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from vaecore.distributions import LOG_2_PI, Distribution, Factored, standard_normal

Codes = Float[Tensor, "samples batch latent"]
LogDensities = Float[Tensor, "samples batch"]

ROUNDS = 4  # of looking, in which the first half of the samples goes
WIDER = 2.0  # is the prior in them: a mode four deviations out is worth a look, and would get none
CENTRES = 64  # Gaussians that they leave
NEIGHBOURS = 16  # the farthest of which gives a Gaussian its scale
SMALLEST = 1e-6  # scale, where draws coincide


def log_mean_weight(
    posterior: Factored,
    prior: Factored,
    log_joint: Callable[[Codes], LogDensities],
    samples: int,
    generator: torch.Generator | None = None,
) -> Float64[Tensor, "batch"]:
    """log p(x) ~ log 1/K sum_k p(x, z_k) / m(z_k), z_k ~ m, in nats: in expectation a lower bound, whatever m is.

    m(z) = 1/2 q(z|x) + 1/2 p(z) at first, as many draws of the one as of the other, each weighed by all of m (the
    balance heuristic of Veach & Guibas 1995): no weight is above 2 p(x, z) / q(z|x), nor above 2 p(x|z). Half of the
    samples look for modes, in rounds, with a prior of twice the scale: Gaussians around draws that are resampled by
    their weights, as wide as their neighbours are far, take half of m from the next round on (West 1993; Cappe et al.
    2004, population Monte Carlo). The other half are drawn from the last m and are the only ones that count: given
    those before them their mean weight is p(x) in expectation. So few samples that a round would not have NEIGHBOURS
    all come from the first m, a single one from q.

    Args:
        posterior: q(z|x) of every image.
        prior: p(z).
        log_joint: log p(x, z) of codes [samples, batch, latent], in nats.
        samples: K.
        generator: of the draws, on the device of the posterior.
    """
    a_round, looked, kernels = samples // (2 * ROUNDS), [], None
    for _ in range(ROUNDS if a_round >= NEIGHBOURS else 0):
        z, log_m = _Proposal(posterior, prior.tempered(WIDER), kernels).drawn(a_round, generator)
        looked.append((z, log_joint(z) - log_m))
        seen, log_w = (torch.cat(parts) for parts in zip(*looked, strict=True))
        kernels = _kernels(seen, log_w, generator)
    left = samples - a_round * len(looked)
    z, log_m = _Proposal(posterior, prior, kernels).drawn(left, generator)
    return (log_joint(z) - log_m).double().logsumexp(0) - log(left)


@dataclass(frozen=True, eq=False)
class _Kernels:
    """An even mixture of round Gaussians for every image.

    Attributes:
        centre: of each.
        scale: likewise.
    """

    centre: Float[Tensor, "centres batch latent"]
    scale: Float[Tensor, "centres batch"]

    def rsample(self, count: int, generator: torch.Generator | None) -> Codes:
        """Codes, spread evenly over the Gaussians from a place that is drawn: each is as likely as the others."""
        start = torch.rand((), generator=generator, device=self.scale.device, dtype=torch.float64)
        level = (torch.arange(count, device=self.scale.device) + start) / count
        which = (level * len(self.scale)).long().clamp(max=len(self.scale) - 1)
        noise = standard_normal(self.centre[0], (count,), generator)
        return self.centre[which] + self.scale[which, :, None] * noise

    def log_prob(self, z: Codes) -> LogDensities:
        """The log density of the mixture, in nats."""
        distance = _distances(z, self.centre) / self.scale.T[:, None]
        constant = z.shape[-1] * (self.scale.log() + LOG_2_PI / 2) + log(len(self.scale))
        return (-distance.square() / 2 - constant.T[:, None]).logsumexp(-1).T


@dataclass(frozen=True, eq=False)
class _Proposal:
    """m: half of it kernels, where there are any, and equal parts of q(z|x) and a prior."""

    posterior: Factored
    prior: Distribution
    kernels: _Kernels | None = None

    def drawn(self, count: int, generator: torch.Generator | None) -> tuple[Codes, LogDensities]:
        """Codes, a fixed number of every part, and log m of them, the parts weighed by these numbers."""
        around = count // 2 if self.kernels else 0
        outer = (count - around) // 2
        inner = count - around - outer
        z, log_q = self.posterior.rsample_with_log_prob((inner,), generator)  # a flow is dear to undo
        parts, log_q = [z], [log_q.sum(-1)]
        if outer:
            parts.append(self.prior.rsample((outer, z.shape[1]), generator))
        if self.kernels and around:
            parts.append(self.kernels.rsample(around, generator))
        if len(parts) > 1:
            log_q.append(self.posterior.log_prob(torch.cat(parts[1:])))
        z, log_m = torch.cat(parts), torch.cat(log_q) + log(inner / count)
        if outer:
            log_m = torch.logaddexp(log_m, self.prior.log_prob(z) + log(outer / count))
        if self.kernels and around:
            log_m = torch.logaddexp(log_m, self.kernels.log_prob(z) + log(around / count))
        return z, log_m


def _kernels(z: Codes, log_w: LogDensities, generator: torch.Generator | None) -> _Kernels:
    """Gaussians around codes that are resampled systematically by their weights (Kitagawa 1996)."""
    until = log_w.softmax(0).cumsum(0).T.contiguous()
    start = torch.rand(len(until), 1, generator=generator, device=z.device, dtype=until.dtype)
    level = (torch.arange(CENTRES, device=z.device) + start) / CENTRES * until[:, -1:]
    chosen = torch.searchsorted(until, level, right=True).clamp(max=len(z) - 1).T
    centre = z.gather(0, chosen[..., None].expand(-1, -1, z.shape[-1]))
    nearest = _distances(centre, z).kthvalue(NEIGHBOURS + 1, -1).values.T  # the nearest is the code itself
    return _Kernels(centre, nearest.clamp(min=SMALLEST))


def _distances(a: Float[Tensor, "n batch latent"], b: Float[Tensor, "m batch latent"]) -> Float[Tensor, "batch n m"]:
    """Between the codes of one image; not by products, in which neighbours would be at the same place."""
    return torch.cdist(a.transpose(0, 1), b.transpose(0, 1), compute_mode="donot_use_mm_for_euclid_dist")

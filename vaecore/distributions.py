"""What an encoder or a decoder returns: distributions with `mean`, `rsample` and `log_prob`.

A distribution over images or codes has *event* axes (the last ones, summed by `log_prob`) and batch axes before them.
`rsample((k,))` puts k samples in front: [k, batch, ...]; `log_prob` broadcasts over such leading axes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import log, pi

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

LOG_2_PI = log(2 * pi)
_shard = (0, 1)


@contextmanager
def shard(rank: int, world: int) -> Iterator[None]:
    """Draw noise as process `rank` of `world` processes that share one batch, split along its first axis.

    Every process draws the noise of the whole batch from the same seed and keeps its own rows, so that the loss
    curve does not depend on the number of processes.
    """
    global _shard
    before, _shard = _shard, (rank, world)
    try:
        yield
    finally:
        _shard = before


def world() -> int:
    """How many processes share a batch: one outside of `shard`."""
    return _shard[1]


def standard_normal(
    like: Float[Tensor, "batch *event"], samples: tuple[int, ...] = (), generator: torch.Generator | None = None
) -> Float[Tensor, "..."]:
    """Standard normal noise of the shape [*samples, *like.shape]; of the rows of this process inside `shard`."""
    return _drawn(torch.randn, like, samples, generator)


def uniform(like: Float[Tensor, "batch *event"], generator: torch.Generator | None = None) -> Float[Tensor, "..."]:
    """Noise even on [0, 1) of the shape of `like`; of the rows of this process inside `shard`."""
    return _drawn(torch.rand, like, (), generator)


def _drawn(
    draw: Callable[..., Tensor], like: Tensor, samples: tuple[int, ...], generator: torch.Generator | None
) -> Tensor:
    rank, world = _shard
    batch, *event = like.shape
    noise = draw(*samples, batch * world, *event, generator=generator, device=like.device, dtype=like.dtype)
    return noise if world == 1 else noise.narrow(len(samples), rank * batch, batch)


def batch_mean(x: Float[Tensor, "batch *event"]) -> Float[Tensor, "*event"]:
    """The mean over the batch, which inside `shard` is that of all processes together."""
    if world() == 1:
        return x.mean(0)
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(x.mean(0)) / world()


class Distribution(ABC):
    """A batch of distributions over events."""

    @property
    @abstractmethod
    def mean(self) -> Tensor:
        """The expectation, [batch, *event]."""

    @abstractmethod
    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """Samples [*samples, batch, *event]; differentiable in the parameters where the distribution allows it."""

    def tempered(self, temperature: float) -> "Distribution":
        """The same, its spread multiplied by `temperature`.

        Raises:
            TypeError: the distribution has no spread of its own.
        """
        raise TypeError(f"{type(self).__name__} has no temperature")

    @abstractmethod
    def log_prob(self, value: Tensor) -> Tensor:
        """Log density or log probability of `value`, in nats, summed over the event axes: [*samples, batch]."""

    def log_prob_of_each(self, values: Float[Tensor, "n *event"]) -> Float[Tensor, "n batch"]:
        """`log_prob` of each of n values under each distribution of the batch, in nats."""
        return torch.stack([self.log_prob(value) for value in values])


class Factored(Distribution):
    """A distribution over codes whose log density is a sum over latents, each given those before it."""

    @abstractmethod
    def log_prob_per_latent(self, value: Tensor) -> Tensor:
        """Log density of every latent given those before it, in nats: [*samples, batch, latent]."""

    def log_prob(self, value: Tensor) -> Tensor:
        """Log density of `value`, in nats: [*samples, batch]."""
        return self.log_prob_per_latent(value).sum(-1)

    def rsample_with_log_prob(
        self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Codes and `log_prob_per_latent` of them: all that a bound needs of a posterior."""
        z = self.rsample(samples, generator)
        return z, self.log_prob_per_latent(z)


@dataclass(frozen=True, eq=False)
class Gaussian(Factored):
    """N(mean, diag(scale^2)), factorised over the last `event_axes` axes.

    log p(v) = sum_i -1/2 ((v_i - mean_i) / scale_i)^2 - log scale_i - 1/2 log 2 pi
    """

    location: Tensor
    scale: Tensor
    event_axes: int = 1

    @property
    def mean(self) -> Tensor:
        """The expectation, [batch, *event]."""
        return self.location

    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """mean + scale * epsilon, epsilon ~ N(0, I): the reparameterisation of Kingma & Welling 2013."""
        return self.location + self.scale * standard_normal(self.location, samples, generator)

    def tempered(self, temperature: float) -> "Gaussian":
        """The same, its scale multiplied by `temperature`."""
        return replace(self, scale=temperature * self.scale)

    def log_prob_per_latent(self, value: Tensor) -> Tensor:
        """Log density of each number of `value`, in nats."""
        deviation = (value - self.location) / self.scale
        return -(deviation.square() / 2 + self.scale.log() + LOG_2_PI / 2)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log density of `value`, in nats, summed over the event axes."""
        return self.log_prob_per_latent(value).flatten(-self.event_axes).sum(-1)

    def log_prob_of_each(self, values: Float[Tensor, "n *event"]) -> Float[Tensor, "n batch"]:
        """`log_prob` of each value under each Gaussian: one product of v^2 and v with what they weigh, in float64."""
        mean = self.location.flatten(-self.event_axes).double()
        scale = self.scale.expand_as(self.location).flatten(-self.event_axes).double()
        v, precision = values.flatten(1).double(), scale**-2
        constant = (precision * mean.square() / 2 + scale.log() + LOG_2_PI / 2).sum(-1)
        weights = torch.cat([-precision / 2, precision * mean], -1)
        return (torch.cat([v.square(), v], -1) @ weights.mT - constant).to(self.location.dtype)


@dataclass(frozen=True, eq=False)
class Bernoulli(Distribution):
    """Independent binary pixels, given by their logits.

    log p(v) = sum_i v_i log m_i + (1 - v_i) log(1 - m_i) = sum_i v_i l_i - log(1 + exp(l_i)),  m = sigmoid(l).
    For grey v in [0, 1] this is minus a cross-entropy, no log probability: it cannot be compared with likelihoods.
    """

    logits: Tensor
    event_axes: int = 1

    @property
    def mean(self) -> Tensor:
        """The expectation sigmoid(logits), [batch, *event]."""
        return self.logits.sigmoid()

    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """Binary samples. They carry no gradient: the distribution has no reparameterisation."""
        mean = self.mean.detach().expand(*samples, *self.logits.shape)
        return torch.bernoulli(mean, generator=generator)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log probability of `value`, in nats, summed over the event axes."""
        said = (value * self.logits).flatten(-self.event_axes).sum(-1)
        return said - _sum_softplus(self.logits.flatten(-self.event_axes))

    def log_prob_of_each(self, values: Float[Tensor, "n *event"]) -> Float[Tensor, "n batch"]:
        """`log_prob` of each value under each distribution, by one product."""
        logits = self.logits.flatten(-self.event_axes)
        return values.flatten(1) @ logits.mT - _sum_softplus(logits)


def _sum_softplus(logits: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    """sum_i log(1 + exp(l_i)) = sum_i max(l_i, 0) - log prod_i sigmoid(|l_i|).

    Every factor is at least 1/2: the product of a hundred is far from underflow, and one logarithm does for all of
    them. On the CPU that takes half the time of as many softplus, and is as exact; a gradient would lose it again.
    """
    if torch.is_grad_enabled() or logits.device.type != "cpu" or logits.dtype not in (torch.float32, torch.float64):
        return softplus(logits).sum(-1)
    together = next(size for size in range(100, 0, -1) if logits.shape[-1] % size == 0)
    products = logits.abs().sigmoid_().unflatten(-1, (-1, together)).prod(-1)
    return logits.relu().sum(-1) - products.log_().sum(-1)


@dataclass(frozen=True, eq=False)
class DiscretisedLogistic(Distribution):
    """Pixels of `levels` grey values, each the share of a logistic density that falls into its bin.

    log p(v) = log(sigmoid((v + h - m) / s) - sigmoid((v - h - m) / s)),  h = 1/2 / (levels - 1), v in {0, ..., 1};
    the bins of black and white reach to minus and plus infinity: the probabilities of all levels sum to one.
    Source: Salimans et al. 2017; the bins of Kingma et al. 2016 begin at v, and those at the ends are no wider.
    """

    location: Tensor
    scale: Tensor
    event_axes: int = 1
    levels: int = 256

    @property
    def mean(self) -> Tensor:
        """The location: the expectation, but for the tails that are cut at black and white."""
        return self.location

    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """Pixels on the levels. They carry no gradient: the rounding has none."""
        location = self.location.detach().expand(*samples, *self.location.shape)
        share = torch.rand(location.shape, generator=generator, device=location.device, dtype=location.dtype)
        drawn = location + self.scale.detach() * share.logit(eps=1e-7)
        return (drawn.clamp(0, 1) * (self.levels - 1)).round() / (self.levels - 1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log probability of `value`, in nats, summed over the event axes."""
        half = 0.5 / (self.levels - 1)
        above, below = (value + half - self.location) / self.scale, (value - half - self.location) / self.scale
        inside = logsigmoid(above) + logsigmoid(-below) + torch.log(-torch.expm1(-2 * half / self.scale))
        edge = torch.where(value < half, logsigmoid(above), logsigmoid(-below))
        return torch.where((value < half) | (value > 1 - half), edge, inside).flatten(-self.event_axes).sum(-1)


@dataclass(frozen=True, eq=False)
class Delta(Distribution):
    """A point mass: what a deterministic encoder or decoder returns."""

    point: Tensor

    @property
    def mean(self) -> Tensor:
        """The point itself."""
        return self.point

    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """The point, repeated."""
        return self.point.expand(*samples, *self.point.shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """A point mass has no density.

        Raises:
            TypeError: always.
        """
        raise TypeError("a deterministic model has no density: it gives a squared error, not a log_prob")

"""Distributions over latents that depend on each other: a Markov chain of Gaussians, an autoregressive flow."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from vaecore.distributions import Factored, Gaussian, standard_normal

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Chain(Factored):
    """A Markov chain of Gaussians: p(a) p(b|a) p(c|b) ..., drawn in this order.

    A code is a row of all latents, those next to the image first and the top last, whichever is drawn first: a
    bottom-up posterior is an `upward` chain, a prior and a top-down posterior are downward ones.

    Attributes:
        first: the Gaussian that is drawn first.
        conditionals: each of the others, given the latents that were drawn just before.
        sizes: of the parts, in the order of the row.
        upward: whether the order of drawing is that of the row.
    """

    first: Gaussian
    conditionals: tuple[Callable[[Tensor], Gaussian], ...]
    sizes: tuple[int, ...]
    upward: bool = False

    @property
    def mean(self) -> Tensor:
        """The code that takes every conditional's mean: the centre of the chain, not the expectation over draws."""
        return self._row([gaussian.mean for gaussian in self._centre()])

    @property
    def scale(self) -> Tensor:
        """The scale of every latent, given the centre of those before it."""
        return self._row([gaussian.scale for gaussian in self._centre()])

    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """Codes [*samples, batch, latent]."""
        return self.rsample_with_log_prob(samples, generator)[0]

    def rsample_with_log_prob(
        self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Codes, and the log density of every latent given those before it, in one pass."""
        parts = [self.first.rsample(samples, generator)]
        log_probs = [self.first.log_prob_per_latent(parts[0])]
        for conditional in self.conditionals:
            gaussian = conditional(parts[-1])
            batch = gaussian.location.new_empty(gaussian.location.shape[len(samples) :])  # what one draw looks like
            parts.append(gaussian.location + gaussian.scale * standard_normal(batch, samples, generator))
            log_probs.append(gaussian.log_prob_per_latent(parts[-1]))
        return self._row(parts), self._row(log_probs)

    def log_prob_per_latent(self, value: Tensor) -> Tensor:
        """Log density of every latent given those before it, in nats: [*samples, batch, latent]."""
        parts = value.split(self.sizes, -1)
        return torch.cat(
            [gaussian.log_prob_per_latent(part) for gaussian, part in zip(self.given(value), parts, strict=True)], -1
        )

    def given(self, value: Float[Tensor, "*batch latent"]) -> list[Gaussian]:
        """The Gaussian of every part given the values of the one before it, in the order of the row."""
        parts = self._in_order(list(value.split(self.sizes, -1)))
        found = [self.first] + [own(part) for own, part in zip(self.conditionals, parts[:-1], strict=True)]
        return self._in_order(found)

    def follow(self, noise: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch latent"]:
        """The code that a row of noise leads to, part after part: mean + scale * noise, given the part just drawn."""
        first, *others = self._in_order(list(noise.split(self.sizes, -1)))
        parts = [self.first.location + self.first.scale * first]
        for conditional, part in zip(self.conditionals, others, strict=True):
            gaussian = conditional(parts[-1])
            parts.append(gaussian.location + gaussian.scale * part)
        return self._row(parts)

    def noise_of(self, code: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch latent"]:
        """The noise that leads to a code: the inverse of `follow`."""
        parts = zip(self.given(code), code.split(self.sizes, -1), strict=True)
        return torch.cat([(part - gaussian.location) / gaussian.scale for gaussian, part in parts], -1)

    def tempered(self, temperature: float) -> "Chain":
        """The same, every scale multiplied by `temperature`."""

        def cooled(conditional: Callable[[Tensor], Gaussian]) -> Callable[[Tensor], Gaussian]:
            return lambda z: conditional(z).tempered(temperature)

        cooler = tuple(cooled(conditional) for conditional in self.conditionals)
        return replace(self, first=self.first.tempered(temperature), conditionals=cooler)

    def _centre(self) -> list[Gaussian]:
        found = [self.first]
        for conditional in self.conditionals:
            found.append(conditional(found[-1].mean))
        return found

    def _in_order(self, parts: list[T]) -> list[T]:
        """From the order of the row to that of drawing, and back."""
        return parts if self.upward else parts[::-1]

    def _row(self, parts: list[Tensor]) -> Tensor:
        return torch.cat(self._in_order(parts), -1)


@dataclass(frozen=True, eq=False)
class Flow(Factored):
    """A Gaussian, bent by steps that each multiply and shift every latent as those before it say.

    z_0 ~ base;  z_t = gate_t * z_{t-1} + (1 - gate_t) * shift_t,  both functions of the latents of z_{t-1} before
    each one in the order of the step;  log q(z_T) = sum_i log N(z_0) - sum_t log gate_t.  Source: Kingma et al. 2016.

    Attributes:
        base: the Gaussian of z_0.
        steps: from z_{t-1} to the shift and the logit of the gate, each of z's shape.
    """

    base: Gaussian
    steps: tuple[Callable[[Tensor], tuple[Tensor, Tensor]], ...]

    @property
    def mean(self) -> Tensor:
        """Where the base's mean goes: the centre of the flow, not the expectation over draws."""
        z = self.base.mean
        for step in self.steps:
            z, _ = _moved(step, z)
        return z

    @property
    def scale(self) -> Tensor:
        """The base's times the gates at the centre: with one step, of every latent given those before it."""
        z, log_scale = self.base.mean, self.base.scale.log()
        for step in self.steps:
            z, log_gate = _moved(step, z)
            log_scale = log_scale + log_gate
        return log_scale.exp()

    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """Codes [*samples, batch, latent]."""
        return self.rsample_with_log_prob(samples, generator)[0]

    def rsample_with_log_prob(
        self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Codes, and the terms of their log density, one for each latent: the cheap direction of the flow.

        With one step a term is the log density of a latent given those before it; with more only the sum is one.
        """
        z, log_prob = self.base.rsample_with_log_prob(samples, generator)
        for step in self.steps:
            z, log_gate = _moved(step, z)
            log_prob = log_prob - log_gate
        return z, log_prob

    def log_prob_per_latent(self, value: Tensor) -> Tensor:
        """The terms of the log density, in nats; the flow is undone, a latent at a time."""
        log_gates = torch.zeros_like(value)
        for step in reversed(self.steps):
            z = value
            for _ in range(value.shape[-1]):  # each round settles one latent more, in the order of the step
                shift, logit = step(z)
                z = (value - (-logit).sigmoid() * shift) / logit.sigmoid()
            value, log_gate = z, _moved(step, z)[1]
            log_gates = log_gates + log_gate
        return self.base.log_prob_per_latent(value) - log_gates


def _moved(step: Callable[[Tensor], tuple[Tensor, Tensor]], z: Tensor) -> tuple[Tensor, Tensor]:
    """One step of a flow, and the log of its gate."""
    shift, logit = step(z)
    return logit.sigmoid() * z + (-logit).sigmoid() * shift, torch.nn.functional.logsigmoid(logit)

"""What all models with a prior share: a likelihood of pixels, and a bound on the evidence whose rate can be weighed."""

from abc import abstractmethod
from math import log
from typing import Annotated, ClassVar, Literal

import torch
from jaxtyping import Float, UInt8
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from vaecore.distributions import Bernoulli, DiscretisedLogistic, Distribution, Factored, Gaussian, batch_mean
from vaecore.models.base import (
    STRICT,
    Autoencoder,
    BaseSettings,
    Codes,
    Images,
    Labels,
    NoisySettings,
    logit_of_mean,
    mean_image,
)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RateSettings(BaseSettings):
    """How the rate is weighed.

    Attributes:
        beta: what the rate is multiplied by (Higgins et al. 2017).
        annealing: the rate's weight climbs from zero: once ("linear", Bowman et al. 2015; Sonderby et al. 2016),
            or in every one of `annealing_cycles` ("cyclic", Fu et al. 2019).
        annealing_share: for which share of all steps, or of a cycle's, it climbs.
        annealing_cycles: how often, if cyclic.
        free_bits: nats that every group of latents may carry at no cost (Kingma et al. 2016); a group is one layer
            of a hierarchy, and one dimension elsewhere.
        target_rate: nats of rate that beta times the distance to is minimised in place of the rate
            (Burgess et al. 2018); None for no target.
    """

    beta: NonNegativeFloat = 1.0
    annealing: Literal["none", "linear", "cyclic"] = "none"
    annealing_share: float = Field(default=1 / 3, gt=0, le=1)
    annealing_cycles: PositiveInt = 4
    free_bits: NonNegativeFloat = 0.0
    target_rate: PositiveFloat | None = None

    @model_validator(mode="after")
    def _one_goal_for_the_rate(self) -> "RateSettings":
        if self.free_bits and self.target_rate is not None:
            raise ValueError(
                f"expected free_bits or target_rate, got both ({self.free_bits:g} and {self.target_rate:g} nats)"
            )
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VariationalSettings(RateSettings, NoisySettings):
    """The likelihood of a pixel, beside how the rate is weighed.

    Attributes:
        likelihood: of a pixel. "bernoulli" is one for binary pixels; on grey ones it is a cross-entropy.
        scale: a Gaussian pixel's standard deviation, or a logistic pixel's scale; "learned" is one for all pixels.
        conditional: the encoder and the decoder are given the label; the prior is not.
    """

    likelihood: Literal["bernoulli", "gaussian", "discretised-logistic"] = "bernoulli"
    scale: Annotated[float, Field(ge=1e-6, le=1e6)] | Literal["learned"] = "learned"
    conditional: bool = False

    @property
    def asks_for_labels(self) -> bool:
        """Whether every term is given the label."""
        return self.conditional


class Variational(Autoencoder):
    """A model whose codes have a prior, trained on a bound on the evidence.

    -elbo(x) = E_{q(z|x)}[-log p(x|z)] + KL(q(z|x) || p(z)), the distortion and the rate.
    A variant says what q, p(x|z) and p(z) are.
    """

    abilities = frozenset({"encode", "decode", "sample", "likelihood"})
    exact_rates: ClassVar[bool] = False  # whether `rates` are divergences, not one sample of a log ratio

    encoder: nn.Module
    decoder: nn.Module
    settings: VariationalSettings
    log_scale: Tensor | None

    def __init__(self, settings: RateSettings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.done = 1.0  # the share of all steps
        self.make_scale()

    def make_scale(self) -> None:
        """The scale that all pixels share, as its logarithm; None where they have none."""
        settings = self.settings
        if settings.likelihood == "bernoulli":
            self.log_scale = None
        elif settings.scale == "learned":
            self.log_scale = nn.Parameter(torch.zeros(()))
        else:  # the recipe keeps it: the weights may be rounded
            self.register_buffer("log_scale", torch.tensor(log(settings.scale)), persistent=False)

    @abstractmethod
    def posterior(self, x: Images, label: Labels | None = None) -> Factored:
        """q(z|x)."""

    @abstractmethod
    def prior(self) -> Factored:
        """p(z)."""

    @property
    @abstractmethod
    def groups(self) -> tuple[int, ...]:
        """The sizes of the groups of latents, in the order of a code: what free bits are given to."""

    @torch.no_grad()
    def prepare(self, pixels: UInt8[Tensor, "n channels height width"]) -> None:
        """Start the decoder at the mean image."""
        bias = logit_of_mean(pixels) if self.log_scale is None else mean_image(pixels)
        self.decoder.output_bias.copy_(bias)  # type: ignore[operator]

    def likelihood(self, z: Codes, label: Labels | None = None) -> Distribution:
        """p(x|z)."""
        return self.pixels_given(self.decoder(self.given(z, label)))

    def pixels_given(self, outputs: Float[Tensor, "*samples batch pixels"]) -> Distribution:
        """The distribution over images that the decoder's outputs are the logits or the means of."""
        images = self.to_images(outputs)
        if self.log_scale is None:
            return Bernoulli(images, event_axes=3)
        kind = Gaussian if self.settings.likelihood == "gaussian" else DiscretisedLogistic
        return kind(images, self.log_scale.exp(), event_axes=3)

    def advance(self, share: float) -> None:
        """See how much of the steps is done, for the annealing."""
        self.done = share

    @property
    def annealed(self) -> float:
        """The rate's weight at this step, from zero to one; one outside of training."""
        settings = self.settings
        if settings.annealing == "none" or not self.training:
            return 1.0
        share = self.done * settings.annealing_cycles % 1 if settings.annealing == "cyclic" else self.done
        return min(1.0, share / settings.annealing_share)

    def loss(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """{"distortion": -log p(x|z), z ~ q(z|x); "rate": KL(q(z|x) || p(z)), weighed}: unweighed, the sum is -elbo(x).

        With a corruption in the settings z ~ q(z|x~), which bounds the evidence as well (Im et al. 2017).
        """
        posterior = self.posterior(self.corrupted(x)[0], label)
        z, log_posterior = posterior.rsample_with_log_prob()
        rates = self.rates(posterior, z, log_posterior)
        weights, offset = self.pressure(rates)
        return {
            "distortion": -self.likelihood(z, label).log_prob(x),
            "rate": (weights * rates).sum(-1) + offset,
        }

    def rates(
        self, posterior: Factored, z: Codes, log_posterior: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch groups"]:
        """What each group of latents costs, in nats: log q(z|x) - log p(z), or its expectation where it is known."""
        return self.grouped(log_posterior - self.prior().log_prob_per_latent(z))

    def grouped(self, per_latent: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch groups"]:
        """The sum over each group's latents."""
        if len(self.groups) == self.latent:
            return per_latent
        return torch.stack([group.sum(-1) for group in per_latent.split(self.groups, -1)], -1)

    def pressure(
        self, rates: Float[Tensor, "*samples batch groups"]
    ) -> tuple[Float[Tensor, "groups"], Float[Tensor, ""]]:
        """The weight of every group's rate in the objective, and what does not depend on the rates.

        beta * rate; with free bits beta * sum_g max(free_bits, E[rate_g]); either times the annealing. With a target
        beta * |E[rate] - target|, where the target is annealed: it grows from zero. E is the mean over the batch; the
        maximum and the absolute value are sums of weighed rates, some weights being zero or minus beta.
        """
        settings = self.settings
        weight, offset = settings.beta * self.annealed, torch.zeros(())
        weights = rates.new_full((len(self.groups),), weight)
        if settings.free_bits == 0 and settings.target_rate is None:
            return weights, offset
        mean = batch_mean(rates.detach().flatten(0, -2))
        if settings.target_rate is None:
            costly = mean > settings.free_bits
            return weights * costly, weight * settings.free_bits * (~costly).sum()
        target = settings.target_rate * self.annealed
        sign = torch.where(mean.sum() > target, 1.0, -1.0)
        return settings.beta * sign.expand(len(self.groups)), -settings.beta * sign * target

"""Autoencoders with a Gaussian posterior: the VAE and its conditional form, one evidence lower bound."""

from typing import Literal

import torch
from jaxtyping import Float, UInt8
from pydantic import PositiveFloat
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from vaecore.distributions import Bernoulli, Distribution, Gaussian
from vaecore.divergences import kl
from vaecore.models.base import STRICT, Autoencoder, Codes, Images, Labels, NoisySettings, logit_of_mean, mean_image


class VAE(Autoencoder):
    """The variational autoencoder: codes with a prior, so that a code can be drawn as well as found.

    -elbo(x) = E_{q(z|x)}[-log p(x|z)] + KL(q(z|x) || p(z));  q(z|x) = N(mean(x), diag scale(x)^2),  p(z) = N(0, I).
    p(x|z) is Bernoulli, or Gaussian with one scale for all pixels: fixed, or learned with the rest.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(NoisySettings):
        """The likelihood of a pixel; `scale` is a Gaussian pixel's standard deviation, or "learned"."""

        likelihood: Literal["bernoulli", "gaussian"] = "bernoulli"
        scale: PositiveFloat | Literal["learned"] = "learned"

    equation = "-elbo = E_q[-log p(x|z)] + KL(q(z|x) || N(0, I))"
    source = "Kingma & Welling 2013"
    abilities = frozenset({"encode", "decode", "sample", "likelihood"})

    log_scale: Tensor | None

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.encoder = self.mlp_encoder(2 * self.latent)
        self.decoder = self.mlp_decoder()
        if settings.likelihood == "bernoulli":
            self.log_scale = None
        elif settings.scale == "learned":
            self.log_scale = nn.Parameter(torch.zeros(()))
        else:  # the recipe keeps it: the weights may be rounded
            self.register_buffer("log_scale", torch.tensor(settings.scale).log(), persistent=False)

    @torch.no_grad()
    def prepare(self, pixels: UInt8[Tensor, "n channels height width"]) -> None:
        """Start the decoder at the mean image."""
        self.decoder.output_bias.copy_(logit_of_mean(pixels) if self.log_scale is None else mean_image(pixels))

    def posterior(self, x: Images, label: Labels | None = None) -> Gaussian:
        """q(z|x) = N(mean(x), diag scale(x)^2)."""
        mean, log_scale = self.encoder(self.encoder_input(x, label)).to(x.dtype).chunk(2, dim=-1)
        return Gaussian(mean, log_scale.exp())

    def likelihood(self, z: Codes, label: Labels | None = None) -> Distribution:
        """p(x|z)."""
        outputs = self.to_images(self.decoder(self.given(z, label)))
        if self.log_scale is None:
            return Bernoulli(outputs, event_axes=3)
        return Gaussian(outputs, self.log_scale.exp(), event_axes=3)

    def prior(self) -> Gaussian:
        """p(z) = N(0, I)."""
        like = next(self.parameters())
        return Gaussian(like.new_zeros(self.latent), like.new_ones(self.latent))

    def loss(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """{"distortion": -log p(x|z), z ~ q(z|x); "rate": KL(q(z|x) || p(z))}, whose sum is -elbo(x).

        With a corruption in the settings z ~ q(z|x~), which bounds the evidence as well (Im et al. 2017).
        """
        posterior = self.posterior(self.corrupted(x)[0], label)
        z = posterior.rsample()
        return {"distortion": -self.likelihood(z, label).log_prob(x), "rate": kl(posterior, self.prior())}


class ConditionalVAE(VAE):
    """The conditional VAE: told the class, the code has only the style left to say.

    -elbo(x|y) = E_{q(z|x,y)}[-log p(x|z,y)] + KL(q(z|x,y) || p(z));  encoder and decoder both see y.
    """

    equation = "-elbo = E_q[-log p(x|z,y)] + KL(q(z|x,y) || N(0, I))"
    source = "Sohn, Lee & Yan 2015"
    abilities = VAE.abilities | {"condition"}

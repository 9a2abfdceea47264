"""The autoencoder that returns one code for one image."""

import torch
from jaxtyping import Float, UInt8
from pydantic import PositiveInt
from pydantic.dataclasses import dataclass
from torch import Tensor

from vaecore.distributions import Delta
from vaecore.divergences import squared_error
from vaecore.models.base import STRICT, Autoencoder, BaseSettings, Codes, Images, Labels, logit_of_mean


class DeterministicAutoencoder(Autoencoder):
    """The autoencoder: squeeze an image through a few numbers and demand it back.

    min ||x - g(f(x))||^2, summed over pixels; f an MLP, g its mirror with a sigmoid at the end.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(BaseSettings):
        """Hinton & Salakhutdinov's widths: 784-1000-500-250-k."""

        hidden: tuple[PositiveInt, ...] = (1000, 500, 250)

    equation = "min ||x - g(f(x))||^2"
    source = "Hinton & Salakhutdinov 2006"

    def __init__(self, settings: BaseSettings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.encoder = self.mlp_encoder(self.latent)
        self.decoder = self.mlp_decoder()

    @torch.no_grad()
    def prepare(self, pixels: UInt8[Tensor, "n channels height width"]) -> None:
        """Start the decoder at the mean image."""
        self.decoder.last.bias.copy_(self.output_bias(pixels))

    def output_bias(self, pixels: UInt8[Tensor, "n channels height width"]) -> Float[Tensor, "pixels"]:
        """What the decoder adds last, before its activation."""
        return logit_of_mean(pixels)

    def activate(self, outputs: Tensor) -> Tensor:
        """The decoder's last nonlinearity: pixels lie in [0, 1]."""
        return outputs.sigmoid()

    def posterior(self, x: Images, label: Labels | None = None) -> Delta:
        """f(x), a point."""
        return Delta(self.encoder(self.encoder_input(x, label)).to(x.dtype))

    def likelihood(self, z: Codes, label: Labels | None = None) -> Delta:
        """g(z), a point."""
        return Delta(self.activate(self.to_images(self.decoder(self.given(z, label)))))

    def loss(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """{"distortion": ||x - g(f(x))||^2}."""
        return {"distortion": squared_error(x, self.likelihood(self.posterior(x, label).rsample(), label).mean)}

"""A posterior that is bent: inverse autoregressive flow."""

from functools import partial
from typing import Annotated, cast

import torch
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from vaecore.distributions import Factored, Gaussian
from vaecore.joint import Flow
from vaecore.models.base import STRICT, Codes, Images, Labels, Size, Sizes
from vaecore.models.gaussian import VAE
from vaecore.models.variational import Variational, VariationalSettings
from vaecore.networks import MaskedLinear, MaskedMLP

OPEN = 2.0  # the bias that a gate's logit starts with: near the identity


class InverseAutoregressiveFlowVAE(VAE):
    """The inverse autoregressive flow: a VAE whose posterior is bent until it fits.

    z_0 = mean(x) + scale(x) * epsilon;  z_t = gate_t * z_{t-1} + (1 - gate_t) * shift_t,  where gate and shift of a
    latent are functions of the latents before it and of a context c(x); the order is reversed between steps.
    log q(z_T|x) = log N(z_0; mean, scale) - sum_t sum_i log gate_{t,i}.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(VariationalSettings):
        """The flow.

        Attributes:
            steps: how often the posterior is bent; with 0 it is the VAE's.
            flow_hidden: widths of each step's masked network.
            context: how many numbers the encoder tells every step about the image.
        """

        steps: Annotated[int, Field(ge=0, le=64)] = 2
        flow_hidden: Sizes = (256,)
        context: Size = 64

        @model_validator(mode="after")
        def _has_a_hidden_layer(self) -> "InverseAutoregressiveFlowVAE.Settings":
            if not self.flow_hidden:
                raise ValueError("flow_hidden: expected at least one width, got none")
            return self

    exact_rates = False
    settings: Settings  # type: ignore[assignment]
    equation = "VAE with z_t = gate_t z_(t-1) + (1 - gate_t) shift_t, both of the latents before and of x"
    source = "Kingma et al. 2016"

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        context = settings.context if settings.steps else 0
        self.encoder = self.new_encoder(2 * self.latent + context)
        networks = [
            MaskedMLP(self.latent, settings.flow_hidden, context, settings.activation, backwards=bool(step % 2))
            for step in range(settings.steps)
        ]
        for network in networks:
            nn.init.constant_(network.output_bias[self.latent :], OPEN)
        self.flow = nn.ModuleList(networks)

    @torch.no_grad()
    def leave(self, stage: str) -> None:
        """Forget the weights that the masks hold at zero: Muon moves them too, and they would coarsen int8's steps."""
        for layer in self.flow.modules():
            if isinstance(layer, MaskedLinear):
                layer.weight.mul_(layer.mask)

    def posterior(self, x: Images, label: Labels | None = None) -> Factored:
        """q(z|x), the flow."""
        outputs = self.encoder(self.encoder_input(x, label)).to(x.dtype)
        mean, log_scale, context = outputs.tensor_split([self.latent, 2 * self.latent], dim=-1)
        base = Gaussian(mean, log_scale.exp())
        return Flow(base, tuple(partial(cast("MaskedMLP", network).given, context) for network in self.flow))

    def rates(self, posterior: Factored, z: Codes, log_posterior: Tensor) -> Tensor:
        """Shares [n, latent] of log q(z|x) - log p(z), of the sample: the flow's divergence has no closed form.

        Their sum is that difference. With one step a share is log q(z_i | z before, x) - log p(z_i); with several it
        is what was added to z_i's scale on its way, and no density's.
        """
        return Variational.rates(self, posterior, z, log_posterior)

"""One latent with a Gaussian posterior: the VAE, beta-VAE, conditional and convolutional VAE, and the tighter IWAE."""

from math import log
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from vaecore.distributions import Factored, Gaussian, uniform
from vaecore.divergences import kl_per_latent
from vaecore.models.base import STRICT, Codes, Images, Labels, Size, Sizes
from vaecore.models.variational import RateSettings, Variational, VariationalSettings
from vaecore.networks import ConvDecoder, ConvEncoder

Pressure = tuple[Float[Tensor, "groups"], Float[Tensor, ""]]  # what rates are multiplied by, and what is added


class VAE(Variational):
    """The variational autoencoder: codes with a prior, so that a code can be drawn as well as found.

    -elbo(x) = E_{q(z|x)}[-log p(x|z)] + KL(q(z|x) || p(z));  q(z|x) = N(mean(x), diag scale(x)^2),  p(z) = N(0, I).
    p(x|z) is Bernoulli; or Gaussian or discretised logistic, with one scale for all pixels: fixed, or learned.
    """

    Settings = VariationalSettings
    exact_rates = True

    equation = "-elbo = E_q[-log p(x|z)] + KL(q(z|x) || N(0, I))"
    source = "Kingma & Welling 2013"

    def __init__(self, settings: RateSettings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.encoder = self.new_encoder(2 * self.latent)
        self.decoder = self.new_decoder()

    def new_encoder(self, outputs: int) -> nn.Module:
        """The network from a row of pixels (and the label) to `outputs` numbers."""
        return self.mlp_encoder(outputs)

    def new_decoder(self) -> nn.Module:
        """The network from a code (and the label) to a row of pixels."""
        return self.mlp_decoder()

    @property
    def groups(self) -> tuple[int, ...]:
        """Every latent is a group of its own."""
        return (1,) * self.latent

    def posterior(self, x: Images, label: Labels | None = None) -> Factored:
        """q(z|x) = N(mean(x), diag scale(x)^2)."""
        mean, log_scale = self.encoder(self.encoder_input(x, label)).to(x.dtype).chunk(2, dim=-1)
        return Gaussian(mean, log_scale.exp())

    def prior(self) -> Gaussian:
        """p(z) = N(0, I)."""
        like = next(self.parameters())
        return Gaussian(like.new_zeros(self.latent), like.new_ones(self.latent))

    def rates(
        self, posterior: Factored, z: Codes, log_posterior: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch groups"]:
        """KL(q(z_i|x) || p(z_i)) of every latent, in closed form."""
        assert isinstance(posterior, Gaussian)
        return kl_per_latent(posterior, self.prior())


class BetaVAE(VAE):
    """The beta-VAE: a rate that is dearer than a nat a nat, so that each latent must be worth its place.

    E_q[-log p(x|z)] + beta KL(q(z|x) || p(z)): no bound on the evidence above beta = 1 but that of the VAE, loosened.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(VariationalSettings):
        """A rate four times as dear; it is any variational model's setting."""

        beta: NonNegativeFloat = 4.0

    equation = "min E_q[-log p(x|z)] + beta KL(q(z|x) || N(0, I))"
    source = "Higgins et al. 2017"


class ConvolutionalVAE(VAE):
    """The convolutional VAE: the same bound, with networks that know that pixels have neighbours."""

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(VariationalSettings):
        """`channels` are those of the maps, each of half the side of the one before; `hidden` lies before the code."""

        hidden: Sizes = (256, 128)
        channels: Annotated[tuple[Size, ...], Field(max_length=8)] = (32, 64)

        @model_validator(mode="after")
        def _has_maps(self) -> "ConvolutionalVAE.Settings":
            if not self.channels:
                raise ValueError("channels: expected at least one number of maps, got none")
            return self

    settings: Settings  # type: ignore[assignment]
    equation = VAE.equation
    source = "Kingma & Welling 2013, with convolutions"

    def new_encoder(self, outputs: int) -> nn.Module:
        """Convolutions, then an MLP."""
        own = self.settings
        return ConvEncoder(self.shape, own.channels, own.hidden, outputs, own.activation, self.classes)

    def new_decoder(self) -> nn.Module:
        """The mirror: an MLP, then transposed convolutions."""
        own = self.settings
        return ConvDecoder(self.latent + self.classes, own.hidden[::-1], own.channels[::-1], self.shape, own.activation)


class ConditionalVAE(VAE):
    """The conditional VAE: told the class, the code has only the style left to say.

    -elbo(x|y) = E_{q(z|x,y)}[-log p(x|z,y)] + KL(q(z|x,y) || p(z));  encoder and decoder both see y.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(VariationalSettings):
        """Conditional: it is any variational model's setting."""

        conditional: bool = True

    equation = "-elbo = E_q[-log p(x|z,y)] + KL(q(z|x,y) || N(0, I))"
    source = "Sohn, Lee & Yan 2015"
    abilities = VAE.abilities | {"condition"}


class ImportanceWeightedAutoencoder(VAE):
    """The importance-weighted autoencoder: k codes for an image, and the tighter bound that their average gives.

    max E[log 1/k sum_i w_i],  w_i = p(x|z_i) p(z_i) / q(z_i|x),  z_i ~ q(z|x): the VAE at k = 1, log p(x) at k = inf.
    Weighing the rate, as annealing does, means p(z_i) / q(z_i|x) to that power.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(VariationalSettings):
        """How the bound is estimated.

        Attributes:
            samples: k.
            gradient: "doubly" takes the part of the encoder's gradient that comes from q's density, whose noise drowns
                the rest as k grows, through the codes as well: the same on average (Tucker et al. 2018).
            backward: go back through so many of the k samples only, drawn by their weights: unbiased and cheaper, and
                noisier. 0 goes back through all.
        """

        samples: PositiveInt = 50
        gradient: Literal["total", "doubly"] = "total"
        backward: NonNegativeInt = 0

    settings: Settings  # type: ignore[assignment]
    equation = "max E_q[log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x)]"
    source = "Burda, Grosse & Salakhutdinov 2016"

    def loss(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """{"negative_bound": -log 1/k sum_i w_i}.

        Its gradient is that of -sum_i s_i log w_i, s_i = w_i / sum_j w_j held still: of all samples, or of the mean
        over some that are drawn with the probabilities s_i.
        """
        k, some = self.settings.samples, self.settings.backward or self.settings.samples
        posterior = self.posterior(self.corrupted(x)[0], label)
        z = posterior.rsample((k,))
        if some < k:
            with torch.no_grad():
                log_w, pressure = self._log_weights(posterior, z, x, label)
            shares = log_w.softmax(0)
            chosen = _drawn(shares, some)
            z, shares = z.gather(0, chosen[..., None].expand(-1, -1, self.latent)), shares.gather(0, chosen)
            again = self._doubly(z, _once_more(shares, pressure[0]))
            weighed = self._log_weights(posterior, again, x, label, pressure)[0] / some
        else:
            factor = torch.zeros(z.shape, dtype=z.dtype, device=z.device)  # known after z has gone forwards
            log_w, pressure = self._log_weights(posterior, self._doubly(z, factor), x, label)
            shares = log_w.detach().softmax(0)
            factor.copy_(_once_more(shares, pressure[0]))
            weighed = shares * log_w
        bound = log_w.detach().logsumexp(0) - log(k)
        surrogate = weighed.sum(0)
        return {"negative_bound": surrogate.detach() - surrogate - bound}

    def _doubly(self, z: Codes, factor: Codes) -> Codes:
        """The same codes, their gradient multiplied by `factor` where the settings ask for it."""
        if self.settings.gradient == "doubly" and z.requires_grad:
            z = z.clone()
            z.register_hook(lambda gradient: gradient * factor)
        return z

    def _log_weights(
        self, posterior: Factored, z: Codes, x: Images, label: Labels | None, pressure: Pressure | None = None
    ) -> tuple[Float[Tensor, "samples batch"], Pressure]:
        """log w_i, the rate weighed, and by what; "doubly" sees the posterior's density through the codes alone."""
        assert isinstance(posterior, Gaussian)
        if self.settings.gradient == "doubly":
            posterior = Gaussian(posterior.location.detach(), posterior.scale.detach())
        rates = self.grouped(posterior.log_prob_per_latent(z) - self.prior().log_prob_per_latent(z))
        weights, offset = pressure = self.pressure(rates) if pressure is None else pressure
        return self.likelihood(z, label).log_prob(x) - (weights * rates).sum(-1) - offset, pressure


def _once_more(shares: Float[Tensor, "samples batch"], weights: Float[Tensor, "latent"]) -> Codes:
    """What the gradient of each code's latents, which has its share already, is multiplied by: the share once more.

    d/dphi E[s_i] through the posterior's density is that of (s_i - s_i^2) through the codes (Tucker et al. 2018), of
    as much of the density as its weight lets into w_i.
    """
    return 1 - weights + weights * shares[..., None]


def _drawn(shares: Float[Tensor, "samples batch"], count: int) -> Tensor:
    """Which samples to keep, [count, batch]: each drawn with the probability of its share."""
    until = shares.cumsum(0).T.contiguous()
    level = uniform(shares.new_empty(shares.shape[1], count)) * until[:, -1:]
    return torch.searchsorted(until, level, right=True).clamp(max=len(shares) - 1).T

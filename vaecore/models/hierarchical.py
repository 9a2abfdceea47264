"""Several layers of latents: a Markov chain inferred from the bottom up, and the ladder, inferred from the top down."""

from collections.abc import Callable
from dataclasses import dataclass as frozen
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Float
from pydantic import model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import softplus

from vaecore.distributions import Distribution, Factored, Gaussian
from vaecore.divergences import kl_per_latent
from vaecore.joint import Chain
from vaecore.models.base import STRICT, Activation, Codes, Depth, Images, Labels, Sizes
from vaecore.models.variational import Variational, VariationalSettings
from vaecore.networks import MLP, hidden_layers

SMALLEST_VARIANCE = 1e-6


class HierarchicalVAE(Variational):
    """The hierarchical VAE: latents about latents, each layer of codes with a prior that the one above it sets.

    p(x, z) = p(z_L) p(z_{L-1}|z_L) ... p(z_1|z_2) p(x|z_1),  q(z|x) = q(z_1|x) q(z_2|z_1) ... q(z_L|z_{L-1}),
    every factor a diagonal Gaussian, p(z_L) = N(0, I). A code is the row z_1, ..., z_L.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(VariationalSettings):
        """The layers of latents, and the networks between them.

        Attributes:
            latent: the size of the top.
            lower: the sizes of the layers below it, the one next to the image first.
            hidden: for every layer of latents, the width of the networks between it and what is below it.
            depth: how many hidden layers those networks have.
            batch_norm: normalise each hidden layer over the batch.
        """

        lower: Sizes = (100,)
        hidden: Sizes = (200, 100)
        depth: Depth = 2
        batch_norm: bool = False

        @model_validator(mode="after")
        def _one_width_for_each_layer(self) -> "HierarchicalVAE.Settings":
            if len(self.hidden) != len(self.lower) + 1:
                raise ValueError(
                    f"hidden: expected one width for each of the {len(self.lower) + 1} layers of latents, "
                    f"got {self.hidden}"
                )
            return self

    settings: Settings  # type: ignore[assignment]
    equation = "-elbo = E_q[-log p(x|z_1) + log q(z_1|x) q(z_2|z_1) ... - log p(z_1|z_2) ... p(z_L)]"
    source = "Burda, Grosse & Salakhutdinov 2016, two layers"

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.latent = sum(self.groups)
        bottom, *_ = self.groups
        self.decoder = self._between(0, bottom + self.classes, self.pixels)
        self.below = nn.ModuleList(
            self._between(layer, above, 2 * size) for layer, (size, above) in enumerate(pairwise(self.groups), start=1)
        )
        self._new_inference()

    def _new_inference(self) -> None:
        """The networks of q(z_1|x) and every q(z_{i+1}|z_i)."""
        sizes = (self.pixels + self.classes, *self.groups)
        self.encoder = nn.ModuleList(
            self._between(layer, size, 2 * above) for layer, (size, above) in enumerate(pairwise(sizes))
        )

    def _between(self, layer: int, inputs: int, outputs: int) -> MLP:
        own = self.settings
        return MLP(inputs, (own.hidden[layer],) * own.depth, outputs, own.activation, own.batch_norm)

    @property
    def groups(self) -> tuple[int, ...]:
        """The layers, from the one next to the image to the top."""
        return (*self.settings.lower, self.settings.latent)

    def posterior(self, x: Images, label: Labels | None = None) -> Factored:
        """q(z|x), an upward chain."""
        first, *others = self.encoder.children()
        return Chain(
            _gaussian(first, self.encoder_input(x, label)),
            tuple(partial(_gaussian, network) for network in others),
            self.groups,
            upward=True,
        )

    def prior(self) -> Chain:
        """p(z), a downward chain."""
        like = next(self.parameters())
        top = Gaussian(like.new_zeros(self.groups[-1]), like.new_ones(self.groups[-1]))
        return Chain(top, self._downwards(), self.groups)

    def _downwards(self) -> tuple[Callable[[Tensor], Gaussian], ...]:
        """p(z_i|z_{i+1}), the one next to the top first."""
        return tuple(partial(_gaussian, network) for network in reversed(self.below))

    def likelihood(self, z: Codes, label: Labels | None = None) -> Distribution:
        """p(x|z) = p(x|z_1): what is above is heard through z_1 alone."""
        return super().likelihood(z[..., : self.groups[0]], label)


def _gaussian(network: nn.Module, features: Tensor) -> Gaussian:
    mean, log_scale = network(features).to(features.dtype).chunk(2, dim=-1)
    return Gaussian(mean, log_scale.exp())


@frozen(frozen=True, eq=False)
class Merged(Chain):
    """The ladder's posterior: in every layer what the image says, merged with what the layer above expects.

    Attributes:
        evidence: what the image says about each layer, from the one next to the image to the top.
    """

    evidence: tuple[Gaussian, ...] = ()


class LadderVAE(HierarchicalVAE):
    """The ladder VAE: the posterior comes down the same stairs as the prior, and layers far from the image stay alive.

    d_n = MLP(d_{n-1}), d_0 = x, says N(m_n, v_n) about z_n; the prior p(z_n|z_{n+1}) is N(m_p, v_p); and
    q(z_n|z_{n+1}, x) = N(v (m_n/v_n + m_p/v_p), v),  1/v = 1/v_n + 1/v_p;  q(z_L|x) = N(m_L, v_L).
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(HierarchicalVAE.Settings):
        """The hierarchy's, with the normalisation and the leaky rectifier that the paper found necessary."""

        activation: Activation = "leaky"
        batch_norm: bool = True

    exact_rates = True
    equation = "-elbo = E_q[-log p(x|z_1)] + sum_n KL(q(z_n|z_(n+1), x) || p(z_n|z_(n+1)))"
    source = "Sonderby et al. 2016"

    def _new_inference(self) -> None:
        """The deterministic way up, and what each landing says."""
        own = self.settings
        self.encoder = nn.ModuleList(
            nn.Sequential(*hidden_layers(below, (width,) * own.depth, own.activation, own.batch_norm))
            for below, width in pairwise((self.pixels + self.classes, *own.hidden))
        )
        self.heads = nn.ModuleList(
            nn.Linear(width, 2 * size) for width, size in zip(own.hidden, self.groups, strict=True)
        )

    def posterior(self, x: Images, label: Labels | None = None) -> Merged:
        """q(z|x), a downward chain."""
        d, evidence = self.encoder_input(x, label), []
        for floor, head in zip(self.encoder.children(), self.heads, strict=True):
            d = floor(d)
            mean, spread = head(d).to(x.dtype).chunk(2, dim=-1)
            evidence.append(Gaussian(mean, (softplus(spread) + SMALLEST_VARIANCE).sqrt()))
        *lower, top = evidence
        stairs = zip(reversed(lower), self._downwards(), strict=True)
        conditionals = tuple(partial(_expected, said, below) for said, below in stairs)
        return Merged(top, conditionals, self.groups, evidence=tuple(evidence))

    def rates(
        self, posterior: Factored, z: Codes, log_posterior: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch groups"]:
        """KL(q(z_n|z_{n+1}, x) || p(z_n|z_{n+1})) of every layer, in closed form given the sample above it."""
        assert isinstance(posterior, Merged)
        expected = self.prior().given(z)
        *lower, top = posterior.evidence
        found = [*(merged(said, prior) for said, prior in zip(lower, expected, strict=False)), top]
        rates = [kl_per_latent(q, p).sum(-1) for q, p in zip(found, expected, strict=True)]
        return torch.stack(torch.broadcast_tensors(*rates), -1)


def merged(a: Gaussian, b: Gaussian) -> Gaussian:
    """The product of two Gaussian densities, normalised: precisions add, means are weighed by them."""
    precision_a, precision_b = a.scale**-2, b.scale**-2
    variance = 1 / (precision_a + precision_b)
    return Gaussian(variance * (precision_a * a.mean + precision_b * b.mean), variance.sqrt())


def _expected(said: Gaussian, below: Callable[[Tensor], Gaussian], above: Tensor) -> Gaussian:
    return merged(said, below(above))

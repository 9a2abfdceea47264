"""Several layers of latents where the evidence is known: linear networks, and posteriors that can be exact.

z_L ~ N(0, I), z_i = B_i z_{i+1} + c_i + s e, x = B_0 z_1 + c_0 + s e, where the columns of every B_i are orthogonal and
of one length: then what an image says about a layer has one variance for all of its latents, and the ladder's merge is
exact; and so is the chain from the bottom up, where all layers are of one size.
"""

from math import sqrt
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vaecore.distributions import Gaussian
from vaecore.evaluation import likelihood
from vaecore.models import MODELS
from vaecore.models.hierarchical import SMALLEST_VARIANCE, HierarchicalVAE, LadderVAE, merged

SHAPE, PIXELS = (2, 3, 2), 12
S = 0.7


@torch.no_grad()
def put(network: nn.Module, matrix: Tensor, offset: Tensor, log_scale: float | Tensor | None = None) -> None:
    """Make linear layers with nothing between them the map z -> matrix z + offset, with a scale beside it if given."""
    *first, last = (layer for layer in network.modules() if isinstance(layer, nn.Linear))
    for layer in first:
        layer.weight.copy_(torch.eye(*layer.weight.shape))
        layer.bias.zero_()
    size, inputs = matrix.shape
    last.weight.zero_()
    last.bias.zero_()
    last.weight[:size, :inputs] = matrix
    last.bias[:size] = offset
    if log_scale is not None:
        last.bias[size:] = log_scale


class Case:
    """The production class with linear networks, images, and the Gaussian that latents and images form together."""

    def __init__(self, kind: type[HierarchicalVAE], sizes: tuple[int, ...], **changes: Any) -> None:  # noqa: ANN401
        torch.manual_seed(0)
        *lower, top = sizes
        self.sizes = (PIXELS, *sizes)
        own = {"hidden": (PIXELS,) * len(sizes), "depth": 2, "activation": "identity", "batch_norm": False}
        settings = kind.Settings(latent=top, lower=tuple(lower), likelihood="gaussian", scale=S, **own | changes)
        self.model = kind(settings, SHAPE).double().eval()
        self.x = torch.randn(5, *SHAPE, dtype=torch.float64)
        between = list(zip(self.sizes[:-1], self.sizes[1:], strict=True))
        self.lengths = [1.3 + 0.2 * i for i in range(len(between))]
        self.b = [
            length * torch.linalg.qr(torch.randn(rows, columns, dtype=torch.float64))[0]
            for length, (rows, columns) in zip(self.lengths, between, strict=True)
        ]
        self.c = [torch.randn(rows, dtype=torch.float64) for rows, _ in between]
        put(self.model.decoder, self.b[0], self.c[0])
        for network, matrix, offset in zip(self.model.below, self.b[1:], self.c[1:], strict=True):
            put(network, matrix, offset, torch.tensor(S).log())

    @property
    def joint(self) -> tuple[Tensor, Tensor]:
        """Mean and covariance of the row x, z_1, ..., z_L."""
        means, factor = [torch.zeros(self.sizes[-1], dtype=torch.float64)], torch.eye(sum(self.sizes)).double()
        starts = torch.tensor([0, *self.sizes]).cumsum(0).tolist()
        for i in reversed(range(len(self.b))):
            own, above = slice(starts[i], starts[i + 1]), slice(starts[i + 1], starts[i + 2])
            factor[own] = self.b[i] @ factor[above]
            factor[own, own] = S * torch.eye(self.sizes[i])
            means.insert(0, self.b[i] @ means[0] + self.c[i])
        return torch.cat(means), factor @ factor.T

    @property
    def evidence(self) -> Tensor:
        mean, covariance = self.joint
        return MultivariateNormal(mean[:PIXELS], covariance[:PIXELS, :PIXELS]).log_prob(self.x.flatten(1))

    def above_given(self, i: int) -> tuple[Tensor, Tensor, Tensor]:
        """The matrix, the offset and the covariance of what is above part i of the row, given part i."""
        mean, covariance = self.joint
        starts = torch.tensor([0, *self.sizes]).cumsum(0).tolist()
        own, above = slice(starts[i], starts[i + 1]), slice(starts[i + 1], starts[i + 2])
        gain = covariance[above, own] @ torch.linalg.inv(covariance[own, own])
        return gain, mean[above] - gain @ mean[own], covariance[above, above] - gain @ covariance[own, above]

    def log_weights(self, samples: int) -> Tensor:
        with torch.no_grad():
            return likelihood.log_weights(self.model, self.x, None, samples)


def chain(sizes: tuple[int, ...]) -> Case:
    """The bottom-up posterior, of the right means and variances; exact where the layers are of one size."""
    case = Case(HierarchicalVAE, sizes)
    for i, network in enumerate(case.model.encoder):
        gain, offset, covariance = case.above_given(i)
        put(network, gain, offset, covariance.diagonal().log() / 2)
    return case


def ladder(sizes: tuple[int, ...], **changes: Any) -> Case:  # noqa: ANN401
    """What x says about z_n: with u_0 = x and v_0 = 0, u_n = B'(u - c) / b^2 and v_n = (s^2 + v) / b^2."""
    case, v = Case(LadderVAE, sizes, **changes), 0.0
    floors = zip(case.model.encoder, case.model.heads, case.b, case.c, case.lengths, strict=True)
    for i, (floor, head, matrix, offset, length) in enumerate(floors, start=1):
        put(floor, matrix.T / length**2, -matrix.T @ offset / length**2)
        v = (S**2 + v) / length**2
        if i == len(case.b):  # the top is not merged with the prior: it is the posterior
            v = v / (1 + v)
        shrunk = torch.eye(matrix.shape[1]).double() * (1 - v if i == len(case.b) else 1)
        put(head, shrunk, torch.zeros(()), torch.tensor(v - SMALLEST_VARIANCE).double().expm1().log())
    return case


EXACT = {
    "chain of two": lambda: chain((3, 3)),
    "chain of three": lambda: chain((2, 2, 2)),
    "ladder of two": lambda: ladder((4, 2)),
    "ladder of three": lambda: ladder((5, 3, 1)),
    "ladder of equals": lambda: ladder((3, 3)),
}


@pytest.mark.parametrize("name", EXACT)
def test_under_the_true_posterior_every_weight_is_the_evidence(name: str) -> None:
    case = EXACT[name]()
    log_w = case.log_weights(7)
    torch.testing.assert_close(log_w, case.evidence.expand(7, -1), rtol=0, atol=2e-5)
    assert case.evidence.std() > 1


@pytest.mark.parametrize("name", EXACT)
def test_the_average_loss_is_minus_the_evidence(name: str) -> None:
    case, count = EXACT[name](), 3000
    torch.manual_seed(0)
    with torch.no_grad():
        terms = case.model.loss(case.x.repeat_interleave(count, 0))
    losses = sum(terms.values()).view(-1, count)
    error = losses.std(1) / sqrt(count)
    assert ((losses.mean(1) + case.evidence).abs() < 5 * error + 1e-5).all()
    assert (error < 0.1).all()


@pytest.mark.parametrize("name", ["chain", "ladder"])
def test_many_samples_rise_to_the_evidence_from_below(name: str) -> None:
    case = chain((4, 2)) if name == "chain" else ladder((4, 2))
    with torch.no_grad():
        for parameter in case.model.encoder.parameters():
            parameter += 0.03 * torch.randn_like(parameter)
        heads = case.model.heads if name == "ladder" else case.model.encoder
        for network in heads:
            last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
            last.bias[len(last.bias) // 2 :] += 0.3
    torch.manual_seed(0)
    estimates = [
        float(likelihood.log_likelihood(case.model, case.x.repeat(rounds, 1, 1, 1), None, k).double().mean())
        for k, rounds in {1: 2000, 5: 400, 50: 100, 20_000: 2}.items()
    ]
    truth = float(case.evidence.mean())
    assert estimates == sorted(estimates)
    assert estimates[0] < truth - 0.2
    assert abs(estimates[-1] - truth) < 0.02
    elbo = float(likelihood.elbo(case.model, case.x.repeat(2000, 1, 1, 1), None).mean())
    assert elbo == pytest.approx(estimates[0], abs=0.1)


def test_the_rates_of_the_ladder_are_divergences_given_the_layer_above() -> None:
    """On average over the layer above they are what sampling finds, layer by layer, and none of them is negative."""
    case = ladder((4, 2))
    with torch.no_grad():
        case.model.heads[0].bias += 0.4
        posterior, prior = case.model.posterior(case.x), case.model.prior()
        z, log_posterior = posterior.rsample_with_log_prob((20_000,), torch.Generator().manual_seed(0))
        rates = case.model.rates(posterior, z, log_posterior)
        sampled = case.model.grouped(log_posterior - prior.log_prob_per_latent(z))
    assert rates.shape == sampled.shape == (20_000, 5, 2)
    assert (rates >= 0).all()
    error = ((rates.var(0) + sampled.var(0)) / 20_000).sqrt()
    assert ((rates.mean(0) - sampled.mean(0)).abs() < 5 * error).all()
    below = [Normal(q.mean, q.scale) for q in (posterior.given(z)[0], prior.given(z)[0])]
    torch.testing.assert_close(rates[..., 0], kl_divergence(*below).sum(-1))


def test_a_merge_is_the_product_of_densities() -> None:
    a, b = (Gaussian(torch.randn(3, 2).double(), torch.rand(3, 2).double() + 0.2) for _ in range(2))
    z = torch.randn(50, 3, 2, dtype=torch.float64)
    product = a.log_prob(z) + b.log_prob(z)
    excess = product - merged(a, b).log_prob(z)
    torch.testing.assert_close(excess, excess[:1].expand_as(excess))
    mass = Normal(b.mean, (a.scale.square() + b.scale.square()).sqrt()).log_prob(a.mean).sum(-1)
    torch.testing.assert_close(excess[0], mass)
    torch.testing.assert_close(merged(a, b).mean, merged(b, a).mean)


def test_the_image_is_decoded_from_the_lowest_layer_alone() -> None:
    for kind in (HierarchicalVAE, LadderVAE):
        model = kind(kind.Settings(latent=2, lower=(3, 4), hidden=(5, 5, 5)), SHAPE).eval()
        z = torch.randn(6, 9)
        changed = torch.cat([z[:, :3], torch.randn(6, 6)], 1)
        assert torch.equal(model.likelihood(z).mean, model.likelihood(changed).mean)
        assert not torch.equal(model.likelihood(z).mean, model.likelihood(z.flip(1)).mean)
        assert model.groups == (3, 4, 2)
        assert model.latent == 9


def test_a_ladder_normalises_draws_and_posterior_and_prior_alike() -> None:
    """In training, with batch normalisation: the closed form sees the same prior as the draws did."""
    model = LadderVAE(LadderVAE.Settings(latent=2, lower=(3,), hidden=(6, 5)), SHAPE).train()
    x = torch.rand(8, *SHAPE)
    torch.manual_seed(0)
    posterior = model.posterior(x)
    z, log_posterior = posterior.rsample_with_log_prob()
    prior = model.prior().given(z)[0]
    q = merged(posterior.evidence[0], prior)
    expected = Normal(q.mean, q.scale).log_prob(z[:, :3])
    torch.testing.assert_close(log_posterior[:, :3], expected)


def test_a_width_for_every_layer_is_asked_for() -> None:
    for name in ("hierarchical", "ladder"):
        with pytest.raises(
            ValueError, match=r"hidden: expected one width for each of the 3 layers of latents, got \(4,"
        ):
            MODELS[name].Settings(lower=(3, 2), hidden=(4, 4))

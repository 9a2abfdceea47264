"""Exact evidence: where log p(x) is known, the production code must find it, and a wrong term must not.

A linear decoder with W'W = s^2 I and unit noise has p(x) = N(b, WW' + I) and the posterior
N(W'(x - b) / (1 + s^2), I / (1 + s^2)), which the production encoder can express: there the bound is tight.
"""

from collections.abc import Callable
from math import prod, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import MultivariateNormal

from vaecore import distributions
from vaecore.data import Images
from vaecore.distributions import Gaussian
from vaecore.divergences import kl, kl_per_latent
from vaecore.evaluation import likelihood
from vaecore.models import VAE, ConditionalVAE, ConvolutionalVAE, gaussian
from vaecore.serving import Explorer

SHAPE, LATENT, CLASSES, S = (2, 3, 2), 3, 4, 1.7
PIXELS = prod(SHAPE)
VARIANCE = 1 / (1 + S**2)
TOLERANCE = 1e-5


class Case:
    """The linear-Gaussian solution in the production class, with images whose evidence is known."""

    def __init__(self, kind: type[VAE]) -> None:
        torch.manual_seed(0)
        settings = kind.Settings(latent=LATENT, hidden=(), likelihood="gaussian", scale=1.0)
        self.model = kind(settings, SHAPE, CLASSES).double()
        self.x = torch.randn(6, *SHAPE, dtype=torch.float64)
        self.label = torch.arange(6) % CLASSES if self.model.classes else None
        self.w = S * torch.linalg.qr(torch.randn(PIXELS, LATENT, dtype=torch.float64))[0]
        offsets = torch.randn(PIXELS, self.model.classes, dtype=torch.float64)
        bias = torch.randn(PIXELS, dtype=torch.float64)
        (decoder,), (encoder,) = self.model.decoder, self.model.encoder
        with torch.no_grad():
            decoder.weight.copy_(torch.cat([self.w, offsets], 1))
            decoder.bias.copy_(bias)
            encoder.weight.zero_()
            encoder.weight[:LATENT] = VARIANCE * self.w.T @ torch.cat([torch.eye(PIXELS), -offsets], 1)
            encoder.bias[:LATENT] = -VARIANCE * self.w.T @ bias
            encoder.bias[LATENT:] = torch.tensor(VARIANCE).double().sqrt().log()
        self.encoder = encoder
        self.center = bias if self.label is None else bias + offsets.T[self.label]

    @property
    def evidence(self) -> Tensor:
        covariance = self.w @ self.w.T + torch.eye(PIXELS, dtype=torch.float64)
        return MultivariateNormal(self.center, covariance).log_prob(self.x.flatten(1))

    @property
    def true_posterior(self) -> Gaussian:
        mean = VARIANCE * (self.x.flatten(1) - self.center) @ self.w
        return Gaussian(mean, torch.full_like(mean, sqrt(VARIANCE)))


@pytest.fixture(params=[VAE, ConditionalVAE])
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


@torch.no_grad()
def expected_elbo(case: Case) -> Tensor:
    """Minus the production loss, averaged over the 2d sigma points in place of its noise: exact for quadratics."""
    points = sqrt(LATENT) * torch.cat([torch.eye(LATENT), -torch.eye(LATENT)]).double()
    losses = []
    for point in points:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(distributions, "standard_normal", lambda like, *_, at=point: at.expand(like.shape))
            losses.append(sum(case.model.loss(case.x, case.label).values()))
    return -torch.stack(losses).mean(0)


def check_elbo_is_evidence(case: Case) -> None:
    torch.testing.assert_close(expected_elbo(case), case.evidence, rtol=0, atol=TOLERANCE)


def test_elbo_is_the_evidence(case: Case) -> None:
    check_elbo_is_evidence(case)


def test_the_average_of_many_losses_is_the_evidence(case: Case) -> None:
    """The same without sigma points: what the noise itself gives, within its own standard error."""
    torch.manual_seed(0)
    with torch.no_grad():
        losses = torch.stack([sum(case.model.loss(case.x, case.label).values()) for _ in range(2000)])
    error = losses.std(0) / sqrt(len(losses))
    assert ((losses.mean(0) + case.evidence).abs() < 5 * error).all()


@given(seed=st.integers(0, 10_000), size=st.floats(0.01, 0.5), part=st.sampled_from(["weight", "bias"]))
def test_any_other_encoder_falls_below_by_its_divergence(seed: int, size: float, part: str) -> None:
    """Log p(x) - elbo = KL(q || p(z|x)) > 0."""
    for case in (Case(VAE), Case(ConditionalVAE)):
        generator = torch.Generator().manual_seed(seed)
        parameter = getattr(case.encoder, part)
        with torch.no_grad():
            parameter += size * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            gap = case.evidence - expected_elbo(case)
            divergence = kl(case.model.posterior(case.x, case.label), case.true_posterior)
        assert (gap > 0).all()
        torch.testing.assert_close(gap, divergence, rtol=1e-6, atol=TOLERANCE)


def halved_rate(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gaussian, "kl_per_latent", lambda q, p: kl_per_latent(q, p) / 2)


def reversed_kl(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gaussian, "kl_per_latent", lambda q, p: kl_per_latent(p, q))


def mean_reduced_distortion(patch: pytest.MonkeyPatch) -> None:
    summed = Gaussian.log_prob
    reduced = lambda self, value: summed(self, value) / (PIXELS if self.event_axes == 3 else 1)  # noqa: E731
    patch.setattr(Gaussian, "log_prob", reduced)


def scale_read_as_log_variance(patch: pytest.MonkeyPatch) -> None:
    right = VAE.posterior

    def wrong(self: VAE, x: Tensor, label: Tensor | None = None) -> Gaussian:
        posterior = right(self, x, label)
        return Gaussian(posterior.mean, (posterior.scale.log() / 2).exp())

    patch.setattr(VAE, "posterior", wrong)


def scale_read_as_variance(patch: pytest.MonkeyPatch) -> None:
    right = VAE.likelihood

    def wrong(self: VAE, z: Tensor, label: Tensor | None = None) -> Gaussian:
        likelihood = right(self, z, label)
        return Gaussian(likelihood.mean, (likelihood.scale * 2).sqrt(), 3)

    patch.setattr(VAE, "likelihood", wrong)


def forgotten_half_log_2_pi(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(distributions, "LOG_2_PI", 0.0)


MUTATIONS = (
    halved_rate,
    reversed_kl,
    mean_reduced_distortion,
    scale_read_as_log_variance,
    scale_read_as_variance,
    forgotten_half_log_2_pi,
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_wrong_term_makes_the_check_fail(
    case: Case, mutation: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_elbo_is_evidence(case)
    expected = case.evidence
    mutation(monkeypatch)
    with pytest.raises(AssertionError, match="Tensor-likes are not close"):
        check_elbo_is_evidence(case)
    assert torch.equal(case.evidence, expected), "the mutation must touch the production code only"


def test_under_the_true_posterior_every_weight_is_the_evidence(case: Case) -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        log_w = likelihood.log_weights(case.model, case.x, case.label, 7)
    torch.testing.assert_close(log_w, case.evidence.expand(7, -1), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("samples", [1, 2, 50])
@pytest.mark.parametrize("budget", [1, 20_000, 2**28])
def test_importance_weighting_is_exact_in_any_pieces(
    case: Case, samples: int, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(likelihood.BUDGET, "cpu", budget)
    found = likelihood.log_likelihood(case.model, case.x, case.label, samples)
    torch.testing.assert_close(found.double(), case.evidence, rtol=1e-6, atol=TOLERANCE)
    found = likelihood.elbo(case.model, case.x, case.label)
    torch.testing.assert_close(found.double(), case.evidence, rtol=1e-6, atol=TOLERANCE)


def test_importance_weighting_rises_to_the_evidence_from_a_wrong_encoder(case: Case) -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        case.encoder.bias[LATENT:] += 0.5
        case.encoder.bias[:LATENT] += 0.2
    estimates = [
        torch.stack([likelihood.log_likelihood(case.model, case.x, case.label, k) for _ in range(40)]).double().mean()
        for k in (1, 5, 25, 2000)
    ]
    assert estimates == sorted(estimates)
    assert estimates[0] < case.evidence.mean() - 0.3
    assert abs(estimates[-1] - case.evidence.mean()) < 0.01


@given(
    images=st.integers(0, 30),
    samples=st.integers(1, 60),
    pixels=st.integers(1, 50),
    budget=st.integers(1, 200_000),
)
def test_every_image_gets_its_samples_within_the_budget(images: int, samples: int, pixels: int, budget: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(likelihood.BUDGET, "cpu", budget)
        pieces = list(likelihood._pieces(images, samples, pixels, torch.device("cpu")))
    drawn = np.zeros(images, dtype=int)
    for rows, draws in pieces:
        drawn[rows] += draws
        size = (rows.stop - rows.start) * draws
        assert size == 1 or 4 * size * pixels * likelihood.COPIES <= budget
    assert (drawn == samples).all()


def test_the_largest_maps_of_a_convolution_count() -> None:
    settings = ConvolutionalVAE.Settings(latent=2, hidden=(300,), channels=(8, 16))
    model = ConvolutionalVAE(settings, (1, 28, 28))
    sizes: list[int] = []
    for module in model.modules():
        module.register_forward_hook(lambda _, __, output: sizes.append(output[0].numel()))
    model.likelihood(torch.zeros(1, 2))
    assert likelihood._widest(model) == max(sizes) == 8 * 14 * 14


def brute_force(explorer: Explorer, x: Tensor, label: int | None) -> Tensor:
    """Log p(x) of a 2-D model by the sum over a fine grid of codes."""
    side = torch.linspace(-6, 6, 481)
    step = float(side[1] - side[0])
    z = torch.cartesian_prod(side, side)
    log_prior = -(z.square().sum(1) + np.log(2 * np.pi) * 2) / 2
    with torch.no_grad():
        labels = None if label is None else torch.full((len(z),), label)
        mean = explorer.model.likelihood(z, labels).mean.flatten(1).double()
        log_p = x.double() @ mean.clamp_min(1e-30).log().T + (1 - x.double()) @ (-mean).log1p().T
    return (log_p + log_prior.double()).logsumexp(1) + 2 * np.log(step)


@pytest.fixture(scope="module")
def grey(test_digits: Images) -> np.ndarray:
    """Twenty digits as the models were trained on them: the encoder's posterior is near the true one."""
    return test_digits.images[:20]


def median_log_likelihood(explorer: Explorer, x: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Importance weights have heavy tails: one draw in a thousand may outweigh the rest, and the median is unmoved."""
    return np.median([explorer.log_likelihood(x, samples=5000, seed=seed, labels=labels) for seed in range(9)], axis=0)


def test_log_likelihood_is_that_of_brute_force(vae: Explorer, grey: np.ndarray) -> None:
    expected = brute_force(vae, torch.from_numpy(grey).flatten(1), None).numpy()
    np.testing.assert_allclose(median_log_likelihood(vae, grey), expected, rtol=0, atol=0.05)


def test_conditional_log_likelihood_is_that_of_brute_force(
    cvae: Explorer, grey: np.ndarray, test_digits: Images
) -> None:
    labels = test_digits.labels[:20]
    found = median_log_likelihood(cvae, grey, labels)
    for label in np.unique(labels)[:3]:
        rows = labels == label
        expected = brute_force(cvae, torch.from_numpy(grey[rows]).flatten(1), int(label)).numpy()
        np.testing.assert_allclose(found[rows], expected, rtol=0, atol=0.05)


def test_log_likelihood_honours_samples_seed_and_pieces(
    vae: Explorer, grey: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, ten = (
        np.mean([vae.log_likelihood(grey, samples=samples, seed=seed) for seed in range(20)]) for samples in (1, 10)
    )
    many = vae.log_likelihood(grey, samples=5000)
    assert one < ten < many.mean()
    assert np.array_equal(many, vae.log_likelihood(grey, samples=5000, seed=0))
    assert not np.array_equal(many, vae.log_likelihood(grey, samples=5000, seed=1))
    monkeypatch.setitem(likelihood.BUDGET, "cpu", 4 * 64 * likelihood.COPIES * 700)
    np.testing.assert_allclose(np.median(vae.log_likelihood(grey, samples=5000) - many), 0, atol=0.02)


def test_elbo_lies_below_the_likelihood(vae: Explorer, grey: np.ndarray) -> None:
    bounds = vae.elbo(np.repeat(grey, 2000, axis=0)).reshape(20, 2000).mean(1)
    assert (bounds < vae.log_likelihood(grey, samples=5000)).all()

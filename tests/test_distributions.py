"""Distributions against torch's, their samples against their moments, and noise that several processes share."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import logistic
from sklearn.mixture import GaussianMixture
from torch import Tensor
from torch import distributions as reference

from vaecore.distributions import (
    Bernoulli,
    Delta,
    DiscretisedLogistic,
    Distribution,
    Gaussian,
    batch_mean,
    shard,
    standard_normal,
    uniform,
)
from vaecore.mixtures import Mixture, one_gaussian

SHAPE = (4, 1, 3, 2)


def gaussian(event_axes: int = 3) -> Gaussian:
    generator = torch.Generator().manual_seed(1)
    mean = torch.randn(SHAPE, generator=generator, dtype=torch.float64)
    return Gaussian(mean, torch.rand(SHAPE, generator=generator, dtype=torch.float64) + 0.2, event_axes)


def bernoulli() -> Bernoulli:
    return Bernoulli(torch.randn(SHAPE, generator=torch.Generator().manual_seed(2), dtype=torch.float64), 3)


@pytest.mark.parametrize("leading", [(), (5,), (2, 5)])
@pytest.mark.parametrize("event_axes", [1, 2, 3])
def test_gaussian_log_prob(leading: tuple[int, ...], event_axes: int) -> None:
    ours = gaussian(event_axes)
    theirs = reference.Independent(reference.Normal(ours.mean, ours.scale), event_axes)
    value = ours.rsample(leading)
    assert value.shape == (*leading, *SHAPE)
    torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(value))


@pytest.mark.parametrize("leading", [(), (5,), (2, 5)])
def test_bernoulli_log_prob(leading: tuple[int, ...]) -> None:
    ours = bernoulli()
    theirs = reference.Independent(reference.Bernoulli(logits=ours.logits), 3)
    value = ours.rsample(leading)
    assert value.shape == (*leading, *SHAPE)
    torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(value))


def test_bernoulli_log_prob_of_extreme_logits_is_finite() -> None:
    logits = torch.tensor([[-200.0, 200.0]])
    assert Bernoulli(logits).log_prob(torch.tensor([[0.0, 1.0]])).item() == 0
    assert Bernoulli(logits).log_prob(torch.tensor([[1.0, 0.0]])).item() == -400


@pytest.mark.parametrize("pixels", [1, 97, 784, 101 * 103])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_bernoulli_log_prob_is_the_same_with_and_without_a_gradient(pixels: int, dtype: torch.dtype) -> None:
    logits = 20 * torch.randn(3, pixels, generator=torch.Generator().manual_seed(0))
    x = torch.rand(3, pixels).round()
    logits[0, 0], x[0, 0] = -torch.inf, 0.5  # 0.5 * -inf is minus infinity, as is log p
    logits[1, 0] = torch.nan
    with_gradient = Bernoulli(logits.to(dtype)).log_prob(x)
    with torch.no_grad():
        without = Bernoulli(logits.to(dtype)).log_prob(x)
    torch.testing.assert_close(without, with_gradient, equal_nan=True, rtol=1e-6, atol=1e-4)


def test_log_prob_broadcasts_one_image_over_many_codes() -> None:
    """A likelihood of [samples, batch, ...] parameters scores images of [batch, ...]."""
    logits = torch.randn(5, *SHAPE)
    x = torch.rand(SHAPE).round()
    rows = torch.stack([Bernoulli(part, 3).log_prob(x) for part in logits])
    torch.testing.assert_close(Bernoulli(logits, 3).log_prob(x), rows)
    rows = torch.stack([Gaussian(part, torch.tensor(0.5), 3).log_prob(x) for part in logits])
    torch.testing.assert_close(Gaussian(logits, torch.tensor(0.5), 3).log_prob(x), rows)


@pytest.mark.parametrize("distribution", [gaussian(), bernoulli()], ids=["gaussian", "bernoulli"])
def test_moments_of_samples(distribution: Distribution) -> None:
    torch.manual_seed(0)
    draws = distribution.rsample((100_000,))
    mean = distribution.mean
    variance = distribution.scale.square() if isinstance(distribution, Gaussian) else mean * (1 - mean)
    assert ((draws.mean(0) - mean).abs() < 5 * (variance / 100_000).sqrt()).all()
    torch.testing.assert_close(draws.var(0), variance, rtol=0.03, atol=0)


def test_gaussian_samples_are_differentiable() -> None:
    mean, scale = torch.zeros(3, 2, requires_grad=True), torch.ones(3, 2, requires_grad=True)
    z = Gaussian(mean, scale).rsample()
    z.sum().backward()
    assert torch.equal(mean.grad, torch.ones(3, 2))
    assert torch.equal(scale.grad, z.detach())


def test_delta_has_no_density() -> None:
    with pytest.raises(TypeError, match="no density"):
        Delta(torch.zeros(2, 3)).log_prob(torch.zeros(2, 3))


def test_generator_decides_the_samples() -> None:
    for distribution in (gaussian(), bernoulli()):
        one, same, other = (distribution.rsample((2,), torch.Generator().manual_seed(s)) for s in (3, 3, 4))
        assert torch.equal(one, same)
        assert not torch.equal(one, other)


@pytest.mark.parametrize("samples", [(), (3,), (2, 3)])
@pytest.mark.parametrize("world", [2, 4])
def test_shards_are_the_rows_of_the_whole(samples: tuple[int, ...], world: int) -> None:
    whole = torch.zeros(8, 5)
    torch.manual_seed(7)
    single = standard_normal(whole, samples)
    parts = []
    for rank in range(world):
        torch.manual_seed(7)
        with shard(rank, world):
            parts.append(standard_normal(whole[: 8 // world], samples))
    assert torch.equal(torch.cat(parts, len(samples)), single)


def test_shard_ends_with_its_block() -> None:
    whole = torch.zeros(4, 2)
    torch.manual_seed(7)
    single = standard_normal(whole)
    with pytest.raises(RuntimeError, match="stop"), shard(1, 2):
        raise RuntimeError("stop")
    torch.manual_seed(7)
    assert torch.equal(standard_normal(whole), single)


def test_uniform_noise_is_even_and_shared_like_normal_noise() -> None:
    torch.manual_seed(0)
    many = uniform(torch.zeros(1000, 100))
    assert many.min() >= 0
    assert many.max() < 1
    shares = torch.histc(many, 10, 0, 1) / many.numel()
    assert ((shares - 0.1).abs() < 5 * (0.09 / many.numel()) ** 0.5).all()
    whole = torch.zeros(8, 5)
    torch.manual_seed(7)
    single = uniform(whole)
    for rank in range(4):
        torch.manual_seed(7)
        with shard(rank, 4):
            assert torch.equal(uniform(whole[:2]), single[2 * rank : 2 * rank + 2])


def test_the_mean_over_a_batch() -> None:
    x = torch.arange(6.0).view(3, 2)
    assert batch_mean(x).tolist() == [2.0, 3.0]


def test_the_mean_over_a_batch_is_that_of_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """`all_reduce` adds the parts up; that it does so across processes is tested with the loop."""
    x = torch.randn(8, 3)
    parts = [part.mean(0) for part in x.chunk(4)]

    def added(part: Tensor) -> Tensor:
        torch.testing.assert_close(part, parts[2])
        return torch.stack(parts).sum(0)

    monkeypatch.setattr("torch.distributed.nn.functional.all_reduce", added)
    with shard(2, 4):
        torch.testing.assert_close(batch_mean(x.chunk(4)[2]), x.mean(0))


# The mixture


def mixture() -> Mixture:
    generator = torch.Generator().manual_seed(3)
    means = 3 * torch.randn(3, 2, generator=generator, dtype=torch.float64)
    factors = torch.randn(3, 2, 2, generator=generator, dtype=torch.float64).tril()
    factors.diagonal(dim1=-2, dim2=-1).abs_().add_(0.3)
    return Mixture(torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), means, factors)


@pytest.mark.parametrize("batch", [(), (7,), (5, 7)])
def test_mixture_log_prob(batch: tuple[int, ...]) -> None:
    ours = mixture()
    theirs = reference.MixtureSameFamily(
        reference.Categorical(ours.weights), reference.MultivariateNormal(ours.means, scale_tril=ours.scale_trils)
    )
    value = 3 * torch.randn(*batch, 2, dtype=torch.float64)
    assert ours.log_prob(value).shape == batch
    torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(value))
    torch.testing.assert_close(ours.mean, theirs.mean)


def test_mixture_log_prob_is_that_of_scikit_learn() -> None:
    points = mixture().rsample((500,), torch.Generator().manual_seed(0)).numpy()
    theirs = GaussianMixture(3, random_state=0).fit(points)
    ours = Mixture(
        torch.from_numpy(theirs.weights_),
        torch.from_numpy(theirs.means_),
        torch.linalg.cholesky(torch.from_numpy(theirs.covariances_)),
    )
    np.testing.assert_allclose(ours.log_prob(torch.from_numpy(points)), theirs.score_samples(points), rtol=1e-9)


def test_moments_of_a_mixtures_samples() -> None:
    ours, draws = mixture(), 100_000
    z = ours.rsample((draws,), torch.Generator().manual_seed(0))
    deviations = ours.means - ours.mean
    within = (ours.weights[:, None, None] * ours.scale_trils @ ours.scale_trils.mT).sum(0)
    covariance = within + (ours.weights[:, None] * deviations).T @ deviations
    assert ((z.mean(0) - ours.mean).abs() < 5 * (covariance.diagonal() / draws).sqrt()).all()
    torch.testing.assert_close(z.T.cov(), covariance, rtol=0.03, atol=0.05)


def test_mixture_samples_have_any_leading_shape_and_a_seed() -> None:
    one, same, other = (mixture().rsample((2, 5), torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert one.shape == (2, 5, 2)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_no_samples_of_a_mixture_are_no_samples() -> None:
    assert mixture().rsample((0,)).shape == (0, 2)


def test_a_cold_mixture_gives_its_means_and_a_warm_one_spreads() -> None:
    ours = mixture()
    cold = ours.tempered(0.0).rsample((200,))
    assert {tuple(row) for row in cold.tolist()} == {tuple(row) for row in ours.means.tolist()}
    warm = ours.tempered(2.0)
    one, other = (each.rsample((50,), torch.Generator().manual_seed(0)) for each in (ours, warm))
    chosen = torch.multinomial(ours.weights, 50, True, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(other - ours.means[chosen], 2 * (one - ours.means[chosen]))


def test_what_has_no_spread_has_no_temperature() -> None:
    for distribution in (bernoulli(), Delta(torch.zeros(2, 3))):
        with pytest.raises(TypeError, match="has no temperature"):
            distribution.tempered(0.5)
    torch.testing.assert_close(gaussian().tempered(0.5).scale, gaussian().scale / 2)


def test_one_gaussian_has_the_mean_and_the_covariance_of_the_codes() -> None:
    codes = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)) @ torch.tensor(
        [[2.0, 0, 0], [1, 0.5, 0], [-1, 0.3, 0.1]]
    )
    found = one_gaussian(codes + 4)
    torch.testing.assert_close(found.mean, codes.mean(0) + 4)
    covariance = found.scale_trils[0] @ found.scale_trils[0].T
    torch.testing.assert_close(covariance, torch.cov(codes.T, correction=0), rtol=1e-3, atol=1e-4)


def test_the_density_of_many_rows_needs_no_copy_of_the_components() -> None:
    """A wide code: ten Cholesky factors for each of a thousand rows would be gigabytes."""
    latent, k, rows = 200, 10, 1000
    wide = Mixture(torch.full((k,), 1 / k), torch.zeros(k, latent), torch.eye(latent).repeat(k, 1, 1))
    value = torch.randn(2, rows, latent)
    expected = -(value.square() + math.log(2 * math.pi)).sum(-1) / 2
    torch.testing.assert_close(wide.log_prob(value), expected, rtol=1e-5, atol=1e-3)


# Pixels


@pytest.mark.parametrize("event_axes", [1, 3])
def test_bernoulli_log_prob_of_grey_pixels_is_a_cross_entropy_and_its_slope_is_finite(event_axes: int) -> None:
    torch.manual_seed(0)
    logits = (4 * torch.randn(2, *SHAPE, dtype=torch.float64)).requires_grad_()
    grey = torch.rand(SHAPE, dtype=torch.float64)
    expected = reference.Bernoulli(logits=logits, validate_args=False).log_prob(grey.expand_as(logits))
    found = Bernoulli(logits, event_axes).log_prob(grey)
    torch.testing.assert_close(found, expected.flatten(-event_axes).sum(-1))
    (slope,) = torch.autograd.grad(found.sum(), logits)
    torch.testing.assert_close(slope, grey - logits.sigmoid())
    extreme = torch.tensor([[-1e4, 1e4, -300.0, 300.0]], requires_grad=True)
    (slope,) = torch.autograd.grad(Bernoulli(extreme).log_prob(torch.tensor([[1.0, 0.0, 0.0, 1.0]])).sum(), extreme)
    assert slope.tolist() == [[1.0, -1.0, 0.0, 0.0]]


LEVELS = torch.arange(256) / 255
LOCATIONS = (-1e3, -1.0, 0.0, 0.3, 0.5 / 255, 100 / 255, 1.0, 2.0, 1e3)
SCALES = (1e-4, 1e-2, 0.1, 1.0, 30.0, 1e4)


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("scale", SCALES)
def test_the_probabilities_of_all_levels_sum_to_one(location: float, scale: float) -> None:
    place, spread = torch.full((256, 1), location, requires_grad=True), torch.tensor(scale, requires_grad=True)
    log_p = DiscretisedLogistic(place, spread).log_prob(LEVELS[:, None])
    assert log_p.isfinite().all()
    assert (log_p <= 0).all()
    assert float(log_p.detach().double().exp().sum()) == pytest.approx(1, abs=2e-5)
    for slope in torch.autograd.grad(log_p.sum(), (place, spread)):
        assert slope.isfinite().all()


@pytest.mark.parametrize("levels", [2, 17, 256])
def test_a_level_has_the_logistic_mass_of_its_bin(levels: int) -> None:
    """Against scipy's distribution function; black and white have what lies beyond them too."""
    torch.manual_seed(0)
    location, scale = torch.rand(3, 1, 2, 2, dtype=torch.float64), torch.tensor(0.07, dtype=torch.float64)
    grey = torch.arange(levels, dtype=torch.float64) / (levels - 1)
    value = grey[:, None, None, None, None].expand(-1, 3, 1, 2, 2)
    ours = DiscretisedLogistic(location, scale, event_axes=1, levels=levels)
    ends = np.concatenate([[-np.inf], (grey.numpy()[:-1] + grey.numpy()[1:]) / 2, [np.inf]])
    cumulative = logistic.cdf(ends[:, None, None, None, None], location.numpy(), float(scale))
    expected = np.log(np.diff(cumulative, axis=0)).sum(-1)
    np.testing.assert_allclose(ours.log_prob(value).numpy(), expected, rtol=1e-6)
    whole = DiscretisedLogistic(location, scale, event_axes=3, levels=levels)
    np.testing.assert_allclose(whole.log_prob(value).numpy(), expected.sum((-1, -2)), rtol=1e-6)


def test_draws_of_levels_have_their_probabilities() -> None:
    ours = DiscretisedLogistic(torch.tensor([[0.1, 0.6]]), torch.tensor(0.2), levels=5)
    drawn = ours.rsample((40_000,), torch.Generator().manual_seed(0))
    assert drawn.shape == (40_000, 1, 2)
    for pixel, location in enumerate((0.1, 0.6)):
        for level in torch.arange(5) / 4:
            own = DiscretisedLogistic(torch.tensor([[location]]), torch.tensor(0.2), levels=5)
            share = float(own.log_prob(level.view(1, 1)).exp())
            found = float((drawn[:, 0, pixel] == level).float().mean())
            assert found == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / 40_000))


def test_one_image_is_scored_under_many_locations() -> None:
    location, x = torch.rand(5, *SHAPE), (torch.rand(SHAPE) * 255).round() / 255
    rows = torch.stack([DiscretisedLogistic(part, torch.tensor(0.1), 3).log_prob(x) for part in location])
    torch.testing.assert_close(DiscretisedLogistic(location, torch.tensor(0.1), 3).log_prob(x), rows)

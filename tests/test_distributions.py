"""Distributions against torch's, their samples against their moments, and noise that several processes share."""

import pytest
import torch
from torch import distributions as reference

from vaecore.distributions import Bernoulli, Delta, Distribution, Gaussian, shard, standard_normal

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

"""Closed forms against sampling, against torch, and against what a divergence is."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from vaecore.distributions import Bernoulli, Delta, Gaussian
from vaecore.divergences import kl, kl_by_sampling, kl_per_latent, squared_error

means = st.floats(-5, 5)
scales = st.floats(0.05, 5)


@st.composite
def gaussians(draw: st.DrawFn, batch: int = 3, latent: int = 2) -> Gaussian:
    def table(numbers: st.SearchStrategy[float]) -> Tensor:
        rows = st.lists(numbers, min_size=latent, max_size=latent)
        return torch.tensor(draw(st.lists(rows, min_size=batch, max_size=batch)), dtype=torch.float64)

    return Gaussian(table(means), table(scales))


def random_gaussian(seed: int, batch: int = 4, latent: int = 3) -> Gaussian:
    generator = torch.Generator().manual_seed(seed)
    mean = torch.randn(batch, latent, generator=generator, dtype=torch.float64)
    return Gaussian(mean, torch.rand(batch, latent, generator=generator, dtype=torch.float64) + 0.3)


@given(gaussians(), gaussians())
def test_kl_is_that_of_torch(q: Gaussian, p: Gaussian) -> None:
    expected = kl_divergence(Normal(q.mean, q.scale), Normal(p.mean, p.scale))
    torch.testing.assert_close(kl_per_latent(q, p), expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(kl(q, p), expected.sum(-1), rtol=1e-9, atol=1e-12)


@given(gaussians(), gaussians())
def test_kl_is_never_negative(q: Gaussian, p: Gaussian) -> None:
    assert (kl_per_latent(q, p) >= -1e-12).all()


@given(gaussians())
def test_kl_of_a_distribution_to_itself_is_zero(q: Gaussian) -> None:
    assert (kl(q, q) == 0).all()


@given(gaussians(), st.sampled_from(["mean", "scale"]), st.floats(0.01, 2))
def test_kl_to_a_different_distribution_is_positive(q: Gaussian, what: str, by: float) -> None:
    p = Gaussian(q.mean + by, q.scale) if what == "mean" else Gaussian(q.mean, q.scale + by)
    assert (kl_per_latent(q, p) > 0).all()


def test_kl_agrees_with_sampling() -> None:
    torch.manual_seed(0)
    q, p = random_gaussian(1), random_gaussian(2)
    draws = 200_000
    z = q.rsample((draws,))
    error = (q.log_prob(z) - p.log_prob(z)).std(0) / draws**0.5
    assert ((kl_by_sampling(q, p, draws) - kl(q, p)).abs() < 5 * error).all()
    assert ((kl(q, p) - kl(p, q)).abs() > 5 * error).any(), "the two directions must be told apart"


def test_kl_gradient_is_that_of_sampling() -> None:
    """The closed form and the average over reparameterised draws have the same slope."""
    torch.manual_seed(0)
    p = random_gaussian(2)
    slopes = []
    for divergence in (kl, lambda q, p: kl_by_sampling(q, p, 200_000)):
        q = random_gaussian(1)
        q.mean.requires_grad_()
        q.scale.requires_grad_()
        divergence(q, p).sum().backward()
        slopes.append(torch.cat([q.mean.grad, q.scale.grad]))
    torch.testing.assert_close(slopes[0], slopes[1], rtol=0.02, atol=0.02)


def test_kl_to_a_prior_without_batch_axis() -> None:
    q = random_gaussian(3)
    prior = Gaussian(torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64))
    by_hand = (q.scale**2 + q.mean**2 - 1 - 2 * q.scale.log()).sum(-1) / 2
    torch.testing.assert_close(kl(q, prior), by_hand)


def test_squared_error_is_summed_over_pixels() -> None:
    x = torch.zeros(2, 3, 4, 5)
    reconstruction = torch.stack([torch.full((3, 4, 5), 0.5), torch.full((3, 4, 5), -1.0)])
    assert squared_error(x, reconstruction).tolist() == [15.0, 60.0]


def test_deltas_and_bernoullis_are_points_and_bits() -> None:
    assert Delta(torch.ones(2, 3)).rsample((4,)).shape == (4, 2, 3)
    bits = Bernoulli(torch.zeros(2, 3)).rsample((50,))
    assert set(bits.unique().tolist()) == {0.0, 1.0}

"""Chains driven by noise, and hierarchies redrawn level by level, against chains written out by hand."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vaecore import checkpoint, serving
from vaecore.data import Images
from vaecore.distributions import Gaussian
from vaecore.joint import Chain
from vaecore.recipes import find
from vaecore.serving import Explorer
from vaecore.serving.loading import load

SIZES = (3, 2, 1)
HIERARCHIES = ("hierarchical-digits", "ladder-digits")


def linear(inputs: int, outputs: int, seed: int) -> Callable[[Tensor], Gaussian]:
    """N(W a + b, diag s^2) with the s of its own: a part that is Gaussian given the one before it."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(inputs, outputs, generator=generator, dtype=torch.float64)
    bias, scale = torch.randn(2, outputs, generator=generator, dtype=torch.float64).unbind()
    return lambda a: Gaussian(a @ weight + bias, (scale.abs() + 0.3).expand_as(a @ weight))


def chain(upward: bool) -> Chain:
    sizes = SIZES if upward else SIZES[::-1]
    begin = torch.arange(1.0, sizes[0] + 1, dtype=torch.float64)
    conditionals = tuple(linear(a, b, seed) for seed, (a, b) in enumerate(pairwise(sizes)))
    return Chain(Gaussian(begin, begin / 2), conditionals, SIZES, upward)


@pytest.fixture(params=HIERARCHIES)
def hierarchy(request: pytest.FixtureRequest) -> Explorer:
    return load(request.param, device="cpu")


# Chains


@pytest.mark.parametrize("upward", [True, False])
@pytest.mark.parametrize("batch", [(), (5,), (4, 5)])
def test_noise_of_a_code_leads_back_to_it(upward: bool, batch: tuple[int, ...]) -> None:
    own, row = chain(upward), torch.randn(*batch, 6, dtype=torch.float64)
    torch.testing.assert_close(own.follow(own.noise_of(row)), row)
    torch.testing.assert_close(own.noise_of(own.follow(row)), row)
    assert (own.follow(row) - row).abs().min() > 1e-6


def test_noise_of_a_models_code_leads_back_to_it(hierarchy: Explorer, test_digits: Images) -> None:
    model, x = hierarchy.model.double(), torch.from_numpy(test_digits.images[:7]).double()
    with torch.no_grad():
        posterior = model.posterior(x)
        for own in (posterior, model.prior()):
            code = posterior.rsample()
            torch.testing.assert_close(own.follow(own.noise_of(code)), code)
    model.float()


@pytest.mark.parametrize("upward", [True, False])
def test_the_same_noise_gives_what_rsample_draws(upward: bool) -> None:
    own = chain(upward)
    drawn = own.rsample((50,), torch.Generator().manual_seed(3))
    generator = torch.Generator().manual_seed(3)
    parts = [
        torch.randn(50, size, generator=generator, dtype=torch.float64) for size in (SIZES if upward else SIZES[::-1])
    ]
    noise = torch.cat(parts if upward else parts[::-1], -1)
    torch.testing.assert_close(own.follow(noise), drawn)


@pytest.mark.parametrize("upward", [True, False])
def test_standard_normal_noise_has_the_law_of_the_chain(upward: bool) -> None:
    """A linear chain is Gaussian: its moments follow from N(m, C) to N(m W + b, W'CW + S)."""
    own = chain(upward)
    generator = torch.Generator().manual_seed(5)
    codes = own.follow(torch.randn(400_000, 6, generator=generator, dtype=torch.float64))
    parts = list(codes.split(SIZES, -1))
    parts = parts if upward else parts[::-1]
    mean, covariance = own.first.mean, own.first.scale.square().diag()
    for part, conditional in zip(parts[1:], own.conditionals, strict=True):
        size = len(mean)
        bias = conditional(torch.zeros(size, dtype=torch.float64)).mean
        weight = torch.stack([conditional(row).mean - bias for row in torch.eye(size, dtype=torch.float64)])
        noise = conditional(mean).scale.square().diag()
        mean, covariance = mean @ weight + bias, weight.T @ covariance @ weight + noise
        spread = covariance.diagonal().sqrt()
        torch.testing.assert_close((part.mean(0) - mean) / spread, torch.zeros_like(mean), atol=0.01, rtol=0)
        found = part.T.cov() / spread[:, None] / spread
        torch.testing.assert_close(found, covariance / spread[:, None] / spread, atol=0.015, rtol=0)


def test_the_noise_of_a_draw_is_standard_normal(hierarchy: Explorer) -> None:
    prior = hierarchy.model.prior()
    with torch.no_grad():
        noise = prior.noise_of(prior.rsample((20_000,), torch.Generator().manual_seed(0)))
    torch.testing.assert_close(noise.mean(0), torch.zeros(hierarchy.latent), atol=0.035, rtol=0)
    torch.testing.assert_close(noise.T.cov(), torch.eye(hierarchy.latent), atol=0.05, rtol=0)


# Levels


def by_hand(explorer: Explorer, noise: np.ndarray) -> np.ndarray:
    """The image of noise, the chain written out with the model's networks."""
    model = explorer.model
    *lower, top = torch.from_numpy(noise).split(model.groups)
    z = [top]
    with torch.no_grad():
        for network, own in zip(reversed(model.below), reversed(lower), strict=True):
            mean, log_scale = network(z[0][None])[0].chunk(2)
            z.insert(0, mean + log_scale.exp() * own)
    return explorer.decode(torch.cat(z)[None].numpy())[0]


def test_redrawing_a_level_keeps_the_noise_of_the_others(hierarchy: Explorer) -> None:
    """At temperature 0 the redrawn noise is zero, and all can be computed by hand."""
    noise = serving.levels.prior_noise(hierarchy, seed=1)
    redrawn = serving.levels.redraw(hierarchy, noise, count=2, temperature=0.0)
    np.testing.assert_allclose(redrawn.origin, by_hand(hierarchy, noise), atol=1e-5)
    ends = np.cumsum((0, *hierarchy.model.groups))
    for place, level in enumerate(reversed(range(len(hierarchy.model.groups)))):
        still = noise.copy()
        still[ends[level] : ends[level + 1]] = 0
        for image in redrawn.images[place]:
            np.testing.assert_allclose(image, by_hand(hierarchy, still), atol=1e-5)
        change = ((by_hand(hierarchy, still) - redrawn.origin) ** 2).sum()
        assert redrawn.changes[place] == pytest.approx(change, abs=1e-3)
        assert change > 1e-3


def test_the_temperature_multiplies_what_is_drawn(hierarchy: Explorer) -> None:
    whole, half = (serving.levels.prior_noise(hierarchy, temperature, seed=4) for temperature in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 2)
    noise = serving.levels.noise_behind(hierarchy, np.full(hierarchy.shape, 0.5, np.float32))
    calm, wild = (serving.levels.redraw(hierarchy, noise, 50, temperature) for temperature in (0.2, 1.5))
    np.testing.assert_array_equal(calm.origin, wild.origin)  # found, not drawn
    spread = [redrawn.images.var(axis=1).sum(axis=(1, 2, 3)) for redrawn in (calm, wild)]
    assert (spread[0] < spread[1]).all()


def test_the_seed_draws_and_redraws_are_not_the_draw(hierarchy: Explorer) -> None:
    noise = serving.levels.prior_noise(hierarchy, seed=2)
    first, again, other = (serving.levels.redraw(hierarchy, noise, 3, seed=seed) for seed in (2, 2, 3))
    np.testing.assert_array_equal(first.images, again.images)
    assert np.abs(first.images - other.images).max() > 0.01
    assert (np.abs(first.images - first.origin).max(axis=(2, 3, 4)) > 1e-4).all()
    assert not np.array_equal(serving.levels.prior_noise(hierarchy, seed=3), noise)


def test_a_redraw_does_not_repeat_the_draw_of_its_seed(test_digits: Images) -> None:
    recipe = find("hierarchical-digits").changed(latent=16, lower=(16,))
    torch.manual_seed(0)
    own = Explorer(checkpoint.build(recipe, test_digits.shape, 0).eval(), recipe, {"classes": []})
    redrawn = serving.levels.redraw(own, serving.levels.prior_noise(own, seed=2), 1, seed=2)
    assert (redrawn.changes > 1e-8).all()


def test_an_image_is_drawn_by_the_noise_behind_it(hierarchy: Explorer, test_digits: Images) -> None:
    image = test_digits.images[3]
    noise = serving.levels.noise_behind(hierarchy, image)
    origin = serving.levels.redraw(hierarchy, noise, 1).origin
    np.testing.assert_allclose(origin, hierarchy.reconstruct(image[None])[0], atol=1e-4)


def test_a_top_that_nothing_below_listens_to_changes_nothing(hierarchy: Explorer) -> None:
    deaf: Any = load(hierarchy.name, device="cpu")
    first = next(module for module in deaf.model.below[-1].modules() if isinstance(module, nn.Linear))
    nn.init.zeros_(first.weight)
    redrawn = serving.levels.redraw(deaf, serving.levels.prior_noise(deaf), 4)
    np.testing.assert_allclose(redrawn.changes[0], 0, atol=1e-6)
    assert (redrawn.changes[1:] > 1e-3).all()


def test_a_conditional_hierarchy_is_told_the_class(test_digits: Images) -> None:
    recipe = find("hierarchical-digits").changed(conditional=True)
    torch.manual_seed(0)
    model = checkpoint.build(recipe, test_digits.shape, 10).eval()
    own = Explorer(model, recipe, {"classes": list(test_digits.names)})
    noise = serving.levels.noise_behind(own, test_digits.images[0], label=3)
    three, seven = (serving.levels.redraw(own, noise, 2, label=label) for label in (3, 7))
    assert np.abs(three.origin - seven.origin).max() > 1e-4
    expected = own.reconstruct(test_digits.images[:1], np.array([3]))[0]
    np.testing.assert_allclose(three.origin, expected, atol=1e-5)
    with pytest.raises(ValueError, match="expected 1 labels, got none"):
        serving.levels.redraw(own, noise)


def test_what_cannot_be_redrawn_gets_a_sentence(hierarchy: Explorer, vae: Explorer, test_digits: Images) -> None:
    with pytest.raises(ValueError, match="vae-digits-2: expected a hierarchy of latents, got vae"):
        serving.levels.redraw(vae, np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="expected a hierarchy"):
        serving.levels.noise_behind(vae, test_digits.images[0])
    noise = serving.levels.prior_noise(hierarchy)
    with pytest.raises(ValueError, match="expected a temperature >= 0, got -1"):
        serving.levels.redraw(hierarchy, noise, temperature=-1.0)
    with pytest.raises(ValueError, match="expected codes"):
        serving.levels.redraw(hierarchy, noise[1:])
    with pytest.raises(ValueError, match="count: expected at least 1, got 0"):
        serving.levels.redraw(hierarchy, noise, 0)

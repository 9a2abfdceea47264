"""Directions through codes against numpy's SVD, walks along them by hand, and what random codes are drawn from."""

import numpy as np
import pytest
import torch

import vaecore
from vaecore import serving
from vaecore.data import Images
from vaecore.evaluation import judges
from vaecore.serving import axes, draws, levels

HIERARCHIES = ("hierarchical-digits", "ladder-digits")


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """Codes whose numbers go together."""
    generator = np.random.default_rng(0)
    mixed = generator.normal(size=(6, 6))
    return (generator.normal(size=(400, 6)) * (5, 3, 2, 1, 0.5, 0.1) @ mixed + 4).astype(np.float32)


def test_principal_directions_are_those_of_a_singular_value_decomposition(codes: np.ndarray) -> None:
    found = axes.principal(codes, 4)
    _, values, rows = np.linalg.svd(codes - codes.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs((found.directions * rows[:4]).sum(1)), 1, atol=1e-4)
    np.testing.assert_allclose(found.shares, (values**2 / (values**2).sum())[:4], rtol=1e-4)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(4), atol=1e-5)
    assert (found.directions[np.arange(4), np.abs(found.directions).argmax(1)] > 0).all()
    places = codes @ found.directions.T
    assert (places <= found.quantiles[30]).mean(0) == pytest.approx(0.3, abs=0.01)


def test_a_walk_is_the_base_and_steps_along_directions(codes: np.ndarray) -> None:
    found, base = axes.principal(codes, 4), codes[7]
    home = found.home(base)
    np.testing.assert_array_equal(found.moved(base, dict(enumerate(home))), base)
    np.testing.assert_array_equal(found.moved(base, {}), base)
    moved = found.moved(base, {0: 80.0, 2: 12.5})
    at = [np.interp(each, np.arange(101), found.quantiles[:, j]) for j, each in enumerate(home)]
    low = (found.quantiles[12, 2] + found.quantiles[13, 2]) / 2
    by_hand = base + (found.quantiles[80, 0] - at[0]) * found.directions[0] + (low - at[2]) * found.directions[2]
    np.testing.assert_allclose(moved, by_hand, rtol=1e-5)
    assert found.home(moved)[[0, 2]] == pytest.approx([80, 12.5], abs=0.1)


def test_codes_that_are_still_have_one_direction_and_far_ones_stand_at_an_end(codes: np.ndarray) -> None:
    still = axes.principal(np.ones((10, 3), np.float32), 3)
    assert still.directions.shape == (1, 3)
    flat = axes.principal(np.outer(np.arange(9), [1, 2, 2]).astype(np.float32), 3)
    np.testing.assert_allclose(flat.directions, [[1 / 3, 2 / 3, 2 / 3]], atol=1e-6)
    found = axes.principal(codes, 2)
    far = (codes.mean(0) + 1000 * found.directions[0]).astype(np.float32)
    assert found.home(far)[0] == 99
    np.testing.assert_array_equal(found.moved(far, {0: 99.0}), far)


def test_numbers_go_together_or_do_not(codes: np.ndarray) -> None:
    assert axes.correlated(codes)
    assert not axes.correlated(np.random.default_rng(0).normal(size=(2000, 30)).astype(np.float32))
    assert not axes.correlated(codes[:, :1])
    assert not axes.correlated(axes.training_codes(vaecore.load("pca-digits", device="cpu")))
    assert axes.correlated(axes.training_codes(vaecore.load("ae-digits-128", device="cpu")))


def test_training_codes_are_of_images_that_a_permutation_draws(digits: Images) -> None:
    own = vaecore.load("vae-digits-2", device="cpu")
    found = axes.training_codes(own, 50, seed=3)
    rows = torch.from_numpy(np.random.default_rng(3).permutation(len(digits))[:50])
    np.testing.assert_array_equal(found, own.encode(digits.rows(rows).images))
    assert not np.array_equal(found, axes.training_codes(own, 50, seed=4))


@pytest.mark.parametrize("name", HIERARCHIES)
def test_the_noise_of_a_level_moves_by_itself(name: str) -> None:
    own = vaecore.load(name, device="cpu")
    real = axes.training_codes(own)
    found = axes.of_levels(own, real, 3)
    sizes = levels.sizes(own)
    assert list(found.levels) == sorted(found.levels, reverse=True)
    ends = np.cumsum(sizes)
    for level, direction in zip(found.levels, found.directions, strict=True):
        inside = np.zeros(own.latent, bool)
        inside[ends[level] - sizes[level] : ends[level]] = True
        assert not direction[~inside].any()
    noise = levels.noise_of(own, real)
    top = noise[:, -sizes[-1] :] - noise[:, -sizes[-1] :].mean(0)
    leading = np.linalg.svd(top, full_matrices=False)[2][0]
    assert abs(leading @ found.directions[0, -sizes[-1] :]) == pytest.approx(1, abs=1e-3)
    assert found.quantiles[[50, 84], 0] == pytest.approx([0, 0.9945], abs=1e-3)  # of N(0, 1)


@pytest.mark.parametrize("name", HIERARCHIES)
def test_noise_behind_a_code_leads_back_to_its_picture(name: str, test_digits: Images) -> None:
    own = vaecore.load(name, device="cpu")
    images = test_digits.images[:5]
    noise = levels.noise_of(own, own.encode(images))
    np.testing.assert_allclose(levels.decode(own, noise), own.reconstruct(images), atol=1e-5)
    np.testing.assert_allclose(noise[0], levels.noise_behind(own, images[0]), atol=1e-5)
    exported = own.exported("descent")
    assert exported is not None
    assert exported.networks["descent"]["inputs"] == [own.latent]


def test_a_descent_is_of_hierarchies_alone() -> None:
    own = vaecore.load("vae-digits-2", device="cpu")
    assert own.exported("descent") is None
    with pytest.raises(ValueError, match="expected a hierarchy"):
        levels.sizes(own)


def test_random_codes_come_from_what_a_model_has(test_digits: Images) -> None:
    def found(name: str) -> str:
        return draws.source(vaecore.load(name, device="cpu"), test_digits.images)

    assert found("ae-digits-2") == "codes"  # it has no prior
    assert found("one-class-digits") == "density"
    assert found("cvae-digits-2") == "prior"
    assert found("beta-vae-digits-4") == "codes"  # its prior has holes


def test_random_codes_by_their_number() -> None:
    own = vaecore.load("vae-digits-2", device="cpu")
    real = axes.training_codes(own)
    taken = draws.codes(own, "codes", 20, 5, real)
    assert {tuple(row) for row in taken.tolist()} <= {tuple(row) for row in real.tolist()}
    np.testing.assert_array_equal(taken, draws.codes(own, "codes", 20, 5, real))
    prior = draws.codes(own, "prior", 5000, 1, real)
    np.testing.assert_allclose([prior.mean(), prior.std()], [0, 1], atol=0.03)
    np.testing.assert_array_equal(own.decode(draws.codes(own, "prior", 3, 2, real)), own.sample(3, seed=2))


def test_a_shipped_judge_is_sure_of_digits_and_not_of_grey(test_digits: Images) -> None:
    judge = judges.shipped("digits", "residual", (1, 8, 8))
    assert judge is not None
    assert draws.sure(judge, test_digits.images) > 0.95
    by_hand = torch.softmax(judge(torch.from_numpy(test_digits.images)), 1).max(1).values
    assert draws.sure(judge, test_digits.images) == pytest.approx(float((by_hand >= 0.9).double().mean()))
    assert judges.shipped("nothing", "residual", (1, 8, 8)) is None
    assert serving.draws.judged(vaecore.load("vae-digits-2", device="cpu")) is not None

"""The measures themselves, on points whose answer is known."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from vaecore.data import Images
from vaecore.evaluation.generation import Covering, coverage, covering, density, frechet
from vaecore.evaluation.latent import neighbour_accuracy, trustworthiness
from vaecore.evaluation.planes import transductive_neighbour_accuracy
from vaecore.evaluation.reconstruction import LEVELS, code_quantiles, encode, mean_squared_error, squared_errors
from vaecore.serving import Explorer


def clusters(seed: int, spread: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds of thirty points."""
    generator = np.random.default_rng(seed)
    labels = np.arange(3).repeat(30)
    centres = np.array([[0, 0], [5, 0], [0, 5]])
    return (centres[labels] + spread * generator.normal(size=(90, 2))).astype(np.float32), labels


def test_neighbour_accuracy() -> None:
    points, labels = clusters(0)
    train, train_labels = clusters(1)
    assert neighbour_accuracy(points, labels, train, train_labels) == 1
    assert neighbour_accuracy(points, labels, train, (train_labels + 1) % 3) == 0
    shuffled = np.random.default_rng(2).permutation(train_labels)
    assert 0.1 < neighbour_accuracy(points, labels, train, shuffled) < 0.6
    assert transductive_neighbour_accuracy(points, labels) == 1


def test_a_point_is_not_its_own_neighbour() -> None:
    """Leave-one-out: points alternating along a line are all surrounded by the other class."""
    line = np.stack([np.arange(40) // 2 + 0.1 * (np.arange(40) % 2), np.zeros(40)], 1).astype(np.float32)
    alone = np.zeros(40, dtype=np.int64)
    alone[0] = 1
    assert transductive_neighbour_accuracy(line, alone) == pytest.approx(39 / 40)


def test_trustworthiness() -> None:
    generator = np.random.default_rng(0)
    points = generator.normal(size=(100, 5))
    assert trustworthiness(points, points) == 1
    assert trustworthiness(points, generator.permutation(points)) < 0.7
    assert trustworthiness(points, points[:, :4]) > trustworthiness(points, points[:, :1])


def brute_coverage_and_density(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[float, float]:
    covered, inside = 0, 0
    for point in real:
        radius = sorted(np.linalg.norm(other - point) for other in real)[k]
        within = sum(np.linalg.norm(other - point) <= radius for other in fake)
        covered += within > 0
        inside += within
    return covered / len(real), inside / (k * len(fake))


@pytest.mark.parametrize("k", [1, 5])
def test_coverage_and_density_by_hand(k: int) -> None:
    generator = np.random.default_rng(0)
    real, fake = generator.normal(size=(60, 3)), 0.5 * generator.normal(size=(40, 3))
    inside = covering(torch.from_numpy(real), torch.from_numpy(fake), k)
    assert (coverage(inside)[0], density(inside, k)[0]) == pytest.approx(brute_coverage_and_density(real, fake, k))


def test_coverage_sees_what_is_missing() -> None:
    points, others = (torch.from_numpy(clusters(seed)[0]) for seed in (0, 1))
    assert coverage(covering(points, points))[0] == 1
    everything, one_of_three = (coverage(covering(points, fake))[0] for fake in (others, others[:30]))
    assert everything > 0.85
    assert one_of_three < 0.36
    away = covering(points, others + 100)
    assert (coverage(away), density(away)) == ((0, 0), (0, 0))


@pytest.mark.parametrize("figure", [coverage, density])
def test_the_errors_of_coverage_and_density_are_what_they_vary_by(figure: Callable[[Covering], tuple]) -> None:
    """Against many draws of both sides: never told too small, and not much too large, for both sides share points."""

    def drawn(seed: int) -> Covering:
        generator = torch.Generator().manual_seed(seed)
        real, fake = torch.randn(200, 2, generator=generator), 0.7 * torch.randn(150, 2, generator=generator)
        return covering(real, fake)

    values, errors = zip(*(figure(drawn(seed)) for seed in range(300)), strict=True)
    assert 0.95 < np.mean(errors) / np.std(values) < 1.6


def test_the_error_of_a_distance_is_what_it_varies_by() -> None:
    def drawn(seed: int) -> tuple[float, float]:
        generator = torch.Generator().manual_seed(seed)
        return frechet(torch.randn(300, 3, generator=generator), 1 + torch.randn(200, 3, generator=generator))

    values, errors = zip(*(drawn(seed) for seed in range(200)), strict=True)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)


def test_squared_errors_and_codes(autoencoder: Explorer, cvae: Explorer, test_digits: Images) -> None:
    for explorer, labels in ((autoencoder, None), (cvae, test_digits.labels)):
        codes = explorer.encode(test_digits.images, labels)
        np.testing.assert_allclose(encode(explorer.model, test_digits), codes, atol=1e-5)
        by_hand = ((explorer.decode(codes, labels) - test_digits.images) ** 2).sum((1, 2, 3))
        np.testing.assert_allclose(squared_errors(explorer.model, test_digits), by_hand, rtol=1e-4, atol=1e-4)
        assert mean_squared_error(explorer.model, test_digits) == pytest.approx(by_hand.mean(), rel=1e-5)


def test_code_quantiles(autoencoder: Explorer, digits: Images) -> None:
    codes = autoencoder.encode(digits.images)
    found = code_quantiles(torch.from_numpy(codes))
    assert found["levels"] == list(LEVELS)
    expected = np.quantile(codes, LEVELS, axis=0)
    np.testing.assert_allclose(found["quantiles"], expected, atol=1e-3)

"""One Gaussian for several modes: divergences and descents against closed forms, sampling and brute force."""

from math import log, pi

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.stats import norm

import vaecore
from vaecore import lessons, serving
from vaecore.lessons import Direction, Ellipse, Mixture
from vaecore.serving import Explorer
from vaecore.serving.studies.posterior import TruePosterior

TWO = Mixture((0.3, 0.7), (-2.0, 1.5), (0.5, 0.8))
FINE = np.linspace(-25, 25, 100_001)


def log_density(p: Mixture, z: np.ndarray) -> np.ndarray:
    each = zip(p.weights, p.means, p.scales, strict=True)
    return np.logaddexp.reduce([log(w) + norm.logpdf(z, m, s) for w, m, s in each])


def brute(p: Mixture, mean: float, scale: float, direction: Direction) -> float:
    """The divergence as a plain sum over a fine grid."""
    both = log_density(p, FINE), norm.logpdf(FINE, mean, scale)
    first, second = both if direction == "forward" else both[::-1]
    return float((np.exp(first) * (first - second)).sum() * (FINE[1] - FINE[0]))


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_of_one_mode_both_are_the_closed_form(direction: Direction) -> None:
    found = lessons.parts(Mixture((1.0,), (0.5,), (0.8,)), 1.0, 1.7, direction)
    (m1, s1), (m2, s2) = ((0.5, 0.8), (1.0, 1.7)) if direction == "forward" else ((1.0, 1.7), (0.5, 0.8))
    closed = log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5
    assert found.divergence == pytest.approx(closed, abs=1e-9)
    assert found.entropy == pytest.approx(log(s1 * np.sqrt(2 * pi * np.e)), abs=1e-9)


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize(("mean", "scale"), [(0.0, 1.0), (-2.0, 0.3), (3.0, 2.5)])
def test_the_terms_add_up_to_the_integral(direction: Direction, mean: float, scale: float) -> None:
    found = lessons.parts(TWO, mean, scale, direction)
    assert found.divergence == pytest.approx(brute(TWO, mean, scale, direction), abs=1e-6)
    assert found.cross_entropy - found.entropy == pytest.approx(found.divergence, abs=1e-12)
    if direction == "forward":
        assert found.offset + found.spread + found.log_width == pytest.approx(found.cross_entropy)
    grid = lessons.landscape(TWO, np.array([mean, 9.0]), np.log([scale]), direction)
    assert grid.shape == (1, 2)
    assert grid[0, 0] == pytest.approx(found.divergence, abs=1e-9)


def test_moments_are_those_of_the_density() -> None:
    weights = np.exp(log_density(TWO, FINE)) * (FINE[1] - FINE[0])
    assert TWO.mean == pytest.approx(weights @ FINE, abs=1e-9)
    assert TWO.scale == pytest.approx(np.sqrt(weights @ (FINE - TWO.mean) ** 2), abs=1e-9)
    np.testing.assert_allclose(TWO.density(FINE[::1000]), np.exp(log_density(TWO, FINE[::1000])), atol=1e-12)


@pytest.mark.parametrize("start", [(0.0, 1.0), (-4.0, 0.1), (5.0, 3.0)])
def test_forward_descent_ends_at_the_moments_from_anywhere(start: tuple[float, float]) -> None:
    path = lessons.descend(TWO, *start, "forward", 80)
    assert (path.means[0], path.scales[0]) == pytest.approx(start)
    assert (path.means[-1], path.scales[-1]) == pytest.approx((TWO.mean, TWO.scale), abs=1e-4)
    assert path.values[-1] == pytest.approx(brute(TWO, TWO.mean, TWO.scale, "forward"), abs=1e-6)


@pytest.mark.parametrize(("start", "mode"), [((-1.5, 0.5), -2.0), ((2.0, 0.5), 1.5)])
def test_reverse_descent_ends_at_the_mode_that_it_starts_near(start: tuple[float, float], mode: float) -> None:
    """Where Nelder and Mead's simplex ends too, on a sum over a grid."""
    path = lessons.descend(TWO, *start, "reverse", 120)
    found = minimize(
        lambda q: brute(TWO, q[0], float(np.exp(q[1])), "reverse"), [start[0], log(start[1])], method="Nelder-Mead"
    )
    assert (path.means[-1], np.log(path.scales[-1])) == pytest.approx(tuple(found.x), abs=2e-3)
    assert path.means[-1] == pytest.approx(mode, abs=0.1)
    assert (np.diff(path.values) < 1e-9).all()


def test_the_ends_of_reverse_descents_are_its_minima() -> None:
    ends = lessons.ends(Mixture((0.5, 0.5), (-2.0, 2.0), (0.6, 0.6)))
    values = [brute(Mixture((0.5, 0.5), (-2.0, 2.0), (0.6, 0.6)), *end, "reverse") for end in ends]
    assert sorted(round(mean, 1) for mean, _ in ends) == [-2.0, 0.0, 2.0]
    assert values[:2] == pytest.approx([log(2)] * 2, abs=5e-3)  # a mode has half of the mass, and all of it is its own
    assert values[2] > values[1]
    assert len(lessons.ends(Mixture((0.5, 0.5), (-0.3, 0.3), (0.6, 0.6)))) == 1


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="weights above 0 that add to 1"):
        Mixture((0.5, 0.6), (0.0, 1.0), (1.0, 1.0))
    with pytest.raises(ValueError, match="as many weights"):
        Mixture((1.0,), (0.0, 1.0), (1.0, 1.0))
    with pytest.raises(ValueError, match="a scale above 0"):
        lessons.descend(TWO, 0.0, 0.0, "forward", 3)
    with pytest.raises(ValueError, match="a scale above 0"):
        lessons.parts(TWO, 0.0, -1.0, "reverse")


def gaussian(mean: tuple[float, float], scale: tuple[float, float]) -> TruePosterior:
    """A posterior that is a Gaussian."""
    across, up = np.linspace(-8, 8, 321), np.linspace(-8, 8, 401)
    values = norm.pdf(up, mean[1], scale[1])[:, None] * norm.pdf(across, mean[0], scale[0])
    return TruePosterior(across, up, values, 0.0, 0.0)


def test_the_covering_ellipse_of_a_gaussian_is_itself() -> None:
    of = gaussian((0.5, -1.0), (0.7, 1.2))
    q = lessons.covering(of)
    np.testing.assert_allclose(q, [[0.5, -1.0], [0.7, 1.2]], atol=1e-6)
    assert lessons.forward_divergence(of, q) == pytest.approx(0, abs=1e-6)
    closed = sum(log(b / a) + (a**2 + d**2) / (2 * b**2) - 0.5 for a, b, d in [(0.7, 1.0, 0.5), (1.2, 2.0, -1.0)])
    other = Ellipse(np.zeros(2), np.array([1.0, 2.0]))
    assert lessons.forward_divergence(of, other) == pytest.approx(closed, abs=1e-6)
    drawn = lessons.sampled(of, 20_000)
    np.testing.assert_allclose([drawn.mean(0), drawn.std(0)], q, atol=0.03)
    with pytest.raises(ValueError, match="two scales above 0"):
        lessons.forward_divergence(of, Ellipse(np.zeros(2), np.array([0.0, 1.0])))


def test_the_most_bent_posteriors_are_those_that_an_ellipse_covers_worst(vae: Explorer) -> None:
    images = np.stack([serving.posterior.binarised(image) for image in vaecore.dataset("digits").images[:24]])
    bends = []
    for image in images:
        of = serving.posterior.true_posterior(vae, image)
        q = lessons.covering(of)
        bends.append(lessons.forward_divergence(of, q))
        for moved in (
            Ellipse(q.mean + 0.01, q.scale),
            Ellipse(q.mean, 1.02 * q.scale),
            Ellipse(q.mean, 0.98 * q.scale),
        ):
            assert lessons.forward_divergence(of, moved) > bends[-1]
    rows = lessons.most_bent(vae, images, 5)
    np.testing.assert_array_equal(rows, np.argsort(-np.array(bends))[:5])


def test_bends_are_sought_in_planes_alone(cvae: Explorer, autoencoder: Explorer) -> None:
    for own in (cvae, autoencoder):
        with pytest.raises(ValueError, match="expected an unconditional model"):
            lessons.most_bent(own, np.zeros((1, 1, 8, 8), np.float32), 1)


def test_the_divergence_of_many_is_that_of_each() -> None:
    mean, scale = torch.tensor([0.0, 1.0]).double(), torch.tensor([1.0, 0.5]).double()
    from vaecore.lessons.gaussians import divergence

    for direction in ("forward", "reverse"):
        each = [divergence(TWO, *q, direction) for q in zip(mean, scale, strict=True)]
        torch.testing.assert_close(divergence(TWO, mean, scale, direction), torch.stack(each))


def test_what_is_spilt_and_missed_is_what_the_cumulative_distribution_says() -> None:
    """p = N(0, 1) is below 5 % of its mode beyond sqrt(2 log 20); q reaches from mean - 2 scales to mean + 2 scales."""
    p, z = Mixture((1.0,), (0.0,), (1.0,)), np.linspace(-12, 12, 40_001)
    found, edge = lessons.reach(p, 0.5, 1.5, z), np.sqrt(2 * np.log(20))
    q = norm(0.5, 1.5)
    assert found.spilt == pytest.approx(q.cdf(-edge) + q.sf(edge), abs=1e-3)
    assert found.missed == pytest.approx(norm.cdf(0.5 - 3) + norm.sf(0.5 + 3), abs=1e-3)
    np.testing.assert_allclose(lessons.density(0.5, 1.5, z), q.pdf(z), atol=1e-12)

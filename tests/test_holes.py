"""Where codes are and where none is: against closed forms, and against a search through all pairs."""

from math import log

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from vaecore import lessons
from vaecore.lessons import Codes

RANDOM = np.random.default_rng(0)
RING = np.stack([np.cos(np.linspace(0, 6.28, 400)), np.sin(np.linspace(0, 6.28, 400))], 1) * (
    1 + 0.02 * RANDOM.standard_normal((400, 1))
)


def test_the_mismatch_is_the_divergence_of_two_gaussians() -> None:
    codes = RANDOM.standard_normal((500, 2)) @ np.array([[2.0, 0.3], [0.0, 0.5]]) + np.array([1.0, -2.0])
    found = Codes(codes).mismatch
    own = torch.distributions.MultivariateNormal(
        torch.from_numpy(codes.mean(0)), torch.from_numpy(np.cov(codes.T, bias=True))
    )
    prior = torch.distributions.MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double())
    assert found.nats == pytest.approx(torch.distributions.kl_divergence(own, prior).item(), rel=1e-9)
    assert found.nats == pytest.approx((found.offset + found.spread - found.log_volume - 2) / 2)
    assert lessons.Mismatch(0.0, 2.0, log(1), 2).nats == 0


def test_fit_counts_holes_and_what_is_reached_as_a_search_through_all_pairs_does() -> None:
    codes, places = RANDOM.standard_normal((60, 2)), 2 * RANDOM.standard_normal((40, 2))
    among, to = np.sort(cdist(codes, codes), 1), cdist(places, codes)
    found = Codes(codes).fit(places)
    assert found.outside == pytest.approx((to.min(1) > np.quantile(among[:, 1], 0.95)).mean())
    assert found.covered == pytest.approx((to.min(0) <= among[:, 5]).mean())
    np.testing.assert_allclose(Codes(codes).distances(places), to.min(1))
    assert Codes(codes).usual == pytest.approx(np.median(among[:, 1]))
    assert Codes(codes).fit(codes).covered == 1


def test_the_largest_hole_of_a_ring_is_its_middle() -> None:
    ring = Codes(RING)
    assert np.linalg.norm(ring.deepest) < 0.1
    around = ring.drawn(500, "around", around=ring.deepest)
    assert np.linalg.norm(around.mean(0)) < 0.15
    assert around.std() == pytest.approx(0.5, rel=0.15)  # half of the distance to the ring
    assert ring.fit(0.1 * around).outside == 1


def test_draws_are_of_the_density_that_was_asked_for() -> None:
    codes = Codes(RANDOM.standard_normal((300, 2)) * np.array([4.0, 0.5]) + np.array([3.0, 0.0]))
    prior, fitted, box = (codes.drawn(20_000, way, seed=2) for way in ("prior", "fitted", "box"))
    np.testing.assert_allclose(np.cov(prior.T), np.eye(2), atol=0.05)
    np.testing.assert_allclose(np.cov(fitted.T), codes.covariance, rtol=0.1, atol=0.1)
    np.testing.assert_allclose(fitted.mean(0), codes.mean, atol=0.15)
    np.testing.assert_allclose([box.min(0), box.max(0)], codes.box, atol=0.05)
    assert codes.fit(fitted).covered > codes.fit(prior).covered


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 5 codes of two numbers"):
        Codes(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="more than 5 codes of two numbers"):
        Codes(np.zeros((9, 3)))
    ring = Codes(RING)
    with pytest.raises(ValueError, match="expected at least one place"):
        ring.fit(np.zeros((0, 2)))
    for way, place in (("sideways", None), ("around", None), ("around", np.array([np.nan, 0.0]))):
        with pytest.raises(ValueError, match="'around' a finite place"):
            ring.drawn(3, way, around=place)

"""The real codes around a path, against loops that anyone can follow."""

import math

import numpy as np
import pytest
from numpy import ndarray

from vaecore import serving
from vaecore.evaluation.latent import shortest_path
from vaecore.serving import Explorer

GENERATOR = np.random.default_rng(0)


def codes_of(latent: int, count: int = 60) -> ndarray:
    return GENERATOR.normal(size=(count, latent)).astype(np.float32)


def distance(one: ndarray, other: ndarray) -> float:
    return math.sqrt(sum((float(p) - float(q)) ** 2 for p, q in zip(one, other, strict=True)))


def kernel(one: ndarray, other: ndarray, radius: float) -> float:
    return math.exp(-(distance(one, other) ** 2) / (2 * (radius / 2) ** 2))


@pytest.mark.parametrize(("latent", "count"), [(1, 60), (2, 60), (7, 61), (3, 5)])
def test_what_is_usual_among_codes(latent: int, count: int) -> None:
    codes = codes_of(latent, count)
    around = serving.paths.surroundings(codes)
    tenth, sums = [], []
    for i, code in enumerate(codes):
        others = [other for j, other in enumerate(codes) if j != i]
        tenth.append(sorted(distance(code, other) for other in others)[min(10, len(others)) - 1])
    radius = float(np.median(tenth))
    for i, code in enumerate(codes):
        sums.append(sum(kernel(code, other, radius) for j, other in enumerate(codes) if j != i))
    assert around.radius == pytest.approx(radius, rel=1e-6)
    assert around.usual == pytest.approx(np.median(sums), rel=1e-6)
    np.testing.assert_array_equal(around.codes, codes)


@pytest.mark.parametrize("latent", [1, 2, 7])
def test_the_company_of_a_path(latent: int) -> None:
    codes = codes_of(latent)
    around = serving.paths.surroundings(codes)
    path = np.concatenate([codes_of(latent, 8), codes[:2]])
    company = serving.paths.company(path, around)
    for step, code in enumerate(path):
        away = [distance(code, other) for other in codes]
        assert company.nearest[step] == int(np.argmin(away))
        assert company.distances[step] == pytest.approx(min(away), abs=1e-6)
        assert company.neighbours[step] == sum(each <= around.radius for each in away)
        density = sum(kernel(code, other, around.radius) for other in codes) / around.usual
        assert company.density[step] == pytest.approx(density, rel=1e-4)
        assert serving.paths.nearest_code(code, codes) == company.nearest[step]


def test_a_straight_path_over_a_ring_crosses_its_hole_and_one_over_the_data_does_not() -> None:
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    around = serving.paths.surroundings(ring)
    share = np.linspace(0, 1, 11, dtype=np.float32)[:, None]
    straight = serving.paths.company((1 - share) * ring[0] + share * ring[100], around)
    assert straight.neighbours[5] == 0
    assert straight.density[5] < 1e-6
    assert straight.distances[5] == pytest.approx(1, abs=1e-3)
    along = serving.paths.company(shortest_path(ring, ring[0], ring[100], 11), around)
    assert along.neighbours.min() >= 9
    assert along.density.min() > 0.8


def test_codes_that_are_all_one() -> None:
    around = serving.paths.surroundings(np.ones((20, 3), np.float32))
    assert around.radius == 0
    company = serving.paths.company(np.array([[1, 1, 1], [1, 1, 2]], np.float32), around)
    assert company.neighbours.tolist() == [20, 0]
    assert np.isfinite(company.density).all()
    assert company.density[1] == 0


def test_a_plane_of_two_numbers_is_the_code_itself() -> None:
    codes = codes_of(2)
    np.testing.assert_array_equal(serving.paths.projection(codes).places(codes), codes)
    one = codes_of(1)
    np.testing.assert_array_equal(serving.paths.projection(one).places(one), np.concatenate([one, 0 * one], 1))


def test_a_longer_code_is_seen_along_its_principal_components() -> None:
    codes = codes_of(5) * np.array([0.1, 3, 0.2, 1, 0.3], dtype=np.float32) + 4
    plane = serving.paths.projection(codes)
    np.testing.assert_allclose(plane.axes.T @ plane.axes, np.eye(2), atol=1e-6)
    places = plane.places(codes)
    singular = np.linalg.svd(codes - codes.mean(0), full_matrices=False)[1]
    np.testing.assert_allclose(np.linalg.norm(places, axis=0), singular[:2], rtol=1e-4)
    assert abs(places[:, 0] @ places[:, 1]) < 1e-2
    halfway = plane.places((codes[:1] + codes[1:2]) / 2)
    np.testing.assert_allclose(halfway, (places[:1] + places[1:2]) / 2, atol=1e-5)  # straight paths stay straight


def test_a_path_over_data_takes_the_cheapest_hops() -> None:
    """Against Bellman and Ford, by hand, over the same graph."""
    codes = codes_of(2, 40)
    start, end = np.array([-2.5, 0], np.float32), np.array([2.5, 0], np.float32)
    nodes = np.concatenate([codes, start[None], end[None]]).astype(np.float64)
    apart = np.square(nodes[:, None] - nodes).sum(-1)
    price = np.full((42, 42), np.inf)
    for one in range(42):
        known = range(40) if one < 40 else range(one)  # an end is joined to those before it
        for other in sorted((each for each in known if each != one), key=lambda each: apart[one, each])[:10]:
            price[one, other] = price[other, one] = apart[one, other]
    cost = np.where(np.arange(42) == 40, 0, np.inf)
    for _ in range(42):
        cost = np.minimum(cost, (cost[:, None] + price).min(0))
    path = shortest_path(codes, start, end, 2001)
    corners = [int(row) for row in range(40) if np.square(path - codes[row]).sum(1).min() < 1e-5]
    way = nodes[[40, *sorted(corners, key=lambda row: np.square(path - codes[row]).sum(1).argmin()), 41]]
    assert np.square(np.diff(way, axis=0)).sum() == pytest.approx(cost[41], rel=1e-5)


def test_a_path_over_data_is_the_same_when_its_graph_is_kept(vae: Explorer) -> None:
    codes = serving.maps.latent_map(vae).codes
    a, b, c = codes[0], codes[1], codes[2]
    first = vae.interpolate(a, b, 7, "data")
    vae.interpolate(a, c, 7, "data")
    np.testing.assert_array_equal(vae.interpolate(a, b, 7, "data"), first)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 codes, got 1"):
        serving.paths.surroundings(np.zeros((1, 2), np.float32))
    with pytest.raises(ValueError, match="finite"):
        serving.paths.surroundings(np.full((3, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match=r"company: expected codes \[n, 2\], got \[1, 3\]"):
        serving.paths.company(np.zeros((1, 3), np.float32), serving.paths.surroundings(codes_of(2)))
    with pytest.raises(ValueError, match="nearest_code"):
        serving.paths.nearest_code(np.zeros(3, np.float32), codes_of(2))

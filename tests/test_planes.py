"""Planes that ship with a data set: every test image, in order, and their scores."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

import vaecore
from vaecore.evaluation import planes as layouts
from vaecore.reading import read_tensors
from vaecore.serving.studies.maps.planes import PLANES, code_planes, compute_code_plane, compute_planes, planes

DATA = {"digits": 179, "mnist": 10000, "fashion-mnist": 10000}


@pytest.mark.parametrize("data", DATA)
def test_the_planes_that_ship_hold_every_test_image(data: str) -> None:
    found = planes(data)
    assert list(found) == ["tsne-5", "tsne-15", "tsne-30", "tsne-50", "tsne-100", "umap-15"]
    for plane in found.values():
        assert plane.points.shape == (DATA[data], 2)
        assert np.isfinite(plane.points).all()
        assert plane.scores.keys() == {"trustworthiness", "neighbours"}
    assert planes("my.npz") == {}


def test_their_scores_are_those_of_scikit_learn() -> None:
    tests = vaecore.dataset("digits", "test")
    for plane in planes("digits").values():
        assert plane.scores["trustworthiness"] == pytest.approx(
            trustworthiness(tests.images.reshape(len(tests), -1), plane.points, n_neighbors=10), abs=2e-3
        )
        votes = [
            KNeighborsClassifier(5).fit(np.delete(plane.points, i, 0), np.delete(tests.labels, i)).predict([point])[0]
            for i, point in enumerate(plane.points)
        ]
        assert plane.scores["neighbours"] == pytest.approx((np.array(votes) == tests.labels).mean(), abs=0.02)


def test_they_are_in_the_order_of_the_images() -> None:
    """Neighbours on a plane are neighbours as images: in another order they would be strangers."""
    tests = vaecore.dataset("digits", "test").images.reshape(179, -1)
    points = planes("digits")["tsne-30"].points
    shuffled = points[np.random.default_rng(0).permutation(len(points))]
    assert trustworthiness(tests, points) > 0.95 > 0.6 > trustworthiness(tests, shuffled)


def test_few_images_are_laid_out_and_kept(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((200, 8, 8), dtype=np.float32)
    np.savez(tmp_path / "own.npz", images=images)
    compute_planes(str(tmp_path / "own.npz"), tmp_path)
    assert (tmp_path / PLANES).stat().st_size > 0
    few = layouts.planes_of(images[:20].reshape(20, -1))
    assert set(few) == {"tsne-5", "tsne-15", "tsne-30", "tsne-50", "tsne-100"} | (
        {"umap-15"} if find_spec("umap") else set()
    )
    assert all(points.shape == (20, 2) for points in few.values())


def test_the_plane_of_codes_keeps_the_neighbours_that_codes_have(tmp_path: Path) -> None:
    explorer, tests = vaecore.load("beta-vae-digits-4", device="cpu"), vaecore.dataset("digits", "test")
    compute_code_plane(explorer, tmp_path)
    made, (kept,) = read_tensors(tmp_path / PLANES), code_planes(explorer).values()
    codes = explorer.encode(tests.images)
    for points in (made["codes-30"].numpy(), kept.points):
        shuffled = points[np.random.default_rng(0).permutation(len(points))]
        assert trustworthiness(codes, points) > 0.9 > 0.7 > trustworthiness(codes, shuffled)
    assert code_planes(vaecore.load("vae-digits-2", device="cpu")) == {}


def test_the_codes_of_a_longer_code_are_laid_out_whole() -> None:
    (plane,) = code_planes(vaecore.load("vae-mnist-20", device="cpu")).values()
    assert plane.points.shape == (DATA["mnist"], 2)
    assert plane.scores["neighbours"] > 0.9  # a latent of 20 numbers keeps the classes apart, and so does its plane

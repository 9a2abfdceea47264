"""PCA and the linear autoencoder: the descent against closed forms, autograd and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA as Reference

from vaecore import lessons
from vaecore.data import Images
from vaecore.serving import Explorer
from vaecore.serving.loading import load

STEPS = [0, 1, 1000]


@pytest.fixture(scope="module")
def rows(digits: Images) -> np.ndarray:
    return digits.images.reshape(len(digits), -1).astype(np.float64)


def test_the_error_and_its_least_value_are_those_of_scikit_learn(digits: Images, rows: np.ndarray) -> None:
    of, pca = lessons.scatter(digits.images), Reference(8).fit(rows)
    residual = rows - pca.inverse_transform(pca.transform(rows))
    least = of.error(of.components(8), of.components(8).T)
    assert least == pytest.approx(np.square(residual).sum(1).mean(), rel=1e-9)
    assert least == pytest.approx(np.linalg.eigvalsh(of.covariance)[:-8].sum(), rel=1e-9)
    np.testing.assert_allclose(np.abs((of.components(8) * pca.components_).sum(1)), 1, atol=1e-9)


@pytest.mark.parametrize("k", [2, 8])
def test_descent_ends_in_the_principal_subspace(digits: Images, k: int) -> None:
    of = lessons.scatter(digits.images)
    first, _, last = lessons.descend_linear(of, k, STEPS, seed=3)
    assert first.angles[0] > 45
    assert last.angles[0] < 1
    assert last.error == pytest.approx(of.error(of.components(k), of.components(k).T), rel=1e-3)


def test_a_step_follows_the_gradient_of_the_squared_error(digits: Images, rows: np.ndarray) -> None:
    """Autograd through the images themselves, of which the descent only knows the covariance."""
    before, after, _ = lessons.descend_linear(lessons.scatter(digits.images), 3, STEPS)
    encoder, decoder = (torch.tensor(part.copy(), requires_grad=True) for part in (before.encoder, before.decoder))
    x = torch.from_numpy(rows - rows.mean(0))
    error = (x - x @ encoder.T @ decoder.T).square().sum(1).mean()
    assert before.error == pytest.approx(error.item(), rel=1e-9)
    for start, end, gradient in zip(
        (encoder, decoder), (after.encoder, after.decoder), torch.autograd.grad(error, (encoder, decoder)), strict=True
    ):
        np.testing.assert_allclose(end, (start - 0.1 * gradient).detach().numpy(), atol=1e-12)


def test_angles_are_those_by_which_a_plane_was_turned() -> None:
    turn = np.radians(30)
    plane = np.eye(4)[:2]
    turned = np.array([[np.cos(turn), 0, np.sin(turn), 0], [0, 1, 0, 0]])
    np.testing.assert_allclose(lessons.angles(plane, 7 * turned[::-1]), [30, 0], atol=1e-6)
    np.testing.assert_allclose(
        lessons.rotated(3 * plane + plane[::-1], turned), [[np.cos(turn), 0, 0, 0], [0, 1, 0, 0]], atol=1e-12
    )


@pytest.mark.parametrize("name", ["linear-digits-8", "pca-digits"])
def test_directions_are_what_a_code_adds_up(name: str) -> None:
    own = load(name, device="cpu")
    z = np.random.default_rng(0).standard_normal((1, own.latent))
    moved = own.decode(z) - own.decode(0 * z)
    np.testing.assert_allclose(z @ lessons.directions(own), moved.reshape(1, -1), atol=1e-5)
    assert lessons.angles(lessons.directions(own)[:8], lessons.directions(load("pca-digits", "cpu"))[:8])[0] < 10


def test_what_is_no_linear_code_is_refused(vae: Explorer, digits: Images) -> None:
    of = lessons.scatter(digits.images)
    with pytest.raises(ValueError, match="expected pca or a linear autoencoder, got a vae"):
        lessons.directions(vae)
    with pytest.raises(ValueError, match="between 1 and 64, got 65"):
        of.components(65)
    with pytest.raises(ValueError, match="expected rising steps"):
        lessons.descend_linear(of, 2, [3, 3])


def test_what_is_left_out_and_given_back_by_hand() -> None:
    images = np.random.default_rng(0).normal(size=(50, 1, 2, 3))
    of = lessons.scatter(images)
    components = of.components(2)
    assert of.least(2) == pytest.approx(of.error(components, components.T))
    rows = images.reshape(50, -1)
    by_hand = rows.mean(0) + (rows - rows.mean(0)) @ components.T @ components
    np.testing.assert_allclose(of.through(components, components.T, images).reshape(50, -1), by_hand, atol=1e-12)
    assert np.square(by_hand - rows).sum(1).mean() == pytest.approx(of.least(2))


def test_rows_are_like_themselves_whatever_their_length_sign_and_order() -> None:
    rows = np.random.default_rng(0).normal(size=(3, 6))
    assert lessons.likeness(rows[[2, 0, 1]] * [[-2.0], [0.5], [3.0]], rows) == pytest.approx(1)
    turned = np.array([[1.0, 1.0], [1.0, -1.0]])
    assert lessons.likeness(turned, np.eye(2)) == pytest.approx(np.sqrt(0.5))
    assert lessons.unit_rows(np.zeros((1, 4))).tolist() == [[0.0] * 4]

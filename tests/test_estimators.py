"""The gradient over q and its estimators: against finite differences, a closed form, and each other."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

import vaecore
from vaecore import checkpoint, lessons, serving
from vaecore.recipes import find
from vaecore.serving import Explorer

MEAN, SCALE = np.array([0.4, -0.3]), np.array([0.3, 0.5])
SIDE = np.linspace(-7, 7, 141)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return serving.posterior.binarised(vaecore.dataset("digits").images[7])


def expectation(own: Explorer, image: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> float:
    """E_q[log p(x|z)] from decoded pixels alone: a Bernoulli's log likelihood, summed over a grid."""
    units = np.stack(np.meshgrid(SIDE, SIDE), -1).reshape(-1, 2)
    pixels = own.decode(mean + scale * units).astype(np.float64).clip(1e-7, 1 - 1e-7)
    values = (image * np.log(pixels) + (1 - image) * np.log1p(-pixels)).sum((1, 2, 3))
    weights = norm.pdf(units).prod(1)
    return float(values @ weights / weights.sum())


def test_the_exact_gradient_is_that_of_finite_differences(vae: Explorer, image: np.ndarray) -> None:
    found, small = lessons.exact(vae, image, MEAN, SCALE), 1e-2
    assert found.value == pytest.approx(expectation(vae, image, MEAN, SCALE), abs=1e-3)
    for index in range(4):
        step = small * np.eye(4)[index]
        high, low = (
            expectation(vae, image, MEAN + sign * step[:2], SCALE * np.exp(sign * step[2:])) for sign in (1, -1)
        )
        assert found.gradient[index] == pytest.approx((high - low) / (2 * small), abs=5e-3)
    assert found.mismatch < 1e-4


def test_all_estimators_have_the_gradient_as_their_mean_and_the_variance_that_was_said(
    vae: Explorer, image: np.ndarray
) -> None:
    exact = lessons.exact(vae, image, MEAN, SCALE)
    drawn = lessons.drawn(vae, image, MEAN, SCALE, exact.value, 20_000, seed=1)
    np.testing.assert_allclose(drawn.codes.mean(0), MEAN, atol=0.02)
    for name in lessons.ESTIMATORS:
        variances = drawn.gradients[name].var(0)
        error = np.sqrt(exact.variances[name] / 20_000)
        assert (np.abs(drawn.gradients[name].mean(0) - exact.gradient) < 4 * error).all()
        np.testing.assert_allclose(variances, exact.variances[name], rtol=0.2)
        averaged = drawn.averaged(name, 50)
        assert averaged.shape == (400, 4)
        np.testing.assert_allclose(50 * averaged.var(0), exact.variances[name], rtol=0.35)
    assert (exact.variances["pathwise"] < exact.variances["score"]).all()
    assert (exact.variances["baseline"] < exact.variances["score"]).all()


def test_of_a_linear_gaussian_all_is_known() -> None:
    """With a decoder W and unit noise, E log p(x|z) = -|x - W m|^2 / 2 - tr(W S W') / 2, and both moments by hand."""
    own = linear()
    x = np.random.default_rng(1).random((1, 2, 2)).astype(np.float32)
    matrix, origin = matrix_of(own)
    found = lessons.exact(own, x, MEAN, SCALE)
    rest = x.ravel() - origin - matrix @ MEAN
    gram = matrix.T @ matrix
    by_mean, by_log_scale = matrix.T @ rest, -np.diag(gram) * SCALE**2
    np.testing.assert_allclose(found.gradient, [*by_mean, *by_log_scale], atol=1e-4)
    value = -(rest @ rest) / 2 - np.diag(gram) @ SCALE**2 / 2 - 2 * np.log(2 * np.pi)
    assert found.value == pytest.approx(value, abs=1e-4)
    # The slope is W'(rest) - W'W s eps: its covariance is W'W diag(s^2) W'W.
    np.testing.assert_allclose(found.variances["pathwise"][:2], np.diag(gram @ np.diag(SCALE**2) @ gram), atol=1e-4)


def linear() -> Explorer:
    """A VAE of 2 x 2 pixels whose decoder is linear, with Gaussian pixels of scale one."""
    recipe = find("vae-digits-2").changed(hidden=(), likelihood="gaussian", scale=1.0)
    torch.manual_seed(0)
    model = checkpoint.build(recipe, (1, 2, 2), 0)
    return Explorer(model.eval(), recipe, {"classes": []})


def matrix_of(own: Explorer) -> tuple[np.ndarray, np.ndarray]:
    """What a linear decoder multiplies a code by, and what it adds."""
    origin, *ends = own.decode(np.array([[0, 0], [1, 0], [0, 1]])).astype(np.float64).reshape(3, -1)
    return (np.array(ends) - origin).T, origin


def test_nonsense_is_refused(vae: Explorer, autoencoder: Explorer, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="two scales above 0"):
        lessons.exact(vae, image, MEAN, np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="expected a model with a likelihood"):
        lessons.exact(autoencoder, image, MEAN, SCALE)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        lessons.drawn(vae, image, MEAN, SCALE, 0.0, 0)
    few = lessons.drawn(vae, image, MEAN, SCALE, 0.0, 3)
    with pytest.raises(ValueError, match="between 1 and 3, got 4"):
        few.averaged("score", 4)

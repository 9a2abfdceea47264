"""What a code feels and ignores: directions in pixel space, and pushes along them."""

import numpy as np
import pytest

from vaecore import serving
from vaecore.data import Images
from vaecore.serving import Explorer


def test_pca_feels_its_components_and_ignores_what_is_across(pca: Explorer, test_digits: Images) -> None:
    felt = serving.directions.sensitivity(pca, test_digits.images[0], among=test_digits.images)
    np.testing.assert_allclose(felt.values, 1, atol=1e-5)
    assert felt.norm == pytest.approx(pca.latent**0.5, rel=1e-5)
    components = pca.model.components.numpy()
    across = np.linalg.norm(components @ felt.ignored.reshape(len(felt.ignored), -1).T, axis=0)
    np.testing.assert_allclose(felt.ignored_values, across, atol=1e-5)
    assert (across[:-1] < 1e-5).all()  # 99 percent of the variance takes 39 components, of which PCA has 32


def test_directions_have_length_one_and_move_the_code_as_they_say(autoencoder: Explorer, test_digits: Images) -> None:
    image = test_digits.images[3]
    felt = serving.directions.sensitivity(autoencoder, image, among=test_digits.images)
    assert len(felt.felt) == autoencoder.latent
    assert len(felt.ignored) == 8
    for directions, values in ((felt.felt, felt.values), (felt.ignored, felt.ignored_values)):
        np.testing.assert_allclose(np.linalg.norm(directions.reshape(len(directions), -1), axis=1), 1, atol=1e-4)
        moved = [serving.directions.nudge(autoencoder, image, direction, 1e-3).distance for direction in directions]
        np.testing.assert_allclose(np.array(moved) / 1e-3, values, rtol=0.05, atol=0.05)


def test_what_is_ignored_is_something_that_images_do(vae: Explorer, test_digits: Images) -> None:
    """Without images to go by, the corners that are always black would be as good as any direction."""
    pixels = test_digits.images.reshape(len(test_digits), -1)
    felt = serving.directions.sensitivity(vae, test_digits.images[0], among=test_digits.images)
    spread = (pixels @ felt.ignored.reshape(8, -1).T).var(axis=0)
    assert (spread > pixels.var(axis=0).mean()).all()
    assert (np.diff(spread) < 1e-4).all()  # the commonest first


def test_a_nudge_goes_where_it_should(pca: Explorer, test_digits: Images) -> None:
    image, direction = test_digits.images[0], np.zeros(pca.shape, np.float32)
    direction[0, 4, 4] = 1
    nudge = serving.directions.nudge(pca, image, direction, -2.0)
    np.testing.assert_allclose(nudge.image, image - 2 * direction, atol=1e-6)
    weight = float(np.linalg.norm(pca.model.components.numpy()[:, 36]))
    assert nudge.distance == pytest.approx(2 * weight, rel=1e-4)
    moved = serving.directions.movement(pca, image, direction, np.array([-2.0, 0.0, 1.0]))
    np.testing.assert_allclose(moved, [2 * weight, 0, weight], atol=1e-5)
    still = serving.directions.nudge(pca, image, direction, 0.0)
    np.testing.assert_allclose(still.reconstruction, pca.reconstruct(image[None])[0], atol=1e-5)


def test_a_conditional_model_is_told_the_class_that_does_not_move(cvae: Explorer, test_digits: Images) -> None:
    image = test_digits.images[0]
    felt = serving.directions.sensitivity(cvae, image, label=3)
    there = serving.directions.nudge(cvae, image, felt.felt[0], 0.0, label=3)
    assert there.distance == 0
    np.testing.assert_allclose(there.reconstruction, cvae.reconstruct(image[None], np.array([3]))[0], atol=1e-5)
    with pytest.raises(ValueError, match="expected 1 labels, got none"):
        serving.directions.nudge(cvae, image, felt.felt[0], 1.0)


def test_a_direction_of_another_size_gets_a_sentence(vae: Explorer, test_digits: Images) -> None:
    with pytest.raises(ValueError, match=r"expected a direction of \(1, 8, 8\), got \(1, 8, 9\)"):
        serving.directions.nudge(vae, test_digits.images[0], np.zeros((1, 8, 9), np.float32), 1.0)


def test_the_usual_distance_is_that_of_all_pairs(test_digits: Images) -> None:
    rows = test_digits.images[:30].reshape(30, -1)
    pairs = ((rows[:, None] - rows[None]) ** 2).sum(axis=2).mean()
    assert serving.directions.usual_distance(test_digits.images[:30]) == pytest.approx(float(np.sqrt(pairs)), rel=1e-5)

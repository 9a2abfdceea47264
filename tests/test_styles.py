"""What a conditional model keeps in its code once it is told the class."""

import numpy as np
import pytest
import torch
from numpy import ndarray
from numpy.polynomial.hermite_e import hermegauss
from sklearn.linear_model import LogisticRegression

import vaecore
from vaecore import serving
from vaecore.data import Images
from vaecore.evaluation.likelihood import elbo
from vaecore.serving import Explorer


def test_every_class_is_decoded_at_the_same_code(cvae: Explorer) -> None:
    codes = np.array([[0.3, -1.2], [2.0, 0.1]], np.float32)
    images = serving.styles.in_every_class(cvae, codes)
    assert images.shape == (2, 10, 1, 8, 8)
    for row, code in enumerate(codes):
        for label in range(10):
            alone = cvae.decode(code[None], np.array([label]))[0]
            np.testing.assert_allclose(images[row, label], alone, atol=1e-6)
    assert np.abs(images[0, 3] - images[0, 4]).max() > 0.2


def test_told_its_own_class_a_style_is_the_reconstruction(cvae: Explorer, test_digits: Images) -> None:
    images, labels = test_digits.images[:20], test_digits.labels[:20]
    whole = serving.styles.in_every_class(cvae, cvae.encode(images, labels))
    np.testing.assert_allclose(whole[np.arange(20), labels], cvae.reconstruct(images, labels), atol=1e-6)


def test_a_style_of_the_prior_has_a_number(cvae: Explorer) -> None:
    some = serving.styles.prior_codes(cvae, np.array([7, 8, 7]))
    np.testing.assert_array_equal(some[0], some[2])
    assert np.abs(some[0] - some[1]).max() > 1e-3
    np.testing.assert_array_equal(serving.styles.prior_codes(cvae, np.array([7]))[0], some[0])


def test_styles_of_the_prior_are_draws_from_it(cvae: Explorer) -> None:
    codes = serving.styles.prior_codes(cvae, np.arange(4000))
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(2), atol=0.08)


def test_a_walk_moves_one_number_over_the_prior(cvae: Explorer) -> None:
    code, stops = np.array([0.5, -0.7], np.float32), np.linspace(-2.5, 2.5, 11)
    codes = serving.styles.style_walk(cvae, code, 1, stops)
    np.testing.assert_array_equal(codes[:, 0], np.full(11, 0.5, np.float32))
    np.testing.assert_allclose(codes[:, 1], stops, atol=1e-5)  # the prior is N(0, I)
    with pytest.raises(ValueError, match=r"dimension in 0\.\.1, got 2"):
        serving.styles.style_walk(cvae, code, 2, stops)


def test_a_number_that_the_model_leaves_unused_changes_nothing() -> None:
    explorer = serving.loading.load("cvae-mnist-16", device="cpu")
    effects = serving.styles.effects(explorer)
    spread = np.std(explorer.card["codes"]["quantiles"], axis=0)  # of the means over training images
    unused = spread < 0.05
    assert 0 < unused.sum() < 8
    assert effects[unused].max() < 0.1 * effects[~unused].min()
    codes = np.zeros((2, 16), np.float32)
    codes[:, 3] = -1, 1
    low, high = (explorer.decode(code[None].repeat(10, 0), np.arange(10)) for code in codes)
    assert effects[3] == pytest.approx(np.sqrt(((high - low) ** 2).mean()), rel=1e-4)


def quadrature(explorer: Explorer, image: ndarray, label: int) -> float:
    """The elbo of a 2-D Gaussian posterior and Bernoulli pixels by Gauss-Hermite quadrature, in numpy."""
    mean, scale = (part[0].astype(np.float64) for part in explorer.posterior(image[None], np.array([label])))
    nodes, weights = hermegauss(24)
    grid = np.stack(np.meshgrid(nodes, nodes), -1).reshape(-1, 2)
    share = np.outer(weights, weights).ravel() / weights.sum() ** 2
    codes = (mean + scale * grid).astype(np.float32)
    p = explorer.decode(codes, np.full(len(codes), label)).astype(np.float64).clip(1e-12, 1 - 1e-12)
    log_likelihood = (image * np.log(p) + (1 - image) * np.log1p(-p)).sum(axis=(1, 2, 3))
    rate = 0.5 * (scale**2 + mean**2 - 1 - 2 * np.log(scale)).sum()
    return float(share @ log_likelihood - rate)


def test_the_elbo_of_every_class_is_that_of_quadrature(cvae: Explorer, test_digits: Images) -> None:
    images = test_digits.images[:2]
    found = serving.styles.class_elbos(cvae, images, samples=1000)
    expected = np.array([[quadrature(cvae, image, label) for label in range(10)] for image in images])
    np.testing.assert_allclose(found, expected, atol=0.25)
    quick = serving.styles.class_elbos(cvae, images)
    assert np.abs(quick - expected).max() < 2
    np.testing.assert_array_equal(quick, serving.styles.class_elbos(cvae, images))


def test_pieces_of_many_images_are_those_of_few(cvae: Explorer, test_digits: Images) -> None:
    """The noise of a piece is its own, so that the first piece is the same whatever follows it."""
    images = test_digits.images
    np.testing.assert_array_equal(
        serving.styles.class_elbos(cvae, images)[:50], serving.styles.class_elbos(cvae, images[:50])
    )
    assert serving.styles.class_elbos(cvae, images).shape == (len(images), 10)
    assert serving.styles.class_elbos(cvae, images[:0]).shape == (0, 10)


def test_a_chain_of_latents_has_elbos_too(test_digits: Images, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("runs") / "hierarchical-digits"
    explorer = serving.loading.load(
        vaecore.train("hierarchical-digits", out=folder, device="cpu", epochs=1, conditional=True), device="cpu"
    )
    x, labels = test_digits.images[:4], test_digits.labels[:4]
    found = serving.styles.class_elbos(explorer, x, samples=200)[np.arange(4), labels]
    draws = [
        elbo(explorer.model, torch.from_numpy(x), torch.from_numpy(labels), torch.Generator().manual_seed(seed))
        for seed in range(100)
    ]
    expected, error = torch.stack(draws).mean(0).numpy(), torch.stack(draws).std(0).numpy() / 10
    assert (np.abs(found - expected) < 6 * error).all()
    assert serving.styles.in_every_class(explorer, serving.styles.prior_codes(explorer, np.arange(2))).shape[:2] == (
        2,
        10,
    )


def test_the_posterior_over_classes_is_that_of_the_bounds() -> None:
    elbos = np.array([[-100.0, -101.0, -1000.0], [0.0, 0.0, 0.0]])
    shares = serving.styles.class_posterior(elbos)
    np.testing.assert_allclose(shares[0], [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1)), 0], atol=1e-6)
    np.testing.assert_allclose(shares[1], 1 / 3, atol=1e-6)
    np.testing.assert_allclose(serving.styles.class_posterior(elbos + 5000), shares, atol=1e-6)


def test_the_largest_elbo_tells_the_class(cvae: Explorer, test_digits: Images) -> None:
    found = serving.styles.class_elbos(cvae, test_digits.images).argmax(axis=1)
    assert (found == test_digits.labels).mean() > 0.93
    upside_down = serving.styles.class_elbos(cvae, np.ascontiguousarray(test_digits.images[:, :, ::-1])).argmax(axis=1)
    assert (upside_down == test_digits.labels).mean() < 0.6


def test_told_the_class_a_code_holds_no_more_of_it_than_chance(cvae: Explorer, vae: Explorer) -> None:
    told, plain = serving.styles.label_left(cvae), serving.styles.label_left(vae)
    labels = vaecore.dataset("digits").labels
    assert told.chance == plain.chance == pytest.approx(np.bincount(labels).max() / len(labels))
    assert (told.probed, told.tested) == (1618, 179)
    assert told.accuracy < told.chance + 0.06
    assert plain.accuracy > 0.6


def test_the_probe_is_softmax_regression_on_the_codes(vae: Explorer, digits: Images, test_digits: Images) -> None:
    train, test = vae.encode(digits.images), vae.encode(test_digits.images)
    accuracy = LogisticRegression(C=1.0, max_iter=1000).fit(train, digits.labels).score(test, test_digits.labels)
    assert serving.styles.label_left(vae).accuracy == pytest.approx(accuracy, abs=0.03)


def test_a_code_that_spells_the_class_gives_it_away(cvae: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same probe on other codes: so it is not the probe that finds nothing."""

    def spelt(images: ndarray, labels: ndarray | None = None) -> ndarray:
        assert labels is not None
        return np.eye(10, dtype=np.float32)[labels]

    monkeypatch.setattr(cvae, "encode", spelt)
    assert serving.styles.label_left(cvae).accuracy == 1


def test_images_without_classes_leave_nothing_to_probe(
    cvae: Explorer, monkeypatch: pytest.MonkeyPatch, test_digits: Images
) -> None:
    nameless = Images(test_digits.pixels, None, ())
    monkeypatch.setattr("vaecore.serving.studies.styles.dataset", lambda *_: nameless)
    with pytest.raises(ValueError, match="no classes"):
        serving.styles.label_left(cvae)


def test_the_untold_model_has_the_same_data_and_the_nearest_size(
    cvae: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert serving.relatives.untold(cvae) == "vae-digits-2"
    assert serving.relatives.untold(serving.loading.load("cvae-mnist-16", device="cpu")) == "vae-mnist-20"
    assert serving.relatives.untold(serving.loading.load("cvae-mnist-2", device="cpu")) == "vae-mnist-2"
    monkeypatch.setattr("vaecore.serving.relatives.names", lambda: ["cvae-digits-2", "vae-mnist-2", "ae-digits-2"])
    assert serving.relatives.untold(cvae) is None


def test_a_model_that_is_told_nothing_is_refused(vae: Explorer, autoencoder: Explorer, test_digits: Images) -> None:
    code = np.zeros((1, 2), np.float32)
    for explorer in (vae, autoencoder):
        with pytest.raises(ValueError, match="is not conditional"):
            serving.styles.in_every_class(explorer, code)
        with pytest.raises(ValueError, match="is not conditional"):
            serving.styles.class_elbos(explorer, test_digits.images[:1])
        with pytest.raises(ValueError, match="is not conditional"):
            serving.styles.prior_codes(explorer, np.arange(2))


def test_wrong_shapes_get_a_sentence(cvae: Explorer) -> None:
    with pytest.raises(ValueError, match=r"expected codes \[n, 2\], got \[1, 3\]"):
        serving.styles.in_every_class(cvae, np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match=r"expected images \[n, 1, 8, 8\]"):
        serving.styles.class_elbos(cvae, np.zeros((1, 1, 28, 28), np.float32))

"""One contract over every variant of images, and what PCA and the linear autoencoder must be."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA as Reference
from torch import Tensor

from vaecore import checkpoint
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.evaluation.reconstruction import mean_squared_error
from vaecore.models import MODELS, PCA, Autoencoder, LinearAutoencoder
from vaecore.recipe import Recipe
from vaecore.recipes import RECIPES, find
from vaecore.runs import Run
from vaecore.training import fit

CPU = torch.device("cpu")


def tiny_recipe(name: str) -> Recipe:
    """The variant's recipe for the digits, made small: a new variant is tested as soon as it has one."""
    recipe = next(recipe for recipe in RECIPES.values() if recipe.model == name and recipe.dataset == "digits")
    return recipe.changed(latent=3, hidden=tuple(range(7, 7 - len(recipe.settings.hidden), -1)))


@pytest.fixture(params=[name for name, kind in MODELS.items() if "text" not in kind.abilities])
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return tiny_recipe(request.param)


def made(recipe: Recipe, images: Images, seed: int = 0) -> Autoencoder:
    torch.manual_seed(seed)
    model = checkpoint.build(recipe, images.shape, len(images.names))
    model.prepare(images.pixels)
    return model


@pytest.fixture
def model(recipe: Recipe, few: Images) -> Autoencoder:
    return made(recipe, few).eval()


@pytest.fixture(scope="module")
def x(few: Images) -> Tensor:
    return present(few.pixels)


def terms_of(model: Autoencoder, x: Tensor, label: Tensor | None, seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return model(x, label)


def test_it_says_what_it_is(recipe: Recipe) -> None:
    kind = MODELS[recipe.model]
    assert kind.equation.strip()
    assert kind.source.strip()
    assert (kind.__doc__ or "").split("\n")[0].endswith(".")
    assert {"encode", "decode"} <= kind.abilities
    assert kind.abilities <= {"encode", "decode", "sample", "condition", "likelihood", "text"}


def test_shapes(model: Autoencoder, few: Images, x: Tensor) -> None:
    posterior = model.posterior(x, few.target)
    assert posterior.mean.shape == (32, model.latent)
    z = posterior.rsample((5,))
    assert z.shape == (5, 32, model.latent)
    for codes in (z[0], z):
        images = model.likelihood(codes, few.target).mean
        assert images.shape == (*codes.shape[:-1], *few.shape)
        assert images.isfinite().all()
    assert torch.allclose(model.likelihood(z, few.target).mean[2], model.likelihood(z[2], few.target).mean, atol=1e-5)
    terms = model.loss(x, few.target)
    assert {term.shape for term in terms.values()} == {(32,)}
    assert all(term.isfinite().all() and term.dtype == torch.float32 for term in terms.values())


def test_no_images_give_no_numbers(model: Autoencoder, few: Images, x: Tensor) -> None:
    assert model.posterior(x[:0], few.target[:0]).mean.shape == (0, model.latent)
    assert {term.shape for term in model.loss(x[:0], few.target[:0]).values()} == {(0,)}


def test_prior(model: Autoencoder) -> None:
    if "sample" in model.abilities:
        z = model.prior().rsample((5,))
        assert z.shape == (5, model.latent)
        assert model.prior().log_prob(z).shape == (5,)
    else:
        with pytest.raises(TypeError, match="has no prior"):
            model.prior()


def test_every_parameter_gets_a_finite_gradient(recipe: Recipe, model: Autoencoder, few: Images, x: Tensor) -> None:
    parameters = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert bool(parameters) == (recipe.training.epochs > 0), "what has parameters is trained, and the other way round"
    if parameters:
        torch.stack(list(model.train()(x, few.target).values())).sum(0).mean().backward()
    for name, parameter in parameters.items():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_the_forward_pass_is_the_loss(model: Autoencoder, few: Images, x: Tensor) -> None:
    torch.manual_seed(3)
    expected = model.loss(x, few.target)
    found = terms_of(model, x, few.target, seed=3)
    assert all(torch.equal(found[name], term) for name, term in expected.items())


def test_an_example_is_on_its_own(model: Autoencoder, few: Images, x: Tensor) -> None:
    """The code and the reconstruction of an image do not depend on its neighbours in the batch."""
    together = model.posterior(x, few.target).mean
    alone = torch.cat([model.posterior(x[i : i + 1], few.target[i : i + 1]).mean for i in range(3)])
    torch.testing.assert_close(together[:3], alone, rtol=1e-4, atol=1e-5)


def test_same_seed_same_numbers(recipe: Recipe, few: Images, x: Tensor) -> None:
    one, same, other = (terms_of(made(recipe, few, seed), x, few.target, seed) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    if recipe.training.epochs:
        assert any(not torch.equal(one[name], other[name]) for name in one)


def test_bfloat16_autocast_keeps_the_terms_in_float32(model: Autoencoder, few: Images, x: Tensor) -> None:
    exact = terms_of(model, x, few.target)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = terms_of(model, x, few.target)
    for name, term in rounded.items():
        assert term.dtype == torch.float32
        torch.testing.assert_close(term, exact[name], rtol=0.05, atol=0.05)


@pytest.mark.parametrize("store", ["float32", "float16", "int8"])
def test_kept_and_loaded(recipe: Recipe, few: Images, x: Tensor, tmp_path: Path, store: str) -> None:
    recipe = recipe.changed(store=store)
    model = made(recipe, few).eval()
    card = {"shape": list(few.shape), "classes": list(few.names), "metrics": {"squared_error": 1.5}}
    checkpoint.save(tmp_path, recipe, model, card)
    loaded, loaded_recipe, loaded_card = checkpoint.load(tmp_path)
    assert (type(loaded), loaded_recipe, loaded_card) == (type(model), recipe, card)
    assert not loaded.training
    assert loaded.state_dict().keys() == model.state_dict().keys()
    tolerance = {"float32": 0.0, "float16": 1e-3, "int8": 5e-3}[store]
    for name, tensor in loaded.state_dict().items():
        assert tensor.dtype == (torch.int64 if name.endswith("num_batches_tracked") else torch.float32)
        torch.testing.assert_close(tensor, model.state_dict()[name], rtol=tolerance, atol=tolerance)
    for name, term in terms_of(loaded, x, few.target).items():
        expected = terms_of(model, x, few.target)[name]
        torch.testing.assert_close(term, expected, rtol=10 * tolerance, atol=10 * tolerance)


def test_labels_matter_where_the_model_is_conditional(model: Autoencoder, few: Images, x: Tensor) -> None:
    z = torch.zeros(32, model.latent)
    if "condition" in model.abilities:
        for verb in (lambda: model.posterior(x), lambda: model.likelihood(z), lambda: model.loss(x)):
            with pytest.raises(ValueError, match="conditional: expected a label per example, got none"):
                verb()
        other = (few.target + 1) % 10
        assert not torch.equal(model.likelihood(z, few.target).mean, model.likelihood(z, other).mean)
        assert not torch.equal(model.posterior(x, few.target).mean, model.posterior(x, other).mean)
    else:
        assert torch.equal(model.posterior(x).mean, model.posterior(x, few.target).mean)
        assert torch.equal(model.likelihood(z).mean, model.likelihood(z, few.target).mean)


def test_unlabelled_data_is_refused_by_conditional_models(recipe: Recipe, few: Images) -> None:
    if "condition" in MODELS[recipe.model].abilities:
        with pytest.raises(ValueError, match="conditional: expected labelled images"):
            checkpoint.build(recipe, few.shape, 0)
    else:
        assert checkpoint.build(recipe, few.shape, 0).classes == 0


@torch.no_grad()
def test_training_brings_the_loss_down(recipe: Recipe, digits: Images, tmp_path: Path) -> None:
    """Below that of the model as it starts: at the mean image already, unless it has a closed form."""
    images = digits.rows(torch.arange(256))
    recipe = recipe.changed(hidden=(32,) * len(recipe.settings.hidden), precision="float32")
    if recipe.training.epochs:
        recipe = recipe.changed(epochs=60, batch=64, learning_rate=1e-2)
        if getattr(recipe.settings, "tied", False):  # three units that have to be sparse, or sigmoids, say too little
            recipe = recipe.changed(latent=64)
        if recipe.model in ("beta-vae", "conv-vae", "iaf"):  # which leave the mean image later than sixty epochs
            recipe = recipe.changed(beta=0.1)
        with torch.enable_grad():
            model, _ = fit(Run(recipe, images, images.rows(torch.arange(0)), tmp_path), CPU)
        start = made(recipe, images)
    else:
        model, start = made(recipe, images), checkpoint.build(recipe, images.shape, 10)
    before, after = (
        float(sum(terms_of(which, present(images.pixels), images.target).values()).mean()) for which in (start, model)
    )
    assert after < before - 1.5


def test_colour_images_have_their_shape(recipe: Recipe) -> None:
    pixels = torch.randint(0, 256, (16, 3, 5, 4), dtype=torch.uint8)
    images = Images(pixels, torch.arange(16) % 2, ("a", "b"))
    model = made(recipe, images)
    x = present(pixels)
    assert model.likelihood(model.posterior(x, images.target).mean, images.target).mean.shape == x.shape


def test_gaussian_pixels_with_a_learned_scale_find_it(few: Images, held: Images, tmp_path: Path) -> None:
    """At the optimum the learned variance is the mean squared error of a pixel."""
    recipe = find("vae-digits-2").changed(
        likelihood="gaussian", scale="learned", epochs=400, batch=32, learning_rate=1e-2, precision="float32"
    )
    model, _ = fit(Run(recipe, few, held, tmp_path), CPU)
    with torch.no_grad():
        x = present(few.pixels)
        errors = [(x - model.likelihood(model.posterior(x).rsample()).mean).square().mean() for _ in range(200)]
    assert model.log_scale.exp().item() ** 2 == pytest.approx(float(torch.stack(errors).mean()), rel=0.1)


def test_a_fixed_scale_is_not_trained(few: Images, held: Images, tmp_path: Path) -> None:
    recipe = find("vae-digits-2").changed(likelihood="gaussian", scale=0.3, epochs=3)
    model, _ = fit(Run(recipe, few, held, tmp_path), CPU)
    assert float(model.log_scale.exp()) == pytest.approx(0.3)


# PCA


@pytest.fixture(scope="module")
def fitted(digits: Images) -> PCA:
    model = PCA(PCA.Settings(latent=10), digits.shape)
    model.prepare(digits.pixels)
    return model


def test_pca_is_that_of_scikit_learn(fitted: PCA, digits: Images, test_digits: Images) -> None:
    reference = Reference(10, svd_solver="full").fit(digits.images.reshape(len(digits), -1).astype(np.float64))
    signs = np.sign((reference.components_ * fitted.components.numpy()).sum(1, keepdims=True))
    np.testing.assert_allclose(fitted.components, signs * reference.components_, atol=1e-4)
    np.testing.assert_allclose(fitted.center, reference.mean_, atol=1e-6)
    flat = test_digits.images.reshape(len(test_digits), -1)
    codes = fitted.posterior(torch.from_numpy(test_digits.images)).mean
    np.testing.assert_allclose(codes, reference.transform(flat) * signs.T, atol=1e-4)
    error = ((flat - reference.inverse_transform(reference.transform(flat))) ** 2).sum(1).mean()
    assert mean_squared_error(fitted, test_digits) == pytest.approx(error, abs=1e-4)


def test_pca_components_are_orthonormal_ordered_and_signed(fitted: PCA, digits: Images) -> None:
    w = fitted.components
    torch.testing.assert_close(w @ w.T, torch.eye(10), rtol=0, atol=1e-5)
    codes = fitted.posterior(torch.from_numpy(digits.images)).mean
    assert (codes.var(0).diff() < 0).all()
    assert (w.gather(1, w.abs().argmax(1, keepdim=True)) > 0).all()


@pytest.mark.parametrize("k", [1, 4, 10])
def test_truncated_pca_is_the_smaller_pca(fitted: PCA, digits: Images, test_digits: Images, k: int) -> None:
    smaller = PCA(PCA.Settings(latent=k), digits.shape)
    smaller.prepare(digits.pixels)
    truncated = fitted.truncate(k)
    assert (truncated.latent, truncated.settings) == (k, smaller.settings)
    x = torch.from_numpy(test_digits.images)
    torch.testing.assert_close(truncated.posterior(x).mean, smaller.posterior(x).mean, rtol=0, atol=1e-5)
    torch.testing.assert_close(truncated.posterior(x).mean, fitted.posterior(x).mean[:, :k], rtol=0, atol=1e-5)
    assert mean_squared_error(truncated, test_digits) == pytest.approx(mean_squared_error(smaller, test_digits))
    assert fitted.latent == len(fitted.components) == 10, "the larger one stays as it is"


@pytest.mark.parametrize("k", [0, -1, 11])
def test_pca_cannot_be_truncated_to_what_it_has_not(fitted: PCA, k: int) -> None:
    with pytest.raises(ValueError, match=f"between 1 and 10, got {k}"):
        fitted.truncate(k)


def test_pca_has_no_more_components_than_pixels() -> None:
    with pytest.raises(ValueError, match="latent <= 64 pixels, got 65"):
        PCA(PCA.Settings(latent=65), (1, 8, 8))


def test_complete_pca_loses_nothing(digits: Images) -> None:
    model = PCA(PCA.Settings(latent=64), digits.shape)
    model.prepare(digits.pixels)
    assert mean_squared_error(model, digits) < 1e-8


def test_pca_on_mnist_has_the_known_errors(mnist: tuple[Images, Images]) -> None:
    train, test = mnist
    assert (len(train), len(test)) == (60_000, 10_000)
    model = PCA(PCA.Settings(latent=30), train.shape)
    model.prepare(train.pixels)
    assert f"{mean_squared_error(model, test):.3f}" == "13.866"
    assert f"{mean_squared_error(model.truncate(2), test):.3f}" == "43.645"


# The linear autoencoder


def check_spans_pca(linear: Autoencoder, train: Images, test: Images, degrees: float) -> None:
    assert isinstance(linear, LinearAutoencoder)
    pca = PCA(PCA.Settings(latent=linear.latent), train.shape)
    pca.prepare(train.pixels)
    angles = subspace_angles(linear.decoder[0].weight.detach().numpy(), pca.components.numpy().T)
    assert np.rad2deg(angles).max() < degrees
    assert mean_squared_error(linear, test) == pytest.approx(mean_squared_error(pca, test), rel=0.005)


def test_the_linear_autoencoder_spans_the_pca_subspace(digits: Images, test_digits: Images, tmp_path: Path) -> None:
    recipe = find("linear-digits-8").changed(
        epochs=120, batch=128, learning_rate=1e-2, weight_decay=0.0, precision="float32"
    )
    linear, _ = fit(Run(recipe, digits, digits.rows(torch.arange(0)), tmp_path), CPU)
    check_spans_pca(linear, digits, test_digits, degrees=3)


@pytest.mark.slow
def test_the_linear_autoencoder_spans_the_pca_subspace_on_mnist(mnist: tuple[Images, Images], tmp_path: Path) -> None:
    train, _ = mnist
    linear, _ = fit(Run(find("linear-mnist-8"), train, train.rows(torch.arange(0)), tmp_path), CPU)
    check_spans_pca(linear, *mnist, degrees=5)


def test_pca_of_few_large_images_is_that_of_scikit_learn() -> None:
    """With fewer images than pixels the components come from the images themselves, not from a covariance."""
    pixels = torch.randint(0, 256, (30, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    model = PCA(PCA.Settings(latent=6), (3, 8, 8))
    model.prepare(pixels)
    reference = Reference(6, svd_solver="full").fit(pixels.flatten(1).double().numpy() / 255)
    signs = np.sign((reference.components_ * model.components.numpy()).sum(1, keepdims=True))
    np.testing.assert_allclose(model.components, signs * reference.components_, atol=1e-4)


def test_pca_of_fewer_images_than_components_is_complete_and_soon_there() -> None:
    """No covariance of 12,288 pixels is made for 36 images: the components that they lack carry no variance."""
    pixels = torch.randint(0, 256, (36, 3, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    model = PCA(PCA.Settings(latent=64), (3, 64, 64))
    begun = time.process_time()
    model.prepare(pixels)
    assert time.process_time() - begun < 10
    torch.testing.assert_close(model.components @ model.components.T, torch.eye(64), atol=1e-5, rtol=0)
    x = pixels.float() / 255
    torch.testing.assert_close(model.likelihood(model.posterior(x).mean).mean, x, atol=1e-4, rtol=0)
    torch.testing.assert_close(model.posterior(x).mean[:, 36:], torch.zeros(36, 28), atol=1e-4, rtol=0)

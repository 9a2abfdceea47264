"""The public verbs: what goes in, what comes out, and what is said to what cannot."""

import doctest
import importlib
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy import ndarray
from scipy.stats import norm

import vaecore
from vaecore import checkpoint, serving
from vaecore.checkpoint import names
from vaecore.data import Images
from vaecore.evaluation.latent import shortest_path
from vaecore.models import MODELS
from vaecore.serving import Explorer
from vaecore.serving.loading import load
from vaecore.serving.objectives import variants
from vaecore.serving.studies.codes import manifold
from vaecore.serving.studies.comparison import baseline, compare
from vaecore.serving.studies.maps import latent_map
from vaecore.serving.studies.maps import of_codes as maps

DIGITS = ("ae-digits-2", "cvae-digits-2", "pca-digits", "vae-digits-2")
ABILITIES = {
    "pca-digits": {"encode", "decode"},
    "ae-digits-2": {"encode", "decode"},
    "vae-digits-2": {"encode", "decode", "sample", "likelihood"},
    "cvae-digits-2": {"encode", "decode", "sample", "likelihood", "condition"},
}


@pytest.fixture(scope="module", params=DIGITS)
def explorer(request: pytest.FixtureRequest) -> Explorer:
    return load(request.param, device="cpu")


@pytest.fixture(scope="module")
def images(test_digits: Images) -> ndarray:
    return test_digits.images


@pytest.fixture
def labels(explorer: Explorer, test_digits: Images) -> ndarray | None:
    """The labels, where the model wants them."""
    return test_digits.labels if "condition" in explorer.abilities else None


def some(labels: ndarray | None, n: int) -> ndarray | None:
    return None if labels is None else labels[:n]


# The door


def test_names_are_sorted_and_all_load() -> None:
    assert names() == vaecore.names() == sorted(names())
    assert set(DIGITS) <= set(names())
    for name in names():
        assert load(name, device="cpu").name == name


@pytest.mark.parametrize("name", names())
def test_every_pretrained_model_says_what_it_is(name: str) -> None:
    explorer = load(name, device="cpu")
    assert explorer.card["name"] == name
    assert explorer.card["metrics"]["bits_per_character" if "text" in explorer.abilities else "squared_error"] > 0
    assert explorer.card["command"].startswith(f"vaecore train {name} ")
    assert {"recipe", "data", "parameters", "seed", "seconds", "codes"} <= explorer.card.keys()
    weights = checkpoint.read_tensors(explorer.folder / checkpoint.WEIGHTS)
    parameters = [tensor.numel() for key, tensor in weights.items() if not key.endswith(checkpoint.STEP)]
    assert explorer.card["parameters"] == sum(parameters)


@pytest.mark.parametrize("name", DIGITS)
def test_the_cards_error_is_the_error(name: str, test_digits: Images) -> None:
    explorer = load(name, device="cpu")
    labels = test_digits.labels if "condition" in explorer.abilities else None
    error = ((explorer.reconstruct(test_digits.images, labels) - test_digits.images) ** 2).sum((1, 2, 3)).mean()
    assert explorer.card["metrics"]["squared_error"] == pytest.approx(error, rel=1e-3)


def test_a_model_describes_itself(explorer: Explorer) -> None:
    assert explorer.abilities == ABILITIES[explorer.name]
    assert isinstance(explorer.abilities, frozenset)
    assert explorer.latent == (32 if explorer.name == "pca-digits" else 2)
    assert (explorer.shape, explorer.classes) == ((1, 8, 8), tuple("0123456789"))
    assert explorer.dataset == "digits"
    assert explorer.variant in MODELS
    assert explorer.equation == MODELS[explorer.variant].equation
    assert explorer.source
    assert explorer.summary.endswith(".")
    assert isinstance(explorer.model, torch.nn.Module)
    assert not explorer.model.training
    assert repr(explorer) == f"Explorer({explorer.name!r}, latent={explorer.latent}, device='cpu')"


def test_unknown_names_list_those_at_hand(tmp_path: Path) -> None:
    for name in ("vae-digits-3", str(tmp_path), tmp_path / "nothing", ""):
        with pytest.raises(ValueError, match=r"no pretrained model and no run is called .*vae-digits-2"):
            load(name)
    with pytest.raises(ValueError, match="unknown device 'tpu'"):
        load("vae-digits-2", device="tpu")


def test_a_folder_loads_like_a_name(tmp_path: Path, images: ndarray) -> None:
    shutil.copytree(load("vae-digits-2").folder, tmp_path / "run")
    for path in (tmp_path / "run", str(tmp_path / "run")):
        moved = load(path, device="cpu")
        np.testing.assert_array_equal(moved.encode(images), load("vae-digits-2", device="cpu").encode(images))


def test_variants_are_the_models() -> None:
    assert [variant["name"] for variant in variants()] == list(MODELS)
    assert all(value for variant in variants() for value in variant.values())


# Encode, decode, reconstruct


def is_float32(array: ndarray, shape: tuple[int, ...]) -> None:
    assert isinstance(array, ndarray)
    assert (array.dtype, array.shape) == (np.float32, shape)
    assert np.isfinite(array).all()


def test_encode_and_posterior(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    n = len(images)
    codes = explorer.encode(images, labels)
    is_float32(codes, (n, explorer.latent))
    mean, scale = explorer.posterior(images, labels)
    is_float32(mean, (n, explorer.latent))
    is_float32(scale, (n, explorer.latent))
    np.testing.assert_array_equal(mean, codes)
    assert (scale > 0).all() if "sample" in explorer.abilities else (scale == 0).all()
    assert codes.std(0).min() > 0.01


def test_decode_and_reconstruct(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    decoded = explorer.decode(explorer.encode(images, labels), labels)
    is_float32(decoded, images.shape)
    np.testing.assert_array_equal(explorer.reconstruct(images, labels), decoded)
    mean_image = images.mean(0)
    assert ((decoded - images) ** 2).sum() < 0.8 * ((mean_image - images) ** 2).sum()


def test_the_verbs_are_the_models_own(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    x, y = torch.from_numpy(images), None if labels is None else torch.from_numpy(labels)
    with torch.no_grad():
        mean = explorer.model.posterior(x, y).mean
        decoded = explorer.model.likelihood(mean, y).mean
    np.testing.assert_allclose(explorer.encode(images, labels), mean, atol=1e-6)
    np.testing.assert_allclose(explorer.reconstruct(images, labels), decoded, atol=1e-6)


@pytest.mark.parametrize("number", [np.float16, np.float32, np.float64])
def test_any_float_goes_in_and_float32_comes_out(explorer: Explorer, labels: ndarray | None, number: type) -> None:
    halves = np.full((3, 1, 8, 8), 0.5, dtype=number)
    y = some(labels, 3)
    codes = explorer.encode(halves, y)
    is_float32(codes, (3, explorer.latent))
    np.testing.assert_array_equal(codes, explorer.encode(halves.astype(np.float32), y))
    is_float32(explorer.decode(codes.astype(number), y), (3, 1, 8, 8))
    is_float32(explorer.decode(np.zeros((3, explorer.latent), dtype=int), y), (3, 1, 8, 8))


def test_arrays_of_any_layout_go_in(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    """Views, transposed, read-only: what a page has at hand; none is written to."""
    y = some(labels, 10)
    expected = explorer.encode(images[:10], y)
    turned = np.asfortranarray(images[:10])
    turned.flags.writeable = False
    np.testing.assert_array_equal(explorer.encode(turned, y), expected)
    backwards = None if y is None else y[::-1]
    np.testing.assert_allclose(explorer.encode(images[:10][::-1], backwards), expected[::-1], atol=1e-6)


def test_empty_batches(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    y = some(labels, 0)
    is_float32(explorer.encode(images[:0], y), (0, explorer.latent))
    is_float32(explorer.posterior(images[:0], y)[1], (0, explorer.latent))
    is_float32(explorer.decode(np.empty((0, explorer.latent), dtype=np.float32), y), (0, 1, 8, 8))
    is_float32(explorer.reconstruct(images[:0], y), (0, 1, 8, 8))
    if "sample" in explorer.abilities:
        is_float32(explorer.sample(0, y), (0, 1, 8, 8))
        is_float32(explorer.elbo(images[:0], labels=y), (0,))
        is_float32(explorer.log_likelihood(images[:0], samples=3, labels=y), (0,))


def test_large_batches_go_in_pieces(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    many = np.tile(images, (12, 1, 1, 1))
    y = None if labels is None else np.tile(labels, 12)
    np.testing.assert_allclose(explorer.encode(many, y), np.tile(explorer.encode(images, labels), (12, 1)), atol=1e-5)


def test_pca_is_never_clipped(pca: Explorer, images: ndarray) -> None:
    decoded = pca.reconstruct(images)
    assert decoded.min() < -0.01
    assert decoded.max() > 1.01
    doubled = pca.decode(2 * pca.encode(images)) - pca.decode(np.zeros((1, 32)))
    np.testing.assert_allclose(doubled, 2 * (decoded - pca.decode(np.zeros((1, 32)))), atol=1e-4)


# What is refused


BAD_IMAGES: dict[str, tuple[ndarray, str]] = {
    "one image": (np.zeros((1, 8, 8), dtype=np.float32), r"expected images \[n, 1, 8, 8\], got \[1, 8, 8\]"),
    "too large": (np.zeros((2, 1, 28, 28), dtype=np.float32), r"got \[2, 1, 28, 28\]"),
    "colour": (np.zeros((2, 3, 8, 8), dtype=np.float32), r"got \[2, 3, 8, 8\]"),
    "channels last": (np.zeros((2, 8, 8, 1), dtype=np.float32), r"got \[2, 8, 8, 1\]"),
    "a number": (np.array(0.5), r"got \[\]"),
    "bytes": (np.zeros((2, 1, 8, 8), dtype=np.uint8), "expected images of float32 in .* got uint8"),
    "integers": (np.zeros((2, 1, 8, 8), dtype=np.int64), "got int64"),
    "words": (np.full((2, 1, 8, 8), "dark"), "got <U4"),
    "bits": (np.zeros((2, 1, 8, 8), dtype=bool), "got bool"),
    "not a number": (np.full((2, 1, 8, 8), np.nan, dtype=np.float32), r"expected pixels in \[0, 1\], got .*nan"),
    "one not a number": (np.where(np.arange(64).reshape(1, 1, 8, 8) == 9, np.nan, 0.5), "got .*nan"),
    "infinity": (np.full((2, 1, 8, 8), np.inf, dtype=np.float32), r"in \[0, 1\], got values from inf to inf"),
    "bytes as floats": (np.full((2, 1, 8, 8), 255.0), r"in \[0, 1\], got values from 255 to 255"),
    "negative": (np.full((2, 1, 8, 8), -0.5), r"in \[0, 1\], got values from -0.5 to -0.5"),
    "just above": (np.full((2, 1, 8, 8), 1.001), r"in \[0, 1\], got values from 1.001"),
}


def refusal(verb: Callable[[], object], name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        verb()
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_bad_images_are_refused(case: str, explorer: Explorer, labels: ndarray | None) -> None:
    bad, message = BAD_IMAGES[case]
    y = some(labels, len(bad) if bad.ndim else 0)
    verbs = [explorer.encode, explorer.posterior, explorer.reconstruct]
    if "likelihood" in explorer.abilities:
        verbs += [lambda x, y: explorer.elbo(x, labels=y), lambda x, y: explorer.log_likelihood(x, 2, labels=y)]
    for verb in verbs:
        refusal(lambda verb=verb: verb(bad, y), explorer.name, message)


BAD_CODES: dict[str, tuple[Callable[[int], ndarray], str]] = {
    "one code": (lambda k: np.zeros(k), r"expected codes \[n, "),
    "too wide": (lambda k: np.zeros((2, k + 1)), r"expected codes \[n, "),
    "too narrow": (lambda k: np.zeros((2, k - 1)), r"expected codes \[n, "),
    "not a number": (lambda k: np.full((2, k), np.nan), "finite"),
    "infinity": (lambda k: np.full((2, k), -np.inf), "finite"),
    "words": (lambda k: np.full((2, k), "a"), "numbers.*got <U1"),
    "objects": (lambda k: np.full((2, k), None), "numbers.*got object"),
    "complex": (lambda k: np.full((2, k), 1j), "numbers.*got complex128"),
}


@pytest.mark.parametrize("case", BAD_CODES)
def test_bad_codes_are_refused(case: str, explorer: Explorer, labels: ndarray | None) -> None:
    make, message = BAD_CODES[case]
    bad = make(explorer.latent)
    refusal(lambda: explorer.decode(bad, some(labels, len(bad))), explorer.name, message)


BAD_LABELS: dict[str, tuple[ndarray | None, str]] = {
    "none": (None, "is conditional: expected 3 labels, got none"),
    "too few": (np.array([1, 2]), r"expected 3 .*labels, got .*\[2\]"),
    "too many": (np.arange(4), r"expected 3 .*labels, got .*\[4\]"),
    "one-hot": (np.eye(3, 10, dtype=int), r"expected 3 .*labels, got .*\[3, 10\]"),
    "a number": (np.array(3), r"expected 3 .*labels, got .*\[\]"),
    "floats": (np.zeros(3), "expected .*integer labels, got float64"),
    "words": (np.array(["a", "b", "c"]), "expected .*integer labels, got <U1"),
    "too large": (np.array([0, 1, 10]), r"expected labels in 0\.\.9, got 0 to 10"),
    "negative": (np.array([0, -1, 2]), r"expected labels in 0\.\.9, got -1 to 2"),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_labels_are_refused(case: str, cvae: Explorer, images: ndarray) -> None:
    bad, message = BAD_LABELS[case]
    verbs: list[Callable[[], object]] = [
        lambda: cvae.encode(images[:3], bad),
        lambda: cvae.posterior(images[:3], bad),
        lambda: cvae.decode(np.zeros((3, 2)), bad),
        lambda: cvae.reconstruct(images[:3], bad),
        lambda: cvae.sample(3, bad),
        lambda: cvae.elbo(images[:3], labels=bad),
        lambda: cvae.log_likelihood(images[:3], samples=2, labels=bad),
    ]
    for verb in verbs:
        refusal(verb, "cvae-digits-2", message)


@pytest.mark.parametrize("number", [np.uint8, np.int32, np.int64])
def test_labels_of_any_integer_type(number: type, cvae: Explorer, images: ndarray) -> None:
    np.testing.assert_array_equal(
        cvae.encode(images[:3], np.array([1, 2, 3], dtype=number)), cvae.encode(images[:3], np.array([1, 2, 3]))
    )


def test_labels_are_refused_by_models_without(explorer: Explorer, images: ndarray, test_digits: Images) -> None:
    y = test_digits.labels[:3]
    if "condition" in explorer.abilities:
        assert not np.array_equal(explorer.encode(images[:3], y), explorer.encode(images[:3], (y + 1) % 10))
        return
    message = "is not conditional: expected no labels"
    refusal(lambda: explorer.encode(images[:3], y), explorer.name, message)
    refusal(lambda: explorer.decode(np.zeros((3, explorer.latent)), y), explorer.name, message)
    if "sample" in explorer.abilities:
        refusal(lambda: explorer.sample(3, y), explorer.name, message)
        refusal(lambda: explorer.elbo(images[:3], labels=y), explorer.name, message)


def test_a_model_says_what_it_cannot(autoencoder: Explorer, pca: Explorer, images: ndarray) -> None:
    for explorer in (autoencoder, pca):
        refusal(lambda: explorer.sample(2), explorer.name, "cannot be sampled, because it has no prior")  # noqa: B023
        refusal(lambda: explorer.elbo(images), explorer.name, "has no likelihood")  # noqa: B023
        refusal(lambda: explorer.log_likelihood(images), explorer.name, "has no likelihood")  # noqa: B023


# Sample


def test_samples(vae: Explorer) -> None:
    drawn = vae.sample(500, seed=0)
    is_float32(drawn, (500, 1, 8, 8))
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    np.testing.assert_array_equal(drawn, vae.sample(500, seed=0))
    assert not np.array_equal(drawn, vae.sample(500, seed=1))
    assert not np.array_equal(vae.sample(5), vae.sample(5)), "without a seed every call is new"


def test_samples_leave_the_global_random_state_alone(vae: Explorer) -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    vae.sample(3, seed=1)
    vae.sample(3)
    assert torch.equal(torch.rand(1), expected)


def test_temperature_multiplies_the_priors_scale(vae: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    coldest = np.tile(vae.decode(np.zeros((1, 2))), (3, 1, 1, 1))
    np.testing.assert_allclose(vae.sample(3, temperature=0.0, seed=0), coldest, atol=1e-6)
    codes: list[ndarray] = []
    decode = vae.decode
    monkeypatch.setattr(vae, "decode", lambda z, labels: codes.append(z) or decode(z, labels))
    for temperature in (1.0, 0.5, 2.0):
        vae.sample(20_000, temperature=temperature, seed=3)
    np.testing.assert_allclose(codes[1], codes[0] / 2, rtol=1e-6)
    np.testing.assert_allclose(codes[2], codes[0] * 2, rtol=1e-6)
    assert codes[0].mean() == pytest.approx(0, abs=0.03)
    assert codes[0].std() == pytest.approx(1, abs=0.03)


def test_samples_of_a_class_look_like_it(cvae: Explorer, digits: Images) -> None:
    """The nearest class mean of most samples is the class that was asked for."""
    centres = np.stack([digits.images[digits.labels == label].mean(0) for label in range(10)])
    asked = np.arange(10).repeat(30)
    drawn = cvae.sample(300, asked, temperature=0.5, seed=0)
    nearest = ((drawn[:, None] - centres) ** 2).sum((2, 3, 4)).argmin(1)
    assert (nearest == asked).mean() > 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": -1}, "n: expected at least 0, got -1"),
        ({"n": 2, "temperature": -0.1}, "expected a temperature >= 0, got -0.1"),
        ({"n": 2, "temperature": float("nan")}, "expected a temperature >= 0, got nan"),
        ({"n": 2, "temperature": float("inf")}, "expected a temperature >= 0, got inf"),
    ],
)
def test_impossible_samples_are_refused(vae: Explorer, arguments: dict[str, Any], message: str) -> None:
    refusal(lambda: vae.sample(**arguments), "vae-digits-2", message)


# Score


def test_scores_have_one_number_per_image(vae: Explorer, images: ndarray) -> None:
    is_float32(vae.elbo(images), (len(images),))
    is_float32(vae.log_likelihood(images[:7], samples=20), (7,))
    np.testing.assert_array_equal(vae.elbo(images), vae.elbo(images, seed=0))
    assert not np.array_equal(vae.elbo(images), vae.elbo(images, seed=1))
    refusal(lambda: vae.log_likelihood(images, samples=0), "vae-digits-2", "samples: expected at least 1, got 0")


def test_scores_prefer_digits_to_noise(vae: Explorer, cvae: Explorer, images: ndarray, test_digits: Images) -> None:
    noise = np.random.default_rng(0).random(images.shape, dtype=np.float32).round()
    assert vae.log_likelihood(images.round(), 50).mean() > vae.log_likelihood(noise, 50).mean() + 10
    right, wrong = (cvae.log_likelihood(images, 50, labels=(test_digits.labels + by) % 10).mean() for by in (0, 1))
    assert right > wrong + 1


# Interpolate


PATHS = ("linear", "spherical", "data")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("steps", [2, 3, 10])
def test_a_path_has_its_ends(path: str, steps: int, vae: Explorer, images: ndarray) -> None:
    a, b = vae.encode(images[:2])
    codes = vae.interpolate(a, b, steps, path)
    is_float32(codes, (steps, 2))
    np.testing.assert_allclose(codes[[0, -1]], [a, b], atol=1e-5)


def test_a_linear_path_is_even(vae: Explorer) -> None:
    a, b = np.array([1.0, -2.0]), np.array([-3.0, 4.0])
    np.testing.assert_allclose(vae.interpolate(a, b, 5), np.linspace(a, b, 5), atol=1e-6)


@pytest.mark.parametrize("latent", [2, 32])
def test_a_spherical_path_turns_evenly(latent: int, vae: Explorer, pca: Explorer) -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=latent), 3 * generator.normal(size=latent)
    codes = {2: vae, 32: pca}[latent].interpolate(a, b, 9, "spherical").astype(np.float64)
    lengths = np.linalg.norm(codes, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(np.linalg.norm(a), np.linalg.norm(b), 9), rtol=1e-5)
    directions = codes / lengths[:, None]
    turns = np.arccos(np.clip((directions[1:] * directions[:-1]).sum(1), -1, 1))
    whole = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    np.testing.assert_allclose(turns, whole / 8, rtol=1e-3)


@pytest.mark.parametrize(
    ("a", "b"),
    [([1, 2], [2, 4]), ([1, 2], [-1, -2]), ([0, 0], [1, 2]), ([1, 2], [0, 0]), ([0, 0], [0, 0]), ([1, 2], [1, 2])],
)
def test_a_spherical_path_without_a_plane_to_turn_in_is_straight(a: list[int], b: list[int], vae: Explorer) -> None:
    codes = vae.interpolate(np.array(a), np.array(b), 5, "spherical")
    np.testing.assert_allclose(codes, np.linspace(a, b, 5), atol=1e-5)


def test_a_path_over_data_stays_nearer_to_it() -> None:
    """On a ring of codes the way round it is found, where the straight line would cross the hole."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    path = shortest_path(ring, ring[0], ring[80], 30)
    assert np.linalg.norm(path, axis=1).min() > 0.95
    hops = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(hops, hops.mean(), rtol=0.05)
    np.testing.assert_allclose(path[[0, -1]], ring[[0, 80]], atol=1e-6)


def test_a_path_over_data_bridges_clusters() -> None:
    generator = np.random.default_rng(0)
    clusters = np.concatenate([generator.normal(size=(40, 2)), generator.normal(size=(40, 2)) + 50]).astype(np.float32)
    path = shortest_path(clusters, clusters[0], clusters[60], 12)
    np.testing.assert_allclose(path[[0, -1]], clusters[[0, 60]], atol=1e-5)


def test_impossible_paths_are_refused(vae: Explorer) -> None:
    a, b = np.zeros(2), np.ones(2)
    refusal(lambda: vae.interpolate(a, b, 1), "vae-digits-2", "steps: expected at least 2, got 1")
    refusal(lambda: vae.interpolate(a, np.array([np.nan, 0]), 3), "vae-digits-2", "finite")
    refusal(lambda: vae.interpolate(np.zeros(3), np.ones(3), 3), "vae-digits-2", "expected codes")
    refusal(lambda: vae.interpolate(a, np.ones(3), 3), "vae-digits-2", r"expected codes")
    refusal(lambda: vae.interpolate(a[None], b[None], 3), "vae-digits-2", r"expected codes")


def test_an_unknown_path_is_refused(vae: Explorer) -> None:
    """By the shape checker while testing, which knows the three; by the sentence otherwise."""
    with pytest.raises(Exception, match="curved"):
        vae.interpolate(np.zeros(2), np.ones(2), 3, "curved")


# Truncate, quantiles


def test_truncated_pca(pca: Explorer, images: ndarray) -> None:
    errors = []
    for k in (1, 2, 8, 32):
        smaller = pca.truncate(k)
        assert (smaller.latent, smaller.name, smaller.recipe.settings.latent) == (k, "pca-digits", k)
        np.testing.assert_allclose(smaller.encode(images), pca.encode(images)[:, :k], atol=1e-5)
        assert smaller.quantiles([0.5]).shape == (1, k)
        errors.append(((smaller.reconstruct(images) - images) ** 2).sum())
    assert errors == sorted(errors, reverse=True)
    assert pca.latent == 32
    assert smaller.truncate(5).latent == 5


def test_only_pca_is_truncated_and_not_beyond_its_size(pca: Explorer, vae: Explorer) -> None:
    refusal(lambda: vae.truncate(1), "vae-digits-2", "only PCA's components are ordered")
    for k in (0, 33):
        with pytest.raises(ValueError, match=f"between 1 and 32, got {k}"):
            pca.truncate(k)


def test_quantiles_of_the_prior(vae: Explorer) -> None:
    levels = [0.025, 0.5, 0.975]
    found = vae.quantiles(levels)
    is_float32(found, (3, 2))
    np.testing.assert_allclose(found, norm.ppf(levels)[:, None].repeat(2, 1), atol=1e-6)


def test_quantiles_of_training_codes(autoencoder: Explorer, pca: Explorer, digits: Images) -> None:
    levels = np.array([0.05, 0.5, 0.9])
    for explorer in (autoencoder, pca):
        found = explorer.quantiles(levels)
        is_float32(found, (3, explorer.latent))
        expected = np.quantile(explorer.encode(digits.images), levels, axis=0)
        np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())
        between = explorer.quantiles([0.03, 0.04, 0.3, 0.6])
        assert (np.diff(between, axis=0) > 0).all()


@pytest.mark.parametrize("levels", [[0.0, 0.5], [0.5, 1.0], [-0.1], [1.5], [float("nan")]])
def test_impossible_levels_are_refused(levels: list[float], vae: Explorer, autoencoder: Explorer) -> None:
    for explorer in (vae, autoencoder):
        refusal(lambda: explorer.quantiles(levels), explorer.name, r"expected levels inside \(0, 1\)")  # noqa: B023


# Studies


def test_compare(explorer: Explorer, pca: Explorer, images: ndarray, test_digits: Images) -> None:
    both = compare(explorer, pca.truncate(2), images, test_digits.labels)
    y = test_digits.labels if "condition" in explorer.abilities else None
    np.testing.assert_array_equal(both.reconstructions, explorer.reconstruct(images, y))
    np.testing.assert_array_equal(both.baseline, pca.truncate(2).reconstruct(images))
    np.testing.assert_allclose(both.error_map, (images - both.reconstructions) ** 2)
    np.testing.assert_allclose(both.errors, both.error_map.reshape(len(images), -1).sum(1), rtol=1e-6)
    np.testing.assert_allclose(both.baseline_errors, both.baseline_error_map.reshape(len(images), -1).sum(1), rtol=1e-6)
    assert both.mean == pytest.approx(both.errors.mean(), rel=1e-6)
    assert both.baseline_mean == pytest.approx(both.baseline_errors.mean(), rel=1e-6)
    assert both.wins == sum(ours < theirs for ours, theirs in zip(both.errors, both.baseline_errors, strict=True))
    assert both.wins + both.baseline_wins <= len(images)
    assert both.wins > both.baseline_wins, "two numbers of any of these say more than PCA's two"


def test_a_tie_is_won_by_nobody(pca: Explorer, images: ndarray) -> None:
    both = compare(pca, pca, images)
    assert (both.wins, both.baseline_wins) == (0, 0)


def test_baseline_is_pca_with_k_components(vae: Explorer, pca: Explorer, images: ndarray) -> None:
    fitted = baseline(vae, 3)
    assert (fitted.variant, fitted.latent) == ("pca", 3)
    np.testing.assert_allclose(fitted.reconstruct(images), pca.truncate(3).reconstruct(images), atol=1e-5)
    with pytest.raises(ValueError, match="between 1 and"):
        baseline(vae, 0)
    with pytest.raises(ValueError, match="between 1 and"):
        baseline(vae, 1000)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, digits: Images) -> Explorer:
    """A model of a visitor's own images: nothing about them is shipped."""
    folder = tmp_path_factory.mktemp("own")
    np.savez(folder / "mine.npz", images=digits.images[:300, 0], labels=digits.labels[:300])
    changes = {"dataset": str(folder / "mine.npz"), "hidden": (16,), "epochs": 2}
    return load(vaecore.train("vae-digits-2", out=folder / "run", device="cpu", **changes), device="cpu")


def test_baseline_of_own_images_is_fitted_on_them(own: Explorer, digits: Images) -> None:
    x = digits.images[:300]
    fitted = baseline(own, 4)
    training = vaecore.dataset(own.dataset, "train").images.reshape(270, -1).astype(np.float64)
    centred = training - training.mean(0)
    _, _, rows = np.linalg.svd(centred, full_matrices=False)
    flat = x.reshape(300, -1) - training.mean(0)
    expected = flat @ rows[:4].T @ rows[:4] + training.mean(0)
    np.testing.assert_allclose(fitted.reconstruct(x).reshape(300, -1), expected, atol=1e-4)
    assert fitted.quantiles([0.5]).shape == (1, 4)


def test_the_map_is_computed_once_and_kept(own: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    first = latent_map(own)
    monkeypatch.setattr(maps, "map_of", lambda *_: pytest.fail("computed again"))
    assert latent_map(own) is first
    second = latent_map(load(own.folder, device="cpu"))
    test = vaecore.dataset(own.dataset, "test")
    assert len(test) == 30
    for found in (first, second):
        is_float32(found.codes, (30, 2))
        is_float32(found.pca, (30, 2))
        is_float32(found.tsne, (30, 2))
        np.testing.assert_array_equal(found.index, np.arange(30))
        np.testing.assert_array_equal(found.labels, test.labels)
        np.testing.assert_allclose(found.codes, own.encode(test.images), rtol=1e-3, atol=1e-2)
        np.testing.assert_allclose(found.pca, baseline(own, 2).encode(test.images), rtol=1e-3, atol=1e-2)
        assert found.scores.keys() == {"codes", "pca", "tsne"}
        for scores in found.scores.values():
            assert scores.keys() == {"trustworthiness", "neighbours"}
            assert all(0 <= score <= 1 for score in scores.values())
    np.testing.assert_allclose(first.tsne, second.tsne, rtol=1e-3, atol=1e-2)
    assert second.scores["tsne"] == pytest.approx(first.scores["tsne"])
    assert second.codes.dtype == first.codes.dtype


def test_a_damaged_map_is_made_again_or_named(own: Explorer, tmp_path: Path) -> None:
    shutil.copytree(own.folder, tmp_path / "run")
    (tmp_path / "run" / maps.MAP).write_bytes(b"half")
    with pytest.raises(ValueError, match=maps.MAP):
        latent_map(load(tmp_path / "run", device="cpu"))


def test_the_map_of_a_truncated_pca_is_not_that_of_the_whole(pca: Explorer, tmp_path: Path) -> None:
    """Whichever is asked for first."""
    shutil.copytree(pca.folder, tmp_path / "run", ignore=shutil.ignore_patterns(maps.MAP))
    whole = load(tmp_path / "run", device="cpu")
    small = latent_map(whole.truncate(2))
    large = latent_map(whole)
    assert (small.codes.shape[1], large.codes.shape[1]) == (2, 32)
    assert large.scores["codes"]["trustworthiness"] > small.scores["codes"]["trustworthiness"]


def test_a_map_of_the_baseline_of_own_images(own: Explorer) -> None:
    assert latent_map(baseline(own, 2)).codes.shape == (30, 2)


def test_manifold(vae: Explorer, cvae: Explorer, autoencoder: Explorer) -> None:
    plane = manifold(vae, 5)
    is_float32(plane, (5, 5, 1, 8, 8))
    low, high = norm.ppf([0.02, 0.98])
    corners = np.array([[low, high], [high, high], [low, low], [high, low]], dtype=np.float32)
    expected = vae.decode(corners)
    np.testing.assert_allclose([plane[0, 0], plane[0, -1], plane[-1, 0], plane[-1, -1]], expected, atol=1e-5)
    np.testing.assert_allclose(plane[2, 2], vae.decode(np.zeros((1, 2)))[0], atol=1e-5)
    is_float32(manifold(autoencoder, 3), (3, 3, 1, 8, 8))
    three = manifold(cvae, 3, label=3)
    np.testing.assert_allclose(three[1, 1], cvae.decode(np.zeros((1, 2)), np.array([3]))[0], atol=1e-5)


def test_impossible_manifolds_are_refused(vae: Explorer, pca: Explorer, cvae: Explorer) -> None:
    with pytest.raises(ValueError, match=r"expected a 2-D model .*pca-digits \(32-D\)"):
        manifold(pca, 3)
    with pytest.raises(ValueError, match=r"side >= 1, got .* 0"):
        manifold(vae, 0)
    with pytest.raises(ValueError, match="is conditional: expected 9 labels, got none"):
        manifold(cvae, 3)
    with pytest.raises(ValueError, match=r"expected labels in 0\.\.9, got 11 to 11"):
        manifold(cvae, 3, label=11)


# The package


MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(vaecore.__path__, "vaecore.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", ["vaecore", *MODULES])
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_in_docstrings() -> None:
    finder = doctest.DocTestFinder()
    counts = {name: sum(len(t.examples) for t in finder.find(importlib.import_module(name))) for name in MODULES}
    assert counts["vaecore.serving.explorer"] >= 5


def test_the_public_names_are_those_that_were_promised() -> None:
    assert set(vaecore.__all__) == {"Explorer", "compare", "dataset", "evaluate", "load", "names", "train"}
    assert all(hasattr(serving, name) for name in serving.__all__)


def test_serving_waits_for_no_library_that_it_may_not_need() -> None:
    """A second of every start: scikit-learn and torchvision are imported where they are used."""
    script = "import sys, vaecore.serving; print(*{'sklearn', 'torchvision', 'streamlit'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""

"""What each autoencoder is for, as a page asks for it: numpy in, numpy out, one sentence to what cannot."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy import ndarray
from sklearn.metrics import roc_auc_score

import vaecore
from vaecore import checkpoint, serving
from vaecore.corruption import corrupt
from vaecore.data import Images, dataset, held_out
from vaecore.data.batches import present
from vaecore.evaluation.anomaly import anomaly_scores, reference_of
from vaecore.evaluation.sparsity import sparseness
from vaecore.recipes import find
from vaecore.serving import Explorer
from vaecore.training import train

SMALL = {"batch": 64, "epochs": 2}


def untrained(name: str, images: Images, **changes: Any) -> Explorer:  # noqa: ANN401
    torch.manual_seed(0)
    recipe = find(name).changed(**changes)
    model = checkpoint.build(recipe, images.shape, len(images.names)).eval()
    model.prepare(images.pixels)
    card = {"classes": list(images.names), "shape": list(images.shape), "metrics": {}}
    return Explorer(model, recipe, card)


@pytest.fixture(scope="module")
def explorers(few: Images) -> dict[str, Explorer]:
    names = ("ae-digits-2", "pca-digits", "vae-digits-2", "cvae-digits-2", "contractive-digits")
    found = {name: untrained(name, few, latent=6) for name in names}
    found["stacked-digits"] = untrained("stacked-digits", few, hidden=(12, 10), latent=6)
    return found


@pytest.fixture(scope="module", params=["ae-digits-2", "pca-digits", "vae-digits-2", "cvae-digits-2", "stacked-digits"])
def explorer(request: pytest.FixtureRequest, explorers: dict[str, Explorer]) -> Explorer:
    return explorers[request.param]


@pytest.fixture(scope="module")
def images(test_digits: Images) -> ndarray:
    return test_digits.images[:20]


@pytest.fixture
def labels(explorer: Explorer, test_digits: Images) -> ndarray | None:
    return test_digits.labels[:20] if "condition" in explorer.abilities else None


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on one class, with a density on its codes."""
    folder = tmp_path_factory.mktemp("dense") / "run"
    return train(
        "ae-digits-2", out=folder, device="cpu", dataset="digits/3", hidden=(16,), latent=3, density=2, **SMALL
    )


# Damage and its repair


@pytest.mark.parametrize("kind", serving.noise.NOISES)
def test_restored_images(kind: str, explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    found = serving.noise.restore(explorer, images, kind, 0.3, seed=2, labels=labels)
    noisy, _ = corrupt(torch.from_numpy(images), kind, 0.3, torch.Generator().manual_seed(2))
    np.testing.assert_array_equal(found.corrupted, noisy)
    y = None if labels is None else torch.from_numpy(labels)
    with torch.no_grad():
        expected = explorer.model.likelihood(explorer.model.posterior(noisy, y).mean, y).mean
    np.testing.assert_allclose(found.restored, expected, atol=1e-5)
    np.testing.assert_allclose(found.errors, ((found.restored - images) ** 2).sum((1, 2, 3)), rtol=1e-4)


def test_the_same_seed_damages_alike_whatever_the_model(explorers: dict[str, Explorer], images: ndarray) -> None:
    one, other = (
        serving.noise.restore(explorers[name], images, "masking", 0.5, seed=1) for name in ("ae-digits-2", "pca-digits")
    )
    np.testing.assert_array_equal(one.corrupted, other.corrupted)
    another = serving.noise.restore(explorers["ae-digits-2"], images, "masking", 0.5, seed=2)
    assert not np.array_equal(one.corrupted, another.corrupted)


def test_the_curve_is_the_mean_error_at_each_level(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    levels = (0.0, 0.2, 0.6)
    curve = serving.noise.error_curve(explorer, images, "salt and pepper", levels, seed=4, labels=labels)
    expected = [serving.noise.restore(explorer, images, "salt and pepper", v, 4, labels).errors.mean() for v in levels]
    np.testing.assert_allclose(curve, expected, rtol=1e-4)
    clean = ((explorer.reconstruct(images, labels) - images) ** 2).sum((1, 2, 3)).mean()
    assert curve[0] == pytest.approx(clean, rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "level", "message"),
    [
        ("masking", 1.5, "masking: expected a level from 0 to 1, got 1.5"),
        ("gaussian", -1.0, "gaussian: expected a level >= 0, got -1.0"),
    ],
)
def test_impossible_damage_is_refused(
    kind: str, level: float, message: str, explorers: dict[str, Explorer], images: ndarray
) -> None:
    with pytest.raises(ValueError, match=message):
        serving.noise.restore(explorers["ae-digits-2"], images, kind, level)
    with pytest.raises(ValueError, match=message):
        serving.noise.error_curve(explorers["ae-digits-2"], images, kind, (0.0, level))


# Features


def test_filters_are_the_weights_of_the_first_layer(explorers: dict[str, Explorer], images: ndarray) -> None:
    """The first layer's answer to an image is its product with each filter."""
    for name, units in (("ae-digits-2", 64), ("stacked-digits", 12), ("contractive-digits", 6)):
        model = explorers[name].model
        found = serving.units.filters(explorers[name])
        assert found.shape == (units, 1, 8, 8)
        with torch.no_grad():
            answer = model.encoder[0](torch.from_numpy(images).flatten(1)) - model.encoder[0].bias
        np.testing.assert_allclose(np.einsum("nchw,uchw->nu", images, found), answer, atol=1e-4)
    pca = explorers["pca-digits"]
    np.testing.assert_array_equal(serving.units.filters(pca).reshape(6, 64), pca.model.components)


@pytest.mark.parametrize("name", ["vae-digits-2", "cvae-digits-2"])
def test_a_vae_has_no_filters_to_show(name: str, explorers: dict[str, Explorer]) -> None:
    with pytest.raises(
        ValueError, match=f"{name}: expected a deterministic autoencoder or PCA, got a {explorers[name].variant}$"
    ):
        serving.units.filters(explorers[name])


def test_activity(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    found = serving.units.activity(explorer, images, labels)
    codes = explorer.encode(images, labels)
    np.testing.assert_allclose(found.codes, codes, atol=1e-5)
    np.testing.assert_allclose(found.mean, codes.mean(0), atol=1e-5)
    np.testing.assert_allclose(found.lifetime, [float(sparseness(torch.tensor(c))) for c in codes.T], atol=1e-4)
    np.testing.assert_allclose(found.population, [float(sparseness(torch.tensor(c))) for c in codes], atol=1e-4)


def test_a_twin_is_the_plain_autoencoder_of_the_same_size(
    few: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same data; of two, the one with the same kind of code."""
    plain = find("ae-digits-2")
    at_hand = {
        "a-identity": plain.changed(latent=6),
        "b-sigmoid": plain.changed(latent=6, code="sigmoid"),
        "c-wider": plain.changed(latent=9),
        "d-mnist": plain.changed(latent=7, dataset="mnist"),
        "e-denoising": find("denoising-digits").changed(latent=8),
    }
    for name, recipe in at_hand.items():
        checkpoint.write_recipe(tmp_path / name, recipe)
    monkeypatch.setattr(serving.relatives, "names", lambda: list(at_hand))
    monkeypatch.setattr(checkpoint, "find", lambda name: tmp_path / name)
    assert serving.relatives.twin(untrained("contractive-digits", few, latent=6)) == "b-sigmoid"
    assert serving.relatives.twin(untrained("ae-digits-2", few, latent=6)) == "a-identity"
    assert serving.relatives.twin(untrained("sparse-l1-digits", few, latent=9)) == "c-wider"
    for latent in (7, 8, 5):
        assert serving.relatives.twin(untrained("denoising-digits", few, latent=latent)) is None, latent


# Sensitivity


def jacobian_of(explorer: Explorer, image: ndarray, label: int | None = None) -> ndarray:
    y = None if label is None else torch.tensor([label])
    whole = torch.autograd.functional.jacobian(
        lambda row: explorer.model.posterior(row[None], y).mean[0], torch.from_numpy(image)
    )
    return whole.flatten(1).numpy()


def test_directions_that_are_felt_and_ignored(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    label = None if labels is None else int(labels[3])
    found = serving.directions.sensitivity(explorer, images[3], directions=4, label=label)
    jacobian = jacobian_of(explorer, images[3], label)
    np.testing.assert_allclose(found.values, np.linalg.svd(jacobian, compute_uv=False), rtol=1e-3, atol=1e-5)
    assert found.norm == pytest.approx(np.linalg.norm(jacobian), rel=1e-4)
    assert found.felt.shape == found.ignored.shape == (4, 1, 8, 8)
    felt, ignored = found.felt.reshape(4, 64), found.ignored.reshape(4, 64)
    for directions in (felt, ignored):
        np.testing.assert_allclose(directions @ directions.T, np.eye(4), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(felt @ jacobian.T, axis=1), found.values[:4], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ignored @ jacobian.T, axis=1), found.ignored_values, atol=1e-5)
    assert (found.ignored_values < 1e-4 * found.values[0] + 1e-5).all(), "six numbers do not see 64 directions"


def test_pca_feels_its_components_alike(explorers: dict[str, Explorer], images: ndarray) -> None:
    found = serving.directions.sensitivity(explorers["pca-digits"], images[0])
    np.testing.assert_allclose(found.values, np.ones(6), rtol=1e-4)
    components = explorers["pca-digits"].model.components.numpy()
    np.testing.assert_allclose(np.linalg.svd(found.felt.reshape(6, 64) @ components.T)[1], np.ones(6), rtol=1e-4)


def test_what_is_ignored_is_sought_where_images_vary(explorers: dict[str, Explorer], test_digits: Images) -> None:
    """The corner pixels that are black in all digits are ignored by everyone and by nobody's merit."""
    explorer, among = explorers["contractive-digits"], test_digits.images
    found = serving.directions.sensitivity(explorer, among[0], among=among)
    black = among.max(0) == 0
    assert black.any()
    assert np.abs(found.ignored[:, black]).max() < 1e-4
    rows = among.reshape(len(among), -1).astype(np.float64)
    variances, components = np.linalg.eigh(np.cov(rows.T))
    k = int((np.cumsum(variances[::-1]) / variances.sum() < 0.99).sum()) + 1
    directions = found.ignored.reshape(-1, 64)
    inside = directions @ components[:, ::-1][:, :k]
    np.testing.assert_allclose((inside**2).sum(1), 1, rtol=1e-3)
    np.testing.assert_allclose(directions @ directions.T, np.eye(len(directions)), atol=1e-3)
    assert (found.ignored_values < found.values[0]).all()


def test_a_nudge(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    label = None if labels is None else int(labels[0])
    direction = np.random.default_rng(0).normal(size=(1, 8, 8)).astype(np.float32)
    direction /= np.linalg.norm(direction)
    found = serving.directions.nudge(explorer, images[0], direction, 0.5, label)
    np.testing.assert_allclose(found.image, images[0] + 0.5 * direction, atol=1e-6)
    y = None if label is None else torch.tensor([label])
    with torch.no_grad():
        codes = [explorer.model.posterior(torch.from_numpy(x[None]), y).mean for x in (images[0], found.image)]
        expected = explorer.model.likelihood(codes[1], y).mean[0]
    np.testing.assert_allclose(found.reconstruction, expected, atol=1e-5)
    assert found.distance == pytest.approx(float((codes[1] - codes[0]).norm()), rel=1e-4, abs=1e-6)
    steps = np.array([-0.5, 0.0, 0.5])
    moved = serving.directions.movement(explorer, images[0], direction, steps, label)
    assert moved[1] == pytest.approx(0, abs=1e-6)
    assert moved[2] == pytest.approx(found.distance, rel=1e-4, abs=1e-6)


def test_small_steps_move_the_code_by_the_singular_value(explorers: dict[str, Explorer], images: ndarray) -> None:
    explorer = explorers["contractive-digits"]
    found = serving.directions.sensitivity(explorer, images[0], directions=2)
    for direction, value in zip(found.felt, found.values, strict=False):
        moved = serving.directions.movement(explorer, images[0], direction, np.array([0.01]))[0]
        assert moved / 0.01 == pytest.approx(float(value), rel=0.02)


def test_the_usual_distance_is_root_mean_square() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3, 2))
    pairs = [((a - b) ** 2).sum() for a in rows for b in rows]
    assert serving.directions.usual_distance(rows) == pytest.approx(np.sqrt(np.mean(pairs)))


# Layers


def test_layers_of_a_stack(explorers: dict[str, Explorer], images: ndarray) -> None:
    explorer = explorers["stacked-digits"]
    found = serving.units.layers(explorer, images)
    assert [layer.shape for layer in found] == [images.shape] * 3
    first, x = explorer.model.encoder.linear[0], torch.from_numpy(images).flatten(1)
    with torch.no_grad():
        by_hand = (first(x).sigmoid() @ first.weight + explorer.model.decoder.biases[-1]).sigmoid()
    np.testing.assert_allclose(found[0].reshape(20, 64), by_hand, atol=1e-5)
    np.testing.assert_allclose(found[2], explorer.reconstruct(images), atol=1e-5)
    with pytest.raises(ValueError, match="ae-digits-2: expected a stacked autoencoder, got a autoencoder"):
        serving.units.layers(explorers["ae-digits-2"], images)


@torch.no_grad()
def test_a_stack_tells_classes(explorers: dict[str, Explorer], images: ndarray) -> None:
    explorer = explorers["stacked-digits"]
    assert "classify" in explorer.abilities
    probabilities = explorer.classify(images)
    assert probabilities.shape == (20, 10)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(probabilities, explorer.model.classify(torch.from_numpy(images)).softmax(1), atol=1e-6)
    assert explorer.classify(images[:0]).shape == (0, 10)
    with pytest.raises(ValueError, match=r"expected images \[n, 1, 8, 8\]"):
        explorer.classify(images[0])
    with pytest.raises(ValueError, match="ae-digits-2 cannot tell classes, because it has no classifier on top"):
        explorers["ae-digits-2"].classify(images)


# Strangers


def test_what_can_stand_for_strangers(explorers: dict[str, Explorer], few: Images) -> None:
    assert serving.strangers.unseen_kinds(explorers["ae-digits-2"]) == serving.strangers.ALTERATIONS
    one_class = untrained("ae-digits-2", few, dataset="digits/3")
    assert serving.strangers.unseen_kinds(one_class) == ("other classes", *serving.strangers.ALTERATIONS)
    large = Images(torch.zeros(4, 1, 28, 28, dtype=torch.uint8), torch.zeros(4).long(), tuple("0123456789"))
    assert serving.strangers.unseen_kinds(untrained("vae-mnist-2", large)) == (
        "fashion-mnist",
        "kmnist",
        *serving.strangers.ALTERATIONS,
    )
    clothes = untrained("vae-mnist-2", large, dataset="fashion-mnist")
    assert serving.strangers.unseen_kinds(clothes) == ("mnist", "kmnist", *serving.strangers.ALTERATIONS)
    assert serving.strangers.unseen_kinds(untrained("cvae-mnist-2", large)) == serving.strangers.ALTERATIONS, (
        "no labels for clothes"
    )


def test_a_path_has_no_other_classes(few: Images, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", images=few.images[:, 0])
    mine = untrained("ae-digits-2", few, dataset=tmp_path / "mine.npz")
    assert serving.strangers.unseen_kinds(mine) == ("digits", *serving.strangers.ALTERATIONS)
    for kind in serving.strangers.unseen_kinds(mine):
        assert len(serving.strangers.unseen(mine, kind, count=3)) == 3


def test_altered_images(explorers: dict[str, Explorer], test_digits: Images) -> None:
    found = {
        kind: serving.strangers.unseen(explorers["ae-digits-2"], kind, 50, seed=3)
        for kind in serving.strangers.ALTERATIONS
    }
    order = torch.randperm(179, generator=torch.Generator().manual_seed(3))[:50]
    own = test_digits.images[order]
    np.testing.assert_array_equal(found["upside down"].images, own[:, :, ::-1])
    np.testing.assert_array_equal(found["mirrored"].images, own[..., ::-1])
    np.testing.assert_allclose(found["inverted"].images, 1 - own, atol=1e-6)
    shuffled = found["shuffled pixels"].images
    np.testing.assert_array_equal(np.sort(shuffled.reshape(50, -1)), np.sort(own.reshape(50, -1)))
    assert not np.array_equal(shuffled, own)
    for images in found.values():
        np.testing.assert_array_equal(images.labels, test_digits.labels[order])
        assert images.names == test_digits.names


def test_each_image_is_shuffled_in_its_own_order(tmp_path: Path, few: Images) -> None:
    ramp = np.tile(np.arange(64, dtype=np.uint8).reshape(1, 8, 8), (30, 1, 1))
    np.savez(tmp_path / "ramp.npz", images=ramp)
    explorer = untrained("ae-digits-2", few, dataset=tmp_path / "ramp.npz")
    rows = serving.strangers.unseen(explorer, "shuffled pixels").pixels.flatten(1)
    assert not torch.equal(rows[0], rows[1])


def test_strangers_are_drawn_by_seed(explorers: dict[str, Explorer], few: Images) -> None:
    one_class = untrained("ae-digits-2", few, dataset="digits/3")
    one, same, other = (serving.strangers.unseen(one_class, "other classes", 30, seed) for seed in (1, 1, 2))
    assert 3 not in one.labels
    assert len(set(one.labels.tolist())) > 3
    np.testing.assert_array_equal(one.images, same.images)
    assert not np.array_equal(one.images, other.images)
    assert len(serving.strangers.unseen(one_class, "mirrored")) == len(dataset("digits/3"))
    with pytest.raises(ValueError, match=r"ae-digits-2: expected one of upside down, .*, got 'other classes'"):
        serving.strangers.unseen(explorers["ae-digits-2"], "other classes")
    with pytest.raises(ValueError, match=r"ae-digits-2: expected one of .*, got 'martians'"):
        serving.strangers.unseen(one_class, "martians")


def test_scores_of_anomaly(explorer: Explorer, images: ndarray, labels: ndarray | None) -> None:
    scores = serving.strangers.anomaly(explorer, images, labels)
    with_prior = explorer.variant in ("vae", "cvae")
    in_nats = {"density", "distortion", "rate", "elbo", "complexity"}
    assert scores.keys() - {"both", "typicality"} == {"reconstruction"} | (in_nats if with_prior else set())
    errors = ((explorer.reconstruct(images, labels) - images) ** 2).sum((1, 2, 3))
    np.testing.assert_allclose(scores["reconstruction"], errors, rtol=1e-4)
    if with_prior:
        codes = explorer.encode(images, labels)
        np.testing.assert_allclose(scores["density"], (codes**2 + np.log(2 * np.pi)).sum(1) / 2, rtol=1e-4)


def test_a_conditional_model_needs_labels(explorers: dict[str, Explorer], images: ndarray) -> None:
    cvae = explorers["cvae-digits-2"]
    for ask in (
        lambda: serving.strangers.anomaly(cvae, images),
        lambda: serving.noise.restore(cvae, images, "masking", 0.5),
        lambda: serving.noise.error_curve(cvae, images, "masking", (0.5,)),
        lambda: serving.units.activity(cvae, images),
        lambda: serving.directions.sensitivity(cvae, images[0]),
        lambda: serving.directions.nudge(cvae, images[0], images[1], 0.1),
    ):
        with pytest.raises(ValueError, match="cvae-digits-2 is conditional: expected"):
            ask()


def test_images_of_another_shape_are_refused(explorer: Explorer, labels: ndarray | None) -> None:
    wrong = np.zeros((20, 1, 9, 8), np.float32)
    for ask in (
        lambda: serving.strangers.anomaly(explorer, wrong, labels),
        lambda: serving.noise.restore(explorer, wrong, "masking", 0.5, labels=labels),
        lambda: serving.noise.error_curve(explorer, wrong, "masking", (0.5,), labels=labels),
        lambda: serving.units.activity(explorer, wrong, labels),
        lambda: serving.directions.sensitivity(explorer, wrong[0], label=0),
        lambda: serving.directions.nudge(explorer, wrong[0], wrong[0], 0.1),
    ):
        with pytest.raises(ValueError, match=rf"{explorer.name}: expected images \[n, 1, 8, 8\], got"):
            ask()
    right = np.zeros((1, 8, 8), np.float32)
    with pytest.raises(ValueError, match="expected a direction of"):
        serving.directions.nudge(explorer, right, wrong[0], 0.1, 0)


def test_the_curve_of_a_score_and_its_area() -> None:
    generator = np.random.default_rng(0)
    normal, strange = generator.integers(0, 8, 60).astype(np.float32), generator.integers(2, 10, 40).astype(np.float32)
    found = serving.strangers.roc(normal, strange)
    assert found.area == pytest.approx(roc_auc_score([0] * 60 + [1] * 40, np.concatenate([normal, strange])))
    for false, true in zip(found.false_positives, found.true_positives, strict=True):
        thresholds = [t for t in (*range(11), np.inf) if (normal >= t).mean() == pytest.approx(false)]
        assert any((strange >= t).mean() == pytest.approx(true) for t in thresholds)
    for rising in (found.false_positives, found.true_positives):
        assert (rising[0], rising[-1]) == (0, 1)
        assert (np.diff(rising) >= 0).all()
    assert serving.strangers.roc(np.zeros(3), np.ones(2)).area == 1
    assert serving.strangers.roc(np.ones(3), np.ones(2)).area == 0.5


@pytest.mark.parametrize(("normal", "strange"), [(0, 3), (3, 0), (0, 0)])
def test_a_curve_needs_both_kinds(normal: int, strange: int) -> None:
    with pytest.raises(ValueError, match=f"got {normal} normal and {strange} strange ones"):
        serving.strangers.roc(np.zeros(normal), np.ones(strange))


# One class, and a density on its codes


def test_a_run_on_one_class(dense: Path, tmp_path: Path) -> None:
    explorer = vaecore.load(dense, device="cpu")
    rest, _ = held_out("digits/3", dataset("digits/3", "train"))
    assert explorer.dataset == "digits/3"
    assert explorer.classes == tuple("0123456789")
    assert explorer.card["data"] == {"name": "digits/3", "train": len(rest), "pixels": "in [0, 1]"}
    assert '"dataset": "digits/3"' in (dense / checkpoint.RECIPE).read_text(), "a name, no path"
    with pytest.raises(ValueError, match="no class is called 'x'"):
        train("ae-digits-2", out=tmp_path / "run", device="cpu", dataset="digits/x")


def test_the_card_knows_what_is_normal(dense: Path) -> None:
    explorer, (threes, _) = vaecore.load(dense, device="cpu"), held_out("digits/3", dataset("digits/3", "train"))
    scores = serving.strangers.anomaly(explorer, threes.images)
    assert scores.keys() == {"reconstruction", "density", "both"}
    kept = explorer.card["anomaly"]
    for name, (mean, deviation) in kept.items():
        assert mean == pytest.approx(float(scores[name].mean()), rel=1e-4)
        assert deviation == pytest.approx(float(scores[name].std()), rel=1e-4)
    standard = [(scores[name] - mean) / deviation for name, (mean, deviation) in kept.items()]
    np.testing.assert_allclose(scores["both"], sum(standard), rtol=1e-3, atol=1e-4)
    assert float(scores["both"].mean()) == pytest.approx(0, abs=1e-3)


def test_the_density_is_that_of_the_training_codes(dense: Path) -> None:
    from sklearn.mixture import GaussianMixture

    explorer, (threes, _) = vaecore.load(dense, device="cpu"), held_out("digits/3", dataset("digits/3", "train"))
    codes = explorer.encode(threes.images).astype(np.float64)
    regularised = 1e-4 * codes.var(0, ddof=1).mean()
    theirs = GaussianMixture(2, random_state=0, reg_covar=regularised).fit(codes)
    ours = explorer.model.prior().log_prob(torch.from_numpy(codes).float())
    np.testing.assert_allclose(ours, theirs.score_samples(codes), rtol=1e-2, atol=2e-2)
    drawn = explorer.model.prior().rsample((4000,), torch.Generator().manual_seed(0)).numpy()
    np.testing.assert_allclose(drawn.mean(0), codes.mean(0), atol=5 * codes.std(0).max() / 4000**0.5)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), rtol=0.2, atol=0.1 * codes.var(0).max())


@pytest.mark.parametrize("store", ["float32", "float16", "int8"])
def test_a_density_is_kept_with_the_weights(store: str, few: Images, tmp_path: Path) -> None:
    explorer = untrained("denoising-digits", few, latent=5, density=2, store=store)
    checkpoint.round_weights(explorer.model, explorer.recipe)
    codes = explorer.model.posterior(present(few.pixels)).mean.detach()
    assert torch.equal(explorer.model.prior().means, torch.zeros(2, 5))
    explorer.model.conclude(codes)
    assert not torch.equal(explorer.model.prior().means, torch.zeros(2, 5))
    expected = explorer.model.prior().log_prob(codes)
    checkpoint.save(tmp_path, explorer.recipe, explorer.model, explorer.card)
    loaded, _, _ = checkpoint.load(tmp_path)
    assert "sample" in loaded.abilities
    tolerance = {"float32": 0, "float16": 0.1, "int8": 0}[store]
    torch.testing.assert_close(loaded.prior().log_prob(codes), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("store", ["float16", "int8"])
def test_normal_is_measured_on_what_is_stored(store: str, tmp_path: Path) -> None:
    recipe = {"dataset": "digits/3", "latent": 8, "hidden": (16,), "density": 3, "store": store, **SMALL}
    explorer = vaecore.load(train("ae-digits-2", out=tmp_path / "run", device="cpu", **recipe), device="cpu")
    threes, _ = held_out("digits/3", dataset("digits/3", "train"))
    scores = anomaly_scores(explorer.model, present(threes.pixels))
    for name, found in reference_of(scores).items():
        assert found == pytest.approx(explorer.card["anomaly"][name], rel=1e-5), name


@pytest.mark.parametrize(("images", "components"), [(4, 4), (1, 1)])
def test_a_density_has_no_more_components_than_there_are_codes(images: int, components: int, few: Images) -> None:
    model = untrained("ae-digits-2", few.rows(torch.arange(images)), density=9).model
    codes = torch.randn(images, model.latent)
    model.conclude(codes)
    density = model.prior()
    assert int((density.weights > 0).sum()) == components
    assert float(density.weights.sum()) == pytest.approx(1)
    assert torch.isfinite(density.log_prob(codes)).all()
    nearest = torch.cdist(density.rsample((200,)), codes).amin(1)
    assert float(nearest.median()) < 4, "samples are of the components that have a weight"


def test_codes_all_alike_but_for_their_rounding_have_a_density(few: Images) -> None:
    model = untrained("ae-digits-2", few, density=3).model
    codes = torch.full((32, model.latent), 100.0) + 1e-5 * torch.randn(32, model.latent)
    model.conclude(codes)
    assert torch.isfinite(model.prior().log_prob(codes)).all()


def test_without_a_density_nothing_is_drawn_and_with_one_it_is(dense: Path, explorers: dict[str, Explorer]) -> None:
    explorer = vaecore.load(dense, device="cpu")
    one, same, other = (explorer.sample(5, seed=seed) for seed in (1, 1, 2))
    assert one.shape == (5, 1, 8, 8)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    cold = explorer.sample(40, temperature=0.0, seed=0).reshape(40, -1)
    means = explorer.decode(explorer.model.prior().means.numpy()).reshape(2, -1)
    assert (np.abs(cold[:, None] - means).max(2).min(1) < 1e-5).all(), "no spread: the components' means"
    with pytest.raises(ValueError, match=r"ae-digits-2 cannot be sampled, because it has no prior.*density=10"):
        explorers["ae-digits-2"].sample(1)
    with pytest.raises(TypeError, match="has no prior"):
        explorers["ae-digits-2"].model.prior()


def test_no_samples_are_no_images(dense: Path) -> None:
    assert vaecore.load(dense, device="cpu").sample(0).shape == (0, 1, 8, 8)

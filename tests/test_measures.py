"""What codes are good for: probes, sparseness, neighbours kept, distances of features, damage, strangers, Jacobians."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch import Tensor

from vaecore import checkpoint
from vaecore.corruption import corrupt
from vaecore.data import Images, other_classes
from vaecore.data.batches import present
from vaecore.evaluation import examined, measured, report
from vaecore.evaluation.anomaly import anomaly_scores, auroc, reference_of
from vaecore.evaluation.features import DRAWS, few_label_errors, probe_error, scaled
from vaecore.evaluation.features import _draws as draws
from vaecore.evaluation.generation import frechet_distance
from vaecore.evaluation.judges import residual
from vaecore.evaluation.latent import continuity, trustworthiness
from vaecore.evaluation.reconstruction import squared_errors
from vaecore.evaluation.robustness import LEVELS, restore, robust_errors
from vaecore.evaluation.sensitivity import mean_jacobians, sensitivity
from vaecore.evaluation.sparsity import sparseness
from vaecore.models import PCA, Autoencoder
from vaecore.recipes import find


def clouds(seed: int, n: int = 300, spread: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds, shuffled."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(n) % 3)
    centres = np.array([[0, 0], [5, 0], [0, 5]])
    return (centres[labels] + spread * generator.normal(size=(n, 2))).astype(np.float32), labels


def built(name: str, images: Images, **changes: Any) -> Autoencoder:  # noqa: ANN401
    torch.manual_seed(0)
    model = checkpoint.build(find(name).changed(**changes), images.shape, len(images.names))
    model.prepare(images.pixels)
    return model.eval()


# Probes


def test_scaled_codes_have_unit_variance_on_the_training_images() -> None:
    train = torch.randn(500, 4) * torch.tensor([1.0, 2.0, 0.0, 5.0]) + 7
    test = torch.randn(30, 4)
    ours, theirs = scaled(train, test)
    np.testing.assert_allclose(ours.mean(0), 0, atol=1e-5)
    assert (ours**2).mean() == pytest.approx(1, rel=1e-5)
    ratio = ours.std(0) / train.std(0, correction=0).numpy().clip(1e-12)
    np.testing.assert_allclose(ratio[[0, 1, 3]], ratio[0], rtol=1e-4, err_msg="one number for all dimensions")
    np.testing.assert_allclose(theirs, (test - train.mean(0)).numpy() * ratio[0], rtol=1e-3, atol=1e-4)


def test_codes_that_are_all_the_same_can_be_scaled() -> None:
    assert np.isfinite(scaled(torch.ones(5, 2), torch.ones(3, 2))[0]).all()


def test_a_probe_tells_clouds_apart_and_chance_from_knowledge() -> None:
    (train, labels), (test, test_labels) = clouds(0), clouds(1)
    assert probe_error(train, labels, test, test_labels) == 0
    assert probe_error(train, labels, test, (test_labels + 1) % 3) == 1
    shuffled = np.random.default_rng(2).permutation(labels)
    assert 0.4 < probe_error(train, shuffled, test, test_labels) < 0.9


def test_a_probe_is_linear() -> None:
    generator = np.random.default_rng(0)
    points = generator.uniform(-1, 1, (600, 2)).astype(np.float32)
    quadrant = ((points[:, 0] > 0) ^ (points[:, 1] > 0)).astype(np.int64)
    assert probe_error(points[:400], quadrant[:400], points[400:], quadrant[400:]) > 0.3
    half = (points[:, 0] > 0).astype(np.int64)
    assert probe_error(points[:400], half[:400], points[400:], half[400:]) < 0.03


def test_a_probe_does_not_depend_on_the_order_of_its_examples() -> None:
    """A folder of class sub-folders comes class by class."""
    (train, labels), (test, test_labels) = clouds(0), clouds(1)
    order = np.concatenate([np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:20]])
    mine = test_labels < 2
    assert probe_error(train[order], labels[order], test[mine], test_labels[mine]) == 0


def test_few_labels_are_drawn_evenly_by_seed() -> None:
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [100, 50, 20]))
    chosen = list(draws(labels, 30))
    assert len(chosen) == DRAWS == 10
    for index in chosen:
        assert np.bincount(labels[index]).tolist() == [10, 10, 10]
        assert len(set(index.tolist())) == 30, "without putting back"
    assert len({tuple(sorted(index.tolist())) for index in chosen}) == 10
    for one, again in zip(chosen, draws(labels, 30), strict=True):
        np.testing.assert_array_equal(one, again)


def test_few_labels_are_enough_for_clouds_and_too_few_for_noise() -> None:
    (train, labels), (test, test_labels) = clouds(0), clouds(1)
    errors = few_label_errors(train, labels, test, test_labels, 6)
    assert errors.shape == (10, len(test))
    assert (errors.mean(1) < 0.05).all()
    wide, wide_labels = clouds(2, spread=3.0)
    harder = [few_label_errors(wide, wide_labels, *clouds(3, spread=3.0), count) for count in (3, 150)]
    assert harder[0].mean() > harder[1].mean() + 0.02
    assert harder[0].mean(1).std() > harder[1].mean(1).std() > 0
    np.testing.assert_array_equal(errors, few_label_errors(train, labels, test, test_labels, 6))


@pytest.mark.parametrize("count", [2, 0, 303, 1000])
def test_more_labels_than_there_are_and_none_are_refused(count: int) -> None:
    train, labels = clouds(0)
    with pytest.raises(ValueError, match=f"expected between 1 and 100 labels of each class, got {count // 3}"):
        few_label_errors(train, labels, train, labels, count)


# Sparseness and neighbours


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        ([1.0, 1, 1, 1], 0.0),
        ([0.0, 0, 7, 0], 1.0),
        ([0.0, 0, 0, 0], 0.0),
        ([-2.0, 2, 2, -2], 0.0),
        ([1.0, 1, 0, 0], (1 - 1 / 2) / (1 - 1 / 4)),
        ([3.0, 1, 0, 0], (1 - 1 / 2.5) / (1 - 1 / 4)),
        ([5.0], 0.0),
    ],
)
def test_sparseness_by_hand(activity: list[float], expected: float) -> None:
    assert sparseness(torch.tensor(activity)).item() == pytest.approx(expected)


def test_sparseness_is_along_the_last_axis_and_knows_no_unit() -> None:
    activity = torch.rand(5, 7) ** 3
    rows = torch.stack([sparseness(row) for row in activity])
    torch.testing.assert_close(sparseness(activity), rows)
    torch.testing.assert_close(sparseness(1e-6 * activity), rows)
    assert ((rows > 0) & (rows < 1)).all()


def brute_continuity(images: np.ndarray, codes: np.ndarray, k: int) -> float:
    """1 - 2/(n k (2n - 3k - 1)) times the sum, over image neighbours that are no code neighbours, of their rank - k."""
    n, missed = len(images), 0
    for i in range(n):
        near, far = (
            sorted((j for j in range(n) if j != i), key=lambda j: float(np.linalg.norm(rows[i] - rows[j])))
            for rows in (images, codes)
        )
        missed += sum(far.index(j) + 1 - k for j in near[:k] if j not in far[:k])
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * missed


def test_continuity_by_hand() -> None:
    generator = np.random.default_rng(0)
    images = generator.normal(size=(40, 4))
    for codes in (images[:, :2], images[:, :1], generator.normal(size=(40, 2))):
        assert continuity(images, codes) == pytest.approx(brute_continuity(images, codes, 10))
    assert continuity(images, images) == 1


def test_tearing_apart_and_laying_together_are_different_faults() -> None:
    """A ring cut open loses neighbours; a ring flattened gains false ones."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    cut, flat = angle[:, None], ring[:, :1]
    assert continuity(ring, cut) < trustworthiness(ring, cut)
    assert trustworthiness(ring, flat) < continuity(ring, flat)


# Distances of features


def test_frechet_distance_of_diagonal_gaussians() -> None:
    """|mean difference|^2 + sum (scale_a - scale_b)^2."""
    generator = torch.Generator().manual_seed(0)
    scales = torch.tensor([1.0, 2.0, 0.5]), torch.tensor([1.5, 1.0, 0.5])
    means = torch.zeros(3), torch.tensor([0.0, 1.0, -2.0])
    a, b = (m + s * torch.randn(100_000, 3, generator=generator) for m, s in zip(means, scales, strict=True))
    expected = float((means[0] - means[1]).square().sum() + (scales[0] - scales[1]).square().sum())
    assert frechet_distance(a, b) == pytest.approx(expected, rel=0.01)


def test_frechet_distance_is_that_of_a_matrix_root() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(n, 5, generator=generator) @ torch.randn(5, 5, generator=generator) for n in (50, 70))
    ca, cb = (np.cov(rows.double().numpy().T) for rows in (a, b))
    shift = float((a.double().mean(0) - b.double().mean(0)).square().sum())
    expected = shift + np.trace(ca + cb - 2 * np.real(sqrtm(ca @ cb)))
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_fewer_rows_than_features() -> None:
    a, b = torch.randn(4, 10, generator=torch.Generator().manual_seed(0)).split(2)
    assert np.isfinite(frechet_distance(a, b))
    assert frechet_distance(a, a) >= 0


# Damage


@pytest.mark.parametrize("kind", ["masking", "gaussian", "salt and pepper"])
def test_no_damage_leaves_the_squared_error(kind: str, few: Images) -> None:
    model, x = built("ae-digits-2", few), present(few.pixels)
    found = robust_errors(model, x, kind, (0.0, 0.5))
    torch.testing.assert_close(found[0], squared_errors(model, few), rtol=1e-4, atol=1e-5)
    assert (found[0] != found[1]).all()


@torch.no_grad()
def test_the_error_of_damaged_images_is_to_the_clean_ones(few: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaecore.evaluation.robustness.CHUNK", 10)
    model, x = built("ae-digits-2", few), present(few.pixels)
    noisy, restored = restore(model, x, "masking", 0.5, seed=3)
    expected, _ = corrupt(x, "masking", 0.5, torch.Generator().manual_seed(3))
    assert torch.equal(noisy, expected)
    torch.testing.assert_close(restored, model.likelihood(model.posterior(expected).mean).mean)
    errors = (restored - x).square().sum((1, 2, 3))
    torch.testing.assert_close(robust_errors(model, x, "masking", (0.5,), seed=3)[0], errors)
    assert not torch.equal(restore(model, x, "masking", 0.5, seed=4)[0], noisy)


def test_pca_restores_noise_that_it_cannot_say_by_half(few: Images) -> None:
    """Of white noise PCA keeps latent / pixels: the error grows by level^2 * latent."""
    model, x = built("pca-digits", few, latent=10), present(few.pixels).repeat(100, 1, 1, 1)
    clean, noisy = robust_errors(model, x, "gaussian", (0.0, 0.3)).mean(1)
    assert float(noisy - clean) == pytest.approx(0.3**2 * 10, rel=0.05)


# Strangers


def test_auroc_counts_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    normal, strange = (
        torch.randint(0, 6, (n,), generator=generator).float() + shift for n, shift in ((40, 0), (30, 1))
    )
    wins = sum(float(s > n) + 0.5 * float(s == n) for s in strange for n in normal)
    assert any(bool(s == n) for s in strange for n in normal), "with ties"
    assert auroc(normal, strange) == pytest.approx(wins / (40 * 30))
    assert auroc(torch.zeros(3), torch.ones(2)) == 1
    assert auroc(torch.ones(3), torch.zeros(2)) == 0
    assert auroc(torch.zeros(3), torch.zeros(2)) == 0.5


@torch.no_grad()
def test_scores_of_strangers_by_hand(few: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaecore.evaluation.anomaly.CHUNK", 10)
    model, x = built("vae-digits-2", few), present(few.pixels)
    reference = {"reconstruction": (4.0, 2.0), "density": (3.0, 0.5)}
    scores = anomaly_scores(model, x, None, reference)
    assert scores.keys() == {"reconstruction", "density", "both", "distortion", "rate", "elbo", "complexity"}
    z = model.posterior(x).mean
    torch.testing.assert_close(scores["reconstruction"], squared_errors(model, few))
    torch.testing.assert_close(scores["density"], (z.square().sum(1) + 2 * np.log(2 * np.pi)) / 2)
    both = (scores["reconstruction"] - 4) / 2 + (scores["density"] - 3) / 0.5
    torch.testing.assert_close(scores["both"], both)
    assert anomaly_scores(model, x).keys() == scores.keys() - {"both"}
    assert anomaly_scores(built("ae-digits-2", few), x, None, reference).keys() == {"reconstruction"}
    assert [len(score) for score in anomaly_scores(model, x[:0], None, reference).values()] == [0] * len(scores)


def test_normal_is_zero_on_average() -> None:
    scores = {"reconstruction": torch.rand(50) * 3, "density": torch.rand(50) + 8}
    reference = reference_of(scores)
    for name, (mean, deviation) in reference.items():
        standard = (scores[name] - mean) / deviation
        assert float(standard.mean()) == pytest.approx(0, abs=1e-5)
        assert float(standard.std(correction=0)) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("scores", [torch.tensor([3.0]), torch.full((7,), 3.0)], ids=["one image", "all alike"])
def test_what_has_no_deviation_is_told_in_its_own_unit(scores: Tensor) -> None:
    assert reference_of({"reconstruction": scores}) == {"reconstruction": (3.0, 1.0)}


# The Jacobian


def by_numpy(model: Autoencoder, x: Tensor) -> np.ndarray:
    whole = torch.autograd.functional.jacobian(lambda rows: model.posterior(rows).mean.sum(0), x)
    return np.linalg.svd(whole.movedim(1, 0).flatten(2).numpy(), compute_uv=False)


@pytest.mark.parametrize("name", ["ae-digits-2", "contractive-digits", "vae-digits-2"])
def test_singular_values_are_those_of_autograd(name: str, few: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaecore.evaluation.sensitivity.CHUNK", 3)
    model, x = built(name, few, latent=5), present(few.pixels[:7])
    expected = by_numpy(model, x)
    norms, values = sensitivity(model, x)
    assert mean_jacobians(model, x).shape == (7, 5, 64)
    np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-4)
    assert (values.diff(dim=1) <= 0).all()
    np.testing.assert_allclose(norms, np.sqrt((expected**2).sum(1)), rtol=1e-4)


def test_pca_feels_every_direction_alike(digits: Images) -> None:
    model = built("pca-digits", digits, latent=6)
    norms, values = sensitivity(model, present(digits.pixels[:5]))
    torch.testing.assert_close(values, torch.ones(5, 6), atol=1e-5, rtol=0)
    torch.testing.assert_close(norms, torch.full((5,), 6**0.5))


def test_a_conditional_models_jacobian_is_that_given_the_label(few: Images) -> None:
    model, x = built("cvae-digits-2", few), present(few.pixels[:3])
    found = mean_jacobians(model, x, few.target[:3])
    assert found.shape == (3, 2, 64)
    assert not torch.allclose(found, mean_jacobians(model, x, (few.target[:3] + 1) % 10))


# The report


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """An untrained judge: its training is no part of this."""
    monkeypatch.setattr(examined, "judges", lambda images, *_: {"one": residual(images.shape, 10).eval()})
    monkeypatch.setattr(measured, "JACOBIANS", 10)


def test_the_report_of_a_deterministic_model(digits: Images, test_digits: Images, quick: None, tmp_path: Path) -> None:
    train, test = digits.rows(torch.arange(300)), test_digits.rows(torch.arange(60))
    model = built("sparse-kl-digits", train, latent=12, density=2)
    model.conclude(model.posterior(present(train.pixels)).mean.detach())
    metrics = report.evaluate(model, train, test, False, tmp_path)
    errors = squared_errors(model, test)
    pca = PCA(PCA.Settings(latent=12), train.shape)
    pca.prepare(train.pixels)
    assert metrics["squared_error"] == pytest.approx(float(errors.mean()), rel=1e-5)
    assert metrics["better_than_pca"] == pytest.approx(float((errors < squared_errors(pca, test)).float().mean()))
    code = model.posterior(present(test.pixels)).mean.detach()
    assert metrics["mean_activity"] == pytest.approx(float(code.mean()), rel=1e-5)
    assert metrics["lifetime_sparseness"] == pytest.approx(float(sparseness(code.T).mean()), rel=1e-5)
    assert metrics["population_sparseness"] == pytest.approx(float(sparseness(code).mean()), rel=1e-5)
    assert metrics["robustness"]["levels"] == list(LEVELS)
    assert metrics["robustness"]["images"] == 60
    for kind in ("masking", "gaussian", "salt and pepper"):
        assert metrics["robustness"][kind][0] == pytest.approx(metrics["squared_error"], abs=1e-3)
        assert len(metrics["robustness"][kind]) == len(LEVELS)
    assert len(metrics["singular_values"]) == 12
    assert 0 <= metrics["probe_error"] <= 1
    assert 0 <= metrics["few_label_error_100"] <= 1
    assert "few_label_error_1000" not in metrics, "there are not so many labels"
    assert metrics["frechet"] >= 0
    assert metrics["frechet_floor"] >= 0
    assert not {"log_likelihood", "classification_error", "pixels_probe_error"} & metrics.keys()
    assert not [key for key in metrics if key.startswith("auroc")]


@pytest.mark.parametrize("name", ["ae-digits-2", "sparse-kl-digits", "pca-digits", "denoising-digits"])
def test_no_test_image_is_encoded_twice(
    name: str, digits: Images, test_digits: Images, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside slopes, noise and nats, all is of the same codes."""
    train, test = digits.rows(torch.arange(300)), test_digits.rows(torch.arange(60))
    model = built(name, train, latent=4)
    known, seen = {image.tobytes(): 0 for image in present(test.pixels).numpy()}, 0
    posterior = model.posterior

    def counted(x: Tensor, label: Tensor | None = None) -> Any:  # noqa: ANN401
        nonlocal seen
        if not torch.is_grad_enabled():  # a Jacobian is no code
            seen += len(x)
            for image in x.numpy():
                known.update({image.tobytes(): known[image.tobytes()] + 1} if image.tobytes() in known else {})
        return posterior(x, label)

    monkeypatch.setattr(model, "posterior", counted)
    monkeypatch.setattr(measured, "LEVELS", (0.0, 0.75))  # less noise may leave an image as it was
    strangers = train.rows(torch.arange(200, 260))
    found = report.evaluate(model, train, test, False, tmp_path, strangers=strangers)
    assert "auroc_reconstruction" in found
    assert seen > len(train) + len(test)
    assert set(known.values()) == {1}


def test_the_report_of_a_model_of_one_class(digits: Images, test_digits: Images, quick: None, tmp_path: Path) -> None:
    train, test, strangers = digits.of_class("3"), test_digits.of_class("3"), other_classes("digits/3")
    model = built("ae-digits-2", train, density=2)
    model.conclude(model.posterior(present(train.pixels)).mean.detach())
    metrics = report.evaluate(model, train, test, False, tmp_path, strangers=strangers)
    normal = reference_of(anomaly_scores(model, present(train.pixels)))
    ours, theirs = (anomaly_scores(model, present(images.pixels), None, normal) for images in (test, strangers))
    for name in ("reconstruction", "density", "both"):
        wins = (theirs[name][:, None] > ours[name]).double().mean()
        assert metrics[f"auroc_{name}"] == pytest.approx(float(wins), abs=1e-6)
    assert not {"probe_error", "neighbour_accuracy", "frechet"} & metrics.keys(), "one class cannot be told apart"


def test_the_report_of_pca_says_what_needs_no_model(digits: Images, test_digits: Images, tmp_path: Path) -> None:
    train, test = digits.rows(torch.arange(300)), test_digits.rows(torch.arange(60))
    metrics = report.evaluate(built("pca-digits", train, latent=8), train, test, False, tmp_path)
    pixels = scaled(present(train.pixels).flatten(1), present(test.pixels).flatten(1))
    assert metrics["pixels_probe_error"] == probe_error(pixels[0], train.labels, pixels[1], test.labels)
    assert metrics["pixels_probe_error"] < metrics["probe_error"]
    assert metrics["singular_values"] == [1.0] * 8


def test_strangers_to_a_conditional_model_are_no_reason_to_stop(few: Images, quick: None, tmp_path: Path) -> None:
    """A conditional model of one class has labels for what it never saw, or no score of it: not half a report."""
    metrics = report.evaluate(built("cvae-digits-2", few), few, few, False, tmp_path, samples=2, strangers=few)
    assert metrics["squared_error"] > 0


def test_more_classes_than_labels_are_no_reason_to_stop(tmp_path: Path) -> None:
    classes = torch.arange(150).repeat_interleave(3)
    pixels = torch.randint(0, 256, (len(classes), 1, 2, 2), dtype=torch.uint8)
    images = Images(pixels, classes, tuple(map(str, range(150))))
    found = report.evaluate(built("ae-digits-2", images, hidden=(4,)), images, images, False, tmp_path)
    assert "few_label_error_100" not in found
    assert 0 <= found["probe_error"] <= 1

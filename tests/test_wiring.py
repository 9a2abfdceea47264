"""What fills the tables: each figure of a report against an answer that is known without the report.

`test_planted.py` plants in a copy the faults that these tests are for.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp
from torch import Tensor, nn

from vaecore import checkpoint, training
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.data.text import Texts, to_points
from vaecore.evaluation import examined, features, generation, likelihood, measured, report, texts
from vaecore.evaluation.anomaly import anomaly_scores
from vaecore.evaluation.evidence import log_evidence
from vaecore.evaluation.generation import frechet_distance
from vaecore.evaluation.intervals import drawn
from vaecore.evaluation.judges import Judge
from vaecore.evaluation.planes import transductive_neighbour_accuracy
from vaecore.models import Autoencoder
from vaecore.models.text import TextSettings, TextVAE
from vaecore.recipe import Training
from vaecore.recipes import find
from vaecore.serving.loading import load

SEED, SURE = 3, 4


def built(name: str, images: Images, **changes: Any) -> Autoencoder:  # noqa: ANN401
    torch.manual_seed(0)
    model = checkpoint.build(find(name).changed(**changes), images.shape, len(images.names))
    model.prepare(images.pixels)
    return model.eval()


@pytest.fixture
def train(digits: Images) -> Images:
    return digits.rows(torch.arange(300))


@pytest.fixture
def test(test_digits: Images) -> Images:
    return test_digits.rows(torch.arange(60))


# Neighbours


def test_a_point_has_no_vote_on_itself() -> None:
    """Leave-one-out by brute force, on labels that say nothing: a point among its own voters would often win."""
    generator = np.random.default_rng(0)
    points, labels = generator.normal(size=(80, 2)).astype(np.float32), generator.integers(0, 4, 80)
    right = 0
    for i, point in enumerate(points):
        others = sorted((j for j in range(80) if j != i), key=lambda j: float(np.linalg.norm(points[j] - point)))
        right += np.bincount(labels[others[:5]], minlength=4).argmax() == labels[i]
    assert transductive_neighbour_accuracy(points, labels) == right / 80


def test_the_neighbours_of_a_test_code_are_training_codes(train: Images, test: Images, tmp_path: Path) -> None:
    """Told wrongly of every training image, they are never right; test codes among themselves would be."""
    wrong = Images(train.pixels, (train.target + 1) % 10, train.names)
    model = built("pca-digits", train, latent=30)
    assert report.evaluate(model, train, test, False, tmp_path)["neighbour_accuracy"] > 0.85
    assert report.evaluate(model, wrong, test, False, tmp_path)["neighbour_accuracy"] < 0.1


# Probes


def test_a_probe_minimises_mean_cross_entropy_and_its_decay() -> None:
    """Softmax regression by another library: mean over the examples, + decay/2 ||W||^2."""
    generator = np.random.default_rng(0)
    x, y, decay = generator.normal(size=(90, 3)), generator.integers(0, 3, 90), 0.3

    def loss(flat: np.ndarray) -> float:
        weights, bias = flat[:9].reshape(3, 3), flat[9:]
        logits = x @ weights.T + bias
        return float((logsumexp(logits, 1) - logits[np.arange(90), y]).mean() + decay / 2 * np.square(weights).sum())

    expected = minimize(loss, np.zeros(12), tol=1e-12).x
    probe = features._probe(decay, x.astype(np.float32), y)
    np.testing.assert_allclose(probe.coef_.ravel(), expected[:9], atol=1e-3)


def test_a_probes_decay_does_not_know_the_test_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    train, labels = generator.normal(size=(240, 20)).astype(np.float32), generator.integers(0, 2, 240)
    decays: list[float] = []
    fitted = features._probe

    def noted(decay: float, codes: np.ndarray, labels: np.ndarray) -> Any:  # noqa: ANN401
        decays.append(decay)
        return fitted(decay, codes, labels)

    monkeypatch.setattr(features, "_probe", noted)
    monkeypatch.setattr(features, "DECAYS", (1e-6, 1.0, 1e3))
    order = np.random.default_rng(0).permutation(240)
    rest, held = order[:200], order[200:]
    errors = [
        1 - fitted(decay, train[rest], labels[rest]).score(train[held], labels[held]) for decay in features.DECAYS
    ]
    for seed in range(4):
        test = np.random.default_rng(seed)
        features.probe_error(train, labels, test.normal(size=(50, 20)).astype(np.float32), test.integers(0, 2, 50))
        assert decays[-1] == features.DECAYS[int(np.argmin(errors))]


# Training and strangers


def test_held_out_terms_are_those_of_the_model_at_rest(few: Images) -> None:
    """Batch normalisation and dropout are for training alone; statistics stay as they are."""
    recipe = find("ladder-digits")
    model = built(recipe.name, few)
    norms = [part for part in model.modules() if type(part).__name__ == "RowNorm"]
    assert norms
    before = [buffer.clone() for norm in norms for buffer in norm.buffers()]
    model.train()
    torch.manual_seed(0)
    found = training.measured(model, few, Training())
    torch.manual_seed(0)
    with torch.no_grad():
        terms = model.eval()(present(few.pixels), few.target)
    assert found == pytest.approx({name: float(term.mean()) for name, term in terms.items()}, rel=1e-5)
    after = [buffer for norm in norms for buffer in norm.buffers()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_what_takes_a_long_file_is_less_strange_for_its_nats() -> None:
    """Noise has no shorter file: its complexity score is its elbo's less thousands of bits."""
    model = load("vae-digits-2", device="cpu").model
    noise = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    scores = anomaly_scores(model, noise)
    bits = (scores["elbo"] - scores["complexity"]) / np.log(2)
    assert (bits > 100).all()


# The judge


class Few(nn.Module):
    """Four pixels of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))  # that says on which device it is

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, 18:22]


class Always(nn.Module):
    """Sure of one class."""

    def forward(self, features: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(torch.full((len(features),), SURE), 10).float()


class Says(Judge):
    """A judge whose features are four pixels, and whose decision is always one class."""

    def __init__(self) -> None:
        super().__init__([], 10)
        self.features, self.logits = Few(), Always()  # type: ignore[assignment]


def test_accuracy_is_against_the_class_that_was_asked_for(
    train: Images, test: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined, "judges", lambda *_: {"one": Says()})
    found = report.evaluate(built("cvae-digits-2", train), train, test, False, tmp_path, samples=2)
    share = float((test.target == SURE).float().mean())
    assert 0 < share < 0.5
    assert found["accuracy"] == found["accuracy_ceiling"] == pytest.approx(share)


def test_the_floor_is_of_training_images(
    train: Images, test: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined, "judges", lambda *_: {"one": Says()})
    found = report.evaluate(built("cvae-digits-2", train), train, test, False, tmp_path, samples=2)
    real = present(test.pixels).flatten(1)[:, 18:22]
    drawn = [
        frechet_distance(real, present(train.pixels[torch.randperm(300)[:60]]).flatten(1)[:, 18:22]) for _ in range(40)
    ]
    assert min(drawn) / 3 < found["frechet_floor"] < 3 * max(drawn)
    assert found["frechet_floor"] > 1e-4


def test_a_judge_sees_no_test_image(
    train: Images, test: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[Images] = []
    monkeypatch.setattr(examined, "judges", lambda images, *_: taught.append(images) or {"one": Says()})
    report.evaluate(built("cvae-digits-2", train), train, test, False, tmp_path, samples=2)
    assert [each is train for each in taught] == [True]


# Noise and errors


def test_the_noise_of_codes_is_not_that_of_pixels(few: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One seed for both would draw the code that fits the pixels that were drawn."""
    begun: list[int] = []
    weighed = likelihood.importance_bound

    def noted(model: Any, x: Tensor, label: Any, samples: int, generator: torch.Generator) -> Tensor:  # noqa: ANN401
        begun.append(generator.initial_seed())
        return weighed(model, x, label, samples, generator)

    for name in ("log_likelihood", "importance_bound"):
        monkeypatch.setattr(likelihood, name, noted)
    monkeypatch.setattr(likelihood, "BOUNDS", (1, 2))
    model = load("iwae-digits-8", device="cpu").model
    report.evaluate(model, few, few, True, tmp_path, samples=3, seed=SEED)
    assert len(begun) == 3
    assert SEED not in begun
    assert len(set(begun)) == 2, "the bounds have draws of their own"


def test_a_standard_error_shrinks_with_the_root_of_the_number(
    few: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = torch.linspace(-90, -60, len(few)).double()
    monkeypatch.setattr(likelihood, "log_likelihood", lambda *_: values)
    found = report.evaluate(load("iwae-digits-8", device="cpu").model, few, few, True, tmp_path, samples=3)
    assert found["log_likelihood"] == pytest.approx(-75)
    expected = np.sqrt(np.var(values.numpy(), ddof=1) / len(few))
    assert found["log_likelihood_error"] == pytest.approx(expected)


@pytest.fixture
def uneven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A report of texts of one to four characters, of which each has -2 ln 2 a character, more or less."""
    lines = ["ab", "cdbb", "a", "bcd", "dd", "abca", "c", "bb"]
    held = Texts(to_points(lines, 4))
    model = TextVAE(TextSettings(latent=2, embedding=6, channels=(5,), writer=(5,)), held.shape)
    model.prepare(held.points)
    values = torch.tensor([-2 * len(line) * np.log(2) for line in lines]) + torch.tensor([1.0, -1.0] * 4)
    monkeypatch.setattr(texts, "log_likelihood", lambda *_: values)
    monkeypatch.setattr(texts, "SAMPLES", 20)
    return report.evaluate(model.eval(), held, held, False, tmp_path, samples=2)


def test_bits_are_over_characters(uneven: dict[str, float]) -> None:
    assert uneven["bits_per_character"] == pytest.approx(2.0)


def test_errors_of_texts_shrink_with_the_root_of_the_number(uneven: dict[str, float]) -> None:
    """Bits off their mean are +-1 / ln 2 a text; a text has 19 / 8 characters on average."""
    off = 1 / np.log(2) * np.sqrt(8 / 7)
    assert uneven["bits_per_character_error"] == pytest.approx(off / np.sqrt(8) / (19 / 8), rel=1e-6)
    lengths = np.array([2, 4, 1, 3, 2, 4, 1, 2])
    values = -2 * lengths * np.log(2) + np.array([1, -1] * 4)
    assert uneven["log_likelihood_error"] == pytest.approx(values.std(ddof=1) / np.sqrt(8), rel=1e-6)


def test_every_figure_of_samples_is_of_the_judges_features(
    train: Images, test: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined, "judges", lambda *_: {"one": Says()})
    model = built("cvae-digits-2", train)
    on = examined.Examined(model, train, test, False, tmp_path, samples=2)
    real, fake = present(test.pixels).flatten(1)[:, 18:22], on.conditional_images.flatten(1)[:, 18:22]
    training = present(train.pixels[drawn(300, 60)]).flatten(1)[:, 18:22]
    inside, ceiling = generation.covering(real, fake), generation.covering(real, training)
    found = measured.coverage(on) | measured.conditional_frechet(on)
    assert (found["coverage_one"], found["coverage_one_error"]) == generation.coverage(inside)
    assert (found["density_one"], found["density_one_error"]) == generation.density(inside)
    assert (found["coverage_ceiling"], found["density_ceiling"]) == (
        generation.coverage(ceiling)[0],
        generation.density(ceiling)[0],
    )
    assert found["frechet"] == pytest.approx(frechet_distance(real, fake))
    assert found["frechet_floor"] == pytest.approx(frechet_distance(real, training))


# The integral


def too_narrow(*_: object) -> None:
    raise ValueError("expected posteriors that a step resolves")


def test_a_report_takes_the_integral_where_it_can(few: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load("vae-digits-2", device="cpu").model
    whole = log_evidence(model, present(few.pixels)).double()
    on = examined.Examined(model, few, few, False, tmp_path, samples=2)
    assert torch.equal(on.likelihoods, whole)
    assert measured.likelihood(on, "grey_bound")["grey_bound"] == float(whole.mean())
    monkeypatch.setattr(examined, "log_evidence", too_narrow)
    on = examined.Examined(model, few, few, False, tmp_path, samples=2)
    assert on.integrals is None, "of posteriors that no lattice resolves"
    assert not torch.equal(on.likelihoods, whole), "an estimate by samples"

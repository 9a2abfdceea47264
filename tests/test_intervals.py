"""Standard errors against closed forms and against what figures vary by over many draws; subsets that are drawn."""

import json
from math import sqrt

import numpy as np
import pytest
import torch

from vaecore import checkpoint
from vaecore.evaluation.anomaly import auroc, auroc_error
from vaecore.evaluation.figures import Figure, with_error
from vaecore.evaluation.intervals import averaged, drawn, jackknife, jackknifed, listed, share, standard_error
from vaecore.evaluation.shown import columns
from vaecore.evaluation.texts import per_character

CURVES = {"levels", "images", "samples", "error_of_the_rise", "error"}


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_mean_and_its_error() -> None:
    assert averaged("x", torch.tensor([1.0, 2.0, 3.0, 6.0])) == {"x": 3.0, "x_error": pytest.approx(sqrt(14 / 3 / 4))}
    assert averaged("x", torch.tensor([5.0])) == {"x": 5.0}, "one image says nothing of others"
    assert share("x", 0.2, 100) == {"x": 0.2, "x_error": pytest.approx(0.04)}
    assert listed("x", torch.tensor([[1.0, 2.0], [3.0, 2.0]])) == {"x": [2.0, 2.0], "x_error": [1.0, 0.0]}


def test_the_jackknife_of_a_mean_is_the_usual_error() -> None:
    rows = normal(4000)
    assert float(jackknife(lambda part: part.mean(), rows)) == pytest.approx(float(standard_error(rows)), rel=0.35)
    few = normal(12)  # each a group of its own: the two agree exactly
    assert float(jackknife(lambda part: part.mean(), few)) == pytest.approx(float(standard_error(few)), rel=1e-5)


def test_the_jackknife_of_a_deviation_is_what_it_varies_by() -> None:
    values, errors = [], []
    for seed in range(300):
        found = jackknifed("x", lambda rows: rows.std(), normal(200, seed=seed))
        values.append(found["x"])
        errors.append(found["x_error"])
    assert np.sqrt(np.square(errors).mean()) == pytest.approx(np.std(values), rel=0.15)


def test_an_error_that_is_no_number_is_not_told() -> None:
    assert jackknifed("x", lambda rows: rows.std(), normal(2)).keys() == {"x"}


def test_the_error_of_an_auroc_is_what_it_varies_by() -> None:
    values, errors = [], []
    for seed in range(300):
        both = normal(80, seed=seed), 0.8 + normal(60, seed=1000 + seed)
        values.append(auroc(*both))
        errors.append(auroc_error(*both))
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.1)
    ties = torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.0, 1.0, 1.0])
    assert auroc_error(*ties) == pytest.approx(auroc_error(*(10 * side for side in ties)))


def test_a_ratio_varies_by_texts() -> None:
    values, errors = [], []
    for seed in range(300):
        generator = np.random.default_rng(seed)
        lengths = torch.from_numpy(generator.integers(1, 9, 100))
        totals = 2.0 * lengths + torch.from_numpy(generator.normal(size=100))
        found = per_character("x", totals, lengths)
        values.append(found["x"])
        errors.append(found["x_error"])
    assert np.mean(values) == pytest.approx(2, abs=0.01)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.1)


def test_a_subset_is_drawn_and_the_same_for_all() -> None:
    some = drawn(10_000, 1000)
    assert torch.equal(some, drawn(10_000, 1000))
    assert len(set(some.tolist())) == 1000
    assert (some.diff() > 0).all()
    assert 4500 < float(some.double().mean()) < 5500, "of the whole file"
    assert torch.equal(drawn(50, 1000), torch.arange(50))


def test_a_figure_is_written_with_its_error() -> None:
    own = Figure("x", "X, real", "{:.2f}", beside="y")
    metrics = {"x": 1.0, "x_error": 0.25, "y": 2.0}
    assert own.written(metrics) == "1.00 ± 0.25, 2.00"
    assert own.written(metrics, "{:.0f}") == "1 ± 0, 2"
    assert own.written({}) == ""
    assert with_error("{:.1%}", 0.5, 0.01) == "50.0% ± 1.0%"


@pytest.mark.parametrize("name", checkpoint.names())
def test_every_figure_of_a_card_has_an_error(name: str) -> None:
    metrics = json.loads((checkpoint.find(name) / "card.json").read_text())["metrics"]
    for key, value in metrics.items():
        if key.endswith(("_error", "_deviation")) or key == "replicates":
            continue
        if not isinstance(value, dict):
            error = metrics[f"{key}_error"]
            assert np.shape(error) == np.shape(value)
            assert np.min(error) >= 0
            continue
        curves = {curve for curve in value if curve not in CURVES and not curve.endswith("_error")}
        for curve in curves:
            error = value["error" if key == "bounds" else f"{curve}_error"]
            assert len(error) == len(value[curve])


@pytest.mark.parametrize("texts", [False, True])
def test_every_column_of_the_tables_is_written_with_an_error(texts: bool) -> None:
    for figure in columns(texts):
        cards = (json.loads((checkpoint.find(name) / "card.json").read_text()) for name in checkpoint.names())
        told = [text for card in cards if (text := figure.written(card["metrics"]))]
        assert all("±" in text for text in told)
        assert told or figure.key.startswith("pixels_")

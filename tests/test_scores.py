"""The scores page's rows: from the cards, with the papers' figures beside the right ones."""

import json
import shutil

import pytest

from vaecore import checkpoint
from vaecore.evaluation.figures import Ranked
from vaecore.recipes import RECIPES
from vaecore.serving.studies.scores import PUBLISHED, RANKED, scores


@pytest.mark.parametrize("measure", RANKED)
def test_every_card_that_has_the_figure_is_there_the_best_first(measure: str) -> None:
    wanted, found = RANKED[measure][0], scores(measure)
    cards = {name: checkpoint.read_card(checkpoint.find(name)) for name in checkpoint.names()}
    assert {score.model for score in found} == {
        name
        for name, card in cards.items()
        if "evaluation" in card
        and set(wanted.keys) & card["metrics"].keys()
        and name.startswith("couplets") == (measure == "verse")  # nats of a couplet are not those of an image
    }
    values = [score.value for score in found]
    assert values == sorted(values, reverse=not wanted.smaller)
    for score in found:
        card = cards[score.model]
        assert score.which == wanted.which(card["metrics"])
        assert wanted.sign * score.value == card["metrics"][score.which]
        assert score.error == card["metrics"][f"{score.which}_error"]
        assert score.command == card["evaluation"]["command"]
        assert f"{card['evaluation']['images']:,} test images" in score.protocol


def test_which_of_several_counts_is_chosen_without_the_test_images() -> None:
    own = Ranked("strangers", "AUROC", "", keys=("a", "b", "c"))
    assert own.which({"a": 0.9, "a_training": 0.7, "b": 0.8, "b_training": 0.95}) == "b"
    assert own.which({"a": 0.9, "b": 0.8}) == "a", "where no training images were looked at"
    for score in scores("strangers"):
        metrics = checkpoint.read_card(checkpoint.find(score.model))["metrics"]
        areas = {key: area for key, area in metrics.items() if key.startswith("auroc_") and key.endswith("_training")}
        candidates = [areas[f"{key}_training"] for key in RANKED["strangers"][0].keys if f"{key}_training" in areas]
        assert areas[f"{score.which}_training"] == max(candidates)


def test_a_conditional_score_stands_beside_what_real_images_get() -> None:
    for score in scores("conditional"):
        metrics = checkpoint.read_card(checkpoint.find(score.model))["metrics"]
        for name in ("coverage", "density"):
            assert f"{name} {metrics[name]:.3f} ± {metrics[f'{name}_error']:.3f};" in score.protocol
            assert f"{name} of real images {metrics[f'{name}_ceiling']:.3f} ±" in score.protocol


def test_a_likelihood_says_how_it_was_estimated() -> None:
    found = {score.model: score for score in scores("likelihood")}
    assert "1,000 importance samples" in found["vae-mnist-20"].protocol
    assert "drawn once as a Bernoulli" in found["vae-mnist-20"].protocol
    assert all(score.value > 0 for score in found.values()), "as papers print it"
    assert not {score.model for score in scores("grey pixels")} & found.keys(), "one or the other"


def test_replicates_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # noqa: ANN001
    card = checkpoint.read_card(checkpoint.find("vae-mnist-20"))
    card["metrics"]["replicates"] = {"seeds": [0, 1, 2], "log_likelihood": [], "mean": -86.0, "deviation": 0.1}
    (tmp_path / "vae-mnist-20").mkdir()
    shutil.copy(checkpoint.find("vae-mnist-20") / "recipe.json", tmp_path / "vae-mnist-20")
    (tmp_path / "vae-mnist-20" / "weights.safetensors").touch()
    (tmp_path / "vae-mnist-20" / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr(checkpoint, "SOURCES", (tmp_path,))
    (found,) = scores("likelihood")
    assert found.seeds == (86.0, 0.1, 3)


def test_a_published_figure_stands_beside_a_model_that_can_be_trained() -> None:
    for (model, measure), paper in PUBLISHED.items():
        assert model in RECIPES
        assert measure in RANKED
        assert paper.source
    assert all(score.published == PUBLISHED.get((score.model, "likelihood")) for score in scores("likelihood"))


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one of likelihood, .*, got 'beauty'"):
        scores("beauty")

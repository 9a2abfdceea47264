"""Sensitivity, Stack and Anomaly, run without a browser."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from harness import Open, charts, choose, plain, text
from streamlit.testing.v1 import AppTest

import vaecore
from app.figures import curves
from app.figures.charts import Series
from app.figures.curves import Leg
from app.figures.marks import COLORS, Dots, Line, Rule, Words, marks
from app.markup import exhibits, strips
from app.markup.exhibits import Ballot
from app.results import picks, stacks, strangers
from app.session.state import Model
from vaecore import serving
from vaecore.checkpoint import SOURCES
from vaecore.serving import Explorer

RANDOM = np.random.default_rng(0)


def html(app: AppTest) -> str:
    return "\n".join(part.proto.body for part in app.get("html"))


def said(app: AppTest, pattern: str) -> tuple[str, ...]:
    """What a page's text says where the pattern has its groups."""
    text = "\n".join(part.value for part in [*app.markdown, *app.caption])
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in: {text}"
    return found.groups()


def metric(app: AppTest, label: str) -> float:
    return next(float(each.value.rstrip("%")) for each in app.metric if each.label == label)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack of two layers after a few epochs, whose classifier still errs."""
    folder = tmp_path_factory.mktemp("stacks") / "stacked-digits"
    few = {"layer_epochs": 2, "epochs": 3, "classifier_epochs": 10, "hidden": (32,), "latent": 16}
    return vaecore.train("stacked-digits", out=folder, device="cpu", **few)


@pytest.fixture
def stack_with_history(stack: Path, tmp_path: Path) -> Path:
    """The same stack, whatever its card keeps, with a history of each stage on its card."""
    folder = tmp_path / "stacked-digits"
    shutil.copytree(stack, folder)
    card = json.loads((folder / "card.json").read_text())
    for stage in card["stages"]:
        stage["history"] = [3.0, 2.0]
    (folder / "card.json").write_text(json.dumps(card))
    return folder


# Sensitivity


def test_the_norms_are_those_of_the_image_shown(open_page: Open) -> None:
    app = open_page("sensitivity", model="vae-digits-2", beside="pca-digits", of="4", which="2")
    images = vaecore.dataset("digits")
    row = np.flatnonzero(images.labels == 4)[1]
    felt = serving.directions.sensitivity(vaecore.load("vae-digits-2", device="cpu"), images.images[row])
    assert metric(app, "‖J‖ of vae-digits-2") == pytest.approx(felt.norm, abs=0.006)
    assert metric(app, "‖J‖ of pca-digits") == pytest.approx(32**0.5, abs=0.006)
    assert float(said(app, r"feels \*\*([\d.]+) times")[0]) == pytest.approx(felt.norm / 32**0.5, abs=0.006)


def test_a_felt_direction_moves_the_code_and_an_ignored_one_does_not(open_page: Open) -> None:
    app = open_page("sensitivity", model="pca-digits", beside="ae-digits-2", step="50")
    felt = int(said(app, r"that of \*\*pca-digits\*\* by (\d+)%")[0])
    assert 45 < felt < 60  # PCA keeps lengths; its codes lie a little closer than the images
    app.segmented_control(key="end").set_value("ignored").run()
    assert said(app, r"that of \*\*pca-digits\*\* by (\d+)%") == ("0",)
    app.slider(key="step").set_value(0).run()
    assert said(app, r"by (\d+)%, that of \*\*ae-digits-2\*\* by (\d+)%") == ("0", "0")


def test_what_the_other_model_feels_can_be_pushed_along(open_page: Open) -> None:
    own = html(open_page("sensitivity", model="vae-digits-2", beside="pca-digits"))
    other = open_page("sensitivity", model="vae-digits-2", beside="pca-digits", by="pca-digits")
    assert not other.exception
    assert other.segmented_control(key="by").value == "pca-digits"
    assert html(other) != own


def test_another_image_is_drawn(open_page: Open) -> None:
    app = open_page("sensitivity", model="cvae-digits-2")
    before = html(app)
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert not app.exception
    assert 1 <= app.number_input(key="which").value <= 179
    assert html(app) != before


def test_a_model_of_another_size_is_never_beside(open_page: Open) -> None:
    app = open_page("sensitivity", model="vae-digits-2")
    assert {"cvae-digits-2", "ae-digits-2"} <= set(app.selectbox(key="beside").options)
    assert not [name for name in app.selectbox(key="beside").options if "mnist" in name or name == "vae-digits-2"]


def test_a_choice_that_the_next_model_does_not_have_is_dropped(open_page: Open) -> None:
    app = open_page("sensitivity", model="vae-digits-2", beside="pca-digits", by="pca-digits")
    choose(app, "pca-digits")
    assert not app.exception
    assert app.selectbox(key="beside").value != "pca-digits"
    assert app.segmented_control(key="by").value == "pca-digits"
    choose(app, "ae-digits-2")
    assert app.segmented_control(key="by").value == "ae-digits-2"


# Stack


def test_a_row_for_each_layer_and_for_all_together_with_their_errors(open_page: Open, stack: Path) -> None:
    app = open_page("stack", model=str(stack), images="4")
    assert not app.exception
    shown = html(app)
    titles = re.findall(r"<header><b>(.*?)</b>", shown)
    assert titles == ["Originals", "Layer 1", "Layer 2", "Tuned together"]
    images, own = vaecore.dataset("digits").images, vaecore.load(stack, device="cpu")
    rows = picks.draw(np.arange(len(images)), 4, 0)
    tuned = ((images[rows] - own.reconstruct(images[rows])) ** 2).sum(axis=(1, 2, 3))
    last = shown.split("<b>Tuned together</b>")[1].split("</ol>")[0]
    written = [float(error) for error in re.findall(r"<li[^>]*>([\d.]+)</li>", last)]
    assert written == pytest.approx(tuned.tolist(), abs=0.051)


def test_layers_that_were_not_kept_are_the_tuned_ones(open_page: Open, stack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stacked-digits"
    shutil.copytree(stack, folder)
    shutil.rmtree(folder / "stages")
    titles = re.findall(r"<header><b>(.*?)</b>", html(open_page("stack", model=str(folder))))
    assert titles == ["Originals", "Layer 1", "Layer 2"]


def test_the_test_error_is_that_of_the_test_images(open_page: Open, stack: Path) -> None:
    app, tests = open_page("stack", model=str(stack)), vaecore.dataset("digits")
    wrong = vaecore.load(stack, device="cpu").classify(tests.images).argmax(1) != tests.labels
    assert metric(app, "Test error") == pytest.approx(100 * wrong.mean(), abs=0.006)


def test_the_test_error_is_the_cards(open_page: Open) -> None:
    app = open_page("stack", model="stacked-digits")
    card = vaecore.load("stacked-digits", device="cpu").card
    assert card["evaluation"]["split"] == "test"
    assert metric(app, "Test error") == pytest.approx(100 * card["metrics"]["classification_error"], abs=0.006)


def test_wrong_shows_wrong_ones_only(open_page: Open, stack: Path) -> None:
    app = open_page("stack", model=str(stack), pick="wrong", images="6")
    verdicts = re.findall(r"<em>(.*?)</em>", html(app))
    assert len(verdicts) > 0
    assert all(verdict.startswith("taken for") for verdict in verdicts)


def test_a_stack_without_labels_has_no_wrong_ones(open_page: Open, stack: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    np.savez(path, images=RANDOM.random((60, 8, 8), dtype=np.float32))
    app = open_page("stack", model=str(stack), data=str(path))
    assert not app.exception
    assert list(app.segmented_control(key="pick").options) == ["random", "least sure"]
    assert not [each for each in app.metric if each.label == "Test error"]


def test_stages_have_their_own_seconds_and_their_errors(stack: Path) -> None:
    own = vaecore.load(stack, device="cpu")
    found = stacks.stages(own)
    assert [stage.name for stage in found] == [
        "Layer 1 alone", "Layer 2 alone", "All layers together", "Classifier on top",
    ]  # fmt: skip
    assert [stage.epochs for stage in found] == [2, 2, 3, 10]
    assert sum(stage.seconds for stage in found) == pytest.approx(own.card["seconds"])
    assert found[-1].classification_error == own.card["metrics"]["classification_error"]
    assert found[0].squared_error == own.card["stages"][0]["metrics"]["squared_error"]


def test_the_history_is_drawn_where_the_card_keeps_it(open_page: Open, stack_with_history: Path) -> None:
    app = open_page("stack", model=str(stack_with_history))
    assert not app.exception
    drawn = charts(app)[0]
    assert [line["name"] for line in drawn["lines"]] == ["of pixels", "of codes", "of pixels", "cross-entropy"]
    assert [rule["at"] for rule in drawn["rules"]] == [0, 2, 4, 6]


@pytest.mark.parametrize("split", ["validation", "training", None])
def test_the_page_says_of_which_images_the_errors_are(
    split: str | None, open_page: Open, stack_with_history: Path
) -> None:
    """A card of before there was a choice does not say so: they were those of the test."""
    file = stack_with_history / "card.json"
    card = json.loads(file.read_text())
    assert card.pop("measured_on") == "validation"
    file.write_text(json.dumps(card | ({"measured_on": split} if split else {})))
    app = open_page("stack", model=str(stack_with_history))
    assert charts(app)[0]["y"]["title"] == f"error on the {split or 'test'} images"
    assert f"Both are of the {split or 'test'} images" in "".join(each.value for each in app.caption)


def test_in_the_place_of_a_model_that_is_no_stack_stands_one(
    open_page: Open, stack: Path, monkeypatch: pytest.MonkeyPatch, fresh: None
) -> None:
    monkeypatch.setattr("vaecore.checkpoint.SOURCES", (stack.parent, *SOURCES))
    app = open_page("stack", model="ae-digits-2")
    assert not app.exception
    assert "in one go" in text(app)
    assert "This page shows stacked-digits instead." in text(app)
    assert "<b>Layer 1</b>" in html(app)


def test_doubtful_rows() -> None:
    votes = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.45, 0.55]])
    labels = np.array([1, 1, 1, 1])
    assert picks.doubtful(np.arange(4), votes, labels, "wrong", 5).tolist() == [0, 1]
    assert picks.doubtful(np.arange(4), votes, labels, "least sure", 2).tolist() == [3, 1]
    assert picks.doubtful(np.array([2, 1]), votes, labels, "wrong", 5).tolist() == [1]
    assert picks.doubtful(np.arange(4), votes, None, "wrong", 5).tolist() == []


def test_the_right_class_is_among_the_likeliest() -> None:
    votes = np.array([0.5, 0.3, 0.15, 0.05])
    assert stacks.likeliest(votes, 2, None) == [0, 1]
    assert stacks.likeliest(votes, 2, 1) == [0, 1]
    assert stacks.likeliest(votes, 2, 3) == [0, 3]


def test_a_probability_that_is_nearly_one_is_not_called_one() -> None:
    written = [exhibits.percent(share) for share in (0.0, 0.004, 0.126, 0.996, 1.0)]
    assert written == ["0%", "< 1%", "13%", "> 99%", "100%"]


def test_names_in_a_ballot_are_escaped() -> None:
    card = Ballot("<b>", np.zeros((2, 2, 3), np.uint8), "right", True, [("<i>", 0.5, "#123456")])
    shown = exhibits.ballots([card])
    assert "&lt;b&gt;" in shown
    assert "&lt;i&gt;" in shown
    assert "width:50.0%;background:#123456" in shown


# Anomaly


@pytest.fixture
def mixed() -> strangers.Mix:
    scores = np.concatenate([np.arange(100.0), np.arange(50.0, 150.0)])
    unseen = np.arange(200) >= 100
    curve = serving.strangers.roc(scores[:100], scores[100:])
    return strangers.Mix(np.zeros((200, 1, 2, 2)), None, ("",) * 200, unseen, {"reconstruction": scores}, {"r": curve})


def test_a_threshold_flags_no_more_than_was_accepted(mixed: strangers.Mix) -> None:
    for percent in (0, 5, 50):
        alarm = strangers.alarm(mixed, "reconstruction", percent)
        normal, strange = mixed.scores["reconstruction"][:100], mixed.scores["reconstruction"][100:]
        assert alarm.wrong == (normal > alarm.threshold).sum() <= percent
        assert alarm.found == (strange > alarm.threshold).sum()
    assert strangers.alarm(mixed, "reconstruction", 0).found == 50


def test_the_area_is_the_share_of_pairs_in_the_right_order(open_page: Open) -> None:
    app = open_page("anomaly", model="vae-digits-2", unseen="inverted", score="density")
    mixed = strangers.mix(Model("vae-digits-2"), "inverted")
    for score in ("reconstruction", "density"):
        normal, strange = strangers.values(mixed, score, False), strangers.values(mixed, score, True)
        pairs = (strange[:, None] > normal).mean() + (strange[:, None] == normal).mean() / 2
        assert area(app, score) == pytest.approx(pairs, abs=6e-4)


def area(app: AppTest, score: str) -> float:
    """What the page's table says of a score."""
    names = [plain(name) for name in re.findall(r"<th(?: class=vc-chosen)?>(.*?)</th>", html(app))]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html(app).partition(">these images</th>")[2])
    return float(cells[names.index(score) - names.index("AUROC") - 1])


def test_the_sentence_says_what_the_slider_does(open_page: Open) -> None:
    app = open_page("anomaly", model="pca-digits", unseen="shuffled pixels")
    before = said(app, r"\*\*([\d,]+) of the 179\*\* images never seen are found, and (\d+) of the 179")
    assert int(before[1]) <= 0.05 * 179
    app.slider(key="alarms").set_value(30).run()
    after = said(app, r"\*\*([\d,]+) of the 179\*\* images never seen are found, and (\d+) of the 179")
    assert int(after[0]) >= int(before[0])
    assert 0.25 * 179 < int(after[1]) <= 0.3 * 179


def test_every_image_is_marked_as_what_it_is(open_page: Open) -> None:
    app = open_page("anomaly", model="ae-digits-2", unseen="inverted", images="8")
    mixed = strangers.mix(Model("ae-digits-2"), "inverted")
    ends = [picks.ranked(mixed.scores["reconstruction"], 8, strangest) for strangest in (True, False)]
    expected = ["unseen" if mixed.unseen[row] else "normal" for rows in ends for row in rows]
    assert re.findall(r'<li class="vc-mark vc-(\w+)">(\w+)\n', html(app)) == [(each, each) for each in expected]
    assert expected[0] == "unseen"


def test_a_score_below_one_half_is_called_what_it_is(open_page: Open) -> None:
    app = open_page("anomaly", model="vae-digits-2", unseen="upside down", score="density")
    assert area(app, "density") < 0.45
    assert "Worse than guessing" in "".join(caption.value for caption in app.caption)
    assert "Worse than guessing: AUROC 0." in html(app)
    assert (
        "worse than guessing" not in html(open_page("anomaly", model="vae-digits-2", unseen="shuffled pixels")).lower()
    )


def test_the_score_that_opens_is_chosen_by_training_images(open_page: Open) -> None:
    app = open_page("anomaly", model="vae-digits-2")
    assert app.segmented_control(key="score").value == "both"  # no strangers are known of these digits
    own = vaecore.load("vae-mnist-2", device="cpu")
    best = serving.strangers.best_score(own)
    assert best is not None
    assert best.strangers == "fashion-mnist"
    figures = own.card["metrics"]
    assert best.area == figures[f"auroc_{best.score}_training"]
    assert best.area == max(value for key, value in figures.items() if re.fullmatch(r"auroc_\w+_training", key))
    alone = serving.strangers.best_score(vaecore.load("one-class-mnist", device="cpu"))
    assert alone is not None
    assert alone.strangers == "other classes"
    assert serving.strangers.best_score(vaecore.load("ae-digits-2")) is None


@pytest.mark.parametrize("model", ["pca-digits", "cvae-digits-2"])
@pytest.mark.parametrize("kind", serving.strangers.ALTERATIONS)
def test_every_alteration_of_every_kind_of_model(open_page: Open, model: str, kind: str) -> None:
    app = open_page("anomaly", model=model, unseen=kind)
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="unseen").value == kind


def test_own_images_can_stand_for_the_unseen(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    np.savez(path, images=RANDOM.random((60, 8, 8), dtype=np.float32))
    app = open_page("anomaly", model="ae-digits-2", data=str(path), unseen=str(path))
    assert not app.exception
    assert area(app, "reconstruction") > 0.99
    np.savez(path, images=RANDOM.random((60, 9, 9), dtype=np.float32))
    other = tmp_path / "other.npz"
    shutil.copy(path, other)
    app = open_page("anomaly", model="ae-digits-2", data=str(other), unseen=str(other))
    assert not app.exception
    assert "9 × 9" in app.warning[0].value


# Charts and pictures


def test_a_spectrum_shows_five_decades_and_marks_few_values() -> None:
    long = Series("long", np.arange(1, 31), 10.0 ** -np.arange(30))
    figure = curves.spectrum([long, Series("short", np.array([1, 2]), np.array([1.0, 0.5]), "twin")])
    assert figure.y.log
    assert figure.ends("y") == pytest.approx((1e-5, 2))
    assert [bool(line.dots) for line in marks(figure, Line)] == [False, True]


def test_legs_follow_each_other_and_say_where_one_begins() -> None:
    figure = curves.legs(
        [Leg("layer 1", np.array([4.0, 2.0]), "reconstruction"), Leg("layer 2", np.array([9.0, 3.0, 1.0]), "z")],
        "validation",
    )
    assert figure.y.title == "error on the validation images"
    assert [line.x.tolist() for line in marks(figure, Line)] == [[1, 2], [3, 4, 5]]
    assert [rule.at for rule in marks(figure, Rule)] == [0, 2]
    assert [line.color for line in marks(figure, Line)] == [COLORS["reconstruction"], COLORS["z"]]
    assert [(words.text, words.x) for words in marks(figure, Words)] == [("layer 1", 0), ("layer 2", 2)]


def test_a_roc_shows_its_area_guessing_and_where_one_stands() -> None:
    figure = curves.roc(np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.9, 1.0]), 0.7, (0.05, 0.2))
    (curve, guessing), (stand,) = marks(figure, Line), marks(figure, Dots)
    assert (curve.y[1], stand.x[0], stand.y[0]) == (0.9, 0.05, 0.2)
    assert curve.said[1] == "90.0% of the unseen found\nat 50.0% false alarms"
    assert list(guessing.x) == list(guessing.y) == [0, 1]
    assert "area 0.700" in [words.text for words in marks(figure, Words)]


def test_a_mark_is_a_style_and_a_word() -> None:
    cells = np.zeros((2, 2, 2, 3), np.uint8)
    shown = strips.row("Row", cells, ["unseen\n1", "normal\n2"], marks=["unseen", "normal"])
    assert '<li class="vc-mark vc-unseen">unseen\n1</li>' in shown
    assert '<li class="vc-mark vc-normal">normal\n2</li>' in shown


def test_kinds_of_the_unseen_hold_the_images_chosen_at_the_left(vae: Explorer) -> None:
    assert strangers.kinds(vae, "digits") == list(serving.strangers.ALTERATIONS)
    assert strangers.kinds(vae, "my.npz") == [*serving.strangers.ALTERATIONS, "my.npz"]


def test_the_mistakes_of_a_threshold_are_the_clearest_first() -> None:
    scores = np.array([5.0, 1.0, 3.0, 0.5, 2.0, 4.0])
    unseen = np.array([False, False, False, True, True, True])
    curve = serving.strangers.roc(scores[~unseen], scores[unseen])
    mixed = strangers.Mix(np.zeros((6, 1, 2, 2)), None, ("",) * 6, unseen, {"reconstruction": scores}, {"r": curve})
    missed, flagged = strangers.errors_of(mixed, "reconstruction", 2.5, 10)
    assert (missed.tolist(), flagged.tolist()) == ([3, 4], [0, 2])
    missed, flagged = strangers.errors_of(mixed, "reconstruction", 2.5, 1)
    assert (missed.tolist(), flagged.tolist()) == ([3], [0])
    assert not any(len(rows) for rows in strangers.errors_of(mixed, "reconstruction", 0.0, 10)[:1])

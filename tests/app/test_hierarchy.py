"""Hierarchy, run without a browser."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from harness import Open, choose, rows_of, text
from streamlit.testing.v1 import AppTest
from torch import nn

import vaecore
from vaecore import checkpoint, serving

LEVELS = ["z₃, the top", "z₂", "z₁, by the image"]


def notes(app: AppTest) -> dict[str, str]:
    return {title: row.note for title, row in rows_of(app).items()}


def changes(app: AppTest) -> list[float]:
    return [float(re.findall(r"change ([\d.]+)", note)[0]) for note in notes(app).values()]


def pictures(app: AppTest) -> list[str]:
    return re.findall(r'src="([^"]+)" alt="([^"]+)"', text(app))


@pytest.fixture
def silent_top(tmp_path: Path) -> Path:
    """The ladder, its head at the top saying what the prior says."""
    own = vaecore.load("ladder-digits", device="cpu")
    head = own.model.heads[-1]
    nn.init.zeros_(head.weight)
    with torch.no_grad():  # softplus(0.5413) is 1
        head.bias.copy_(torch.tensor([0.0, 0.0, 0.5413, 0.5413]))
    checkpoint.save(tmp_path / "silent", own.recipe, own.model, own.card)
    return tmp_path / "silent"


def test_a_row_for_each_level_from_the_top(open_page: Open) -> None:
    app = open_page("hierarchy", model="ladder-digits")
    assert not app.exception
    assert not app.warning
    assert list(rows_of(app)) == LEVELS
    assert [note.split(",")[0] for note in notes(app).values()] == ["2 numbers", "4 numbers", "8 numbers"]
    own = vaecore.load("ladder-digits", device="cpu")
    expected = serving.levels.redraw(own, serving.levels.prior_noise(own), 8)
    assert changes(app) == pytest.approx(expected.changes.tolist(), abs=0.006)


def test_the_start_is_an_image_and_its_code(open_page: Open) -> None:
    app = open_page("hierarchy", model="ladder-digits", start="a test image", of="3", which="2", seed="5")
    assert not app.exception
    assert [alt for _, alt in pictures(app)] == ["The image", "The start", *LEVELS]
    images = vaecore.dataset("digits")
    row = np.flatnonzero(images.labels == 3)[1]
    own = vaecore.load("ladder-digits", device="cpu")
    noise = serving.levels.noise_behind(own, images.images[row])
    expected = serving.levels.redraw(own, noise, 8, seed=5)
    assert changes(app) == pytest.approx(expected.changes.tolist(), abs=0.006)
    assert f"row {row}" in text(app)


def test_the_temperature_and_the_seed_are_obeyed(open_page: Open) -> None:
    app = open_page("hierarchy", model="hierarchical-digits", temperature="0.0")
    assert changes(app) == [0.0, 0.0]  # a draw without noise, and redraws without noise
    app.slider(key="temperature").set_value(1.0).run()
    assert min(changes(app)) > 0
    before = pictures(app)
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert app.number_input(key="seed").value == 1
    assert not set(pictures(app)) & set(before)
    again = open_page("hierarchy", model="hierarchical-digits", seed="1", temperature="1.0")
    assert pictures(again) == pictures(app)


def test_redrawing_keeps_the_image_that_it_started_from(open_page: Open) -> None:
    app = open_page("hierarchy", model="ladder-digits", start="a test image")
    before = pictures(app)
    next(button for button in app.button if button.label == "Draw again").click().run()
    after = pictures(app)
    assert after[:2] == before[:2]
    assert not set(after[2:]) & set(before[2:])


def test_a_level_that_says_nothing_is_called_collapsed(open_page: Open, silent_top: Path) -> None:
    app = open_page("hierarchy", model=str(silent_top))
    assert not app.exception
    assert "z₃ is **collapsed**, below 0.1 nats" in text(app)
    assert [note.endswith(", collapsed") for note in notes(app).values()] == [True, False, False]
    alive = open_page("hierarchy", model="ladder-digits")
    assert "No level is collapsed" in text(alive)
    assert not [note for note in notes(alive).values() if "collapsed" in note]


def test_in_the_place_of_a_model_of_one_level_stands_a_hierarchy(open_page: Open) -> None:
    app = open_page("hierarchy", model="vae-digits-2")
    assert not app.exception
    assert "vae-digits-2 has one level of latents. This page shows hierarchical-digits instead." in text(app)
    assert len(rows_of(app)) == 2
    choose(app, "ladder-digits")
    assert "instead" not in text(app)
    assert list(rows_of(app)) == LEVELS


def test_a_conditional_hierarchy_draws_the_class_that_is_chosen(open_page: Open, tmp_path: Path) -> None:
    folder = vaecore.train("hierarchical-digits", out=tmp_path / "told", device="cpu", conditional=True, epochs=1)
    app = open_page("hierarchy", model=str(folder))
    assert not app.exception
    before = pictures(app)
    app.selectbox(key="label").set_value("7").run()
    assert not app.exception
    assert pictures(app) != before
    app.segmented_control(key="start").set_value("a test image").run()
    assert not app.exception
    assert pictures(app)[0][1] == "The image"


def test_own_images_without_labels_and_a_class_without_images(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    images = np.random.default_rng(0).random((60, 8, 8), dtype=np.float32)
    np.savez(path, images=images)
    app = open_page("hierarchy", model="ladder-digits", data=str(path), start="a test image")
    assert not app.exception
    assert "Rates over 6 test images" in text(app)
    labels = np.zeros(60, np.int64)
    labels[-1] = 1
    other = tmp_path / "labelled.npz"
    np.savez(other, images=images, labels=labels)
    assert 1 not in vaecore.dataset(other).labels  # the only one is for training
    app = open_page("hierarchy", model="ladder-digits", data=str(other), start="a test image", of="1")
    assert not app.exception
    assert "no image of this class" in app.info[0].value

"""Corrupt: damaged images, who repairs them, and the curves below."""

import re
from pathlib import Path

import numpy as np
import pytest
from harness import Open, rows_of, text

import vaecore
from app.results import picks, restorations
from app.results.data import pictures
from app.results.restorations import LEVELS, Side
from app.session import state
from vaecore import serving

DIGITS = vaecore.dataset("digits", split="test")
ROWS = DIGITS.images[:12], DIGITS.labels[:12]
PLAIN, CONDITIONAL = state.Model("ae-digits-2"), state.Model("cvae-digits-2")
SIDES = [Side("reconstruction", PLAIN), Side("twin", CONDITIONAL), Side("baseline", PLAIN, 8)]


def test_every_side_is_shown_the_same_damage_and_the_smallest_error_is_best() -> None:
    made = restorations.attempts(SIDES, *ROWS, "gaussian", 0.4, seed=3)
    again = restorations.attempts(SIDES[::-1], *ROWS, "gaussian", 0.4, seed=3)
    np.testing.assert_array_equal(made.corrupted, again.corrupted)
    np.testing.assert_array_equal(made.errors, again.errors[::-1])
    for restored, errors in zip(made.restored, made.errors, strict=True):
        np.testing.assert_allclose(np.square(ROWS[0] - restored).sum((1, 2, 3)), errors, rtol=1e-5)
    assert made.best.argmax(axis=0).tolist() == made.errors.argmin(axis=0).tolist()


def test_without_noise_a_restoration_is_a_reconstruction() -> None:
    made = restorations.attempts(SIDES, *ROWS, "masking", 0.0, seed=0)
    assert not made.corrupted_errors.any()
    np.testing.assert_allclose(made.restored[0], SIDES[0].explorer.reconstruct(ROWS[0]), atol=1e-6)


@pytest.mark.parametrize("kind", serving.noise.NOISES)
def test_a_curve_is_the_mean_error_at_its_levels(kind: serving.noise.Corruption) -> None:
    found = pictures(PLAIN, "digits")
    everyone = picks.draw(np.arange(len(found.images)), restorations.COUNT, restorations.SEED)
    images, labels = found.images[everyone], found.labels[everyone]
    curves = restorations.curves(SIDES, found, kind)
    untouched = restorations.untouched(found.source, kind, found)
    for index in (0, 7, 20):
        made = restorations.attempts(SIDES, images, labels, kind, LEVELS[index], restorations.SEED)
        for curve, errors in zip(curves, made.errors, strict=True):
            assert curve[index] == pytest.approx(errors.mean(), rel=1e-4)
        assert untouched[index] == pytest.approx(made.corrupted_errors.mean(), rel=1e-4)


def test_the_table_has_the_chosen_level_and_its_value_is_read_off_the_curve() -> None:
    assert restorations.tabled(0.6) == [0.0, 0.25, 0.5, 0.6, 0.75, 1.0]
    assert restorations.tabled(0.5) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert restorations.at_levels(np.arange(21.0), [0.0, 0.6, 1.0]) == pytest.approx([0, 12, 20])


@pytest.mark.usefixtures("trained")
def test_the_sides_are_the_model_the_denoising_one_the_plain_one_and_pca() -> None:
    def names(model: str) -> list[str]:
        return [side.name for side in restorations.sides(state.find(model), 5)]

    assert names("sparse-kl-digits") == ["sparse-kl-digits", "denoising-digits", "ae-digits-128", "PCA-5"]
    assert names("denoising-digits") == ["denoising-digits", "ae-digits-128", "PCA-5"]
    assert names("ae-digits-2") == ["ae-digits-2", "denoising-digits", "PCA-5"]
    # No twin has the code of a VAE: the plain autoencoder of the nearest size stands in.
    assert names("vae-digits-2") == ["vae-digits-2", "denoising-digits", "ae-digits-2", "PCA-5"]


@pytest.mark.usefixtures("trained")
def test_the_page_says_what_noise_each_model_saw(open_page: Open) -> None:
    rows = rows_of(open_page("corrupt", model="sparse-kl-digits"))
    assert rows["sparse-kl-digits"].note == rows["PCA-32"].note == "never saw noise"
    assert rows["denoising-digits"].note == "saw masking 0.5"


def test_the_level_moves_the_errors_and_the_seed_does_not_move_the_curves(open_page: Open) -> None:
    app = open_page("corrupt", model="ae-digits-2", level="0.0")
    assert set(rows_of(app)["Corrupted"].captions) == {"0.0"}
    app.slider(key="level").set_value(1.0).run()
    assert min(map(float, rows_of(app)["Corrupted"].captions)) > 5
    before, table = text(app), re.findall(r"<table>.*</table>", text(app))
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert app.number_input(key="seed").value == 1
    assert text(app) != before
    assert re.findall(r"<table>.*</table>", text(app)) == table != []


def test_pca_takes_its_size_from_the_slider(open_page: Open) -> None:
    app = open_page("corrupt", model="vae-digits-2", level="0.0")
    assert "PCA-2" in rows_of(app)
    app.slider(key="k").set_value(30).run()
    assert "PCA-30" in rows_of(app)


@pytest.mark.parametrize("noise", serving.noise.NOISES)
@pytest.mark.parametrize("model", ["vae-digits-2", "cvae-digits-2", "pca-digits"])
def test_every_noise_at_its_extremes(open_page: Open, model: str, noise: str) -> None:
    for level in ("0.0", "1.0"):
        app = open_page("corrupt", model=model, noise=noise, level=level)
        assert not app.exception
        assert not app.warning
        assert app.slider(key="level").value == float(level)


def test_images_without_labels_have_no_classes_to_choose(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "plain.npz"
    np.savez(path, images=np.random.default_rng(0).random((60, 8, 8), dtype=np.float32))
    app = open_page("corrupt", model="ae-digits-2", data=str(path))
    assert not app.exception
    assert app.selectbox(key="of").options == ["any"]
    assert "class" not in rows_of(app)["Originals"].note


@pytest.mark.usefixtures("no_data")
def test_without_data_the_curves_say_that_they_flatter(open_page: Open) -> None:
    app = open_page("corrupt", model="ae-mnist-30")
    assert not app.exception
    assert "Decoded" in rows_of(app)
    assert "flattered" in text(app)

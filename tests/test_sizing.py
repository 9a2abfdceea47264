"""A recipe on a few images of one's own: what follows from them, what does not, and what is said at the end."""

from pathlib import Path

import numpy as np
import pytest
import torch

import vaecore
from vaecore import checkpoint, training
from vaecore.data import Images
from vaecore.data.text import Texts, to_points
from vaecore.evaluation.reconstruction import mean_squared_error
from vaecore.models import PCA
from vaecore.recipes import find
from vaecore.sizing import BATCH, FEW, STEPS, WIDTH, fitting


def grey(count: int) -> Images:
    return Images(torch.randint(1, 255, (count, 1, 8, 8), dtype=torch.uint8))


def test_few_images_are_seen_often_in_small_batches() -> None:
    fields = fitting(find("vae-mnist-2"), grey(180), set())
    assert fields == {"batch": BATCH, "epochs": 600, "shift": 1, "hidden": (WIDTH,)}
    assert fields["epochs"] * (180 // BATCH) == STEPS
    plain = fitting(find("ae-mnist-2"), grey(180), set())
    assert plain == fields | {"corruption": "gaussian", "level": 0.2}


def test_what_is_said_stays() -> None:
    said = {"batch", "epochs", "hidden", "level"}
    assert fitting(find("ae-mnist-2"), grey(180), said) == {"shift": 1}


def test_many_images_change_nothing() -> None:
    assert fitting(find("vae-mnist-2"), grey(FEW), set()) == {}
    assert fitting(find("pca-mnist"), grey(10), set()) == {}
    assert fitting(find("vae-mnist-2"), Texts(to_points(["ab", "ba"], 2)), set()) == {}


def test_grey_pixels_are_not_binarised() -> None:
    recipe, black_and_white = find("vae-mnist-20"), Images(255 * torch.randint(0, 2, (FEW, 1, 8, 8), dtype=torch.uint8))
    assert fitting(recipe, grey(FEW), set()) == {"binarise": False}
    assert fitting(recipe, grey(FEW), {"binarise"}) == {}
    assert fitting(recipe, black_and_white, set()) == {}


@pytest.fixture
def waves(tmp_path: Path) -> Path:
    """Sixty waves of any phase and direction: a circle of pictures for each, which no plane holds."""
    generator, (y, x) = np.random.default_rng(0), np.mgrid[:8, :8] / 4
    turn, phase = generator.uniform(0, np.pi, 60), generator.uniform(0, 2 * np.pi, 60)
    pixels = [127 + 120 * np.sin(x * np.cos(t) + y * np.sin(t) + p) for t, p in zip(turn, phase, strict=True)]
    np.savez(tmp_path / "waves.npz", images=np.array(pixels).astype(np.uint8))
    return tmp_path / "waves.npz"


def test_a_run_says_how_it_was_fitted_and_repeats_it(
    waves: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = vaecore.train("ae-digits-2", out=tmp_path / "run", dataset=waves, epochs=2, device="cpu")
    said = capsys.readouterr().err
    assert "for 49 images batch=32, shift=1, corruption=gaussian, level=0.2" in said
    assert "the validation images' squared error is" in said
    assert "it has learned nothing" in said or ": worse" in said
    recipe = checkpoint.load_recipe(folder)
    assert (recipe.training.batch, recipe.training.epochs) == (32, 2)
    again = vaecore.train("ae-digits-2", out=tmp_path / "run", dataset=waves, epochs=2, device="cpu", resume=True)
    assert again == folder
    command = checkpoint.read_card(folder)["command"]
    assert "--set batch=32" in command
    assert "--set level=0.2" in command


@pytest.mark.parametrize(("validation", "counted"), [(True, 49), (False, 54)])
def test_what_is_held_out_is_not_counted(
    validation: bool, counted: int, waves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epochs are made of what is trained on: with more there would be fewer steps than are promised."""
    seen: list[int] = []
    monkeypatch.setattr(training, "fitting", lambda recipe, images, said: seen.append(len(images)) or {})
    changes = {"dataset": waves, "validation": validation, "epochs": 1}
    vaecore.train("ae-digits-2", out=tmp_path / "run", device="cpu", **changes)
    assert seen == [counted]


def test_enough_steps_beat_the_mean_image_and_pca(
    waves: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also on images that were never seen."""
    folder = vaecore.train("ae-digits-2", out=tmp_path / "run", dataset=waves, device="cpu", validation=False)
    assert len((folder / "history.jsonl").read_text().splitlines()) == STEPS // (54 // BATCH)
    said = capsys.readouterr().err
    assert ": worse" not in said
    assert "it has learned nothing" not in said
    model, _, _ = checkpoint.load(folder)
    seen, tests = (vaecore.dataset(waves, split) for split in ("train", "test"))
    pca = PCA(PCA.Settings(latent=model.latent), seen.shape)
    pca.prepare(seen.pixels)
    assert mean_squared_error(model, tests) < mean_squared_error(pca, tests)
    assert mean_squared_error(model, tests) < 0.99 * np.square(tests.images - seen.images.mean(0)).sum((1, 2, 3)).mean()

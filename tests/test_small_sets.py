"""Every recipe on sets as small as people bring: nothing raises but one sentence, and no figure is infinite."""

import json
from collections.abc import Iterator
from itertools import cycle
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import KINDS, trained

import vaecore
from vaecore import checkpoint
from vaecore.__main__ import main
from vaecore.evaluation import Examined, Report, report_on
from vaecore.models import MODELS
from vaecore.recipes import RECIPES
from vaecore.training import _batch

SIZES = (2, 3, 10, 19, 30)


def figures(value: Any) -> Iterator[float]:  # noqa: ANN401  whatever JSON is
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from figures(part)
    elif isinstance(value, int | float):
        yield value


def reported(run: Path, folder: Path, samples: int = 3) -> Report:
    model, recipe, _ = checkpoint.load(run)
    train, test = (vaecore.dataset(recipe.dataset, split) for split in ("train", "test"))
    return report_on(Examined(model, train, test, recipe.training.binarise, folder, samples))


def check(name: str, kind: str, size: int, folder: Path) -> None:
    if size == 2 and getattr(RECIPES[name].settings, "batch_norm", False):
        with pytest.raises(
            ValueError, match=f"{name}: batch normalisation needs a batch of 2 or more, got 1 training image"
        ):
            trained(name, kind, size, folder)
        return
    run = trained(name, kind, size, folder)
    card = json.loads((run / "card.json").read_text())
    history = run / "history.jsonl"
    rows = [json.loads(row) for row in history.read_text().splitlines()] if history.exists() else []
    assert len(rows) == epochs(run)
    report = reported(run, folder)
    for said in (card, rows, report.metrics):
        assert all(map(isfinite, figures(said)))
    assert report.metrics
    assert not report.metrics.keys() & report.left_out.keys()
    assert not [need for need in report.left_out.values() if "finite" in need]
    explorer = vaecore.load(run, device="cpu")
    labels = np.zeros(3, int) if "condition" in explorer.abilities else None
    if "sample" in explorer.abilities and "text" not in explorer.abilities:
        assert np.isfinite(explorer.sample(3, labels, seed=0)).all()


def epochs(run: Path) -> int:
    model, recipe, _ = checkpoint.load(run)
    return sum(changes.get("epochs", recipe.training.epochs) for changes in model.stages().values())


def some() -> list[tuple[str, str, int]]:
    """Every kind of model with every size and every kind of images; its recipes take turns."""
    chosen = []
    for shift, model in enumerate(MODELS):
        names = cycle([name for name, recipe in RECIPES.items() if recipe.model == model])
        chosen += [(next(names), KINDS[(i + shift) % len(KINDS)], size) for i, size in enumerate(SIZES)]
    return chosen


@pytest.mark.parametrize(("name", "kind", "size"), some())
def test_a_small_set_is_no_reason_to_stop(name: str, kind: str, size: int, tmp_path: Path) -> None:
    check(name, kind, size, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains_on_every_small_set(name: str, kind: str, size: int, tmp_path: Path) -> None:
    check(name, kind, size, tmp_path)


# What the command line says


def evaluated(run: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, str], str]:
    """The figures that are printed, by name, and the line that says what is left out."""
    capsys.readouterr()
    assert main(["evaluate", str(run), "--samples", "3", "--device", "cpu", *words]) == 0
    *lines, left_out = [line for line in capsys.readouterr().out.splitlines() if "is not kept: " not in line]
    assert left_out.startswith("left out: ")
    return dict(line.split(maxsplit=1) for line in lines), left_out


def own(folder: Path, images: np.ndarray, *words: str, recipe: str = "vae-digits-2") -> int:
    np.savez(folder / "mine.npz", images=images, labels=np.arange(len(images)) % 2)
    out = ["--device", "cpu", "--out", str(folder / "run")]
    return main(["train", recipe, *out, "--set", f"dataset={folder / 'mine.npz'}", "epochs=1", "hidden=[4]", *words])


def random_images(count: int, side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side), dtype=np.uint8)


def test_fifteen_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One test image: what needs more is left out, and named with what it needs; the rest is kept."""
    assert own(tmp_path, random_images(15, 8)) == 0
    found, left_out = evaluated(tmp_path / "run", capsys, "--write")
    assert {"squared_error", "grey_bound", "grey_elbo", "probe_error"} <= found.keys()
    for need in (
        "trustworthiness, continuity (needs 5 different test images, got 1)",
        "bounds, frechet, frechet_floor (needs 2 test images, got 1)",
        "aggregate_divergence (needs 3 test images, got 1)",
        "few_label_error_100, few_label_error_100_deviation (needs 50 training images of each class, got 7)",
    ):
        assert need in left_out
    card = json.loads((tmp_path / "run" / "card.json").read_text())
    assert found.keys() <= card["metrics"].keys()
    assert {key for key in card["metrics"] if key.removesuffix("_error") not in card["metrics"]} <= found.keys()
    assert not (tmp_path / "run" / "map.safetensors").exists()


@pytest.mark.parametrize(("side", "judged"), [(1, False), (3, False), (4, True)])
def test_tiny_images(side: int, judged: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A classifier that halves an image twice needs four pixels on each side."""
    assert own(tmp_path, random_images(40, side), recipe="cvae-digits-2") == 0
    found, left_out = evaluated(tmp_path / "run", capsys)
    assert ("accuracy" in found) == ("frechet" in found) == judged
    missing = "accuracy, accuracy_ceiling, frechet, frechet_floor, coverage, density, coverage_ceiling, density_ceiling"
    assert (f"{missing} (needs 4 pixels on each side, got {side})" in left_out) != judged


def test_a_whole_set_lacks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "ae-digits-2", "--device", "cpu"]) == 0
    assert "left out" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "images", "came"), [(("batch=1",), 30, "batch=1"), ((), 2, "1 training image")], ids=["batch", "images"]
)
def test_what_is_normalised_over_a_batch_needs_two(
    words: tuple[str, ...], images: int, came: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = "hidden=[4,4,4]"
    assert own(tmp_path, random_images(images, 8), hidden, *words, recipe="ladder-digits") == 2
    *_, said = capsys.readouterr().err.splitlines()  # before it, what was read
    assert said == f"vaecore: ladder-digits: batch normalisation needs a batch of 2 or more, got {came}"
    assert not (tmp_path / "run").exists()


def test_a_lowered_batch_is_shared_evenly() -> None:
    model = checkpoint.build(RECIPES["vae-digits-2"], (1, 2, 2), 0)
    asked = RECIPES["vae-digits-2"].changed(batch=64)
    assert [_batch(asked, model, images, world) for images, world in ((9, 1), (9, 2), (9, 4), (200, 4))] == [
        9,
        8,
        8,
        64,
    ]
    with pytest.raises(ValueError, match="expected a training image for each of 4 processes, got 3"):
        _batch(asked, model, 3, 4)

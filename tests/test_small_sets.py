"""Every recipe on sets as small as people bring: nothing raises but one sentence, and no figure is infinite."""

import json
from collections.abc import Iterator
from itertools import cycle
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vaecore
from vaecore import checkpoint
from vaecore.evaluation import Examined, Report, report_on
from vaecore.models import MODELS
from vaecore.recipes import RECIPES, Recipe

SIZES = (2, 3, 10, 19, 30)
KINDS = ("drawings", "one pixel", "one class", "equal images")
WIDTHS = ("hidden", "lower", "channels", "writer", "flow_hidden")
TINY = {"epochs": 1, "layer_epochs": 1, "classifier_epochs": 1, "latent": 2, "context": 2, "embedding": 4, "start": ""}


def tiny(recipe: Recipe, kind: str) -> dict[str, Any]:
    """The changes that keep a recipe's kind of network and training and make both small."""
    fields = recipe.flat()
    changes: dict[str, Any] = {key: value for key, value in TINY.items() if key in fields}
    changes |= {key: (4,) * len(fields[key]) for key in WIDTHS if key in fields}
    if recipe.model == "pca":
        changes |= {"epochs": 0, "latent": 1 if kind == "one pixel" else 2}  # as many numbers as there are pixels
    return changes


def images(kind: str, size: int) -> dict[str, np.ndarray]:
    """What an .npz of the kind holds."""
    side = 1 if kind == "one pixel" else 8
    drawn = np.random.default_rng(size).integers(0, 256, (size, side, side), dtype=np.uint8)
    if kind == "equal images":
        drawn[:] = drawn[0]
    return {"images": drawn, "labels": np.zeros(size, int) if kind == "one class" else np.arange(size) % 2}


def lines(kind: str, size: int) -> list[str]:
    """Likewise lines of text: of one character, of few words, or one line again and again beside another."""
    words = ["one", "two", "three", "four", "five"]
    made = [f"{words[i % 5]} and {words[i // 5 % 5]} {i}" for i in range(size)]
    if kind == "one pixel":
        return [chr(ord("a") + i) for i in range(size)]
    return ["another line", *["the same line"] * (size - 1)] if kind == "equal images" else made


def written(folder: Path, recipe: Recipe, kind: str, size: int) -> Path:
    if recipe.model == "text":
        (folder / "lines.txt").write_text("\n".join(lines(kind, size)))
        return folder / "lines.txt"
    np.savez(folder / "mine.npz", **images(kind, size))
    return folder / "mine.npz"


def figures(value: Any) -> Iterator[float]:  # noqa: ANN401  whatever JSON is
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from figures(part)
    elif isinstance(value, int | float):
        yield value


def trained(name: str, kind: str, size: int, folder: Path) -> Path:
    recipe = RECIPES[name]
    data = written(folder, recipe, kind, size)
    return vaecore.train(name, out=folder / "run", device="cpu", dataset=data, **tiny(recipe, kind))


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
    assert len(rows) == sum(stage.get("epochs", 1) for stage in _stages(run)) if rows else True
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


def _stages(run: Path) -> list[dict[str, Any]]:
    return list(checkpoint.load(run)[0].stages().values())


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

"""Sets as small as people bring, and every recipe made small enough to be trained on them in no time."""

from pathlib import Path
from typing import Any

import numpy as np

import vaecore
from vaecore.recipe import Recipe
from vaecore.recipes import RECIPES

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


def trained(name: str, kind: str, size: int, folder: Path) -> Path:
    recipe = RECIPES[name]
    data = written(folder, recipe, kind, size)
    return vaecore.train(name, out=folder / "run", device="cpu", dataset=data, **tiny(recipe, kind))

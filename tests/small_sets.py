"""Sets of next to nothing, and runs of untrained models on them: what a map is asked of, at its least."""

from pathlib import Path

import numpy as np
from numpy import ndarray

import vaecore
from vaecore import checkpoint
from vaecore.recipes import find


def images(kind: str, count: int) -> ndarray:
    """`count` images of bytes."""
    draw = np.random.default_rng(0)
    match kind:
        case "noise":
            return draw.integers(0, 256, (count, 8, 8), dtype=np.uint8)
        case "one pixel":
            return draw.integers(0, 256, (count, 1, 1), dtype=np.uint8)
        case "black or white":
            return (255 * (np.arange(count) % 2)).astype(np.uint8).repeat(64).reshape(count, 8, 8)
        case _:  # "equal": the shades of any one image
            return np.repeat(draw.integers(0, 256, (1, 8, 8), dtype=np.uint8), count, axis=0)


def run_on(folder: Path, kind: str, count: int, recipe: str = "vae-digits-2", labelled: bool = True) -> Path:
    """The folder of an untrained model of a set of one's own."""
    arrays = {"images": images(kind, count)} | ({"labels": np.arange(count) % 3} if labelled else {})
    np.savez(folder / "own.npz", **arrays)
    chosen = find(recipe).changed(dataset=str(folder / "own.npz"))
    train = vaecore.dataset(chosen.dataset, "train")
    model = checkpoint.build(chosen, train.shape, len(train.names))
    card = {"shape": list(train.shape), "classes": list(train.names), "data": {"name": chosen.dataset}}
    checkpoint.save(folder / "run", chosen, model, card)
    return folder / "run"

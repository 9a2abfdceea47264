"""A run's folder: who may train in it, whether it is done, what it keeps."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from vaecore import checkpoint
from vaecore.data import Images
from vaecore.evaluation.reconstruction import code_quantiles, mean_squared_error
from vaecore.models import Autoencoder
from vaecore.recipes import Recipe, find

HISTORY = "history.jsonl"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Train in a folder alone; a process that is killed gives it back.

    Raises:
        ValueError: another process trains there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(f"{folder} is in use: another process trains there") from None
    try:
        yield
    finally:
        with suppress(OSError):  # gone before it is given back: nobody can hold a lock that is then removed
            (folder / ".lock").unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):  # a refused run leaves no folder; one that holds anything stays
            folder.rmdir()


def is_finished(folder: Path, recipe: Recipe, seed: int, resume: bool) -> bool:
    """Whether the run in `folder` is this one and complete.

    Raises:
        ValueError: the folder holds a run and `resume` is not asked for, or another recipe's or seed's.
    """
    if not (folder / checkpoint.RECIPE).exists():
        return False
    if not resume:
        raise ValueError(f"{folder} holds a run already: resume it (--resume), or choose another folder (--out)")
    there = checkpoint.load_recipe(folder)
    differing = there.differences(recipe)
    if differing:
        raise ValueError(
            f"{folder} holds a run of another recipe: there {differing}, asked for {recipe.differences(there)}"
        )
    if not (folder / checkpoint.CARD).exists():
        return False
    kept_seed = checkpoint.read_card(folder).get("seed")
    if kept_seed != seed:
        raise ValueError(f"{folder} holds a run of seed {kept_seed}, not {seed}")
    return True


def append(folder: Path, row: dict[str, Any]) -> None:
    """Write one epoch down."""
    with (folder / HISTORY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def rewind(folder: Path, epochs: int) -> None:
    """Forget the epochs after the kept state: they are trained again."""
    path = folder / HISTORY
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    checkpoint.write_text(path, "".join(rows[:epochs]))


def keep(
    folder: Path, recipe: Recipe, model: Autoencoder, images: Images, test_images: Images, seed: int, seconds: float
) -> None:
    """The finished run: weights as they are stored, a card measured on what is stored, no training state."""
    checkpoint.round_weights(model, recipe)
    measured = {
        "codes": code_quantiles(model, images),
        "metrics": {"squared_error": mean_squared_error(model, test_images)},
    }
    checkpoint.save(folder, recipe, model, _card(recipe, model, images, seed, seconds) | measured)
    (folder / checkpoint.STATE).unlink(missing_ok=True)


def _card(recipe: Recipe, model: Autoencoder, images: Images, seed: int, seconds: float) -> dict[str, Any]:
    sets = [
        word
        for key, value in recipe.differences(find(recipe.name)).items()
        for word in ("--set", f"{key}={value if isinstance(value, str) else json.dumps(value)}")
    ]
    return {
        "name": recipe.name,
        "recipe": json.loads(recipe.to_json()),
        "data": {"name": recipe.dataset, "train": len(images), "pixels": "in [0, 1]"},
        "shape": list(images.shape),
        "classes": list(images.names),
        "parameters": sum(tensor.numel() for tensor in model.state_dict().values()),
        "seed": seed,
        "seconds": round(seconds, 1),
        "command": shlex.join(["vaecore", "train", recipe.name, *sets, "--seed", str(seed)]),
    }

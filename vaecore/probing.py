"""How long a training will take: a few steps of it, in a process of its own, by the very loop.

`python -m vaecore.probing` reads what is asked as JSON, and answers likewise; `vaecore.jobs.estimate` asks it.
"""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from vaecore import training
from vaecore.data import Examples, is_named
from vaecore.device import best_device
from vaecore.jobs import epochs, parameters
from vaecore.jobs.processes import limit_memory
from vaecore.recipe import Recipe
from vaecore.recipes import find
from vaecore.runs import Run
from vaecore.sizing import fitting

WARM, SECONDS = 2, 0.5  # steps that are not counted; how long those take that are
OF_HELD = 1000  # images that are held out, at most
ONCE = ("epochs", "layer_epochs", "classifier_epochs")


def probe(name: str, data_dir: str | Path | None, device: str, **changes: object) -> dict[str, int | float]:
    """The parameters of a model, the epochs of its training, and the seconds that those take here.

    Raises:
        ValueError: as `vaecore.train` does.
    """
    recipe = find(name).changed(**changes)
    images, held = training.parts(recipe, data_dir)
    if not is_named(recipe.dataset):
        recipe = recipe.changed(**fitting(recipe, images, set(changes)))
    batch = min(recipe.training.batch, len(images))
    told = {"parameters": parameters(recipe, images.shape, len(images.names)), "epochs": epochs(recipe)}
    if not told["epochs"]:
        return told | {"seconds": 0.0}
    each = _step(recipe, images.rows(torch.arange(WARM * batch) % len(images)), device)[0]
    steps = max(WARM, min(len(images) // batch, round(SECONDS / max(each, 1e-9))))
    each, aside = _step(recipe, images.rows(torch.arange(steps * batch) % len(images)), device, held)
    return told | {"seconds": told["epochs"] * (each * (len(images) // batch) + aside * len(held))}


def _step(recipe: Recipe, images: Examples, device: str, held: Examples | None = None) -> tuple[float, float]:
    """The seconds of a step, and those of one image that is held out."""
    fields = recipe.flat()
    short = recipe.changed(start="", snapshots=0, **{key: 1 for key in ONCE if key in fields})
    with tempfile.TemporaryDirectory() as folder:
        run = Run(short, images, images.rows(torch.arange(0)), Path(folder))
        model, seconds = training.fit(run, best_device(device))
    steps = epochs(short) * (len(images) // min(recipe.training.batch, len(images)))
    if held is None or not len(held):
        return seconds / steps, 0.0
    some, started = held.rows(torch.arange(min(len(held), OF_HELD))), time.monotonic()
    training.measured(model, replace(run, held=some).held, short.training)
    return seconds / steps, (time.monotonic() - started) / len(some)


def main() -> None:
    """Answer what is asked on standard input."""
    asked: dict[str, Any] = json.load(sys.stdin)
    limit_memory(asked["memory"])
    try:
        answer = probe(asked["recipe"], asked["data_dir"], asked["device"], **asked["changes"])
    except (ValueError, OSError) as error:
        answer = {"refused": str(error)}
    except (MemoryError, RuntimeError):  # torch's, of what cannot be allocated
        answer = {"refused": f"recipe {asked['recipe']!r} needs more memory than there is"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

"""What a training will take before it is begun: its parameters, and the minutes by a short probe."""

import json
import subprocess
import sys
from threading import Lock
from typing import NamedTuple

import torch

from vaecore import checkpoint
from vaecore.data import data_folder
from vaecore.jobs.launching import environment, threads
from vaecore.limits import check, first_line, most
from vaecore.recipe import Recipe
from vaecore.recipes import find

PROBE = "vaecore.probing"
LONGEST = 120.0  # seconds of a probe, a download included
_ALONE = Lock()  # two probes would measure each other


class Estimate(NamedTuple):
    """What a training will take.

    Attributes:
        parameters: numbers of the model.
        epochs: of all its stages.
        seconds: of all its epochs, on this machine as it is now.
    """

    parameters: int
    epochs: int
    seconds: float


def parameters(recipe: Recipe, shape: tuple[int, int, int], classes: int) -> int:
    """The numbers of a recipe's model for images of `shape`; nothing of its size is built.

    Raises:
        ValueError: it cannot be of such images.
    """
    try:
        with torch.device("meta"):
            model = checkpoint.build(recipe, shape, classes)
    except (RuntimeError, OverflowError, TypeError) as error:  # torch's, of sizes that no memory has
        raise ValueError(f"recipe {recipe.name!r} has no model of such a size ({first_line(error)})") from None
    return sum(tensor.numel() for tensor in model.state_dict().values())


def sized(recipe: str, shape: tuple[int, int, int], classes: int, shared: bool = False, **changes: object) -> int:
    """The numbers of the model of a recipe that is changed, for images of `shape`.

    Raises:
        ValueError: a field or a value that cannot be; or, on a machine that is `shared`, more than its limit.
    """
    count = parameters(find(recipe).changed(**changes), shape, classes)
    if shared:
        check("parameters", count, recipe)
    return count


def estimate(recipe: str, device: str = "auto", shared: bool = False, **changes: object) -> Estimate:
    """What the training of a recipe will take, by a few steps of it in a process of its own.

    Raises:
        ValueError: it cannot be trained, or its first steps take minutes.
    """
    find(recipe).changed(**changes)
    asked = {
        "recipe": recipe, "changes": changes, "data_dir": str(data_folder().absolute()), "device": device,
        "memory": most("training_bytes") if shared else 0,
    }  # fmt: skip
    with _ALONE:
        try:
            ran = subprocess.run(
                [sys.executable, "-m", PROBE], input=json.dumps(asked), capture_output=True, text=True, timeout=LONGEST,
                env=environment(threads(1)),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ValueError(f"recipe {recipe!r}: its first steps take more than {LONGEST:.0f} seconds") from None
    if ran.returncode:
        raise ValueError(f"recipe {recipe!r}: the probe came to no end (exit code {ran.returncode})")
    answer = json.loads(ran.stdout.splitlines()[-1])
    if "refused" in answer:
        raise ValueError(answer["refused"])
    return Estimate(**answer)

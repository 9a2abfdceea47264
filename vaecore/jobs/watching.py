"""How far a job is: the terms of its loss, epoch by epoch."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch

from vaecore import checkpoint, history
from vaecore.jobs.queue import find
from vaecore.jobs.tickets import Job
from vaecore.recipe import Recipe

PAUSE = 0.2  # seconds between two looks
SHAPE, CLASSES = (1, 32, 32), 2  # of the images of a model of which only the stages are asked


class Progress(NamedTuple):
    """What a run has done.

    Attributes:
        rows: of each epoch: "epoch", from 1; "train" and, where images are held out, "validation", the mean of each
            term of the loss in the units of the objective; "stage", where the model has several; "seconds" from the
            start.
        epochs: how many there will be.
    """

    rows: list[dict[str, Any]]
    epochs: int

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes, if an epoch takes as long as those before; None before the first."""
        if not self.rows:
            return None
        done, seconds = len(self.rows), self.rows[-1]["seconds"]
        return (self.epochs - done) * seconds / done


def progress(job: Job) -> Progress:
    """How far a job is."""
    return Progress(history.rows(Path(job.folder)), epochs(job.kept_recipe))


def epochs(recipe: Recipe) -> int:
    """The epochs of a recipe, over all stages of its model."""
    if recipe.model == "stacked":
        with torch.device("meta"):  # no weights: its settings say what stages there are
            stages = checkpoint.build(recipe, SHAPE, CLASSES).stages()
        return sum(changes.get("epochs", recipe.training.epochs) for changes in stages.values())
    return recipe.training.epochs


def watch(job: Job) -> Iterator[dict[str, Any]]:
    """The rows of a job's epochs, each as it ends, until the job waits or runs no more."""
    told, goes_on = 0, True
    while goes_on:
        goes_on = find(job.name, job.owner).state in ("waiting", "running", "stopping")
        rows = history.rows(Path(job.folder))
        told = min(told, len(rows))  # what was resumed forgets the epochs that were not kept
        yield from rows[told:]
        told = len(rows)
        if goes_on:
            time.sleep(PAUSE)

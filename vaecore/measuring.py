"""Measure a model on the test images of its data set."""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from vaecore import checkpoint
from vaecore.data import Examples, Images, data_folder, dataset, held_out, other_classes, strangers
from vaecore.evaluation import Examined, judges, report_on
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_count
from vaecore.serving.loading import load
from vaecore.writing import write_json


def evaluate(
    name: str | Path,
    *,
    samples: int = 1000,
    seed: int = 0,
    device: str = "auto",
    data_dir: str | Path | None = None,
) -> dict[str, Any]:
    """All figures of a model that its abilities and its data set allow: what `vaecore evaluate` prints.

    >>> import vaecore
    >>> round(vaecore.evaluate("pca-digits", device="cpu")["squared_error"], 3)
    0.173

    Args:
        name: a pretrained model's name, or the path of a run's folder.
        samples: importance samples of an image's likelihood.
        seed: of everything that is drawn: pixels that are binarised, samples, noise.
        device: "auto" (cuda, then mps, then cpu), or one of these.
        data_dir: where data sets are kept; else $VAECORE_DATA, else the user's cache folder.

    Returns:
        Figures by the names that a card has; nats where they are likelihoods, squared errors summed over the pixels of
        an image, both averaged over the test images. `vaecore.evaluation.metrics` is the table of them.

    Raises:
        ValueError: an unknown name, a broken run, data that cannot be had, or fewer than one sample.
    """
    return report_on(examined(load(name, device), samples, seed, data_dir)).metrics


def keep_figures(
    name: str | Path, card: dict[str, Any], on: Examined, metrics: dict[str, Any], **parts: object
) -> None:
    """Write figures into the card of a model or a run, with the protocol of them, and other parts of it."""
    said = ("--samples", on.samples, "--seed", on.seed)
    protocol: dict[str, Any] = {"split": "test", "images": len(on.test), "samples": on.samples, "seed": on.seed}
    if "frechet" in metrics:
        protocol["judges"] = judges.fingerprint(on.judges)
    if "rate" in metrics and on.integrals is not None:
        protocol["integral"] = True
    protocol["command"] = shlex.join(["vaecore", "evaluate", str(name), *map(str, said)])
    write_json(checkpoint.find(name) / checkpoint.CARD, card | {"metrics": metrics, "evaluation": protocol} | parts)


def examined(explorer: Explorer, samples: int, seed: int, data_dir: str | Path | None) -> Examined:
    """A model with the images that it is measured on, and with strangers where they are at hand.

    Raises:
        ValueError: the data set cannot be had, or `samples` is below 1.
    """
    samples = as_count(samples, "samples", least=1)
    train, test = (dataset(explorer.dataset, split, data_dir) for split in ("train", "test"))
    strange = (_strangers(explorer, data_dir, split) for split in ("test", "train"))
    binarise, folder = explorer.recipe.training.binarise, data_folder(data_dir)
    return Examined(explorer.model, train, test, binarise, folder, samples, seed, *strange)


def trained_on(explorer: Explorer, train: Examples) -> Examples:
    """Of the training split of a model's data set what the model was trained on: all but what its run held out."""
    return held_out(explorer.dataset, train)[0] if explorer.recipe.training.validation else train


def _strangers(explorer: Explorer, data_dir: str | Path | None, split: str) -> Images | None:
    """What the model should find strange: the classes that it has not seen, or the other data set, if it is there."""
    if "likelihood" not in explorer.abilities or "condition" in explorer.abilities:
        return other_classes(explorer.dataset, data_dir, split)
    with suppress(ValueError):  # nothing can be downloaded: the rest is measured all the same
        return strangers(explorer.dataset, data_dir, split)
    return None


def replicates(explorer: Explorer, names: Sequence[str], device: str) -> list[Explorer]:
    """Runs of the same recipe, each with a seed of its own; only what they started from may differ.

    Raises:
        ValueError: a run that is none of these.
    """
    found = [explorer]
    for name in names:
        other = load(name, device)
        same = other.recipe.changed(start=explorer.recipe.training.start) == explorer.recipe
        if not same or other.card["seed"] in [one.card["seed"] for one in found]:
            expected = f"a run of {explorer.name!r} with another seed"
            raise ValueError(f"{name}: expected {expected}, got {other.card['command']!r}")
        found.append(other)
    return found[1:]


def over_seeds(explorer: Explorer, others: Sequence[Explorer], metrics: dict[str, Any], on: Examined) -> dict[str, Any]:
    """The log likelihood of runs with other seeds, by the same protocol: each, and their mean and deviation.

    Raises:
        ValueError: the model has no likelihood of its test images.
    """
    if "log_likelihood" not in metrics:
        raise ValueError(f"{explorer.name} has no likelihood of its test images that could be compared")
    values = [metrics["log_likelihood"]]
    for other in others:
        same = replace(on, model=other.model, binarise=other.recipe.training.binarise)
        values.append(float(same.likelihoods.mean()))
    return {
        "seeds": [one.card["seed"] for one in (explorer, *others)],
        "log_likelihood": [round(value, 4) for value in values],
        "mean": mean(values),
        "deviation": stdev(values),
    }

"""Images that a model has never seen the like of, and how strange they are to it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Float64
from numpy import ndarray

from vaecore.data import DATASETS, Images, dataset, is_named, other_classes
from vaecore.evaluation.anomaly import anomaly_scores
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_images

ALTERATIONS = ("upside down", "mirrored", "inverted", "shuffled pixels")


def unseen_kinds(explorer: Explorer) -> tuple[str, ...]:
    """What can stand for images that the model has never seen: see `unseen`.

    Other data sets are offered where their images have the model's size and, for a conditional model, its classes.
    """
    base, _, only = explorer.dataset.partition("/")
    others = [name for name, row in DATASETS.items() if row.offers(explorer.shape) and name != base]
    if "condition" in explorer.abilities:
        others = [name for name in others if DATASETS[name].classes == explorer.classes]
    return (*(["other classes"] if only and is_named(base) else []), *others, *ALTERATIONS)


def unseen(explorer: Explorer, kind: str, count: int = 1000, seed: int = 0) -> Images:
    """At most `count` test images, drawn by `seed`, that the model has never seen the like of.

    "other classes": of the data set that the model saw one class of; the name of another data set; or its own test
    images "upside down", "mirrored", "inverted" (x to 1 - x) or with "shuffled pixels" (each image in its own order).

    Raises:
        ValueError: an unknown kind, or a data set that cannot be had.
    """
    if kind not in unseen_kinds(explorer):
        raise ValueError(f"{explorer.name}: expected one of {', '.join(unseen_kinds(explorer))}, got {kind!r}")
    source = other_classes(explorer.dataset) if kind == "other classes" else None
    if source is None:
        source = dataset(explorer.dataset if kind in ALTERATIONS else kind, "test")
    generator = torch.Generator().manual_seed(seed)
    drawn = source.rows(torch.randperm(len(source), generator=generator)[:count])
    return Images(_altered(drawn.pixels, kind, generator), drawn.target, drawn.names)


def _altered(pixels: torch.Tensor, kind: str, generator: torch.Generator) -> torch.Tensor:
    match kind:
        case "upside down":
            return pixels.flip(2)
        case "mirrored":
            return pixels.flip(3)
        case "inverted":
            return 255 - pixels
        case "shuffled pixels":
            order = torch.rand(pixels.shape, generator=generator).flatten(1).argsort(1)
            return pixels.flatten(1).gather(1, order).view_as(pixels)
        case _:
            return pixels


def anomaly(explorer: Explorer, images: ndarray, labels: ndarray | None = None) -> dict[str, Float32[ndarray, "n"]]:
    """How strange each image is to the model, by each score that it has; the larger the stranger.

    "reconstruction": ||x - g(f(x))||^2; "density": -log p(z) under the prior or the density fitted on the codes;
    "both": the two added, each in deviations from its mean over the training images, where the card keeps these.

    Raises:
        ValueError: images of the wrong shape, or labels that a conditional model misses.
    """
    x = as_images(images, explorer.shape, explorer.name)
    scores = anomaly_scores(explorer.model, x, explorer.label_of(labels, len(x)), explorer.card.get("anomaly"))
    return {name: score.numpy() for name, score in scores.items()}


class Best(NamedTuple):
    """A score, its area under the curve, and what its training images stood beside."""

    score: str
    area: float
    strangers: str


def best_score(explorer: Explorer) -> Best | None:
    """The score that was best on training images, as the card has it, so that no test image chooses; or None."""
    areas = {key: value for key, value in explorer.card["metrics"].items() if key.startswith("auroc_")}
    found = {key[len("auroc_") : -len("_training")]: area for key, area in areas.items() if key.endswith("_training")}
    row = DATASETS.get(explorer.dataset.partition("/")[0])
    if not found or row is None:
        return None
    score = max(found, key=lambda name: found[name])
    return Best(score, found[score], "other classes" if "/" in explorer.dataset else row.strange)


@dataclass(frozen=True, eq=False)
class Roc:
    """How many strangers are found at each share of normal images that is flagged with them.

    Attributes:
        false_positives: share of normal images at or above each threshold, rising from 0 to 1.
        true_positives: share of strange images at or above it.
        area: under the curve: the probability that a stranger scores above a normal image.
    """

    false_positives: Float64[ndarray, "thresholds"]
    true_positives: Float64[ndarray, "thresholds"]
    area: float


@dataclass(frozen=True)
class Alarm:
    """What a threshold on a score finds, and whom it suspects wrongly."""

    threshold: float
    found: int
    unseen: int
    wrong: int
    normal: int

    @property
    def share_found(self) -> float:
        """Of the images never seen."""
        return self.found / self.unseen

    @property
    def share_wrong(self) -> float:
        """Of the normal ones."""
        return self.wrong / self.normal


def alarm(normal: ndarray, strange: ndarray, percent: int) -> Alarm:
    """The threshold above which at most a percentage of the normal scores lie."""
    threshold = float(np.quantile(normal, 1 - percent / 100, method="higher"))
    found, wrong = int((strange > threshold).sum()), int((normal > threshold).sum())
    return Alarm(threshold, found, len(strange), wrong, len(normal))


def roc(normal: ndarray, strange: ndarray) -> Roc:
    """The receiver operating characteristic of a score.

    Raises:
        ValueError: one of the two is empty.
    """
    if not (len(normal) and len(strange)):
        raise ValueError(f"expected scores of both kinds, got {len(normal)} normal and {len(strange)} strange ones")
    from sklearn.metrics import roc_curve

    truth = np.repeat([0, 1], [len(normal), len(strange)])
    false_positives, true_positives, _ = roc_curve(truth, np.concatenate([normal, strange]))
    return Roc(false_positives, true_positives, float(np.trapezoid(true_positives, false_positives)))

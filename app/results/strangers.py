"""What a model knows mixed with what it has never seen, and how well its scores tell the two apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from app.results.data import Pictures, Source, pictures, source_of
from app.session import state
from app.session.state import Model
from vaecore import serving
from vaecore.serving import Explorer

OF_EACH = 1000  # images, seen and unseen


@dataclass(frozen=True)
class Mix:
    """Images that a model knows the like of, and after them others that it does not, each with its scores.

    Attributes:
        images: [n, c, h, w].
        labels: for a conditional model.
        classes: the name of each image's class; nothing where there is none.
        unseen: whether the model has never seen the like, [n].
        scores: how strange each image is, [n], by each score that the model has.
        rocs: how well each score tells the two apart.
    """

    images: np.ndarray
    labels: np.ndarray | None
    classes: tuple[str, ...]
    unseen: np.ndarray
    scores: dict[str, np.ndarray]
    rocs: dict[str, serving.strangers.Roc]


def kinds(own: Explorer, data: str) -> list[str]:
    """Return what can stand for the unseen: what is known to, and the images chosen at the left if they are others."""
    others = [data] if data != state.own_images(own) else []
    return list(dict.fromkeys([*serving.strangers.unseen_kinds(own), *others]))


def mix(model: Model, kind: str) -> Mix:
    """Mix test images of a model's own data set with what stands for the unseen, which may be other images by path.

    Raises:
        ValueError: a data set cannot be had, or the model cannot read its images.
    """
    return _mix(model, kind, source_of(kind))


@st.cache_resource(show_spinner="Scoring the seen and the unseen ...", max_entries=12)
def _mix(model: Model, kind: str, source: Source) -> Mix:
    del source  # it stands for the images
    own = model.explorer
    normal = pictures(model, own.dataset)
    if normal.source.trouble:
        raise ValueError(normal.source.trouble)
    if kind in serving.strangers.unseen_kinds(own):
        strange = serving.strangers.unseen(own, kind, OF_EACH, seed=1)
    else:
        strange = _some(pictures(model, kind))
    normal = _some(normal)
    images = np.concatenate([normal.images, strange.images])
    labels = None
    if "condition" in own.abilities and normal.labels is not None and strange.labels is not None:
        labels = np.concatenate([normal.labels, strange.labels])
    unseen = np.arange(len(images)) >= len(normal.images)
    scores = serving.strangers.anomaly(own, images, labels)
    rocs = {name: serving.strangers.roc(values[~unseen], values[unseen]) for name, values in scores.items()}
    classes = [name for part in (normal, strange) for name in _class_names(part.labels, part.names, len(part.images))]
    return Mix(images, labels, tuple(classes), unseen, scores, rocs)


def _some(found: Pictures) -> Pictures:
    """Draw at most `OF_EACH` of the images, always the same."""
    rows = np.random.default_rng(0).permutation(len(found.images))[:OF_EACH]
    return replace(found, images=found.images[rows], labels=None if found.labels is None else found.labels[rows])


def _class_names(labels: np.ndarray | None, names: Sequence[str], count: int) -> list[str]:
    return [""] * count if labels is None else [names[int(label)] for label in labels]


def alarm(mixed: Mix, score: str, percent: int) -> serving.strangers.Alarm:
    """Put the threshold where at most a percentage of the normal images score above it."""
    return serving.strangers.alarm(values(mixed, score, False), values(mixed, score, True), percent)


def errors_of(mixed: Mix, score: str, threshold: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the unseen that a threshold lets through, and of the normal that it flags: the worst first."""
    scores = mixed.scores[score]
    missed = np.flatnonzero(mixed.unseen & (scores <= threshold))
    flagged = np.flatnonzero(~mixed.unseen & (scores > threshold))
    return missed[np.argsort(scores[missed], kind="stable")][:count], flagged[np.argsort(-scores[flagged])][:count]


def values(mixed: Mix, score: str, unseen: bool) -> np.ndarray:
    """Return the scores of the images never seen, or of the normal ones."""
    return mixed.scores[score][mixed.unseen == unseen]


def error_maps(model: Model, mixed: Mix, rows: np.ndarray) -> np.ndarray:
    """Return the squared error of the model's reconstruction at every pixel of some images."""
    images, labels = mixed.images[rows], None if mixed.labels is None else mixed.labels[rows]
    return (images - model.explorer.reconstruct(images, labels)) ** 2

"""What is seen of a training: the settings that it is asked for, and what it has learned so far."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from app.results import data
from app.results.brought import brought
from app.server.options import OPTIONS
from app.session import state
from app.session.state import Model, at_epoch, own_run
from vaecore import jobs, serving

SEEN, MAPPED = 10, 1000  # test images that are reconstructed, and those whose codes are drawn


class Learned(NamedTuple):
    """What a model makes of test images.

    Attributes:
        images: [n, c, h, w].
        rebuilt: the same, by the model.
        codes: of more of them, on a plane, [m, 2].
        labels: of those, [m]; None where there are none.
        names: of the classes.
    """

    images: np.ndarray
    rebuilt: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None
    names: tuple[str, ...]


class Kind(NamedTuple):
    """What a model is built for: the shape of an example, how many classes there are, and whether these are texts."""

    shape: tuple[int, int, int]
    classes: int
    texts: bool = False


def kind_of(name: str) -> Kind:
    """Return what a data set is made of.

    Raises:
        ValueError: there is none of that name, or it cannot be read.
    """
    row = serving.DATASETS.get(name)
    if row is not None and row.shape is not None:
        return Kind(row.shape, len(row.classes))
    if state.data_path(name) is not None:
        own = brought(name)
        return Kind(own.training.shape, len(own.classes), own.is_text)
    found = data.images_of(name)
    channels, height, width = found.images.shape[1:]
    return Kind((channels, height, width), 0 if found.labels is None else len(found.names))


@st.cache_data(show_spinner=False, max_entries=256)
def parameters(recipe: str, shape: tuple[int, int, int], classes: int, changes: str) -> int:
    """Return the numbers of a model; ``changes`` is JSON.

    Raises:
        ValueError: what cannot be.
    """
    return jobs.sized(recipe, shape, classes, OPTIONS.public, **json.loads(changes))


@st.cache_data(show_spinner=False, max_entries=64, ttl=600)
def estimate(recipe: str, changes: str) -> jobs.Estimate:
    """Return what a training will take here; ``changes`` is JSON.

    Raises:
        ValueError: it cannot be trained.
    """
    return jobs.estimate(recipe, shared=OPTIONS.public, **json.loads(changes))


def written(changes: Mapping[str, Any]) -> str:
    """Return changes of a recipe as the key of what is kept for them."""
    return json.dumps(changes, sort_keys=True)


def newest(job: jobs.Job) -> Model | None:
    """Return a run as it is now: finished, or after the last of the epochs that it keeps; None before there is any."""
    folder = Path(job.folder)
    if job.trained:
        return own_run(job.name)
    try:
        epochs = serving.loading.epochs(folder)
    except ValueError:  # it has not begun
        return None
    return at_epoch(Model(job.name, folder=job.folder), epochs[-1]) if epochs else None


@st.cache_resource(show_spinner=False, max_entries=64)
def learned(model: Model) -> Learned:
    """Return what a model makes of the test images of its data set.

    Raises:
        ValueError: they cannot be had.
    """
    own = model.explorer
    found = data.pictures(model, own.dataset)
    told = None if found.labels is None else own.told(found.labels[:MAPPED])
    images, codes = found.images[:SEEN], own.encode(found.images[:MAPPED], told)
    rebuilt = own.decode(codes[:SEEN], None if told is None else told[:SEEN])
    plane = serving.paths.projection(codes).places(codes)
    return Learned(images, rebuilt, plane, None if found.labels is None else found.labels[:MAPPED], found.names)

"""What a code feels and what it ignores at one image, and how far a push moves it; each result kept."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.results.data import Pictures, Source
from app.session.state import Model, find
from vaecore import serving
from vaecore.serving import Explorer

DIRECTIONS = 8  # of those that a code feels most and least
PUSHES = np.arange(-100, 101, 5)  # in percent of the usual distance between two images


@st.cache_data(show_spinner=False, max_entries=64)
def companions(model: Model, names: tuple[str, ...]) -> list[str]:
    """Return which of the models named read a model's images: its plain twin first, then what is most like it."""
    own, twin = model.explorer, serving.relatives.twin(model.explorer)
    others = {name: find(name).explorer for name in names if name != model.place}
    alike = [name for name, other in others.items() if other.shape == own.shape and _same_classes(own, other)]

    def strangeness(name: str) -> tuple[bool, bool, bool, bool, str]:
        other = others[name]
        unlike = (other.dataset != own.dataset, other.latent != own.latent, other.variant != "contractive")
        return name != twin, *unlike, name

    return sorted(alike, key=strangeness)


def _same_classes(own: Explorer, other: Explorer) -> bool:
    return "condition" not in other.abilities or other.classes == own.classes


def sensitivity(model: Model, found: Pictures, row: int) -> serving.directions.Sensitivity:
    """Return what a model's code feels and what it ignores at one image."""
    return _sensitivity(model, found.source, row, found)


@st.cache_resource(show_spinner="Taking the Jacobian apart ...", max_entries=256)
def _sensitivity(model: Model, source: Source, row: int, _found: Pictures) -> serving.directions.Sensitivity:
    del source  # it stands for the images
    own = model.explorer
    among = _found.images[serving.maps.chosen_rows(len(_found.images))]
    return serving.directions.sensitivity(own, _found.images[row], DIRECTIONS, own_label(own, _found, row), among)


def own_label(own: Explorer, found: Pictures, row: int) -> int | None:
    """Return an image's label for a conditional model, None for one that takes no labels.

    Raises:
        ValueError: the model is conditional and the images have no labels.
    """
    if "condition" not in own.abilities:
        return None
    if found.labels is None:
        raise ValueError(f"{own.name} needs a label with every image; these have none.")
    return int(found.labels[row])


@dataclass(frozen=True)
class Push:
    """One image pushed along a direction, as one model sees it; shares are of the usual distance between two images.

    Attributes:
        image: the image where it was pushed to, [c, h, w].
        reconstruction: what the model makes of it.
        length: of the push, in pixel space.
        percent: how far the code moved, in percent of the usual distance between the codes of two images.
        curve: the same for every percent in `PUSHES`.
    """

    image: np.ndarray
    reconstruction: np.ndarray
    length: float
    percent: float
    curve: np.ndarray


def push(model: Model, found: Pictures, row: int, direction: np.ndarray, percent: int) -> Push:
    """Push an image by a percentage of the usual distance between two images."""
    own, image = model.explorer, found.images[row]
    label, (apart, codes_apart) = own_label(own, found, row), _apart(model, found.source, found)
    length = percent / 100 * apart
    nudge = serving.directions.nudge(own, image, direction, length, label)
    curve = serving.directions.movement(own, image, direction, PUSHES / 100 * apart, label)
    share = 100 / max(codes_apart, 1e-12)
    return Push(nudge.image, nudge.reconstruction, length, share * nudge.distance, share * curve)


@st.cache_data(show_spinner=False, max_entries=64)
def _apart(model: Model, source: Source, _found: Pictures) -> tuple[float, float]:
    """Return the usual distance between two images, and between their codes."""
    del source
    own, among = model.explorer, serving.maps.chosen_rows(len(_found.images))
    images, labels = _found.images[among], None if _found.labels is None else own.told(_found.labels[among])
    return serving.directions.usual_distance(images), serving.directions.usual_distance(own.encode(images, labels))


def ratio(own: serving.directions.Sensitivity, other: serving.directions.Sensitivity) -> float:
    """Return how many times as much one code feels as another."""
    return own.norm / max(other.norm, 1e-12)


def ranks(felt: serving.directions.Sensitivity) -> np.ndarray:
    """Return the ranks of the singular values, from 1."""
    return np.arange(1, len(felt.values) + 1)

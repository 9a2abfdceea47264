"""One style in every class, and what of the class a model's codes still hold; kept."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.results import picks
from app.results.data import Pictures, Source
from app.session.state import Model, find, model_names
from vaecore import serving

REACH, STEPS = 2.5, 11  # deviations of the prior that a walk goes to either side, and its steps
JUDGED = 200  # test images on which the model's own say is judged
SEEDS = 10_000  # styles of the prior that have a number


@dataclass(frozen=True, eq=False)
class Style:
    """A code, and where it comes from.

    Attributes:
        title: in a few words.
        code: [latent].
        image: that it was read from, [c, h, w]; None for a draw from the prior.
        label: that it was read with.
        number: of the image among the test images, or of the style among those of the prior.
    """

    title: str
    code: np.ndarray
    image: np.ndarray | None = None
    label: int | None = None
    number: int | None = None


def at_hand() -> list[str]:
    """Return the models that are told the class."""
    return [name for name in model_names() if "condition" in find(name).explorer.abilities]


def of_image(model: Model, found: Pictures, row: int) -> Style:
    """Return the style of a test image."""
    assert found.labels is not None  # no other images are read by a conditional model
    return _read(model, f"test image {row}", found.images[row], int(found.labels[row]), row)


def of_prior(model: Model, seed: int) -> Style:
    """Return the style of that number."""
    code = serving.styles.prior_codes(model.explorer, np.array([seed]))[0]
    return Style(f"style {seed}", code, number=seed)


def of_drawing(model: Model, image: np.ndarray, label: int) -> Style:
    """Return the style of a drawing [c, h, w], which is said to be of a class."""
    return _read(model, "your drawing", image, label)


def _read(model: Model, title: str, image: np.ndarray, label: int, number: int | None = None) -> Style:
    code = model.explorer.encode(image[None], np.array([label]))[0]
    return Style(title, code, image, label, number)


def trust(model: Model, found: Pictures) -> tuple[float, int]:
    """Return of which share of some test images the model names the class, and how many these are."""
    return _trust(model, found.source, found)


@st.cache_data(show_spinner="Asking the model what test images are ...", max_entries=64)
def _trust(model: Model, source: Source, _found: Pictures) -> tuple[float, int]:
    del source  # which stands for the images in the cache
    assert _found.labels is not None
    rows = picks.draw(np.arange(len(_found.images)), JUDGED, 0)
    said = serving.styles.class_elbos(model.explorer, _found.images[rows]).argmax(axis=1)
    return float((said == _found.labels[rows]).mean()), len(rows)


def in_every_class(model: Model, codes: np.ndarray) -> np.ndarray:
    """Return codes [n, latent] decoded as every class, [n, classes, c, h, w]."""
    return serving.styles.in_every_class(model.explorer, codes)


def fellows(model: Model, found: Pictures, style: Style, count: int) -> list[Style]:
    """Return a style and others to set beside it: of test images of its class, or the next ones of the prior."""
    if style.label is None:
        first = style.number or 0
        return [of_prior(model, (first + step) % SEEDS) for step in range(count)]
    members = picks.members(found.labels, style.label, len(found.images))
    others = picks.draw(np.setdiff1d(members, [] if style.number is None else [style.number]), count - 1, 0)
    return [style, *(of_image(model, found, int(row)) for row in others)]


def walk(model: Model, code: np.ndarray, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where a walk along a dimension stops, in deviations of the prior, and every class there."""
    stops = np.linspace(-REACH, REACH, STEPS)
    return stops, in_every_class(model, serving.styles.style_walk(model.explorer, code, dimension, stops))


def moved(model: Model, code: np.ndarray, dimension: int, deviations: float) -> np.ndarray:
    """Return every class at one stop of a walk, [classes, c, h, w]."""
    codes = serving.styles.style_walk(model.explorer, code, dimension, np.array([deviations]))
    return in_every_class(model, codes)[0]


@st.cache_data(show_spinner=False, max_entries=64)
def dimensions(model: Model) -> list[int]:
    """Return the dimensions of a code, those that change the pictures most first."""
    return np.argsort(-serving.styles.effects(model.explorer), kind="stable").tolist()


@st.cache_data(show_spinner="Probing the codes for the class ...", max_entries=64)
def label_left(model: Model) -> serving.styles.LabelLeft:
    """Return how well a linear probe reads the class from a model's codes.

    Raises:
        ValueError: the model's data set cannot be had, or has no classes.
    """
    return serving.styles.label_left(model.explorer)


@st.cache_data(show_spinner=False, ttl=60)
def untold(model: Model) -> Model | None:
    """Return the model beside which one sees what being told the class does to a code."""
    name = serving.relatives.untold(model.explorer)
    return None if name is None else find(name)

"""What the units of models look for, and for which images they fire; kept as in ``results``."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from app.results import picks, restorations
from app.results.data import Pictures, Source
from app.session.state import Model, find, model_names
from vaecore import serving

Order = Literal["active", "selective", "strong", "random"]
IMAGES = 2000  # behind the activity
SHEET = 100  # units on one sheet
TOP = 16  # units that fire most
SEED = 0


@dataclass(frozen=True, eq=False)
class Units:
    """A model's first layer, and the activity of its code over the test images.

    Attributes:
        filters: the weights of each unit of the first layer, [units, c, h, w].
        shallow: whether the units of the first layer are the code.
        size: of each number of the code, the mean magnitude over the images, [latent].
        mean: of each number of the code, the mean over the images, [latent].
        lifetime: sparseness of each number of the code over the images, [latent].
        population: sparseness of an image's code, the mean over the images.
        on: share of the code that is on, the mean over the images.
        wanted: the mean activity that the model was trained towards, where it was.
    """

    name: str
    filters: np.ndarray
    shallow: bool
    size: np.ndarray
    mean: np.ndarray
    lifetime: np.ndarray
    population: float
    on: float
    wanted: float | None

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders in which its units can be shown: activity is known of the code only."""
        known: tuple[Order, ...] = ("strong", "random")
        return ("active", "selective", *known) if self.shallow else known


@dataclass(frozen=True, eq=False)
class Firing:
    """The code of one image.

    Attributes:
        top: the units that are furthest from zero, the furthest first.
        values: their activity.
        on: how many units are on.
        profile: the size of every number of the code as a share of the largest, the largest first.
        places: of these in the code, in percent.
    """

    top: np.ndarray
    values: np.ndarray
    on: int
    profile: np.ndarray
    places: np.ndarray


def units(model: Model, found: Pictures) -> Units:
    """Return a model's units; ValueError says that it has none to show."""
    return _units(model, found.source, found)


@st.cache_resource(show_spinner="Counting which units fire ...", max_entries=32)
def _units(model: Model, source: Source, _found: Pictures) -> Units:
    del source  # which stands for the images in the cache
    own = model.explorer
    filters = serving.units.filters(own)
    active = serving.units.activity(own, _found.images[picks.draw(np.arange(len(_found.images)), IMAGES, SEED)])
    return Units(
        own.name,
        filters,
        not getattr(own.recipe.settings, "hidden", ()),
        active.size,
        active.mean,
        active.lifetime,
        float(active.population.mean()),
        float(active.on.mean()),
        getattr(own.recipe.settings, "activity", None),
    )


def strongest(model: Model, count: int) -> np.ndarray:
    """Return the filters with the largest weights, [count, c, h, w]: they can be shown without data."""
    filters = serving.units.filters(model.explorer)
    return filters[np.argsort(-serving.units.strength(filters), kind="stable")[:count]]


@st.cache_data(show_spinner=False, ttl=60)
def with_units(shipped: tuple[str, ...]) -> list[str]:
    """Return those of the models whose first layer can be shown."""
    found = []
    for name in shipped:
        try:
            serving.units.filters(find(name).explorer)
        except ValueError:
            continue
        found.append(name)
    return found


def others(model: Model) -> list[str]:
    """Return the models whose units can stand beside a model's, the most telling first.

    These are the plain one, the sparse ones, PCA, and then the rest that were trained on the same data.
    """
    own, plain = model.explorer, restorations.plain(model)
    telling = (plain.place if plain else "", "sparse-kl", "sparse-l1", "pca")
    found = [
        name
        for name in with_units(tuple(model_names()))
        if name != model.place and find(name).explorer.dataset == own.dataset
    ]
    return sorted(
        found, key=lambda name: next((i for i, start in enumerate(telling) if start and name.startswith(start)), 9)
    )


def ordered(shown: Units, order: Order) -> np.ndarray:
    """Return a model's units in an order; where it cannot be had, those with the largest weights first."""
    if order == "random":
        return np.random.default_rng(SEED).permutation(len(shown.filters))
    if order in shown.orders and order != "strong":
        rank = shown.size if order == "active" else shown.lifetime
    else:
        rank = serving.units.strength(shown.filters)
    return np.argsort(-rank, kind="stable")


def sheets(*shown: Units) -> int:
    """Return how many sheets show all units of the model that has most."""
    return max(-(-len(each.filters) // SHEET) for each in shown)


def on_sheet(shown: Units, order: Order, number: int) -> np.ndarray:
    """Return the filters on a sheet, counted from one; the last sheet for a model that has fewer."""
    start = SHEET * (min(number, sheets(shown)) - 1)
    return shown.filters[ordered(shown, order)[start : start + SHEET]]


def firing(model: Model, image: np.ndarray) -> Firing:
    """Return which units fire for one image [c, h, w]."""
    active = serving.units.activity(model.explorer, image[None])
    (code,), order = active.codes, np.argsort(-active.size, kind="stable")
    top, size = order[:TOP], active.size[order]
    places = 100 * (np.arange(len(code)) + 1) / len(code)
    return Firing(top, code[top], round(len(code) * float(active.on[0])), size / max(float(size[0]), 1e-12), places)

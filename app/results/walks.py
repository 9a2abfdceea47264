"""What the sliders of Generate move: single numbers of a code, its principal directions, or the noise of each level."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.results import data, latents, levels
from app.session.state import Model
from vaecore import serving

SINGLE, PRINCIPAL, LEVELS = "single numbers", "principal directions", "each level's noise"
DIRECTIONS = 12
LEAST = 3  # sliders of a level, where there are many
MIDDLE = latents.MIDDLE


@dataclass(frozen=True, eq=False)
class Walk:
    """What sliders move, and where from.

    Attributes:
        letter: under which the address has the sliders: "z" for numbers of the code, "v" for directions.
        word: what they start from.
        middle: the code, or a hierarchy's noise, where no slider has been moved, [latent].
        quantiles: by slider, [101]: at 0, 1, ..., 100 percent the number of the code, or the way along `basis`.
        basis: the directions that sliders move along, [k, latent]; None where each has a number for itself.
        home: by slider, the percent where it stands that nobody has moved.
        noise: whether it is the noise of a hierarchy that is moved.
        local: whether the page may draw at random by itself.
    """

    letter: str
    word: str
    middle: np.ndarray
    quantiles: Mapping[int, np.ndarray]
    basis: np.ndarray | None
    home: Mapping[int, float]
    noise: bool = False
    local: bool = False

    @property
    def variable(self) -> str:
        """What the page calls the numbers that it decodes."""
        return "ε" if self.noise else "z"

    def code(self, percents: Mapping[int, float]) -> np.ndarray:
        """Return the code, or the noise, where sliders stand at some percents and the others are at home, [latent]."""
        at = {**self.home, **percents}
        amounts = {
            index: np.interp(at[index], np.arange(len(column)), column) for index, column in self.quantiles.items()
        }
        if self.basis is not None:
            return serving.axes.along(self.middle, self.basis[list(amounts)], np.array(list(amounts.values())))
        found = self.middle.astype(np.float32)
        found[list(amounts)] = list(amounts.values())
        return found


def ways(model: Model) -> list[str]:
    """Return what sliders can move, that which they move at first in front.

    The levels of a hierarchy; directions of a code whose numbers go together; single numbers of all others.
    """
    own = model.explorer
    if own.latent <= 2 or not known(model):
        return [SINGLE]
    if own.variant in levels.VARIANTS:
        return [LEVELS, PRINCIPAL, SINGLE]
    return [PRINCIPAL, SINGLE] if correlated(model) else [SINGLE, PRINCIPAL]


@st.cache_resource(show_spinner="Reading what codes are like ...", max_entries=16)
def real_codes(model: Model) -> np.ndarray:
    """Return codes of training images; of test images, or of those that a model decoded, where there are none at hand.

    Raises:
        ValueError: the model cannot read what is at hand.
    """
    own = model.explorer
    found = data.pictures(model, own.dataset)
    if not found.source.trouble:
        return serving.axes.training_codes(own)
    try:
        return own.real_codes
    except ValueError:
        return own.encode(found.images, own.told(found.labels))


@st.cache_data(ttl=data.RETRY, show_spinner=False, max_entries=64)
def known(model: Model) -> bool:
    """Return whether anything says where a model's codes lie."""
    try:
        real_codes(model)
    except ValueError:
        return False
    return True


@st.cache_data(show_spinner=False, max_entries=64)
def correlated(model: Model) -> bool:
    """Return whether the numbers of a model's codes go together."""
    return serving.axes.correlated(real_codes(model))


@st.cache_data(show_spinner="Trying its random draws ...", max_entries=64)
def source(model: Model) -> serving.draws.Source:
    """Return what a model's random codes are drawn from."""
    found = data.pictures(model, model.explorer.dataset)
    return serving.draws.source(model.explorer, None if found.source.trouble else found.images)


def drawn(model: Model, seed: int) -> np.ndarray:
    """Return a random code by its number, [latent]."""
    return serving.draws.codes(model.explorer, source(model), 1, seed, real_codes(model))[0]


@st.cache_resource(show_spinner=False, max_entries=32)
def axes(model: Model, way: str) -> serving.axes.Axes:
    """Return the directions of a walk."""
    own, real = model.explorer, real_codes(model)
    if way == LEVELS:
        return serving.axes.of_levels(own, real, a_level(model))
    return serving.axes.principal(real, DIRECTIONS)


def a_level(model: Model) -> int:
    """Return how many sliders a level has."""
    return max(LEAST, DIRECTIONS // len(serving.levels.sizes(model.explorer)))


def along_axes(model: Model, way: str, base: np.ndarray, word: str) -> Walk:
    """Return the walk from a code [latent] along directions."""
    own, found = model.explorer, axes(model, way)
    start = serving.levels.noise_of(own, base[None])[0] if way == LEVELS else base
    home, steps = found.home(start).tolist(), found.steps(start)
    columns = {index: shortened(steps[:, index]) for index in range(len(home))}
    walk = "levels" if way == LEVELS else "axes"
    return Walk("v", f"{walk} {word}", start, columns, found.directions, dict(enumerate(home)), way == LEVELS)


def along_numbers(model: Model, movable: Collection[int], base: np.ndarray | None, word: str) -> Walk:
    """Return the walk from a code [latent], or from the middle, that moves some numbers, each by a slider."""
    own, table = model.explorer, latents.quantiles(model)
    if base is None:
        local = not known(model) or (own.standard_prior and source(model) == "prior")
        columns = {index: table[:, index] for index in movable}
        return Walk("z", word, table[MIDDLE], columns, None, dict.fromkeys(movable, float(MIDDLE)), local=local)
    rows = list(movable)
    units = serving.axes.Axes(
        np.eye(own.latent, dtype=np.float32)[rows], table[:, rows].astype(float), np.full(len(rows), np.nan)
    )
    home, steps = units.home(base).tolist(), units.steps(base)
    columns = {index: shortened(steps[:, row] + base[index]) for row, index in enumerate(movable)}
    return Walk("z", word, base, columns, None, dict(zip(movable, home, strict=True)))


def shortened(column: np.ndarray) -> np.ndarray:
    """Return numbers with as few digits as the quantiles of a code have."""
    return np.array([float(f"{value:.{latents.DIGITS}g}") for value in column])


def decoded(model: Model, walk: Walk, percents: Mapping[int, float], label: int | None) -> np.ndarray:
    """Return the image [c, h, w] where the sliders of a walk stand."""
    own, code = model.explorer, walk.code(percents)[None]
    labels = None if label is None else np.array([label])
    return (serving.levels.decode(own, code, labels) if walk.noise else own.decode(code, labels))[0]

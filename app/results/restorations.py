"""What models make of damaged images, and how their errors grow with the noise; kept as in ``results``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import streamlit as st

from app.results import comparison, picks
from app.results.data import Pictures, Source
from app.session.state import Model, find, model_names
from vaecore import serving
from vaecore.serving import Explorer

LEVELS = tuple(level / 20 for level in range(21))
TABLED = (0.0, 0.25, 0.5, 0.75, 1.0)  # levels in the table, beside the chosen one
COUNT = 100  # images behind a curve: four models restore them at 21 levels, while somebody waits
SEED = 0  # of their choice and their damage: a curve does not change with what is drawn above it


class Side(NamedTuple):
    """One who restores: a model, or the PCA with ``k`` components of the data that the model was trained on."""

    variable: str
    model: Model
    k: int = 0

    @property
    def explorer(self) -> Explorer:
        """Who it is."""
        return _explorer(self.model, self.k)

    @property
    def name(self) -> str:
        """Its name on the page."""
        return f"PCA-{self.k}" if self.k else self.explorer.name

    @property
    def training(self) -> str:
        """What noise it was trained with."""
        settings = self.explorer.recipe.settings
        kind = getattr(settings, "corruption", "none")
        if kind == "none":
            return "never saw noise"
        return f"saw {kind} {getattr(settings, 'level', 0):g}"


@dataclass(frozen=True, eq=False)
class Attempts:
    """The same damaged images, restored by each side in turn: squared errors to the clean images, and who is best."""

    corrupted: np.ndarray
    corrupted_errors: np.ndarray
    restored: list[np.ndarray]
    errors: np.ndarray  # [sides, n]
    best: np.ndarray  # [sides, n]


def _explorer(model: Model, k: int) -> Explorer:
    return comparison.baseline(model, k) if k else model.explorer


def sides(model: Model, k: int) -> list[Side]:
    """Return who restores: the model, the shipped denoising model of its data, a plain autoencoder, and PCA.

    PCA is left out where it can be neither loaded nor fitted.
    """
    own = model.explorer
    found = [Side("reconstruction", model)]
    denoising = f"denoising-{own.dataset}"
    if denoising in model_names() and denoising != model.place:
        found.append(Side("denoising", find(denoising)))
    beside = plain(model)
    if beside is not None:
        found.append(Side("twin", beside))
    try:
        comparison.baseline(model, k)
    except ValueError:
        return found
    return [*found, Side("baseline", model, k)]


@st.cache_data(show_spinner=False, max_entries=64)
def plain(model: Model) -> Model | None:
    """Return the model's plain twin, or else the plain autoencoder of its data whose code is closest in size."""
    own = model.explorer
    if own.variant == "autoencoder":
        return None
    twin = serving.relatives.twin(own)
    if twin is not None:
        return find(twin)
    shipped = [find(name) for name in model_names()]
    others = [
        each for each in shipped if each.explorer.variant == "autoencoder" and each.explorer.dataset == own.dataset
    ]
    return min(others, key=lambda each: abs(np.log(each.explorer.latent / own.latent)), default=None)


def attempts(
    who: Sequence[Side],
    images: np.ndarray,
    labels: np.ndarray | None,
    kind: serving.noise.Corruption,
    level: float,
    seed: int,
) -> Attempts:
    """Damage images once and let every side restore them."""
    made = [serving.noise.restore(side.explorer, images, kind, level, seed, labels) for side in who]
    errors = np.stack([each.errors for each in made])
    corrupted = made[0].corrupted
    return Attempts(
        corrupted,
        serving.noise.squared_errors(images, corrupted),
        [each.restored for each in made],
        errors,
        errors == errors.min(axis=0),
    )


def curves(who: Sequence[Side], found: Pictures, kind: serving.noise.Corruption) -> list[np.ndarray]:
    """Return each side's mean squared error to the clean images, at every one of ``LEVELS``."""
    return [_curve(side.model, side.k, found.source, kind, found) for side in who]


@st.cache_resource(show_spinner="Damaging and restoring test images at every level ...", max_entries=256)
def _curve(model: Model, k: int, source: Source, kind: serving.noise.Corruption, _found: Pictures) -> np.ndarray:
    del source  # which stands for the images in the cache
    images, labels = _of_curves(_found)
    return serving.noise.error_curve(_explorer(model, k), images, kind, LEVELS, SEED, labels)


@st.cache_resource(show_spinner=False, max_entries=64)
def untouched(source: Source, kind: serving.noise.Corruption, _found: Pictures) -> np.ndarray:
    """Return the mean squared error of the damaged images themselves, at every one of ``LEVELS``."""
    del source
    images, _ = _of_curves(_found)
    return serving.noise.damage_curve(images, kind, LEVELS, SEED)


def _of_curves(found: Pictures) -> tuple[np.ndarray, np.ndarray | None]:
    rows = picks.draw(np.arange(len(found.images)), COUNT, SEED)
    return found.images[rows], None if found.labels is None else found.labels[rows]


def tabled(level: float) -> list[float]:
    """Return the levels of the table, the chosen one among them."""
    return sorted({*TABLED, level})


def at_levels(curve: np.ndarray, levels: Sequence[float]) -> list[float]:
    """Return a curve's values at some levels."""
    return np.interp(levels, LEVELS, curve).tolist()

"""Three ways from one code to another, their pictures, and the real codes around them; each kept."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import streamlit as st

from app.figures import sprites
from app.results import latents
from app.session.state import Model
from vaecore import serving

Kind = Literal["linear", "spherical", "data"]
FINE = 8  # places between one step and the next at which the density is drawn


@dataclass(frozen=True, eq=False)
class Ground:
    """The real codes of a model that has a map.

    Attributes:
        laid: the map.
        around: what is usual among its codes.
        plane: on which they are seen.
        places: theirs, [n, 2].
        free: whether each place of the plane is a code.
    """

    laid: serving.maps.LatentMap
    around: serving.paths.Surroundings
    plane: serving.paths.Projection
    places: np.ndarray
    free: bool


@dataclass(frozen=True, eq=False)
class Way:
    """A path: its codes and pictures step by step, and between the steps too what is drawn as a line.

    Attributes:
        codes: [steps, latent].
        cells: RGB, [steps, h, w, 3].
        line: places on the plane, [fine, 2].
        company: the real codes around it, step by step.
        density: of the real codes, [fine].
    """

    codes: np.ndarray
    cells: np.ndarray
    line: np.ndarray | None = None
    company: serving.paths.Company | None = None
    density: np.ndarray | None = None


class Ends(NamedTuple):
    """Two codes, as what is kept of them is found by."""

    a: tuple[float, ...]
    b: tuple[float, ...]


def ground(model: Model) -> Ground:
    """Return the real codes of a model.

    Raises:
        ValueError: it has no map, and its data set cannot be had.
    """
    return _ground(model, latents.latent_map(model))  # whose bar is drawn anew each time that it is needed


@st.cache_resource(show_spinner="Looking at what is around the codes ...", max_entries=32)
def _ground(model: Model, _laid: serving.maps.LatentMap) -> Ground:
    del model  # it stands for the map
    laid = _laid
    plane = serving.paths.projection(laid.codes)
    return Ground(
        laid, serving.paths.surroundings(laid.codes), plane, plane.places(laid.codes), laid.codes.shape[1] == 2
    )


def way(model: Model, ends: Ends, kind: Kind, steps: int, told: int | None) -> Way:
    """Return one of the ways between two codes, each step drawn as the class `told`.

    Raises:
        ValueError: it leads through the data, which is not at hand.
    """
    try:
        around = ground(model)
    except ValueError:
        if kind == "data":
            raise
        around = None
    return _way(model, ends, kind, steps, told, around)


@st.cache_resource(show_spinner="Walking from one code to the other ...", max_entries=256)
def _way(model: Model, ends: Ends, kind: Kind, steps: int, told: int | None, _around: Ground | None) -> Way:
    own, around = model.explorer, _around
    fine = own.interpolate(np.array(ends.a), np.array(ends.b), FINE * (steps - 1) + 1, path=kind)
    codes = fine[::FINE]
    labels = None if told is None else np.full(steps, told, dtype=np.int64)
    cells = sprites.pixels(own.decode(codes, labels))
    if around is None:
        return Way(codes, cells)
    every = serving.paths.company(fine, around.around)
    return Way(codes, cells, around.plane.places(fine), serving.paths.company(codes, around.around), every.density)


def nearest(of: Ground, code: np.ndarray) -> int:
    """Return the point of the map that is nearest to a code."""
    return serving.paths.nearest_code(code, of.laid.codes)


def shares(steps: int) -> list[str]:
    """Return how far each step is along its path."""
    return [f"{share:.0%}" for share in np.linspace(0, 1, steps)]


def table(ways: Mapping[Kind, Way], of: Ground | None) -> bytes:
    """Write paths as CSV: a line per step, with its share, the real code nearest to it, and its numbers."""
    buffer = io.StringIO()
    latent = next(iter(ways.values())).codes.shape[1]
    around = [] if of is None else ["nearest_row", "nearest_class", "distance", "neighbours", "density"]
    buffer.write(",".join(["path", "step", "share", *around, *(f"z{i + 1}" for i in range(latent))]) + "\n")
    for kind, each in ways.items():
        share = np.linspace(0, 1, len(each.codes))
        for step, code in enumerate(each.codes):
            words = [kind, str(step + 1), f"{share[step]:.6g}", *_beside(each, of, step)]
            buffer.write(",".join([*words, *(f"{value:.6g}" for value in code)]) + "\n")
    return buffer.getvalue().encode()


def _beside(each: Way, of: Ground | None, step: int) -> list[str]:
    if of is None or each.company is None or each.density is None:
        return []
    near, point = each.company, each.company.nearest[step]
    label = "" if of.laid.labels is None else str(of.laid.labels[point])
    numbers = f"{near.distances[step]:.6g}", str(near.neighbours[step]), f"{near.density[step]:.6g}"
    return [str(of.laid.index[point]), label, *numbers]

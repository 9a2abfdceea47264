"""An ellipse over a density of the plane: dragged in the page, which reckons its elbo at every move."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.components.files import register
from app.components.heard import heard
from app.figures.marks import COLORS
from app.results.ellipses import Ellipse
from app.session.blobs import BLOBS
from vaecore import serving

KEY, TURN = "ellipse", "ellipse turn"  # of the session
_ellipse = register("posterior_ellipse", "ellipse")


@dataclass(frozen=True)
class Density:
    """A density: its axes, its values [rows, columns], and the two levels that are drawn as lines."""

    across: np.ndarray
    up: np.ndarray
    values: np.ndarray
    levels: tuple[float, float]


@dataclass(frozen=True)
class Outline:
    """A Gaussian with the axes of the code, drawn at one and two scales: its name, and its variable's colour."""

    name: str
    mean: np.ndarray
    scale: np.ndarray
    variable: str
    dashed: bool = False


@dataclass(frozen=True)
class Hand:
    """The ellipse that is moved: its name and colour, where it stands, and whether that is by hand already."""

    name: str
    variable: str
    at: Ellipse
    moved: bool


@dataclass(frozen=True)
class Samples:
    """Samples that do not move with the ellipse [n, 2], with the shares of their weight, if any, and their colour."""

    codes: np.ndarray
    weights: np.ndarray | None
    variable: str


def ellipse(
    density: Density,
    window: tuple[tuple[float, float], float],
    outlines: Sequence[Outline],
    samples: Sequence[Samples],
    hand: Hand,
    units: np.ndarray,
    evidence: tuple[str, float],
    joints: Sequence[serving.posterior.Lattice],
    decoder: serving.Exported | None,
    label: int | None,
    shape: Sequence[int],
    take: Callable[[Ellipse], None],
) -> None:
    """Draw a density, outlines to scale, and an ellipse to drag; ``take`` is told where it was left.

    While it moves the page integrates log p(x, z) under it by the first of the ``joints`` that reaches far enough, and
    weighs its samples: the ``units`` [n, 2] are drawn from N(0, I). ``evidence`` is log p(x) and what it is called.
    """
    (across, up), half = window
    columns, rows = (float(axis[1] - axis[0]) for axis in (density.across, density.up))
    data = {
        "density": _floats(density.values),
        "grid": [float(density.across[0]), float(density.up[0]), columns, rows, *density.values.shape],
        "levels": list(density.levels),
        "window": [across, up, half],
        "outlines": [
            {
                "name": each.name, "mean": each.mean.tolist(), "scale": each.scale.tolist(),
                "color": COLORS[each.variable], "dashed": each.dashed,
            }
            for each in outlines
        ],
        "samples": [
            {
                "codes": each.codes.round(4).tolist(), "color": COLORS[each.variable],
                "weights": None if each.weights is None else each.weights.tolist(),
            }
            for each in samples
        ],
        "hand": {"name": hand.name, "color": COLORS[hand.variable], "at": list(hand.at), "moved": hand.moved},
        "z": COLORS["z"],
        "units": units.round(4).tolist(),
        "evidence": {"name": evidence[0], "value": evidence[1]},
        "joints": [
            {"values": _floats(each.values), "origin": list(each.origin), "step": each.step, "side": len(each.values)}
            for each in joints
        ],
        "turn": st.session_state.get(TURN, 0),
        "shape": list(shape),
        "label": label,
        "network": None if decoder is None else decoder.networks["decoder"],
        "weights": None if decoder is None else BLOBS.put_weights(decoder),
    }  # fmt: skip
    _ellipse(data=data, key=KEY, on_left_change=lambda: _take(take))


def _take(take: Callable[[Ellipse], None]) -> None:
    left = heard(KEY, "left", lambda said: (Ellipse(*(float(value) for value in said["at"])), int(said["turn"])))
    if left is not None:
        ellipse, st.session_state[TURN] = left
        take(ellipse)


def _floats(values: np.ndarray) -> str:
    return BLOBS.inline(values.astype("<f4").tobytes(), "application/octet-stream")

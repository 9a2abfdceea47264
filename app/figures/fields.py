"""Densities over the plane of a 2-D code, and what is set beside them, to be looked at; always on equal axes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.figures.marks import COLORS, Axis, Chart, Dots, Field, Line, columns

TURNS = np.linspace(0, 2 * np.pi, 97)
TAILS = ((0.0, 0.0), (0.02, 0.1), (0.2, 0.38), (1.0, 0.95))  # are seen; where there is nothing is the page's own colour
Window = tuple[tuple[float, float], float]  # what is in sight: its middle, half of its side


class Outline(NamedTuple):
    """A Gaussian with the axes of the code, at one and two scales: its name in the legend, its variable's colour."""

    name: str
    mean: np.ndarray
    scale: np.ndarray
    variable: str


class Cloud(NamedTuple):
    """Samples: their name in the legend, their places [n, 2], their variable's colour."""

    name: str
    codes: np.ndarray
    variable: str


def posterior(
    density: tuple[np.ndarray, np.ndarray, np.ndarray],
    levels: tuple[float, float],
    outlines: Sequence[Outline],
    clouds: Sequence[Cloud],
    window: Window,
    height: int = 400,
) -> Chart:
    """Draw a density (its axes and its values) with two of its levels, outlines to scale, and samples."""
    marks = (
        Field(*density, COLORS["z"], TAILS, levels, "p(z|x)"),
        *(Dots(*columns(each.codes), COLORS[each.variable], 6, each.name, 0.75) for each in clouds),
        *(_outline(each) for each in outlines),
    )
    return on_plane(Chart(marks, Axis(), Axis(), height), window)


def on_plane(chart: Chart, window: Window) -> Chart:
    """Return a chart of marks on the plane of the codes as seen through a window, its axes equal."""
    (across, up), half = window
    x = Axis("z₁", (across - half, across + half), grid=False)
    y = Axis("z₂", (up - half, up + half), grid=False)
    return Chart(chart.marks, x, y, chart.height, True, chart.read, chart.press)


def rings(mean: np.ndarray, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ellipses mean + k factor (cos t, sin t) at k = 1 and 2 as one line, lifted between them."""
    circle = factor @ np.stack([np.cos(TURNS), np.sin(TURNS)])
    gap = np.full((2, 1), np.nan)
    x, y = np.concatenate([part for k in (1, 2) for part in (mean[:, None] + k * circle, gap)], axis=1)
    return x, y


def _outline(each: Outline) -> Line:
    return Line(*rings(np.asarray(each.mean), np.diag(each.scale)), COLORS[each.variable], each.name)

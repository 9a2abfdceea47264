"""Densities over the plane of a 2-D code, and what is set beside them, to be looked at; always on equal axes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.charts import COLORS, frame

TURNS = np.linspace(0, 2 * np.pi, 97)
DENSITY = [  # the tails are shown, and the page's own colour where there is nothing
    [0, "rgba(138, 99, 210, 0)"],
    [0.02, "rgba(138, 99, 210, 0.10)"],
    [0.2, "rgba(138, 99, 210, 0.38)"],
    [1, "rgba(138, 99, 210, 0.95)"],
]


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
    window: tuple[tuple[float, float], float],
    height: int = 400,
) -> go.Figure:
    """Draw a density (its axes and its values) with two of its levels, outlines to scale, and samples."""
    figure = go.Figure(_density(*density, levels))
    for each in clouds:
        marker = {"size": 6, "opacity": 0.75, "color": COLORS[each.variable], "line": {"color": "#FFFFFF", "width": 1}}
        x, y = each.codes.T
        figure.add_scatter(x=x, y=y, name=each.name, mode="markers", marker=marker, hoverinfo="skip")
    figure.add_traces([_outline(each) for each in outlines])
    frame(figure, "z₁", "z₂", height)
    (across, up), half = window
    figure.update_xaxes(range=[across - half, across + half], constrain="range")
    figure.update_yaxes(range=[up - half, up + half], scaleanchor="x", scaleratio=1, showgrid=False)
    return figure


def _density(across: np.ndarray, up: np.ndarray, values: np.ndarray, levels: tuple[float, float]) -> go.Contour:
    low, high = levels
    step = max(high - low, 1e-9 * high)
    return go.Contour(
        x=across, y=up, z=values, name="p(z|x)", showlegend=True, showscale=False, hoverinfo="skip",
        colorscale=DENSITY, zmin=0, zmax=float(values.max()),
        contours={"coloring": "heatmap", "start": low, "end": high + step / 2, "size": step},
        line={"color": COLORS["z"], "width": 1.2},
    )  # fmt: skip


def _outline(each: Outline) -> go.Scatter:
    """Draw the ellipses of a Gaussian and its mean as one line, lifted between them."""
    rings = [
        np.stack([each.mean[0] + k * each.scale[0] * np.cos(TURNS), each.mean[1] + k * each.scale[1] * np.sin(TURNS)])
        for k in (1, 2)
    ]
    gap = np.full((2, 1), np.nan)
    x, y = np.concatenate([part for ring in rings for part in (ring, gap)], axis=1)
    line = {"color": COLORS[each.variable], "width": 2.5}
    return go.Scatter(x=x, y=y, name=each.name, mode="lines", line=line, hoverinfo="skip")

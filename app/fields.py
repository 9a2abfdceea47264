"""Densities over the plane of a 2-D code, and what is set beside them; always on equal axes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.charts import COLORS, frame

TURNS = np.linspace(0, 2 * np.pi, 97)
PLACES = 28  # that can be clicked along each side of the window
WIDER, HIGHER = 1.7, 1.5  # windows that they cover, for a chart that is no square
SMALLEST, LARGEST = 4.0, 30.0  # diameter of a sample
USUAL = 9.0  # of a sample that has its fair share of the weight
DENSITY = [  # the tails are shown, and the page's own colour where there is nothing
    [0, "rgba(138, 99, 210, 0)"],
    [0.02, "rgba(138, 99, 210, 0.10)"],
    [0.2, "rgba(138, 99, 210, 0.38)"],
    [1, "rgba(138, 99, 210, 0.95)"],
]
DASHES = {"baseline": "dot", "x": "dash"}


class Outline(NamedTuple):
    """A Gaussian with the axes of the code, at some scales: its name in the legend, and its variable's colour."""

    name: str
    mean: np.ndarray
    scale: np.ndarray
    variable: str
    scales: Sequence[float] = (1, 2)


class Cloud(NamedTuple):
    """Samples: their places [n, 2], the share of the weight of each (None for none to show), their colour."""

    name: str
    codes: np.ndarray
    weights: np.ndarray | None
    variable: str


def posterior(
    density: tuple[np.ndarray, np.ndarray, np.ndarray],
    levels: tuple[float, float],
    outlines: Sequence[Outline],
    clouds: Sequence[Cloud],
    window: tuple[tuple[float, float], float],
    height: int = 520,
) -> go.Figure:
    """Draw a density (its axes and its values) with two of its levels, outlines to scale, and samples by weight.

    Over all lies a lattice of points that cannot be seen, so that a click anywhere selects a place.
    """
    figure = go.Figure(_density(*density, levels))
    figure.add_traces([_cloud(each) for each in clouds])
    for each in outlines:
        figure.add_traces([_outline(each), _centre(each)])
    figure.add_trace(_places(*window))
    frame(figure, "z₁", "z₂", height)
    (across, up), half = window
    figure.update_xaxes(range=[across - half, across + half], constrain="range")
    figure.update_yaxes(range=[up - half, up + half], scaleanchor="x", scaleratio=1, showgrid=False)
    figure.update_layout(hovermode="closest", hoverlabel={"namelength": 0})
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
    """Draw the ellipses of a Gaussian as one line, lifted between them."""
    rings = [
        np.stack([each.mean[0] + k * each.scale[0] * np.cos(TURNS), each.mean[1] + k * each.scale[1] * np.sin(TURNS)])
        for k in each.scales
    ]
    gap = np.full((2, 1), np.nan)
    x, y = np.concatenate([part for ring in rings for part in (ring, gap)], axis=1)
    line = {"color": COLORS[each.variable], "width": 2.5, "dash": DASHES.get(each.variable, "solid")}
    return go.Scatter(x=x, y=y, name=each.name, mode="lines", line=line, hoverinfo="skip", legendgroup=each.name)


def _centre(each: Outline) -> go.Scatter:
    marker = {"symbol": "cross", "size": 9, "color": COLORS[each.variable], "line": {"color": "#FFFFFF", "width": 1}}
    return go.Scatter(
        x=each.mean[:1], y=each.mean[1:], mode="markers", marker=marker, unselected={"marker": {"opacity": 1}},
        showlegend=False, legendgroup=each.name, hoverinfo="skip",
    )  # fmt: skip


def _cloud(each: Cloud) -> go.Scatter:
    if each.weights is None:
        marker = {"size": 4, "opacity": 0.3}
    else:
        marker = {"size": _sizes(each.weights), "opacity": 0.75, "line": {"color": "#FFFFFF", "width": 1}}
    marker["color"] = COLORS[each.variable]
    return go.Scatter(
        x=each.codes[:, 0], y=each.codes[:, 1], name=each.name, mode="markers", marker=marker,
        unselected={"marker": {"opacity": marker["opacity"]}}, hoverinfo="skip",
    )  # fmt: skip


def _sizes(weights: np.ndarray) -> np.ndarray:
    """Return diameters whose areas are as the weights, as far as the eye can follow."""
    return np.clip(USUAL * np.sqrt(weights * len(weights)), SMALLEST, LARGEST)


def _places(middle: tuple[float, float], half: float) -> go.Scatter:
    sides = (np.linspace(-half * more, half * more, round(PLACES * more)) for more in (WIDER, HIGHER))
    grid = np.meshgrid(*(centre + side for centre, side in zip(middle, sides, strict=True)))
    across, up = (part.ravel() for part in grid)
    hidden = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=across, y=up, mode="markers", marker={"opacity": 0, "size": 10}, selected=hidden, unselected=hidden,
        showlegend=False, hovertemplate="move the mean to<br>z = (%{x:.2f}, %{y:.2f})<extra></extra>",
    )  # fmt: skip

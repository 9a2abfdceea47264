"""Arrays in, charts out: lines and histograms, without torch."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.session.plain import legend
from vaecore.serving import browser

COLORS = browser.COLORS  # one per variable: they can be told apart on the light and the dark page
STILL = {"displayModeBar": False}  # the `config` of a chart that one reads and does not move
DASHES = {"reconstruction": "solid", "twin": "dash", "denoising": "dashdot", "baseline": "dot"}
HEIGHT = 300
ROOM = 1.08  # of the highest line, where the axis does not choose its own end


class Series(NamedTuple):
    """A line: its name in the legend, its points, and the variable whose colour it has."""

    name: str
    x: np.ndarray
    y: np.ndarray
    variable: str = "reconstruction"


class Group(NamedTuple):
    """Values of a histogram: their name in the legend, and the variable whose colour they have."""

    name: str
    values: np.ndarray
    variable: str = "reconstruction"


def lines(
    series: Sequence[Series],
    x_title: str,
    y_title: str,
    at: float | None = None,
    reference: Series | None = None,
    scale: Literal["linear", "log"] = "linear",
    form: str = ".2f",
    height: int = HEIGHT,
) -> go.Figure:
    """Draw named lines over one axis; one hover says all values at a place, written as ``form`` says.

    A value ``at`` on the axis gets a vertical line and a mark where each line passes it. A ``reference`` is thin and
    may leave the chart, so that what it is there to be compared with keeps its size. A linear axis begins at 0.
    """
    figure = go.Figure([_line(each, form) for each in series])
    if reference is not None:
        figure.add_trace(_line(reference, form).update(line={"width": 1.5, "dash": "dot"}))
    if at is not None:
        figure.add_vline(at, line={"color": COLORS["x"], "width": 1})
        figure.add_traces([_mark(each, at) for each in series])
    frame(figure, x_title, y_title, height)
    figure.update_layout(hovermode="x unified")
    if scale == "log":
        figure.update_yaxes(type="log")
    elif reference is not None:
        figure.update_yaxes(range=[0, ROOM * max(float(np.max(each.y)) for each in series)])
    else:
        figure.update_yaxes(rangemode="tozero")
    return figure


def _line(series: Series, form: str) -> go.Scatter:
    line = {"color": COLORS[series.variable], "width": 2.5, "dash": DASHES.get(series.variable, "solid")}
    name = legend(series.name)
    template = f"%{{y:{form}}}<extra>{name}</extra>"
    return go.Scatter(x=series.x, y=series.y, name=name, mode="lines", line=line, hovertemplate=template)


def _mark(series: Series, at: float) -> go.Scatter:
    """Draw a dot where a line passes a place; the hover that names the line's value need not name the dot's."""
    height = np.interp(at, series.x, series.y)
    marker = {"color": COLORS[series.variable], "size": 10, "line": {"color": "#FFFFFF", "width": 1.5}}
    return go.Scatter(x=[at], y=[height], mode="markers", marker=marker, showlegend=False, hoverinfo="skip")


def histogram(
    groups: Sequence[Group],
    x_title: str,
    y_title: str = "share",
    bins: int = 40,
    at: dict[str, float] | None = None,
    height: int = HEIGHT,
) -> go.Figure:
    """Draw groups of values over the same bins, each as shares of its own size, so that few beside many can be seen.

    Places named in ``at`` get a vertical line, and their name in the legend.
    """
    edges = _edges([group.values for group in groups], bins)
    shares = [_shares(group.values, edges) for group in groups]
    figure = go.Figure([_bars(group, edges, each) for group, each in zip(groups, shares, strict=True)])
    top = ROOM * max(float(each.max()) for each in shares)
    line = {"color": COLORS["error"], "width": 2, "dash": "dash"}
    for name, place in (at or {}).items():
        figure.add_scatter(x=[place, place], y=[0, top], name=name, mode="lines", line=line, hoverinfo="skip")
    frame(figure, x_title, y_title, height)
    figure.update_layout(barmode="overlay", bargap=0.04)
    figure.update_yaxes(tickformat=".0%", range=[0, top])
    return figure


def _edges(values: Sequence[np.ndarray], bins: int) -> np.ndarray:
    """Return the ends of equal bins over the values of all groups, infinite ones left out."""
    found = np.concatenate([np.ravel(each) for each in values])
    return np.histogram_bin_edges(found[np.isfinite(found)], bins)


def _shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counts, _ = np.histogram(values, edges)
    return counts / max(np.size(values), 1)


def _bars(group: Group, edges: np.ndarray, shares: np.ndarray) -> go.Bar:
    low, high = edges[:-1], edges[1:]
    name = legend(group.name)
    template = f"%{{y:.1%}} from %{{customdata[0]:.3g}} to %{{customdata[1]:.3g}}<extra>{name}</extra>"
    return go.Bar(
        x=(low + high) / 2,
        y=shares,
        width=high - low,
        name=name,
        marker={"color": COLORS[group.variable], "opacity": 0.6},
        customdata=np.stack([low, high], axis=1),
        hovertemplate=template,
    )


def clicked(selection: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the place of the last point of a selection; None for none."""
    points = selection["points"]
    return (float(points[-1]["x"]), float(points[-1]["y"])) if points else None


def frame(figure: go.Figure, x_title: str, y_title: str, height: int) -> None:
    """Give a chart its titles and the look that all charts share: legend above, nothing that a finger could drag."""
    axis = {"zeroline": False, "fixedrange": True, "automargin": True}
    figure.update_xaxes(title=x_title, showgrid=False, **axis)
    figure.update_yaxes(title=y_title, **axis)
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,  # a finger that starts on a chart scrolls the page
        showlegend=True,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    )

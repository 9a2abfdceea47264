"""Charts of the lessons, a function each; arrays in, charts out."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.figures.charts import COLORS, Series, frame
from app.figures.sprites import class_color

PLACES = (41, 31)  # that can be clicked, across and up
FILL = "rgba(138, 99, 210, 0.22)"
MOST = 0.98  # of the estimates, that a cloud's axes hold
TICKS = 8  # of an axis whose places are not even, about


def unfolding(
    lines: np.ndarray, places: Sequence[int], now: int, title: str, variable: str, floor: float, height: int = 260
) -> go.Figure:
    """Draw lines [lines, places] over the steps of something that unfolds, as far as it has; the rest is pale.

    The places stand at equal distances, whatever their steps. A dotted line marks the ``floor`` that they fall to.
    """
    figure, across = go.Figure(), np.arange(len(places))
    for index, line in enumerate(lines):
        strong = {"color": COLORS[variable], "width": 2.5 if index == 0 else 1.4}
        hover = f"step %{{customdata}}: %{{y:.3g}}<extra>{title}</extra>" if index == 0 else None
        figure.add_scatter(x=across, y=line, mode="lines", line=strong | {"width": 1.2}, opacity=0.28, hoverinfo="skip")
        figure.add_scatter(
            x=across[: now + 1], y=line[: now + 1], mode="lines", line=strong, customdata=places,
            hovertemplate=hover, hoverinfo=None if hover else "skip",
        )  # fmt: skip
        marker = {"color": COLORS[variable], "size": 9 if index == 0 else 5, "line": {"color": "#FFFFFF", "width": 1}}
        figure.add_scatter(x=[now], y=[line[now]], mode="markers", marker=marker, hoverinfo="skip")
    figure.add_hline(floor, line={"color": COLORS["baseline"], "width": 1.5, "dash": "dot"})
    frame(figure, "steps", title, height)
    ticks = across[:: -(-len(places) // TICKS)]
    figure.update_xaxes(tickvals=ticks, ticktext=[f"{places[tick]:,}" for tick in ticks])
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(showlegend=False)
    return figure


def densities(across: np.ndarray, target: np.ndarray, shown: Sequence[Series], height: int = 270) -> go.Figure:
    """Draw a density as a hill, and others as lines before it; a thin one is where another began."""
    figure = go.Figure()
    figure.add_scatter(
        x=across, y=target, name="p(z)", mode="lines", fill="tozeroy", fillcolor=FILL, hoverinfo="skip",
        line={"color": COLORS["z"], "width": 1.5},
    )  # fmt: skip
    for each in shown:
        line = {"color": COLORS[each.variable], "width": 3}
        if each.variable == "x":
            line |= {"width": 1.5, "dash": "dash"}
        figure.add_scatter(x=each.x, y=each.y, name=each.name, mode="lines", line=line, hoverinfo="skip")
    frame(figure, "z", "density", height)
    figure.update_xaxes(range=[float(across[0]), float(across[-1])])
    figure.update_yaxes(range=[0, 1.9 * float(target.max())])
    return figure


def landscape(
    means: np.ndarray,
    scales: np.ndarray,
    values: np.ndarray,
    path: tuple[np.ndarray, np.ndarray],
    ends: Sequence[tuple[float, float]],
    variable: str,
    height: int = 330,
) -> go.Figure:
    """Draw a divergence over the means and the scales of q, the way of a descent, and where descents end.

    Over it lies a lattice of points that cannot be seen, so that a click anywhere selects a place.
    """
    figure = go.Figure(
        go.Contour(
            x=means, y=np.log(scales), z=values, ncontours=14, showscale=False, hoverinfo="skip", showlegend=False,
            colorscale=[[0, _faint(variable, 0.55)], [1, _faint(variable, 0.02)]],
            line={"color": _faint(variable, 0.5), "width": 0.8}, contours={"coloring": "heatmap"},
        )
    )  # fmt: skip
    figure.add_scatter(
        x=[mean for mean, _ in ends], y=np.log([scale for _, scale in ends]), name="minimum", mode="markers",
        marker={"symbol": "x-thin", "size": 11, "line": {"color": COLORS["baseline"], "width": 3}}, hoverinfo="skip",
        unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    across, up = path[0], np.log(path[1])
    figure.add_scatter(
        x=across, y=up, name="descent", mode="lines+markers", line={"color": COLORS[variable], "width": 2},
        marker={"size": [*[3] * (len(across) - 1), 12], "color": COLORS[variable]}, hoverinfo="skip",
        unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    figure.add_trace(_clickable(means, np.log(scales)))
    frame(figure, "mean of q", "scale of q", height)
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 4) if scales[0] <= tick <= scales[-1] * 1.001]
    figure.update_yaxes(tickvals=np.log(ticks), ticktext=[f"{tick:g}" for tick in ticks], showgrid=False)
    figure.update_xaxes(range=[float(means[0]), float(means[-1])])
    figure.update_layout(hovermode="closest", hoverlabel={"namelength": 0})
    return figure


def _faint(variable: str, opacity: float) -> str:
    red, green, blue = (int(COLORS[variable][start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def _clickable(across: np.ndarray, up: np.ndarray) -> go.Scatter:
    sides = (np.linspace(axis[0], axis[-1], count) for axis, count in zip((across, up), PLACES, strict=True))
    x, y = (part.ravel() for part in np.meshgrid(*sides))
    hidden = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=x, y=y, mode="markers", marker={"opacity": 0, "size": 12}, selected=hidden, unselected=hidden,
        showlegend=False, customdata=np.exp(y),
        hovertemplate="start at mean %{x:.2f}, scale %{customdata:.2f}<extra></extra>",
    )  # fmt: skip


def cloud(points: np.ndarray, gradient: np.ndarray, variable: str, height: int = 250) -> go.Figure:
    """Draw estimates of a gradient [n, 2] as dots around the end of the gradient itself, an arrow from zero.

    The axes are equal, and reach as far as all but few estimates do.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=points[:, 0], y=points[:, 1], mode="markers", marker={"color": COLORS[variable], "size": 5, "opacity": 0.45},
        hoverinfo="skip",
    )  # fmt: skip
    line = {"color": COLORS["error"], "width": 3}
    figure.add_scatter(
        x=[0, gradient[0]], y=[0, gradient[1]], mode="lines+markers", line=line, hoverinfo="skip",
        marker={"symbol": "arrow", "angleref": "previous", "size": [0, 13], "color": COLORS["error"]},
    )  # fmt: skip
    reach = 1.08 * float(max(np.quantile(np.abs(points).max(1), MOST), np.abs(gradient).max(), 1e-9))
    frame(figure, "", "", height)
    figure.update_xaxes(range=[-reach, reach], zeroline=True, zerolinewidth=1, nticks=5, constrain="domain")
    figure.update_yaxes(
        range=[-reach, reach], zeroline=True, zerolinewidth=1, nticks=5, scaleanchor="x", constrain="domain",
        showgrid=False,
    )  # fmt: skip
    figure.update_layout(showlegend=False)
    return figure


def variances(
    exact: Sequence[Series], measured: Sequence[Series], at: int, goal: float, height: int = 300
) -> go.Figure:
    """Draw variances that fall with the number of samples: what they are as lines, what was measured as dots.

    A dotted line marks the one that is the ``goal``.
    """
    figure = go.Figure()
    for each in exact:
        line = {"color": COLORS[each.variable], "width": 2.5}
        hover = f"%{{x}} samples: %{{y:.3g}}<extra>{each.name}</extra>"
        figure.add_scatter(x=each.x, y=each.y, name=each.name, mode="lines", line=line, hovertemplate=hover)
    for each in measured:
        marker = {"color": COLORS[each.variable], "size": 7, "line": {"color": "#FFFFFF", "width": 1}}
        figure.add_scatter(x=each.x, y=each.y, mode="markers", marker=marker, showlegend=False, hoverinfo="skip")
    figure.add_vline(at, line={"color": COLORS["x"], "width": 1})
    figure.add_hline(goal, line={"color": COLORS["x"], "width": 1, "dash": "dot"})
    frame(figure, "samples of an estimate", "variance", height)
    figure.update_xaxes(type="log", dtick=1, tickformat=",")
    figure.update_yaxes(type="log", dtick=1, exponentformat="power")
    return figure


def slopes(figure: go.Figure, places: np.ndarray, slopes: np.ndarray, length: float, variable: str) -> None:
    """Add the direction of the slope at every place to a map, as arrows of one length."""
    ends = places + length * slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-12)
    gap = np.full(len(places), np.nan)
    x, y = (np.stack([places[:, axis], ends[:, axis], gap], 1).ravel() for axis in (0, 1))
    figure.add_scatter(
        x=x, y=y, name="slope", mode="lines+markers", line={"color": COLORS[variable], "width": 1.8},
        marker={"symbol": "arrow", "angleref": "previous", "size": [0, 8, 0] * len(places), "color": COLORS[variable]},
        hoverinfo="skip",
    )  # fmt: skip


def codes(
    points: np.ndarray,
    labels: np.ndarray | None,
    draws: np.ndarray,
    ellipses: Sequence[tuple[str, np.ndarray, np.ndarray, str]],
    window: tuple[tuple[float, float], float],
    height: int = 400,
) -> go.Figure:
    """Draw codes [n, 2] in the colours of their classes, Gaussians by name, mean, covariance and variable, and draws.

    Each Gaussian is outlined at one and two scales. The axes are equal. Over all lies a lattice of points that cannot
    be seen, so that a click anywhere selects a place.
    """
    colors = COLORS["x"] if labels is None else [class_color(int(label)) for label in labels]
    figure = go.Figure()
    figure.add_scatter(
        x=points[:, 0], y=points[:, 1], mode="markers", name="codes of test images", hoverinfo="skip",
        marker={"color": colors, "size": 3.5, "opacity": 0.55}, unselected={"marker": {"opacity": 0.55}},
        showlegend=False,
    )  # fmt: skip
    for name, mean, covariance, variable in ellipses:
        x, y = _rings(mean, covariance)
        line = {"color": COLORS[variable], "width": 2}
        figure.add_scatter(x=x, y=y, name=name, mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=draws[:, 0], y=draws[:, 1], mode="markers+text", name="draws", hoverinfo="skip",
        text=[str(index + 1) for index in range(len(draws))], textposition="top center",
        marker={"color": COLORS["error"], "size": 9, "line": {"color": "#FFFFFF", "width": 1.5}},
        unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    (across, up), half = window
    grid = np.meshgrid(*(centre + np.linspace(-1.6 * half, 1.6 * half, PLACES[0]) for centre in (across, up)))
    hidden = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=grid[0].ravel(), y=grid[1].ravel(), mode="markers", marker={"opacity": 0, "size": 12}, selected=hidden,
        unselected=hidden, showlegend=False, hovertemplate="draw around<br>z = (%{x:.2f}, %{y:.2f})<extra></extra>",
    )  # fmt: skip
    frame(figure, "z₁", "z₂", height)
    figure.update_xaxes(range=[across - half, across + half], constrain="range")
    figure.update_yaxes(range=[up - half, up + half], scaleanchor="x", showgrid=False)
    figure.update_layout(hovermode="closest", hoverlabel={"namelength": 0})
    return figure


def _rings(mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ellipses of a Gaussian at one and two scales as one line, lifted between them."""
    turns = np.linspace(0, 2 * np.pi, 97)
    circle = np.linalg.cholesky(covariance) @ np.stack([np.cos(turns), np.sin(turns)])
    gap = np.full((2, 1), np.nan)
    x, y = np.concatenate([part for scale in (1, 2) for part in (mean[:, None] + scale * circle, gap)], axis=1)
    return x, y

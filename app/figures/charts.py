"""Arrays in, charts out: lines and histograms, without torch."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from app.figures.marks import COLORS, HEIGHT, ROOM, Axis, Bars, Chart, Dash, Dots, Line, Mark, Rule, extent

DASHES: dict[str, Dash] = {"twin": "dash", "denoising": "dashdot", "baseline": "dot"}


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
    x: Axis,
    y_title: str,
    at: float | None = None,
    reference: Series | None = None,
    scale: Literal["linear", "log"] = "linear",
    form: str = ".2f",
    height: int = HEIGHT,
) -> Chart:
    """Draw named lines over one axis; the pointer reads all values at a place, written as ``form`` says.

    A value ``at`` on the axis gets a vertical line and a mark where each line passes it. A ``reference`` is thin and
    may leave the chart, so that what it is there to be compared with keeps its size. A linear axis begins at 0.
    """
    marks: list[Mark] = [line(each, form) for each in series]
    if reference is not None:
        marks.append(line(reference, form, 1.5, "dot"))
    if at is not None:
        marks += [Rule("x", at), *(_passing(each, at) for each in series)]
    ends = _from_zero([each.y for each in series]) if scale == "linear" else None
    y = Axis(y_title, ends, scale == "log")
    if x.ends is None:
        x = replace(x, ends=extent(np.concatenate([each.x for each in series]), x.log, 0.0))
    return Chart(tuple(marks), x, y, height, read="across")


def line(series: Series, form: str = "", width: float = 2.5, dash: Dash | None = None, dots: float = 0) -> Line:
    """Return the line of a variable; a colour alone tells nobody apart who does not see it, so it has a dash too."""
    dash = dash or DASHES.get(series.variable, "solid")
    return Line(series.x, series.y, COLORS[series.variable], series.name, width, dash, form=form, dots=dots)


def _passing(series: Series, at: float) -> Dots:
    return Dots(np.array([at]), np.interp([at], series.x, series.y), COLORS[series.variable], 10)


def _from_zero(values: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return the ends of an axis that begins at 0 and holds all finite values."""
    found = np.concatenate([np.ravel(each) for each in values])
    found = found[np.isfinite(found)]
    low, high = min(0.0, float(found.min(initial=0))), float(found.max(initial=0))
    return ROOM * low, ROOM * (high or 1.0)


def histogram(
    groups: Sequence[Group],
    x_title: str,
    y_title: str = "share",
    bins: int = 40,
    at: dict[str, float] | None = None,
    height: int = HEIGHT,
) -> Chart:
    """Draw groups of values over the same bins, each as shares of its own size, so that few beside many can be seen.

    Places named in ``at`` get a vertical line, and their name in the legend.
    """
    edges = _edges([group.values for group in groups], bins)
    shares = [_shares(group.values, edges) for group in groups]
    top = ROOM * max(float(each.max()) for each in shares)
    marks = [_bars(group, edges, each) for group, each in zip(groups, shares, strict=True)]
    for name, place in (at or {}).items():
        marks.append(Line(np.array([place, place]), np.array([0.0, top]), COLORS["error"], name, 2, "dash"))
    low, high = float(edges[0]), float(edges[-1])
    ends = extent(np.array([low, high, *(at or {}).values()]), room=0.02)
    y = Axis(y_title, (0.0, top or 1.0), form=".0%" if top > 0.05 else ".1%")
    return Chart(tuple(marks), Axis(x_title, ends, grid=False), y, height, read="nearest")


def _edges(values: Sequence[np.ndarray], bins: int) -> np.ndarray:
    """Return the ends of equal bins over the values of all groups, infinite ones left out."""
    found = np.concatenate([np.ravel(each) for each in values])
    return np.histogram_bin_edges(found[np.isfinite(found)], bins)


def _shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counts, _ = np.histogram(values, edges)
    return counts / max(np.size(values), 1)


def _bars(group: Group, edges: np.ndarray, shares: np.ndarray) -> Mark:
    low, high = edges[:-1], edges[1:]
    said = [
        f"{group.name}: {share:.1%} from {start:.3g} to {end:.3g}"
        for share, start, end in zip(shares, low, high, strict=True)
    ]
    return Bars(low, high, shares, COLORS[group.variable], group.name, 0.6, said=said)

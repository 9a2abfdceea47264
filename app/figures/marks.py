"""What a chart is made of: marks over two axes, as arrays; `app.components.plot` has the page draw them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np

from vaecore.serving import browser

COLORS = browser.COLORS  # one per variable: they can be told apart on the light and the dark page
INK = COLORS["x"]  # of what is no variable
HEIGHT = 300
ROOM = 1.08  # of the highest mark, where the axis does not say where it ends
Dash = Literal["solid", "dash", "dot", "dashdot"]
Stops = tuple[tuple[float, float], ...]  # opacity by share of the highest value


@dataclass(frozen=True)
class Axis:
    """An axis of a chart.

    Attributes:
        title: what it is of.
        ends: the values at its ends, the first at the left or at the bottom; of the marks where it is not said.
        log: whether equal ratios are equally far apart.
        form: how its values are written, as in Python; "power" as a power of ten.
        ticks: values with what is written at them; round ones where there are none.
        grid: whether lines cross the chart at its ticks.
    """

    title: str = ""
    ends: tuple[float, float] | None = None
    log: bool = False
    form: str = ""
    ticks: Mapping[float, str] | None = None
    grid: bool = True


@dataclass(frozen=True)
class Line:
    """A line through points; it is lifted where one is not finite.

    Attributes:
        x, y: its points.
        color: as #rrggbb.
        name: in the legend, where it has one.
        form: how its values are written under the pointer, where they are.
        said: what is said of each point instead of its value, where something is.
        dots: the diameter of a dot at each point.
        filled: whether the ground below it has its colour.
    """

    x: np.ndarray
    y: np.ndarray
    color: str
    name: str = ""
    width: float = 2.5
    dash: Dash = "solid"
    opacity: float = 1.0
    dots: float = 0.0
    filled: bool = False
    form: str = ""
    said: Sequence[str] = ()


@dataclass(frozen=True)
class Dots:
    """Points on their own.

    Attributes:
        x, y: where they are.
        colors: of all, or of each.
        sizes: their diameters in pixels, of all or of each.
        said: what is said of each under the pointer, where something is.
        texts: what is written beside each.
    """

    x: np.ndarray
    y: np.ndarray
    colors: str | Sequence[str]
    sizes: float | Sequence[float] = 9.0
    name: str = ""
    opacity: float = 1.0
    shape: Literal["dot", "cross", "tick"] = "dot"
    ringed: bool = True
    said: Sequence[str] = ()
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Bars:
    """Bars from zero, between a low and a high end on the axis that they stand on; lying ones stand on the vertical.

    Attributes:
        low, high: their ends on that axis.
        values: how long they are.
        colors: of all, or of each.
        said: what is said of each under the pointer.
        texts: what is written at the end of each.
    """

    low: np.ndarray
    high: np.ndarray
    values: np.ndarray
    colors: str | Sequence[str]
    name: str = ""
    opacity: float = 1.0
    lying: bool = False
    said: Sequence[str] = ()
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Arrows:
    """Arrows from starts [n, 2] to ends [n, 2]."""

    starts: np.ndarray
    ends: np.ndarray
    color: str
    width: float = 1.8
    name: str = ""


@dataclass(frozen=True)
class Field:
    """Values [rows, columns] over even axes as a cloud of one colour, with lines at some levels."""

    across: np.ndarray
    up: np.ndarray
    values: np.ndarray
    color: str
    stops: Stops
    levels: Sequence[float]
    name: str = ""


@dataclass(frozen=True)
class Rule:
    """A line across the chart where an axis has a value."""

    axis: Literal["x", "y"]
    at: float
    color: str = INK
    width: float = 1.0
    dash: Dash = "solid"


@dataclass(frozen=True)
class Words:
    """Words at a place, from which they begin, end, or reach to both sides; so many pixels away from it."""

    x: float
    y: float
    text: str
    color: str
    size: float = 12.0
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"
    away: tuple[float, float] = (0.0, 0.0)


Mark = Line | Dots | Bars | Arrows | Field | Rule | Words
Kind = TypeVar("Kind", bound=Mark)


@dataclass(frozen=True)
class Chart:
    """Marks over two axes.

    Attributes:
        marks: fields lie lowest, then bars, lines, arrows, dots and words.
        equal: whether both axes have one scale; the one with more room then shows more.
        read: what the pointer reads: every line at its place "across", or the "nearest" mark that says something.
        press: what a press would do, with {x} and {y} for its place; a chart without cannot be pressed.
    """

    marks: tuple[Mark, ...]
    x: Axis
    y: Axis
    height: int = HEIGHT
    equal: bool = False
    read: Literal["across", "nearest", ""] = ""
    press: str = ""

    def with_marks(self, *more: Mark) -> "Chart":
        """Return the chart with more marks."""
        return replace(self, marks=(*self.marks, *more))

    def ends(self, axis: Literal["x", "y"]) -> tuple[float, float]:
        """Return the values at the ends of an axis: as it says, or so that all marks are in sight."""
        own = getattr(self, axis)
        return own.ends or extent(np.concatenate([_places(mark, axis) for mark in self.marks]), own.log)


def marks(chart: Chart, kind: type[Kind]) -> list[Kind]:
    """Return a chart's marks of a kind."""
    return [each for each in chart.marks if isinstance(each, kind)]


def columns(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of points [n, 2] on each axis."""
    return points[:, 0], points[:, 1]


def extent(values: np.ndarray, log: bool = False, room: float = ROOM - 1) -> tuple[float, float]:
    """Return the least and the largest of the finite values, with room around them; what is even gets some."""
    found = np.asarray(values, float)
    found = found[np.isfinite(found) & ((found > 0) | (not log))]
    if not len(found):
        return (1.0, 10.0) if log else (0.0, 1.0)
    ends = np.array([found.min(), found.max()])
    ends = np.log10(ends) if log else ends
    margin = room * (ends[1] - ends[0]) or 0.5
    low, high = (float(10**end) if log else float(end) for end in (ends[0] - margin, ends[1] + margin))
    return low, high


def _places(mark: Mark, axis: Literal["x", "y"]) -> np.ndarray:
    """Return where a mark is on an axis."""
    match mark:
        case Line() | Dots():
            return np.asarray(getattr(mark, axis), float)
        case Bars(lying=lying):
            along = (axis == "y") == lying
            return np.concatenate([mark.low, mark.high]) if along else np.append(np.asarray(mark.values, float), 0.0)
        case Arrows():
            return np.concatenate([mark.starts, mark.ends])[:, "xy".index(axis)]
        case Field():
            return mark.across if axis == "x" else mark.up
        case Words():
            return np.array([getattr(mark, axis)])
        case Rule():
            return np.array([mark.at] if mark.axis == axis else [])

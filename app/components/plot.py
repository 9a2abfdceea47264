"""A chart, drawn in the page: whatever is drawn anew takes the place of what was there, and never leaves it empty."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from app.components.files import register
from app.components.heard import heard
from app.figures.marks import Arrows, Axis, Bars, Chart, Dots, Field, Line, Mark, Rule, Words, marks
from app.session.blobs import BLOBS
from app.session.plain import flat

DIGITS = 6  # that a number has on its way to the page
TURN = "turn of"  # keys of the session
KINDS = {
    "fields": Field, "rules": Rule, "bars": Bars, "lines": Line, "arrows": Arrows, "dots": Dots, "words": Words,
}  # fmt: skip
_plot = register("chart", "plot")


def plot(chart: Chart, key: str, take: Callable[[float, float], None] | None = None) -> None:
    """Draw a chart; ``take`` is told the place that was pressed, by values of its axes."""
    turn = st.session_state.get(f"{TURN} {key}", 0)
    _plot(data=data_of(chart) | {"turn": turn}, key=key, on_pressed_change=lambda: _hear(key, take))


def _hear(key: str, take: Callable[[float, float], None] | None) -> None:
    said = heard(key, "pressed", lambda said: (float(said["x"]), float(said["y"]), int(said["turn"])))
    if take is not None and said is not None and np.isfinite(said[:2]).all():
        st.session_state[f"{TURN} {key}"] = said[2]
        take(*said[:2])


def data_of(chart: Chart) -> dict[str, Any]:
    """Return what the page is sent of a chart."""
    return {
        "said": said_of(chart),
        "height": chart.height,
        "equal": chart.equal,
        "read": chart.read,
        "press": chart.press,
        "x": _axis(chart.x, chart.ends("x")),
        "y": _axis(chart.y, chart.ends("y")),
        **{name: [_mark(each) for each in marks(chart, kind)] for name, kind in KINDS.items()},
    }


def said_of(chart: Chart) -> str:
    """Return what a chart shows, for those who do not see it."""
    names = [flat(name) for mark in chart.marks if (name := getattr(mark, "name", ""))]
    axes = " over ".join(filter(None, (chart.y.title, chart.x.title)))
    of, what = f" of {axes}" if axes else "", ", ".join(dict.fromkeys(names))
    return f"Chart{of}: {what}" if what else f"Chart{of}"


def _axis(axis: Axis, ends: tuple[float, float]) -> dict[str, Any]:
    ticks = None if axis.ticks is None else [[float(at), flat(text)] for at, text in axis.ticks.items()]
    return {
        "title": axis.title, "low": ends[0], "high": ends[1], "log": axis.log, "form": axis.form, "ticks": ticks,
        "grid": axis.grid,
    }  # fmt: skip


def _mark(mark: Mark) -> dict[str, Any]:
    """Return a mark as the page reads it."""
    match mark:
        case Field(across=across, up=up):
            columns, rows = (float(axis[1] - axis[0]) for axis in (across, up))
            return {
                "name": mark.name, "color": mark.color, "stops": [list(stop) for stop in mark.stops],
                "levels": [float(level) for level in mark.levels],
                "grid": [float(across[0]), float(up[0]), columns, rows, *mark.values.shape],
                "values": BLOBS.inline(mark.values.astype("<f4").tobytes(), "application/octet-stream"),
            }  # fmt: skip
        case Rule() | Words():
            return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(mark).items()}
        case _:
            return {name: _value(value) for name, value in vars(mark).items()}


def _value(value: object) -> object:
    """Return a value as JSON has it: numbers with few digits, None for what is not finite, texts on one line."""
    if isinstance(value, np.ndarray):
        return _numbers(value)
    if isinstance(value, str):
        return flat(value)
    return [flat(each) if isinstance(each, str) else each for each in value] if isinstance(value, Sequence) else value


def _numbers(values: np.ndarray) -> list:
    if values.ndim > 1:
        return [_numbers(row) for row in values]
    return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values.astype(float).tolist()]

"""Charts of the lessons, a function each; arrays in, charts out."""

from collections.abc import Sequence

import numpy as np

from app.figures.charts import Series
from app.figures.fields import Window, on_plane, rings
from app.figures.marks import COLORS, INK, Arrows, Axis, Chart, Dots, Field, Line, Mark, Rule, columns
from app.figures.sprites import class_color

DEEP = ((0.0, 0.02), (1.0, 0.55))  # of a landscape: strong where it is low
LEVELS = 14  # lines of one height in a landscape
MOST = 0.98  # of the estimates, that a cloud's axes hold
TICKS = 8  # of an axis whose places are not even, about


def unfolding(
    lines: np.ndarray, places: Sequence[int], now: int, title: str, variable: str, floor: float, height: int = 260
) -> Chart:
    """Draw lines [lines, places] over the steps of something that unfolds, as far as it has; the rest is pale.

    The places stand at equal distances, whatever their steps. A dotted line marks the ``floor`` that they fall to.
    """
    across, color = np.arange(len(places), dtype=float), COLORS[variable]
    marks: list[Mark] = [Line(across, line, color, width=1.2, opacity=0.28) for line in lines]
    for index, line in enumerate(lines):
        first = index == 0
        done = slice(now + 1)
        said = [f"step {step:,}: {y:.3g} {title}" for step, y in zip(places, line, strict=True)][done] if first else ()
        marks.append(Line(across[done], line[done], color, width=2.5 if first else 1.4, said=said))
        marks.append(Dots(across[[now]], line[[now]], color, 9 if first else 5))
    marks.append(Rule("y", floor, COLORS["baseline"], 1.5, "dot"))
    ticks = {float(tick): f"{places[int(tick)]:,}" for tick in across[:: -(-len(places) // TICKS)]}
    x = Axis("steps", (-0.3, len(places) - 0.7), ticks=ticks, grid=False)
    return Chart(tuple(marks), x, Axis(title, (0.0, 1.06 * float(lines.max()))), height, read="nearest")


def densities(across: np.ndarray, target: np.ndarray, shown: Sequence[Series], height: int = 270) -> Chart:
    """Draw a density as a hill, and others as lines before it; a thin one is where another began."""
    hill = Line(across, target, COLORS["z"], "p(z)", 1.5, filled=True)
    lines = [
        Line(each.x, each.y, COLORS[each.variable], each.name, 1.5, "dash")
        if each.variable == "x"
        else Line(each.x, each.y, COLORS[each.variable], each.name, 3)
        for each in shown
    ]
    x = Axis("z", (float(across[0]), float(across[-1])), grid=False)
    return Chart((hill, *lines), x, Axis("density", (0.0, 1.9 * float(target.max()))), height)


def landscape(
    means: np.ndarray,
    scales: np.ndarray,
    values: np.ndarray,
    path: tuple[np.ndarray, np.ndarray],
    ends: Sequence[tuple[float, float]],
    variable: str,
    height: int = 330,
) -> Chart:
    """Draw a divergence over the means and the scales of q, the way of a descent, and where descents end.

    The scales stand at equal ratios. A press anywhere chooses a mean and a scale.
    """
    depth = values.max() - values  # strong where the divergence is small
    heights = np.linspace(0, depth.max(), LEVELS + 2)[1:-1].tolist()
    color, way = COLORS[variable], np.asarray(path[0])
    marks = (
        Field(means, np.log10(scales), depth, color, DEEP, heights),
        Line(way, np.asarray(path[1]), color, "descent", 2, dots=3),
        Dots(way[-1:], np.asarray(path[1])[-1:], color, 12),
        Dots(*columns(np.array(ends, float).reshape(-1, 2)), COLORS["baseline"], 14, "minimum", shape="cross"),
    )
    ticks = {tick: f"{tick:g}" for tick in (0.1, 0.2, 0.5, 1, 2, 4) if scales[0] <= tick <= scales[-1] * 1.001}
    x = Axis("mean of q", (float(means[0]), float(means[-1])), grid=False)
    y = Axis("scale of q", (float(scales[0]), float(scales[-1])), log=True, ticks=ticks, grid=False)
    return Chart(marks, x, y, height, press="start at mean {x}, scale {y}")


def cloud(points: np.ndarray, gradient: np.ndarray, variable: str, height: int = 250) -> Chart:
    """Draw estimates of a gradient [n, 2] as dots around the end of the gradient itself, an arrow from zero.

    The axes are equal, and reach as far as all but few estimates do.
    """
    reach = 1.08 * float(max(np.quantile(np.abs(points).max(1), MOST), np.abs(gradient).max(), 1e-9))
    marks = (
        Dots(*columns(points), COLORS[variable], 5, opacity=0.45, ringed=False),
        Arrows(np.zeros((1, 2)), np.asarray(gradient, float)[None], COLORS["error"], 3),
        Rule("x", 0.0),
        Rule("y", 0.0),
    )
    x, y = Axis("", (-reach, reach), grid=False), Axis("", (-reach, reach), grid=False)
    return Chart(marks, x, y, height, equal=True)


def variances(exact: Sequence[Series], measured: Sequence[Series], at: int, goal: float, height: int = 300) -> Chart:
    """Draw variances that fall with the number of samples: what they are as lines, what was measured as dots.

    A dotted line marks the one that is the ``goal``.
    """
    marks: list[Mark] = [Rule("x", float(at)), Rule("y", goal, dash="dot")]
    marks += [Line(each.x, each.y, COLORS[each.variable], each.name, form=".3g") for each in exact]
    marks += [Dots(each.x, each.y, COLORS[each.variable], 7) for each in measured]
    x = Axis("samples of an estimate", log=True, form=",", grid=False)
    return Chart(tuple(marks), x, Axis("variance", log=True, form="power"), height, read="across")


def slopes(chart: Chart, places: np.ndarray, slopes: np.ndarray, length: float, variable: str) -> Chart:
    """Return a chart with the direction of the slope at every place, as arrows of one length."""
    ways = length * slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-12)
    return chart.with_marks(Arrows(places, places + ways, COLORS[variable], name="slope"))


def codes(
    points: np.ndarray,
    labels: np.ndarray | None,
    draws: np.ndarray,
    ellipses: Sequence[tuple[str, np.ndarray, np.ndarray, str]],
    window: Window,
    height: int = 400,
) -> Chart:
    """Draw codes [n, 2] in the colours of their classes, Gaussians by name, mean, covariance and variable, and draws.

    Each Gaussian is outlined at one and two scales. The axes are equal. A press anywhere chooses a place.
    """
    colors = INK if labels is None else [class_color(int(label)) for label in labels]
    marks = (
        Dots(*columns(points), colors, 3.5, opacity=0.55, ringed=False),
        *(
            Line(*rings(mean, np.linalg.cholesky(covariance)), COLORS[variable], name, 2)
            for name, mean, covariance, variable in ellipses
        ),
        Dots(*columns(draws), COLORS["error"], 9, "draws", texts=[str(index + 1) for index in range(len(draws))]),
    )
    return on_plane(Chart(marks, Axis(), Axis(), height, press="draw around z = ({x}, {y})"), window)

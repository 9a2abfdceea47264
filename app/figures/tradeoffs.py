"""Charts in nats: the plane of rate and distortion, and what each unit or level of a code costs."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.figures.charts import COLORS, ROOM, frame

MARGIN = 0.14  # of the points' extent, around them
CONTOURS = 5  # lines of one elbo across the plane, about
INSIDE = 0.14  # of such a line, between what it is called and its end
NAMED = 12  # units whose names fit below their bars
SLENDER = 0.55  # of the space of a bar


def plane(
    betas: Sequence[float], rates: np.ndarray, distortions: np.ndarray, chosen: int, height: int = 420
) -> go.Figure:
    """Draw models by rate and distortion, joined by rising beta, and what the chosen one's beta means.

    A model is a minimum of distortion + beta * rate: the line of slope -beta through it touches the curve from below.
    On each of the thin lines of slope -1 distortion + rate is the same, and so is the elbo.
    """
    x_range, y_range = _around(rates), _around(distortions)
    figure = go.Figure(_contours(x_range, y_range))
    ends = np.array(x_range)
    figure.add_scatter(
        x=ends, y=distortions[chosen] - betas[chosen] * (ends - rates[chosen]), mode="lines", hoverinfo="skip",
        name=f"slope −{betas[chosen]:g}", line={"color": COLORS["reconstruction"], "width": 2, "dash": "dash"},
    )  # fmt: skip
    figure.add_trace(_curve(betas, rates, distortions, chosen))
    frame(figure, "rate, nats", "distortion, nats", height)
    figure.update_xaxes(range=x_range)
    figure.update_yaxes(range=y_range)
    return figure


def _around(values: np.ndarray) -> list[float]:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * max(high - low, 1e-3)
    return [low - margin, high + margin]


def _curve(betas: Sequence[float], rates: np.ndarray, distortions: np.ndarray, chosen: int) -> go.Scatter:
    colors = [COLORS["reconstruction" if index == chosen else "z"] for index in range(len(betas))]
    sizes = [15 if index == chosen else 9 for index in range(len(betas))]
    return go.Scatter(
        x=rates,
        y=distortions,
        mode="lines+markers+text",
        name="one model for each β",
        line={"color": COLORS["z"], "width": 2.5},
        marker={"color": colors, "size": sizes, "line": {"color": "#FFFFFF", "width": 1.5}, "opacity": 1},
        text=[f"<b>{beta:g}</b>" if index == chosen else f"{beta:g}" for index, beta in enumerate(betas)],
        textposition="top right",
        customdata=np.stack([betas, -rates - distortions], axis=1),
        hovertemplate="β = %{customdata[0]:g}<br>rate %{x:.2f}, distortion %{y:.2f}<br>"
        "elbo %{customdata[1]:.2f} nats<extra></extra>",
    )


def _contours(x_range: list[float], y_range: list[float]) -> list[go.Scatter]:
    """Draw lines of slope -1 at round sums, each with its elbo near its end."""
    line = {"color": COLORS["x"], "width": 1, "dash": "dot"}
    found = []
    for total in _round_steps(x_range[0] + y_range[0], x_range[1] + y_range[1]):
        left = max(x_range[0], total - y_range[1])
        right = min(x_range[1], total - y_range[0])
        across = np.array([left, right - INSIDE * (right - left), right])
        found.append(
            go.Scatter(
                x=across, y=total - across, mode="lines+text", hoverinfo="skip", line=line,
                name="the same elbo", showlegend=not found, text=["", _signed(f"{-total:g}"), ""],
                textposition="bottom left", textfont={"color": COLORS["x"], "size": 11},
            )
        )  # fmt: skip
    return found


def _round_steps(low: float, high: float) -> np.ndarray:
    """Return about `CONTOURS` round numbers strictly between two ends."""
    rough = (high - low) / (CONTOURS + 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda digit: abs(np.log(digit * power / rough)))
    return np.arange(np.floor(low / step) + 1, np.ceil(high / step)) * step


def units(names: Sequence[str], rates: np.ndarray, least: float, top: float, height: int = 160) -> go.Figure:
    """Draw what each unit costs as bars in the given order; those below ``least`` are grey. ``top`` ends the axis."""
    figure = go.Figure(go.Bar(x=list(names), y=rates, marker={"color": _colors(rates, least)}, hovertemplate=_HOVER))
    frame(figure, "", "nats", height)
    figure.update_layout(showlegend=False, bargap=1 - SLENDER)
    figure.update_xaxes(type="category", showticklabels=len(names) <= NAMED, tickangle=0, title=None)
    figure.update_yaxes(range=[min(0.0, float(rates.min())), ROOM * top], nticks=5)
    return figure


def levels(names: Sequence[str], rates: np.ndarray, least: float) -> go.Figure:
    """Draw what each level costs as bars that lie below each other in the given order."""
    bars = go.Bar(
        x=rates, y=list(names), orientation="h", marker={"color": _colors(rates, least)}, text=_written(rates),
        textposition="outside", cliponaxis=False, hoverinfo="skip",
    )  # fmt: skip
    figure = go.Figure(bars)
    frame(figure, "rate, nats", "", 90 + 38 * len(names))
    figure.update_layout(showlegend=False, bargap=1 - SLENDER, barcornerradius=3)
    figure.update_yaxes(type="category", autorange="reversed")
    figure.update_xaxes(range=[min(0.0, 1.3 * float(rates.min())), 1.25 * max(float(rates.max()), least)], nticks=5)
    return figure


_HOVER = "%{x}: %{y:.3f} nats<extra></extra>"


def _colors(rates: np.ndarray, least: float) -> list[str]:
    return [COLORS["x" if rate < least else "z"] for rate in rates]


def _written(rates: np.ndarray) -> list[str]:
    return [_signed(f"{rate:.2f}") for rate in rates]


def _signed(number: str) -> str:
    return number.replace("-", "−")

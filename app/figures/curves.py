"""Charts that one page each has: a spectrum, the stages of a training, a receiver operating characteristic, scores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.charts import COLORS, HEIGHT, Series, frame, lines
from app.session.plain import legend

FEW = 12  # points that a line alone would hardly show
DECADES = 5  # below the largest singular value: what is smaller still is rounding
ROW = 26  # pixels of height for a model's line
MEASURED = {"reconstruction": "of pixels", "z": "of codes", "error": "cross-entropy"}


def spectrum(series: Sequence[Series], height: int = HEIGHT) -> go.Figure:
    """Draw singular values over their rank, on a logarithmic axis."""
    figure = lines(series, "rank of the direction", "singular value", scale="log", form=".3g", height=height)
    few = [legend(each.name) for each in series if len(each.y) <= FEW]
    figure.update_traces(mode="lines+markers", selector=lambda trace: trace.name in few)
    if max(len(each.y) for each in series) <= FEW:
        figure.update_xaxes(dtick=1)  # ranks are whole
    top = np.log10(max(float(each.y.max(initial=1e-12)) for each in series))
    figure.update_yaxes(range=[top - DECADES, top + 0.3], dtick=1, exponentformat="power")
    return figure


class Leg(NamedTuple):
    """A stage of a training: its name, the error epoch by epoch, and the variable that the error is of."""

    name: str
    errors: np.ndarray
    variable: str


def legs(stages: Sequence[Leg], split: str, height: int = HEIGHT) -> go.Figure:
    """Draw the errors on a split, one stage after the other along one axis of epochs, with a mark where each begins."""
    figure, begin, named = go.Figure(), 0, set()
    for stage in stages:
        epochs = begin + 1 + np.arange(len(stage.errors))
        figure.add_trace(_leg(stage, epochs, stage.variable not in named))
        figure.add_vline(begin, line={"color": COLORS["x"], "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=begin, y=1, yref="y domain", text=f"<b>{legend(stage.name)}</b>", showarrow=False,
            xanchor="left", yanchor="top", xshift=3, font={"color": COLORS[stage.variable], "size": 12},
        )  # fmt: skip
        named.add(stage.variable)
        begin += len(stage.errors)
    frame(figure, "epoch", f"error on the {split} images", height)
    low, high = _log_range([stage.errors for stage in stages])
    ticks = [digit * 10.0**power for power in range(-4, 5) for digit in (1, 2, 5)]  # Plotly would write 20 as 2
    figure.update_yaxes(type="log", range=[low, high], tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])
    return figure


def _leg(stage: Leg, epochs: np.ndarray, first: bool) -> go.Scatter:
    return go.Scatter(
        x=epochs,
        y=stage.errors,
        name=MEASURED[stage.variable],
        legendgroup=stage.variable,
        showlegend=first,
        mode="lines",
        line={"color": COLORS[stage.variable], "width": 2.5},
        hovertemplate=f"epoch %{{x}}: %{{y:.3f}}<extra>{legend(stage.name)}</extra>",
    )


def _log_range(values: Sequence[np.ndarray]) -> list[float]:
    """Return the ends of a logarithmic axis with room for names above the lines."""
    found = np.log10(np.maximum(np.concatenate(values), 1e-12))
    low, high = float(found.min()), float(found.max())
    return [low - 0.05 * (high - low), high + 0.25 * (high - low) + 0.02]


def roc(
    false_positives: np.ndarray, true_positives: np.ndarray, area: float, at: tuple[float, float], height: int = HEIGHT
) -> go.Figure:
    """Draw the receiver operating characteristic with its area, the diagonal of guessing, and where one stands."""
    figure = go.Figure()
    template = "%{y:.1%} of the unseen found<br>at %{x:.1%} false alarms<extra></extra>"
    line = {"color": COLORS["error"], "width": 2.5}
    fill = {"fill": "tozeroy", "fillcolor": "rgba(194, 73, 61, 0.12)"}
    figure.add_trace(
        go.Scatter(x=false_positives, y=true_positives, mode="lines", line=line, hovertemplate=template, **fill)
    )
    guess = {"color": COLORS["x"], "width": 1.5, "dash": "dash"}
    figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=guess, hoverinfo="skip"))
    marker = {"color": COLORS["error"], "size": 12, "line": {"color": "#FFFFFF", "width": 2}}
    figure.add_trace(go.Scatter(x=[at[0]], y=[at[1]], mode="markers", marker=marker, hovertemplate=template))
    note = {"showarrow": False, "font": {"color": COLORS["x"], "size": 12}}
    figure.add_annotation(x=0.5, y=0.5, text="guessing", xanchor="left", yanchor="top", xshift=4, **note)
    area_font = {"font": {"color": COLORS["error"], "size": 15}, "showarrow": False}
    figure.add_annotation(
        x=0.96, y=0.06, text=f"<b>area {area:.3f}</b>", xanchor="right", yanchor="bottom", **area_font
    )
    frame(figure, "normal images flagged", "unseen images found", height)
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    return figure


class Standing(NamedTuple):
    """A model's figure: its name, the figure with its standard error, and the paper's, where there is one."""

    name: str
    value: float
    error: float
    published: float | None


def standings(rows: Sequence[Standing], title: str, form: str = ".2f") -> go.Figure:
    """Draw each model's figure on a line of its own, with twice its standard error and the paper's."""
    names = [row.name for row in rows]
    figure = go.Figure(
        go.Scatter(
            x=[row.value for row in rows], y=names, name="ours", mode="markers",
            marker={"color": COLORS["reconstruction"], "size": 10},
            error_x={"array": [2 * row.error for row in rows], "thickness": 1.5, "width": 3},
            hovertemplate=f"%{{y}}: %{{x:{form}}}<extra>ours</extra>",
        )
    )  # fmt: skip
    told = [row for row in rows if row.published is not None]
    if told:
        figure.add_scatter(
            x=[row.published for row in told], y=[row.name for row in told], name="published", mode="markers",
            marker={"color": COLORS["baseline"], "size": 11, "symbol": "line-ns-open", "line": {"width": 3}},
            hovertemplate=f"%{{y}}: %{{x:{form}}}<extra>published</extra>",
        )  # fmt: skip
    frame(figure, title, "", ROW * len(rows) + 90)
    figure.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=names, showgrid=True, dtick=1)
    return figure

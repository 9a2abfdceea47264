"""Charts of the lessons, a function each; arrays in, charts out."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.charts import COLORS, frame

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

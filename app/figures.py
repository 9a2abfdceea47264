"""Arrays in, pictures out: sprites of pixels and scatter plots, without Streamlit and without torch."""

import io
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image

# Ten colours found by a search that keeps them apart under the three common colour-vision
# deficiencies (Petroff, "Accessible color sequences for data visualization", 2021).
CLASS_COLORS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
# Black to pale yellow, lightness rising evenly: the stops of matplotlib's inferno.
HEAT = (
    (0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85),
    (227, 89, 51), (249, 140, 10), (249, 201, 50), (252, 255, 164),
)  # fmt: skip
FADED = 0.06  # opacity of the points outside the chosen classes: still there, out of the way


def class_color(label: int) -> str:
    """Return the colour that a class has on every page; more than ten classes share them."""
    return CLASS_COLORS[label % len(CLASS_COLORS)]


def pixels(images: np.ndarray) -> np.ndarray:
    """Turn images [n, c, h, w] around [0, 1] into RGB bytes [n, h, w, 3]; what lies outside is clipped."""
    channels = np.moveaxis(np.clip(images, 0, 1), 1, -1)
    rgb = channels if channels.shape[-1] == 3 else np.repeat(channels[..., :1], 3, axis=-1)
    return np.rint(255 * rgb).astype(np.uint8)


def heat(maps: np.ndarray, top: float) -> np.ndarray:
    """Colour maps [n, c, h, w] from 0 to ``top``, summed over channels, as RGB bytes [n, h, w, 3]."""
    level = np.clip(maps.sum(axis=1) / max(top, 1e-12), 0, 1)
    stops = np.linspace(0, 1, len(HEAT))
    bands = [np.interp(level, stops, band) for band in zip(*HEAT, strict=True)]
    return np.rint(np.stack(bands, axis=-1)).astype(np.uint8)


def heat_gradient() -> str:
    """Return the colour scale of ``heat`` as a CSS gradient, left to right."""
    return f"linear-gradient(90deg, {', '.join(f'rgb{stop}' for stop in HEAT)})"


def top_of(*maps: np.ndarray) -> float:
    """Return the largest value of several maps [n, c, h, w], summed over channels: one scale for all."""
    return max(float(part.sum(axis=1).max()) for part in maps)


def sheet(cells: np.ndarray, columns: int, gap: int = 0) -> np.ndarray:
    """Lay RGB cells [n, h, w, 3] out in rows, as one RGBA picture; gaps and missing cells are clear."""
    count, height, width, _ = cells.shape
    rows = -(-count // columns)
    picture = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), np.uint8)
    for index, cell in enumerate(cells):
        top = index // columns * (height + gap)
        left = index % columns * (width + gap)
        picture[top : top + height, left : left + width, :3] = cell
        picture[top : top + height, left : left + width, 3] = 255
    return picture


def enlarge(cells: np.ndarray, side: int) -> np.ndarray:
    """Repeat the pixels of cells [n, h, w, 3] a whole number of times, up to about ``side``."""
    times = max(1, round(side / cells.shape[2]))
    return cells.repeat(times, axis=1).repeat(times, axis=2)


def png(picture: np.ndarray) -> bytes:
    """Write a picture [h, w, 3 or 4] as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png", compress_level=6)
    return buffer.getvalue()


def scatter(
    points: np.ndarray,
    labels: np.ndarray | None,
    index: np.ndarray,
    names: Sequence[str],
    focus: Sequence[int] = (),
    axes: tuple[str, str] | None = None,
) -> go.Figure:
    """Draw points [n, 2] by class on equal axes; classes outside ``focus``, if it names any, fade.

    Axes without a name have no ticks either: their numbers mean nothing.
    """
    figure = go.Figure(_cloud(points, labels, index, names, focus))
    if labels is not None:
        for label in sorted(set(labels.tolist()) & set(focus or labels.tolist())):
            _name_class(figure, np.median(points[labels == label], axis=0), label, names)
    known = axes is not None
    x_range, y_range = (_middle(values) for values in points.T)
    axis = {"zeroline": False, "showticklabels": known, "showgrid": known, "automargin": True}
    x_title, y_title = axes or ("", "")
    figure.update_xaxes(title=x_title, range=x_range, **axis)
    figure.update_yaxes(title=y_title, range=y_range, scaleanchor="x", scaleratio=1, **axis)
    figure.update_layout(
        height=310,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        dragmode=False,  # a finger that starts on a plot scrolls the page
        hoverlabel={"namelength": 0},
    )
    return figure


def _cloud(
    points: np.ndarray,
    labels: np.ndarray | None,
    index: np.ndarray,
    names: Sequence[str],
    focus: Sequence[int],
) -> go.Scattergl:
    """Draw the points as one trace in their own order, so that no class lies on top of another."""
    marker: dict = {"size": 4 if len(points) > 1000 else 6, "opacity": 0.75}
    text = None
    if labels is not None:
        last = max(len(names), 2) - 1
        scale = [[label / last, class_color(label)] for label in range(last + 1)]
        marker |= {"color": labels, "colorscale": scale, "cmin": 0, "cmax": last}
        text = [names[label] for label in labels]
        if focus:
            marker["opacity"] = np.where(np.isin(labels, focus), 0.85, FADED)
    return go.Scattergl(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        marker=marker,
        text=text,
        customdata=index,
        hovertemplate=("<b>%{text}</b> · " if text else "") + "image %{customdata}<extra></extra>",
    )


def _middle(values: np.ndarray) -> list[float]:
    """Return the range of 99 percent of the values with a margin: one outlier must not shrink all others."""
    low, high = np.quantile(values, [0.005, 0.995])
    margin = 0.08 * max(high - low, 1e-6)
    return [float(low - margin), float(high + margin)]


def _name_class(figure: go.Figure, center: np.ndarray, label: int, names: Sequence[str]) -> None:
    """Write a class's name where its points are, so that the eye need not travel to a legend."""
    figure.add_annotation(
        x=float(center[0]),
        y=float(center[1]),
        text=f"<b>{names[label]}</b>",
        showarrow=False,
        bgcolor=class_color(label),
        font={"color": "#14161C" if _is_light(class_color(label)) else "#FFFFFF", "size": 12},
        borderpad=2,
        opacity=0.92,
    )


def _is_light(color: str) -> bool:
    """Tell whether dark text reads better than white on a colour (relative luminance, WCAG 2)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179

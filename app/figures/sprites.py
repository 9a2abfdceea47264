"""Arrays in, pictures and bytes out: sprites of pixels, without Streamlit and without torch."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from vaecore import serving

# Black to pale yellow, lightness rising evenly: the stops of matplotlib's inferno.
HEAT = (
    (0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85),
    (227, 89, 51), (249, 140, 10), (249, 201, 50), (252, 255, 164),
)  # fmt: skip
# Blue below zero, white at zero, red above: told apart by every kind of colour vision (ColorBrewer's RdBu).
SIGNED = (
    (5, 48, 97), (33, 102, 172), (67, 147, 195), (146, 197, 222), (247, 247, 247),
    (244, 165, 130), (214, 96, 77), (178, 24, 43), (103, 0, 31),
)  # fmt: skip
MOST = 0.995  # share of the values that a signed scale must hold


def class_color(label: int) -> str:
    """Return the colour that a class has on every page; more than ten classes share them."""
    return serving.browser.CLASS_COLORS[label % len(serving.browser.CLASS_COLORS)]


def pixels(images: np.ndarray) -> np.ndarray:
    """Turn images [n, c, h, w] around [0, 1] into RGB bytes [n, h, w, 3]; what lies outside is clipped."""
    channels = np.moveaxis(np.clip(images, 0, 1), 1, -1)
    rgb = channels if channels.shape[-1] == 3 else np.repeat(channels[..., :1], 3, axis=-1)
    return np.rint(255 * rgb).astype(np.uint8)


def packed(parts: Sequence[np.ndarray]) -> bytes:
    """Return arrays as 32-bit floats, one after the other, as a page reads them; they keep a row's number to 2^24."""
    return np.concatenate([part.astype("<f4").ravel() for part in parts]).tobytes()


def heat(maps: np.ndarray, top: float) -> np.ndarray:
    """Colour maps [n, c, h, w] from 0 to ``top``, summed over channels, as RGB bytes [n, h, w, 3]."""
    return _coloured(maps.sum(axis=1) / max(top, 1e-12), HEAT)


def signed(maps: np.ndarray, top: float) -> np.ndarray:
    """Colour maps [n, c, h, w] from ``-top`` over zero to ``top``, summed over channels, as RGB bytes [n, h, w, 3]."""
    return _coloured((1 + maps.sum(axis=1) / max(top, 1e-12)) / 2, SIGNED)


def _coloured(level: np.ndarray, colors: tuple[tuple[int, int, int], ...]) -> np.ndarray:
    """Colour levels by evenly spaced stops from 0 to 1; what lies outside is clipped."""
    stops = np.linspace(0, 1, len(colors))
    bands = [np.interp(np.clip(level, 0, 1), stops, band) for band in zip(*colors, strict=True)]
    return np.rint(np.stack(bands, axis=-1)).astype(np.uint8)


def heat_gradient() -> str:
    """Return the colour scale of ``heat`` as a CSS gradient, left to right."""
    return _gradient(HEAT)


def signed_gradient() -> str:
    """Return the colour scale of ``signed`` as a CSS gradient, left to right."""
    return _gradient(SIGNED)


def _gradient(colors: tuple[tuple[int, int, int], ...]) -> str:
    return f"linear-gradient(90deg, {', '.join(f'rgb{stop}' for stop in colors)})"


def top_of(*maps: np.ndarray) -> float:
    """Return the largest value of several maps [n, c, h, w], summed over channels: one scale for all."""
    return max(float(part.sum(axis=1).max()) for part in maps)


def reach(*maps: np.ndarray) -> float:
    """Return the size, of either sign, that all but few values of several maps [n, c, h, w] stay below.

    What goes beyond is drawn at the end of the scale: one strong pixel must not pale all others.
    """
    sizes = np.concatenate([np.abs(part.sum(axis=1)).ravel() for part in maps])
    return float(np.quantile(sizes, MOST)) if sizes.size else 0.0


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


def tiles(images: np.ndarray, columns: int) -> np.ndarray:
    """Lay images [n, c, h, w] out in rows without gaps, as grey or RGB bytes; missing ones are black."""
    count, channels, height, width = images.shape
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, channels, height, width), np.uint8)
    cells[:count] = np.rint(255 * np.clip(images, 0, 1))
    grid = cells.reshape(rows, columns, channels, height, width).transpose(0, 3, 1, 4, 2)
    picture = grid.reshape(rows * height, columns * width, channels)
    return picture[..., 0] if channels == 1 else picture


def enlarge(cells: np.ndarray, side: int) -> np.ndarray:
    """Repeat the pixels of cells [n, h, w, 3] a whole number of times, up to about ``side``."""
    times = max(1, round(side / cells.shape[2]))
    return cells.repeat(times, axis=1).repeat(times, axis=2)


def png(picture: np.ndarray, effort: int = 6) -> bytes:
    """Write a picture [h, w] or [h, w, 3 or 4] as PNG; more effort, up to 9, makes it smaller."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png", compress_level=effort)
    return buffer.getvalue()


def gif(cells: np.ndarray, milliseconds: int) -> bytes:
    """Write RGB cells [n, h, w, 3] as a film that goes there and back for ever, so long a picture."""
    there_and_back = np.concatenate([cells, cells[-2:0:-1]])
    frames = [Image.fromarray(cell) for cell in there_and_back]
    buffer = io.BytesIO()
    frames[0].save(buffer, "gif", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    return buffer.getvalue()

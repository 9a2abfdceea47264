"""Pictures that are drawn once, by the server: what a page shows small, and nobody moves over."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from app.figures import sprites

PANEL, SPACE, DOT = (720, 540), 60, 9  # pixels, before the picture is halved, which smooths its dots
MIDDLE = (0.005, 0.995)  # of the points, that are in sight on both axes


def dots(planes: Sequence[np.ndarray], labels: np.ndarray) -> bytes:
    """Draw points of the same images, each [n, 2], on panels side by side, in the colours of their classes, as PNG."""
    width, height = PANEL
    picture = Image.new("RGBA", (len(planes) * (width + SPACE) - SPACE, height))
    pen = ImageDraw.Draw(picture)
    for panel, points in enumerate(planes):
        low, high = np.quantile(points, MIDDLE, axis=0)
        share = np.clip((points - low) / np.maximum(high - low, 1e-12), 0, 1)
        left = panel * (width + SPACE) + DOT + share[:, 0] * (width - 3 * DOT)
        top = DOT + (1 - share[:, 1]) * (height - 3 * DOT)
        for x, y, label in zip(left.tolist(), top.tolist(), labels.tolist(), strict=True):
            pen.ellipse((x, y, x + DOT, y + DOT), sprites.class_color(label))
    buffer = io.BytesIO()
    picture.reduce(2).save(buffer, "png")
    return buffer.getvalue()

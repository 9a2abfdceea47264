"""What runs in a page: the components' JavaScript, CSS and HTML, for the app and for a page to take away."""

from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).with_name("page")
COMMON = ("network.js", "picture.js", "drawing.js")  # what the components stand on
OWN = {
    "canvas": ("reading.js", "canvas.js"),
    "maps": ("plane.js", "cursor.js", "maps.js"),
    "sliders": ("sliders.js",),
}

# Ten colours found by a search that keeps them apart under the three common colour-vision
# deficiencies (Petroff, "Accessible color sequences for data visualization", 2021).
CLASS_COLORS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip


class Component(NamedTuple):
    """A part of a page: what it is made of, how it looks, and the module whose default function draws it."""

    html: str
    css: str
    js: str


def component(name: str) -> Component:
    """A component; its script has all that it stands on before it."""
    html, css = page_files(f"{name}.html"), page_files(f"{name}.css")
    return Component(html, css, page_files(*COMMON, *OWN[name]))


def page_files(*names: str) -> str:
    """Files of the page, one after the other."""
    return "\n".join((HERE / name).read_text("utf-8") for name in names)


def ink_on(color: str) -> str:
    """The dark or the light ink, whichever reads better on a colour (relative luminance, WCAG 2)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return "#14161C" if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179 else "#FFFFFF"

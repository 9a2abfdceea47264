"""What runs in a page: the components' JavaScript, CSS and HTML, for the app and for a page to take away."""

from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).with_name("page")
SHARED = {  # by component: the scripts that it stands on
    "canvas": ("network.js", "picture.js", "drawing.js", "reading.js"),
    "maps": ("network.js", "picture.js", "cursor.js"),
    "sliders": ("network.js", "picture.js"),
}


class Component(NamedTuple):
    """A part of a page: what it is made of, how it looks, and the module whose default function draws it."""

    html: str
    css: str
    js: str


def component(name: str) -> Component:
    """A component, its script behind those that it stands on."""
    return Component(read(f"{name}.html"), read(f"{name}.css"), read(*SHARED[name], f"{name}.js"))


def read(*names: str) -> str:
    """Files of the page, one after the other."""
    return "\n".join((HERE / name).read_text("utf-8") for name in names)

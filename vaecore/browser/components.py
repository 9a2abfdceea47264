"""The components of a page: what each is made of, for the app and for a page to take away."""

from pathlib import Path
from typing import NamedTuple

from vaecore.browser.modules import join

HERE = Path(__file__).parent


class Component(NamedTuple):
    """A part of a page: what it is made of, how it looks, and the module whose default function draws it."""

    html: str
    css: str
    js: str


def component(name: str) -> Component:
    """A component: `name`.html, `name`.css and `name`.js of its folder, the last with all that it imports."""
    html, css = (read(f"{name}/{name}.{kind}") for kind in ("html", "css"))
    return Component(html, css, f"{script(f'{name}/{name}.js')}\nexport default mount{name.capitalize()};\n")


def script(name: str) -> str:
    """A module of this folder, behind all that it imports."""
    return join(HERE / name)


def read(name: str) -> str:
    """A file of this folder."""
    return (HERE / name).read_text("utf-8")

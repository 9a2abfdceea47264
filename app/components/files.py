"""A component's files: its JavaScript and CSS beside its module, and what components share."""

from pathlib import Path

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent


def read(*names: str) -> str:
    """Return files of this folder, one after the other."""
    return "\n".join((HERE / name).read_text("utf-8") for name in names)


def register(name: str, html: str, stem: str, shared: tuple[str, ...] = ()) -> ComponentRenderer:
    """Return the component of ``stem``.css and ``stem``.js, the latter behind the scripts that it shares."""
    return component(name, html=html, css=read(f"{stem}.css"), js=read(*shared, f"{stem}.js"))

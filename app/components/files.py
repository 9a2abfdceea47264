"""A component of Streamlit from its files: those beside its module, and those that the page to take away has too."""

from pathlib import Path

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from vaecore import serving

HERE = Path(__file__).parent


def register(name: str, html: str, stem: str, shared: tuple[str, ...] = ()) -> ComponentRenderer:
    """Return the component of ``stem``.css and ``stem``.js here, the latter behind the scripts that it shares."""
    js = "\n".join(_script(each) for each in (*shared, f"{stem}.js"))
    return component(name, html=html, css=(HERE / f"{stem}.css").read_text("utf-8"), js=js)


def _script(name: str) -> str:
    """Return a script of this folder, or of those that the page to take away has too."""
    own = HERE / name
    return own.read_text("utf-8") if own.exists() else serving.components.page_files(name)


def register_shared(name: str, stem: str, more_css: str = "") -> ComponentRenderer:
    """Return the component of that stem, of which the page to take away is made too; it may look like more."""
    part = serving.components.component(stem)
    return component(name, html=part.html, css=part.css + more_css, js=part.js)

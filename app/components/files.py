"""A component of Streamlit from its files: those beside its module, and those that the page to take away has too."""

from pathlib import Path

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from vaecore import serving

HERE = Path(__file__).parent


def register(name: str, html: str, stem: str, shared: tuple[str, ...] = ()) -> ComponentRenderer:
    """Return the component of ``stem``.css and ``stem``.js here, the latter behind the scripts that it shares."""
    css, js = ((HERE / f"{stem}.{kind}").read_text("utf-8") for kind in ("css", "js"))
    return component(name, html=html, css=css, js="\n".join([serving.page_files(*shared), js]))


def register_shared(name: str, stem: str) -> ComponentRenderer:
    """Return the component of that stem, of which the page to take away is made too."""
    part = serving.component(stem)
    return component(name, html=part.html, css=part.css, js=part.js)

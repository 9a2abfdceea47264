"""A component of Streamlit, from those that a page has anywhere."""

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from vaecore import serving


def register(name: str, stem: str, more_css: str = "") -> ComponentRenderer:
    """Return a component of ``vaecore/browser`` as one of Streamlit."""
    html, css, js = serving.browser.component(stem)
    return component(name, html=html, css=css + more_css, js=js)

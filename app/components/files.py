"""A component of Streamlit from the files that it shares with the page to take away."""

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from vaecore import serving


def register(name: str, stem: str) -> ComponentRenderer:
    """Return the component of that stem."""
    part = serving.component(stem)
    return component(name, html=part.html, css=part.css, js=part.js)

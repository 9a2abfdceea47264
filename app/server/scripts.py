"""The page that Streamlit's browser side starts from, and every script in it: the browser runs no other."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit import file_util

HISTORY = (Path(__file__).parents[1] / "static" / "history.js").read_text("utf-8")
LIBRARY = "static/js/PlotlyChart.*.js"  # of the browser, in Streamlit's files
# A page lies beside what serves it, wherever that is; Streamlit would try below the page first, and fail aloud.
HERE = 'window.__streamlit = { BACKEND_BASE_URL: new URL(".", document.baseURI).href };'


@cache
def early_library() -> str:
    """Return the script with which a page asks for the library of its charts before there is one; it is five megabytes.

    Streamlit asks once the first chart has come, when the page is drawn up to there. Nothing is asked for where this
    Streamlit keeps it elsewhere.
    """
    found = next(Path(file_util.get_static_dir()).glob(LIBRARY), None)
    place = f'new URL("{found.name}", document.querySelector("script[type=module][src]").src)' if found else ""
    return f"import({place});" if place else ""


def run(script: str) -> None:
    """Run one of these scripts on a page."""
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


@cache
def page() -> str:
    """Return the HTML of every page, before anything is drawn on it."""
    text = (Path(file_util.get_static_dir()) / "index.html").read_text("utf-8")
    return text.replace("<head>", f"<head><script>{HERE}</script>", 1)


def hashes() -> list[str]:
    """Return the hashes of the scripts, as a content security policy has them."""
    scripts = [*re.findall(r"<script>(.*?)</script>", page(), re.DOTALL), HISTORY, early_library()]
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]

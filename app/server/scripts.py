"""The page that Streamlit's browser side starts from, and every script in it: the browser runs no other."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit import file_util

from vaecore.serving import browser

STATIC = Path(__file__).parents[1] / "static"
HISTORY, LINKS, WORDS, FOLDERS = (
    (STATIC / f"{name}.js").read_text("utf-8") for name in ("history", "links", "words", "folders")
)
# A page lies beside what serves it, wherever that is; Streamlit would try below the page first, and fail aloud.
HERE = 'window.__streamlit = { BACKEND_BASE_URL: new URL(".", document.baseURI).href };'


def joined(name: str) -> str:
    """Return a script of several modules; Streamlit's sanitiser takes out one in which it sees the start of a tag."""
    return re.sub(r"<(?=[/!\w])", r"\\x3c", f"(() => {{\n{browser.script(str(STATIC / 'view' / name))}\n}})();")


# The first comes before anything of Streamlit, which asks for the theme at once.
EARLY, VIEW = joined("early.js"), joined("view.js")


def run(script: str) -> None:
    """Run one of these scripts on a page."""
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


@cache
def page() -> str:
    """Return the HTML of every page, before anything is drawn on it."""
    text = (Path(file_util.get_static_dir()) / "index.html").read_text("utf-8")
    return text.replace("<head>", f"<head><script>{HERE}</script><script>{EARLY}</script>", 1)


def hashes() -> list[str]:
    """Return the hashes of the scripts, as a content security policy has them."""
    scripts = [*re.findall(r"<script>(.*?)</script>", page(), re.DOTALL), HISTORY, LINKS, WORDS, FOLDERS, VIEW]
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]

"""Sets that a page trains on, each made once for all visitors, and the page that is taken away with one."""

from collections.abc import Mapping

import streamlit as st

from vaecore import serving


def offered(asked: str) -> list[serving.trainer.Offered]:
    """Return all sets; those of many images have their sheet only if they were asked for."""
    return [*(_offered(name, asked) for name in serving.sheets.NAMES), serving.trainer.drawn()]


def _offered(name: str, asked: str) -> serving.trainer.Offered:
    title = serving.trainer.TITLES[name]
    if not serving.sheets.at_hand(name):
        return serving.trainer.Offered(
            name, title, None, f"{title} is not at hand: vaecore.dataset({name!r}) downloads it, once."
        )
    if name not in (asked, "digits", *serving.sheets.PLANES):
        return serving.trainer.Offered(name, title, None, "")
    try:
        return serving.trainer.Offered(name, title, sheet(name), "")
    except ValueError:  # whose words may say where the data is
        return serving.trainer.Offered(name, title, None, f"{title} cannot be read.")


@st.cache_resource(show_spinner=False)
def sheet(name: str) -> serving.sheets.Sheet:
    """Return a set's sheet."""
    return serving.sheets.sheet(name)


@st.cache_data(show_spinner=False, max_entries=16)  # a download is made where no page is drawn
def page_of(name: str, settings: Mapping[str, str]) -> bytes:
    """Return a page to take away that trains on a set, begun with these settings."""
    return serving.trainer.alone(name, settings, sheet).encode()

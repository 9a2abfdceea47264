"""Sets that a page trains on, each made once for all visitors."""

from dataclasses import dataclass

import streamlit as st

from vaecore import serving

TITLES = {
    "digits": "Digits, 8×8",
    "mnist": "MNIST, 28×28",
    "fashion-mnist": "Fashion-MNIST, 28×28",
    "moons": "Points: moons",
    "spiral": "Points: a spiral",
    "circles": "Points: circles",
}


@dataclass(frozen=True)
class Offered:
    """A set by its name: its title, its sheet where it is small or was asked for, and why it cannot be had."""

    name: str
    title: str
    sheet: serving.sheets.Sheet | None
    why: str


def offered(asked: str) -> list[Offered]:
    """Return all sets; those of many images have their sheet only if they were asked for."""
    return [_offered(name, asked) for name in serving.sheets.NAMES]


def _offered(name: str, asked: str) -> Offered:
    title = TITLES[name]
    if not serving.sheets.at_hand(name):
        return Offered(name, title, None, f"{title} is not at hand: vaecore.dataset({name!r}) downloads it, once.")
    if name not in (asked, "digits", *serving.sheets.PLANES):
        return Offered(name, title, None, "")
    try:
        return Offered(name, title, sheet(name), "")
    except ValueError:  # whose words may say where the data is
        return Offered(name, title, None, f"{title} cannot be read.")


@st.cache_resource(show_spinner=False)
def sheet(name: str) -> serving.sheets.Sheet:
    """Return a set's sheet."""
    return serving.sheets.sheet(name)

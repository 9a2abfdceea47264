"""Sets that a page trains on, each made once for all visitors."""

from dataclasses import dataclass

import streamlit as st

from app.markup import strips
from app.results.brought import brought
from app.session import state
from app.session.plain import flat
from vaecore import serving

UNKNOWN = (1, 28, 28)  # the shape of images that nobody has asked for yet
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
    """A set by its name: its title, its sheet where it is small or was asked for, and why it cannot be had.

    Before it is asked for, the shape of its images and its classes may be known or not.
    """

    name: str
    title: str
    sheet: serving.sheets.Sheet | None
    why: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]


def offered(asked: str) -> list[Offered]:
    """Return all sets; those of many images have their sheet only if they were asked for."""
    return [*(_offered(name, asked) for name in serving.sheets.NAMES), *(_own(name, asked) for name in state.uploads())]


def _offered(name: str, asked: str) -> Offered:
    title, about = TITLES[name], serving.sheets.about(name)
    if not serving.sheets.at_hand(name):
        why = f"{title} is not at hand: vaecore.dataset({name!r}) downloads it, once."
        return Offered(name, title, None, why, *about)
    if name not in (asked, "digits", *serving.sheets.PLANES):
        return Offered(name, title, None, "", *about)
    try:
        return Offered(name, title, sheet(name), "", *about)
    except ValueError:  # whose words may say where the data is
        return Offered(name, title, None, f"{title} cannot be read.", *about)


def called(name: str) -> str:
    """Return the name of a set of the visitor's own in the page, where it is a part of a folder's."""
    return name.replace("/", "-")


def own(asked: str) -> str | None:
    """Return the set of the visitor's own that is called so in the page."""
    return next((name for name in state.uploads() if called(name) == asked), None)


def _own(name: str, asked: str) -> Offered:
    """Return a set of the visitor's own."""
    title = flat(name)
    if asked != called(name):
        return Offered(called(name), title, None, "", UNKNOWN, ())
    try:
        made = _sheet_of(state.data_place(name), brought(name))
    except ValueError as error:
        return Offered(called(name), title, None, strips.spoken(str(error)), UNKNOWN, ())
    return Offered(called(name), title, made, "", made.shape, made.classes)


@st.cache_resource(show_spinner="Packing the images ...", max_entries=4)
def _sheet_of(place: str, _own: serving.brought.Brought) -> serving.sheets.Sheet:
    del place  # it stands for the images
    return serving.sheets.sheet_of(_own.training, _own.test)


@st.cache_resource(show_spinner=False)
def sheet(name: str) -> serving.sheets.Sheet:
    """Return a set's sheet."""
    return serving.sheets.sheet(name)

"""Sets that a page trains on, each made once for all visitors, and the page that is taken away with one."""

from collections.abc import Mapping

import streamlit as st

from app.markup import strips
from app.results.brought import brought
from app.session import state
from app.session.plain import flat
from vaecore import serving

UNKNOWN = (1, 28, 28)  # the shape of images that nobody has asked for yet


def offered(asked: str) -> list[serving.trainer.Offered]:
    """Return all sets; those of many images have their sheet only if they were asked for."""
    shipped = (_offered(name, asked) for name in serving.sheets.NAMES)
    return [*shipped, serving.trainer.drawn(), *(_own(name, asked) for name in state.uploads())]


def _offered(name: str, asked: str) -> serving.trainer.Offered:
    title = serving.trainer.TITLES[name]
    if not serving.sheets.at_hand(name):
        why = f"{title} is not at hand: vaecore.dataset({name!r}) downloads it, once."
        return serving.trainer.shipped(name, why=why)
    if name not in (asked, "digits", *serving.sheets.PLANES):
        return serving.trainer.shipped(name)
    try:
        return serving.trainer.shipped(name, sheet(name))
    except ValueError:  # whose words may say where the data is
        return serving.trainer.shipped(name, why=f"{title} cannot be read.")


def called(name: str) -> str:
    """Return the name of a set of the visitor's own in the page, where it is a part of a folder's."""
    return name.replace("/", "-")


def own(asked: str) -> str | None:
    """Return the set of the visitor's own that is called so in the page."""
    return next((name for name in state.uploads() if called(name) == asked), None)


def _own(name: str, asked: str) -> serving.trainer.Offered:
    """Return a set of the visitor's own."""
    title = flat(name)
    if asked != called(name):
        return serving.trainer.Offered(called(name), title, None, "", UNKNOWN, ())
    try:
        made = _sheet_of(state.data_place(name), brought(name))
    except ValueError as error:
        return serving.trainer.Offered(called(name), title, None, strips.spoken(str(error)), UNKNOWN, ())
    return serving.trainer.Offered(called(name), title, made, "", made.shape, made.classes)


@st.cache_resource(show_spinner="Packing the images ...", max_entries=4)
def _sheet_of(place: str, _own: serving.brought.Brought) -> serving.sheets.Sheet:
    del place  # it stands for the images
    return serving.sheets.sheet_of(_own.training, _own.test)


@st.cache_resource(show_spinner=False)
def sheet(name: str) -> serving.sheets.Sheet:
    """Return a set's sheet."""
    return serving.sheets.sheet(name)


@st.cache_data(show_spinner=False, max_entries=16)  # a download is made where no page is drawn
def page_of(name: str, settings: Mapping[str, str]) -> bytes:
    """Return a page to take away that trains on a set, begun with these settings."""
    return serving.trainer.alone(name, settings, sheet).encode()

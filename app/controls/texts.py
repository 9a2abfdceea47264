"""The sidebar of a page of texts: which model writes; it stays in the address."""

from pathlib import Path

import streamlit as st

from app.controls import sidebar
from app.markup import strips
from app.results import verse
from app.session import state
from app.session.state import Model
from vaecore import serving

FAVOURITE = "couplets-tang"
KEY = "verse"  # of the session and of the address


def default_model() -> str | None:
    """Return the model that a first visit opens."""
    names = state.text_model_names()
    return FAVOURITE if FAVOURITE in names else next(iter(names), None)


def chosen() -> Model:
    """Return the chosen model, on the page and in any fragment."""
    return state.find(st.session_state[KEY])


def show() -> bool:
    """Draw the choice; return whether the page has a model to write with."""
    with st.sidebar:
        place = _choose()
    if place is None:
        st.info("Choose a model at the left. Where there is none yet, `vaecore train couplets-tang` trains one.")
        return False
    try:
        model = state.find(place)
        other = model.explorer
    except ValueError as error:
        st.warning(strips.sentence(str(error).partition(" At hand: ")[0]), icon=":material/search_off:")
        _offer_way_back()
        return False
    if "text" not in other.abilities:
        sidebar.elsewhere(
            f"{other.name} is a model of images: this page writes with models of texts.", "generate", place
        )
        _offer_way_back()
        return False
    with st.sidebar:
        _describe(verse.explorer(model))
    return True


def _choose() -> str | None:
    sidebar.read_url(KEY, default_model())
    place = st.session_state[KEY]
    sidebar.pick(KEY, place, map(state.Model, state.text_model_names()))
    sidebar.write_url(KEY, place)
    return place


def open_model(place: str) -> None:
    """Choose a model, from a button on the page."""
    st.session_state[KEY] = place


def _offer_way_back() -> None:
    """Offer a model that is there."""
    way_back = default_model()
    if way_back:
        st.button(f"Open {way_back}", on_click=open_model, args=(way_back,))


def _describe(own: serving.texts.TextExplorer) -> None:
    length = own.shape[1]
    st.html(
        strips.summary(own.summary)
        + strips.equation(own.equation)
        + strips.facts(
            [
                ("code", f"{own.latent} numbers"),
                ("text", f"{length} characters" if own.form else f"up to {length} characters"),
                ("data", Path(own.dataset).name),
                ("weights", f"{own.card['parameters']:,}"),
            ]
        )
    )
    st.caption("The address bar holds all you choose: send it, and the same view opens.")

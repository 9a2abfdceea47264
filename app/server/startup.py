"""What is loaded before the first visitor comes, and what is while that one looks at the first page."""

import threading
from contextlib import suppress

import numpy as np
import streamlit as st

from app.server.garbage import Keeper, freeze
from app.session import state
from vaecore import serving

FIRST_VISIT = 5.0  # seconds in which it is waited for
DRAWN = 2.0  # seconds that a browser draws what it was sent
NAME = "background"


# A function that Streamlit keeps shows no spinner for those that it calls: here nobody would see one, and Streamlit
# would complain of each.
@st.cache_resource(show_spinner=False)
def preload() -> None:
    """Load the models that every visitor shares; data sets wait until a page asks for one."""
    from app.figures import charts  # noqa: F401  its library is heavy: imported for the first visitor, who would wait for it

    for name in (*state.model_names(), *state.text_model_names()):
        with suppress(ValueError):  # a broken one says so to whom opens it
            _ = state.find(name).explorer
    freeze()


@st.cache_resource(show_spinner=False)
def draw_models(_keeper: Keeper) -> None:
    """Draw every model for the first page, while a browser fetches what that is made of."""
    from app.results import portraits

    for name in state.model_names():
        if not _keeper.stopped.is_set():
            with suppress(ValueError):
                portraits.portrait(state.find(name))


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Import what only some pages need, while the first visitor looks at the first page, which does without."""
    import pandas  # noqa: F401  Streamlit does so for the first component

    from app.figures import charts
    from app.results import exports

    charts.lines([charts.Series("", np.zeros(2), np.zeros(2))], "", "")  # Plotly imports its parts at their first use

    favourite = state.default_model()
    if favourite:
        exports.decoder(state.find(favourite))  # the recorder of networks brings a thousand modules along
    serving.loading.import_libraries()
    freeze()


def begin() -> Keeper:
    """Begin what nobody waits for, in a thread that ends at its next step once the keeper is stopped."""
    keeper = Keeper()
    threading.Thread(target=_work, args=(keeper,), name=NAME, daemon=True).start()
    return keeper


def _work(keeper: Keeper) -> None:
    """Draw the models, import what only some pages need, keep the garbage collector quick.

    Whoever started the server has a browser that opens the first page: nothing is imported while that is drawn.
    """
    draw_models(keeper)
    if keeper.begun.wait(FIRST_VISIT):
        keeper.stopped.wait(DRAWN)
    if not keeper.stopped.is_set():
        warm_up()
        keeper.keep()


def is_busy() -> bool:
    """Return whether that goes on: an interpreter that ends under an import may abort, and say so."""
    return any(thread.name == NAME for thread in threading.enumerate())

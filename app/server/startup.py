"""What is loaded before the first visitor comes, and what is while that one looks at the first page."""

import os
import threading
from asyncio import AbstractEventLoop
from contextlib import suppress

import streamlit as st

from app.server import rounds
from app.server.garbage import Keeper, freeze
from app.session import state
from vaecore import serving

FIRST_VISIT = 5.0  # seconds in which it is waited for
DRAWN = 2.0  # seconds that a browser draws what it was sent
ALONE = 0.3  # seconds without another's run, after which a page is opened for nobody
ROUNDS = "VAECORE_ROUNDS"  # 0: no page is opened before somebody asks for it
NAME = "background"


# A function that Streamlit keeps shows no spinner for those that it calls: here nobody would see one, and Streamlit
# would complain of each.
@st.cache_resource(show_spinner=False)
def preload() -> None:
    """Load the models that every visitor shares; data sets wait until a page asks for one."""
    for name in (*state.model_names(), *state.text_model_names()):
        with suppress(ValueError):  # a broken one says so to whom opens it
            _ = state.find(name).explorer
    freeze()


@st.cache_resource(show_spinner=False)
def import_circles() -> None:
    """Import what no two threads may begin: while a browser loads the first page; who is sooner waits for it here."""
    serving.loading.import_circles()
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

    from app.results import exports

    favourite = state.default_model()
    if favourite:
        exports.decoder(state.find(favourite))  # the recorder of networks brings a thousand modules along
    serving.loading.import_libraries()
    freeze()


def begin(loop: AbstractEventLoop) -> Keeper:
    """Begin what nobody waits for, in a thread that ends at its next step once the keeper is stopped."""
    keeper = Keeper()
    threading.Thread(target=_work, args=(keeper, loop), name=NAME, daemon=True).start()
    return keeper


def _work(keeper: Keeper, loop: AbstractEventLoop) -> None:
    """Draw the models, import what only some pages need, open every page once, keep the garbage collector quick.

    Whoever started the server has a browser that opens the first page: nothing is imported while that is drawn.
    """
    import_circles()
    draw_models(keeper)
    if keeper.begun.wait(FIRST_VISIT):
        keeper.stopped.wait(DRAWN)
    if not keeper.stopped.is_set():
        warm_up()
        if os.environ.get(ROUNDS, "1") != "0":
            rounds.go(loop, lambda: _is_alone(keeper))
        keeper.keep()


def _is_alone(keeper: Keeper) -> bool:
    """Return once nobody has been served for a while; whether the server goes on."""
    while keeper.idle() < ALONE:
        if keeper.stopped.wait(ALONE / 4):
            return False
    return not keeper.stopped.is_set()


def is_busy() -> bool:
    """Return whether that goes on: an interpreter that ends under an import may abort, and say so."""
    return any(thread.name == NAME for thread in threading.enumerate())

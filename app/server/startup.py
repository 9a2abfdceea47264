"""What is loaded before the first visitor comes, and what is while that one looks at the first page."""

from threading import Thread

import numpy as np
import streamlit as st

from app import state
from app.garbage import Keeper, freeze
from vaecore import serving

FIRST_VISIT = 5.0  # seconds in which it is waited for
DRAWN = 2.0  # seconds that a browser draws what it was sent
PATIENCE = 10.0  # seconds that the end waits for an import


# A function that Streamlit keeps shows no spinner for those that it calls: here nobody would see one, and Streamlit
# would complain of each.
@st.cache_resource(show_spinner=False)
def preload() -> None:
    """Load the models that every visitor shares; data sets wait until a page asks for one."""
    from app import charts  # noqa: F401  its library is heavy: imported for the first visitor, who would wait for it

    for name in (*state.model_names(), *state.text_model_names()):
        state.explorer(state.find(name))
    freeze()


@st.cache_resource(show_spinner=False)
def draw_models(_keeper: Keeper) -> None:
    """Draw every model for the first page, while a browser fetches what that is made of."""
    from app import portraits

    for name in state.model_names():
        if not _keeper.stopped.is_set():
            portraits.portrait(state.find(name))


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Import what only some pages need, while the first visitor looks at the first page, which does without."""
    import pandas  # noqa: F401  Streamlit does so for the first component

    from app import charts, results

    charts.lines([charts.Series("", np.zeros(2), np.zeros(2))], "", "")  # Plotly imports its parts at their first use

    favourite = state.default_model()
    if favourite:
        results.decoder(state.find(favourite))  # the recorder of networks brings a thousand modules along
    serving.import_libraries()
    freeze()


class Background:
    """What nobody waits for: draw the models, import what only some pages need, keep the garbage collector quick.

    Whoever started the server has a browser that opens the first page: nothing is imported while that is drawn.
    """

    def __init__(self) -> None:
        """Begin."""
        self.keeper = Keeper()
        self.thread = Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        draw_models(self.keeper)
        if self.keeper.begun.wait(FIRST_VISIT):
            self.keeper.stopped.wait(DRAWN)
        if not self.keeper.stopped.is_set():
            warm_up()
            self.keeper.keep()

    def end(self) -> None:
        """Stop at the next step; an interpreter that ends under an import would abort."""
        self.keeper.stop()
        self.thread.join(PATIENCE)

"""A slider back through the epochs of a run that kept snapshots; a run without any has none."""

import streamlit as st

from app.session import state
from vaecore import serving

KEY, WIDTH = "epoch", 640  # of the slider, in pixels
ROOM = "<style>:root { --vc-above: 25.95rem }</style>"  # a map is as tall as what is above it leaves: a slider more


def show() -> None:
    """Draw the slider below the page's title; what the page shows from there on is the model after that epoch."""
    if st.session_state.get(state.STAND_IN):
        return
    model = state.chosen()
    epochs = serving.loading.epochs(model.folder or model.place)
    if not epochs:
        return
    last = epochs[-1]
    state.keep_valid(KEY, epochs, last)
    epoch = st.select_slider(
        "Epoch", epochs, last, key=KEY, bind="query-params", width=WIDTH,
        help="What the model was after each of these epochs; 0 is before the first, at the right is what it became.",
    )  # fmt: skip
    st.html(ROOM)
    st.session_state[state.AT] = None if epoch == last else epoch

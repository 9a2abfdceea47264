"""Sliders that move an ellipse over the plane, and what is dragged on its map, which moves them."""

from collections.abc import Hashable

import streamlit as st

from app.results import ellipses
from app.results.ellipses import Ellipse, Slider

SLIDERS = {"mean1": "Mean of z₁", "mean2": "Mean of z₂", "log1": "Log scale of z₁", "log2": "Log scale of z₂"}
FORMAT = "%.3f"
PARAMETER = "q"  # of the URL: the four numbers of an ellipse that was moved
WRITTEN = "q in the URL"
DRAGGED = "q as dragged"


def move(ellipse: Ellipse) -> None:
    """Put the sliders where an ellipse is."""
    st.session_state.update(zip(SLIDERS, ellipse, strict=True))


def keep(ellipse: Ellipse) -> None:
    """Keep where an ellipse was dragged to; the sliders take it at the next run, which knows their ends."""
    st.session_state[DRAGGED] = ellipse


def steer(subject: Hashable, start: Ellipse, goal: Ellipse, ends: list[Slider]) -> Ellipse:
    """Draw the sliders, which go back to the start for every new subject; return where they stand."""
    _settle(subject, start, ends)
    with st.grid(2, min_column_width=140, gap=("xsmall", "medium")):
        values = [
            st.slider(label, low, high, value, step, format=FORMAT, key=key)
            for (key, label), value, (low, high, step) in zip(SLIDERS.items(), start, ends, strict=True)
        ]
    with st.container(horizontal=True, gap="small"):
        st.button("Back to the encoder", icon=":material/restart_alt:", on_click=move, args=(start,))
        st.button("To the best ellipse", icon=":material/target:", on_click=move, args=(goal,))
    stands = Ellipse(*values)
    _write_url(None if stands == start else " ".join(f"{value:g}" for value in stands))
    return stands


def _settle(subject: Hashable, start: Ellipse, ends: list[Slider]) -> None:
    """Put the sliders where the URL asks for, or at the start for a new subject; else leave them, within their ends."""
    asked = st.query_params.get(PARAMETER)
    known = [st.session_state[key] for key in SLIDERS if key in st.session_state]
    dragged = st.session_state.pop(DRAGGED, None)
    if dragged is not None:
        move(ellipses.within(dragged, ends))
    elif asked != st.session_state.get(WRITTEN):
        move(ellipses.within(ellipses.parse(asked) or start, ends))
    elif st.session_state.get("steered", subject) != subject:
        move(start)
    elif len(known) == len(SLIDERS):
        move(ellipses.within(Ellipse(*known), ends))
    st.session_state["steered"] = subject


# ``bind="query-params"`` would do this, but it reads the URL anew whenever a slider's ends change: the next picture's
# sliders would begin where the last one's stood.
def _write_url(value: str | None) -> None:
    st.session_state[WRITTEN] = value
    if value is None:
        st.query_params.pop(PARAMETER, None)
    elif st.query_params.get(PARAMETER) != value:
        st.query_params[PARAMETER] = value

"""A slider over the steps of something that unfolds, with buttons that take one step, and all of them."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.session import state

PERIOD = 0.25  # seconds between two steps that play


def fragment(page: Callable[[], None], key: str) -> None:
    """Draw a page that reruns by itself while its player plays."""
    st.fragment(page, run_every=PERIOD if st.session_state.get(_plays(key)) else None)()


def player(key: str, label: str, places: Sequence[int]) -> int:
    """Draw the player inside such a page; return the place where it stands. Nothing moves until it is asked to.

    The address is written when it stops, not at every step: each would be one more to go back through.
    """
    if st.session_state.get(_plays(key)):
        return _play(key, label, places)
    state.keep_valid(key, places, places[0])
    place = st.select_slider(label, places, key=key, bind="query-params")
    at = places.index(place)
    with st.container(horizontal=True, gap="small"):
        last, back, on = len(places) - 1, ":material/first_page:", ":material/skip_next:"
        st.button("Back", icon=back, on_click=_move, args=(key, places[0]), disabled=at == 0)
        st.button("Step", icon=on, on_click=_move, args=(key, places[min(at + 1, last)]), disabled=at == last)
        if st.button("Play", icon=":material/play_arrow:"):
            st.session_state[_plays(key)] = True
            st.session_state[_at(key)] = 0 if at == last else at
            st.rerun()
    return place


def _play(key: str, label: str, places: Sequence[int]) -> int:
    """Take the next step; the slider shows it, and cannot be moved meanwhile."""
    last = len(places) - 1
    at = min(st.session_state[_at(key)] + 1, last)
    st.session_state[_at(key)] = at
    st.session_state[f"{key} shown"] = places[at]
    st.select_slider(label, places, key=f"{key} shown", disabled=True)
    with st.container(horizontal=True, gap="small"):
        stopped = st.button("Stop", icon=":material/stop:")
    if stopped or at == last:
        st.session_state[_plays(key)] = False
        st.session_state[key] = places[at]
        st.rerun()
    return places[at]


def _move(key: str, place: int) -> None:
    st.session_state[key] = place


def _plays(key: str) -> str:
    return f"{key} plays"


def _at(key: str) -> str:
    return f"{key} at"

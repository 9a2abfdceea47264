"""Sliders over the code of a text, above them the text: the server writes it at every move, one question at a time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from app.components import sliders as common
from app.components.files import register
from app.results.verse import DRAWS

HERE = Path(__file__).parent
PERCENTS, TURN, MOVING = "verse percents", "verse turn", "verse moves"  # keys of the session
ENDED = "verse ended"  # the same, from a gesture's end until the page has followed
DRAW = "poem"  # likewise, and the address's: the number of the draw that the sliders start from
STYLE = HERE.parent / "static" / "verse.css"  # of the texts, here and on the page
_verses = register("verse_sliders", "sliders", STYLE.read_text("utf-8"))


def moved(latent: int) -> dict[int, float]:
    """Return which sliders were moved from where the draw put them, and where to: at first as the address says."""
    if PERCENTS not in st.session_state:
        st.session_state[PERCENTS] = common.asked_percents()
    return {index: percent for index, percent in st.session_state[PERCENTS].items() if index < latent}


def forget() -> None:
    """Put every slider where the draw puts it."""
    st.session_state[PERCENTS] = {}


def verses(home: np.ndarray, shown: Sequence[int], names: Sequence[str], said: str) -> None:
    """Draw a slider for each dimension that is shown, and the text that was written, as HTML.

    ``home`` [latent] are the percents of the draw that every slider starts from.
    """
    at = {index: percent for index, percent in moved(len(home)).items() if percent != home[index]}
    homes = dict(enumerate(home.tolist()))
    if not st.session_state.get(MOVING):
        common.write_percents(at, homes, {})
    data = {
        "shown": list(shown),
        "names": list(names),
        "home": homes,
        "percents": at,
        "turn": st.session_state.get(TURN, 0),
        "said": said,
        **dict.fromkeys(("network", "weights", "plane", "label")),  # what pictures need, and texts do not
        "quantiles": {},
        "shape": [0, 0, 0],
        **{name: [] for name in ("middle", "classes", "picture")},
    }
    _verses(data=data, key="verses", on_stand_change=_take)


def _take() -> None:
    """Keep where the sliders were left, or start from another draw."""
    left = common.left_of("verses")
    if left is not None:
        st.session_state[PERCENTS], st.session_state[TURN] = left.percents, left.turn
        st.session_state[MOVING], st.session_state[ENDED] = left.moving, not left.moving
        if left.draw is not None:
            st.session_state[DRAW] = left.draw % DRAWS


def end() -> None:
    """Have the page follow, as at the end of a gesture."""
    st.session_state[ENDED] = True


def has_ended() -> bool:
    """Tell, once, that a gesture has ended."""
    return st.session_state.pop(ENDED, False)

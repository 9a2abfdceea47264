"""Large type for a room: `?present=true` on this page and on those opened from it; `?present=false` ends it."""

from pathlib import Path

import streamlit as st

PARAMETER = "present"
STYLE = Path(__file__).parents[1] / "static" / "present.css"


def apply() -> None:
    """Show a page large if the address, or a page before this one, asks for it."""
    asked = st.query_params.get(PARAMETER)
    if asked is not None:
        st.session_state[PARAMETER] = asked == "true"
    presents = st.session_state.get(PARAMETER, False)
    if presents and asked is None:
        st.query_params[PARAMETER] = "true"
    elif asked is not None and not presents:
        del st.query_params[PARAMETER]
    if presents:
        st.html(STYLE)

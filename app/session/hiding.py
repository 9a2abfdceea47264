"""Links for a class: `?hide=model,data` leaves controls out by their keys, `?hide=sidebar` the whole sidebar."""

import re

import streamlit as st

PARAMETER = "hide"
PARTS = {  # of the page, which have no key of their own
    "sidebar": "[data-testid=stSidebar], [data-testid=stExpandSidebarButton]",
    "menu": "[data-testid=stTopNavLink], [data-testid=stTopNavSection], [data-testid=stMainMenu]",
    "behind": "[class*=st-key-behind]",
}


def apply() -> None:
    """Hide what the address names, on this page and on those that are opened from it."""
    asked = st.query_params.get(PARAMETER, st.session_state.get(PARAMETER))
    if not asked:
        return
    if st.query_params.get(PARAMETER) != asked:
        st.query_params[PARAMETER] = asked
    st.session_state[PARAMETER] = asked
    st.html(f"<style>{selectors(asked)} {{ display: none !important; }}</style>")


def selectors(asked: str) -> str:
    """Return what hides the parts named; Streamlit gives a control's key to its element as a class."""
    names = [name for name in re.split(r"[\s,+]+", asked) if re.fullmatch(r"[A-Za-z][\w-]*", name)]
    return ", ".join(PARTS.get(name, f".st-key-{name}") for name in names) or ".st-key-"

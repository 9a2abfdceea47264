"""Links for a class: `?hide=model,data` leaves controls out by their keys, `?hide=sidebar` the whole sidebar.

`?hide=title` is for a frame that has a title of its own, `?hide=all` for one that shows the pictures alone.
"""

import re

import streamlit as st

PARAMETER = "hide"
# What a page shows: components, pictures, charts, tables, formulas. All else is words and controls.
SHOWN = (
    "[data-testid^=stBidiComponent], .stHtml :is(img, svg, .vc-table, .vc-row, .vc-formula, .vc-verse), .stImage, "
    "[data-testid=stTable], [data-testid=stDataFrame]"
)
BLOCKS = "[data-testid=stMain] :is([data-testid=stElementContainer], [data-testid=stLayoutWrapper])"
PARTS = {  # of the page, which have no key of their own
    "sidebar": "[data-testid=stSidebar], [data-testid=stExpandSidebarButton]",
    "menu": "[data-testid=stTopNavLink], [data-testid=stTopNavSection], [data-testid=stMainMenu]",
    "title": "[data-testid=stElementContainer]:has(h1, .vc-lead)",
    "behind": "[class*=st-key-behind]",
    "all": f"{BLOCKS}:not(:has({SHOWN})), [data-testid=stElementContainer]:has(.vc-lead)",
    "share": ".vc-bar",
}
# A frame begins with what it shows: Streamlit leaves room there for the header that it does not draw.
FRAMED = (
    "[data-testid=stHeader] { display: none } [data-testid=stMainBlockContainer] { padding: 0.6rem 0.6rem 0 } "
    "[data-testid=stMainBlockContainer] h1 { padding-top: 0 }"
)


def apply() -> None:
    """Hide what the address names, on this page and on those that are opened from it; in a frame the header as well."""
    if st.context.is_embedded:
        st.html(f"<style>{FRAMED}</style>")
    asked = st.query_params.get(PARAMETER, st.session_state.get(PARAMETER))
    if not asked:
        return
    if st.query_params.get(PARAMETER) != asked:
        st.query_params[PARAMETER] = asked
    st.session_state[PARAMETER] = asked
    room = ":root { --vc-above: 9.5rem; }" if "all" in asked else ""  # a map is as tall as what is above it leaves
    st.html(f"<style>{selectors(asked)} {{ display: none !important; }} {room}</style>")


def selectors(asked: str) -> str:
    """Return what hides the parts named; Streamlit gives a control's key to its element as a class."""
    names = [name for name in re.split(r"[\s,+]+", asked) if re.fullmatch(r"[A-Za-z][\w-]*", name)]
    return ", ".join(PARTS.get(name, f".st-key-{name}") for name in names) or ".st-key-"

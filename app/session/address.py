"""The address, before any page reads it: what cannot be meant is taken out, and the default stands in its place."""

import math
import re
from collections.abc import Sequence

import streamlit as st
from streamlit.errors import StreamlitAPIException

OURS = re.compile(r"model|data|verse|hide|[ab]_text|[vz]\d+")  # parameters that are words, or sliders, which we read
DIGITS = 18  # of a whole number, at most


def tidy() -> None:
    """Take out of the address what says nothing and numbers without end; it then says what is shown.

    Controls that are bound to the address read it themselves. Of what is no option or out of range Streamlit 1.67 makes
    the default, but an empty value clears a choice that is required, and infinity is an exception.
    """
    said = {key: st.query_params.get_all(key) for key in st.query_params}
    idle = [key for key, values in said.items() if _says_nothing(values) or _is_endless(key, values)]
    if [key for key in idle if _take_out(key)]:
        st.rerun()


def whole(word: str) -> int | None:
    """Return the whole number from 0 that a word of the address is; None for any other word."""
    return int(word) if word.isdecimal() and len(word) <= DIGITS else None


def _says_nothing(values: Sequence[str]) -> bool:
    return not any(value.strip() for value in values)


def _is_endless(key: str, values: Sequence[str]) -> bool:
    return not OURS.fullmatch(key) and not all(
        math.isfinite(_number(word)) for value in values for word in value.split()
    )


def _number(word: str) -> float:
    """Return the number that a word of the address is; any finite one for a word that is none."""
    try:
        return float(word)
    except ValueError:
        return 0.0


def _take_out(key: str) -> bool:
    """Take a parameter out; tell whether it went: that of a control on this page follows the control."""
    try:
        del st.query_params[key]
    except StreamlitAPIException:
        return False
    return True

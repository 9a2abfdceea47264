"""What a component says: a browser says it, so it may be anything."""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def heard(key: str, part: str, read: Callable[[Any], T]) -> T | None:
    """Return a part of what a component or a chart says, as ``read``; None where it says nothing or makes no sense."""
    try:
        said = st.session_state[key][part]
        return None if said is None else read(said)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None

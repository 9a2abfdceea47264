"""Choices of which one is always made: whatever a link or a browser says, a page has an answer."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from app.session import state
from app.session.plain import plain

T = TypeVar("T")


def one(
    label: str,
    options: Sequence[T],
    key: str,
    default: T | None = None,
    *,
    help: str | None = None,
    wrap: bool | None = None,
    on_change: Callable[..., None] | None = None,
    args: tuple[Any, ...] = (),
) -> T:
    """Draw a choice in a row, bound to the address; return what is chosen, at first and in doubt the default.

    The default is the first option unless another is named. Options are plain text.
    """
    usual = options[0] if default is None else default
    state.keep_valid(key, options, usual)
    return st.segmented_control(
        label, options, default=usual, required=True, key=key, bind="query-params", format_func=plain,
        help=help, wrap=wrap, on_change=on_change, args=args,
    )  # fmt: skip

"""A bar on the page while something takes its time; nothing of it is seen where nothing does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


@contextmanager
def bar() -> Iterator[Callable[[str, float], None]]:
    """Yield what draws the bar: told a stage and which share of all is done. The bar goes when the work is done.

    Streamlit stops a run whose visitor has gone on at such a call, by an exception, which ends the work as well.
    """
    place, seen = None, ("", -1)

    def report(stage: str, share: float) -> None:
        nonlocal place, seen
        share = min(max(share, 0.0), 1.0)
        if (stage, int(100 * share)) != seen:  # what nobody would see is not sent
            place, seen = place or st.empty(), (stage, int(100 * share))
            place.progress(share, f"{stage} ...")

    try:
        yield report
    except ValueError:
        _clear(place)
        raise
    _clear(place)


def _clear(place: DeltaGenerator | None) -> None:
    if place is not None:
        place.empty()

"""The two ends of a walk from text to text: each typed, picked from the test texts, or written from a draw."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.controls import choices
from app.markup import strips
from app.results import verse
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving

BOTH = ("a", "b")
TYPED, PICKED, DRAWN = "Typed", "A test text", "Drawn"


class End(NamedTuple):
    """An end of a walk: its text, its code, and how a program comes by that."""

    text: str
    code: np.ndarray
    source: str


def choose(model: Model, name: str) -> End | None:
    """Draw the choice of one end; None where its text cannot be read, which is said."""
    own = verse.explorer(model)
    tests = verse.tests(model)
    kinds = [TYPED, *([PICKED] if tests else []), DRAWN]
    usual = TYPED if own.form else kinds[1]
    kind = choices.one(name.upper(), kinds, f"{name}_from", usual)
    if kind == DRAWN:
        return _drawn(model, name)
    return _read(model, _pick(tests, name) if kind == PICKED else _type(own, name))


def _type(own: serving.texts.TextExplorer, name: str) -> str:
    usual = verse.FAMILIAR[BOTH.index(name)] if own.form else ""
    wanted = f"{own.shape[1]} characters" if own.form else f"up to {own.shape[1]} characters"
    return st.text_input(f"The text of {name.upper()}, {wanted}", usual, key=f"{name}_text", bind="query-params")


def _pick(tests: list[str], name: str) -> str:
    key = f"{name}_row"
    state.keep_valid(key, range(1, len(tests) + 1), 1)
    start = min(BOTH.index(name) + 1, len(tests))
    label = f"Which test text, of {len(tests):,}"
    return tests[st.number_input(label, 1, len(tests), start, key=key, bind="query-params") - 1]


def _drawn(model: Model, name: str) -> End:
    draw = st.number_input(
        "Which draw", 0, verse.DRAWS - 1, BOTH.index(name) + 1, key=f"{name}_draw", bind="query-params"
    )  # fmt: skip
    code = verse.code_at(model, draw, {})
    levels = f"np.random.default_rng({draw}).integers({verse.LOWEST}, {verse.HIGHEST + 1}, explorer.latent) / 100"
    return End(verse.write(model, code, 0.0, 0), code, f"explorer.quantiles({levels}).diagonal()")


def _read(model: Model, text: str) -> End | None:
    """Return a text with its code; say why it has none, or what of it the model does not know."""
    own = verse.explorer(model)
    try:
        code, unknown = verse.encode(model, text), own.unknown([text])
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/edit:")
        return None
    if unknown:
        st.caption(plain(unknown))
    return End(text, code, f"explorer.encode([{text!r}])[0]")

"""Formulas on a page: as MathML, which Streamlit lets through in an attribute only, with the letters as its text."""

import re
from html import escape

from vaecore import serving

MINUS = "\N{MINUS SIGN}"
LETTERS = {
    "||_F": "‖",  # which norm of a matrix needs no saying on a page
    "||": "‖",
    "^2": "²",
    "x^": "x\u0302",
    "x~": "x\u0303",
    "h~": "h\u0303",
    "E_q": "E",
    "beta": "\N{GREEK SMALL LETTER BETA}",
    "lambda": "\N{GREEK SMALL LETTER LAMDA}",
    "rho": "\N{GREEK SMALL LETTER RHO}",
    "sum_": "\N{GREEK CAPITAL LETTER SIGMA}_",
    "_(n+1)": "\u2099\u208a\u2081",
    "_(t-1)": "\u209c\u208b\u2081",
    "_1": "\u2081",
    "_2": "\u2082",
    "_i": "\u1d62",
    "_j": "\u2c7c",
    "_l": "\u2097",
    "_L": "\u2097",
    "_n": "\u2099",
    "_t": "\u209c",
}


def equation(text: str) -> str:
    """Return an equation as a paragraph whose lines end between its parts, each variable in its colour."""
    return f'<p class="vc-equation">{inline(text)}</p>'


def inline(text: str) -> str:
    """Return a formula within a line."""
    return serving.mathematics.joined(serving.mathematics.typeset(text), _tag)


def _tag(part: serving.mathematics.Part) -> str:
    if not part.mathml:
        return escape(part.plain)
    element, shown = escape(part.mathml, quote=True), escape(letters(part.plain))
    return f'<span class="vc-math"><span data-mathml="{element}">{shown}</span>{part.end}</span>'


def letters(text: str) -> str:
    """Return a formula in letters, as nearly as they can say it."""
    for written, typeset in LETTERS.items():
        text = text.replace(written, typeset)
    return re.sub(r"(?<![^\s(\[])-", MINUS, text)

"""A formula whose terms are the numbers on the page, each in its variable's colour."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from app.markup.mathematics import MINUS, inline


class Term(NamedTuple):
    """A term of a formula: how it is written, what it is now, its variable's colour, and what it is in words."""

    symbol: str
    value: str
    variable: str = ""
    words: str = ""


def formula(parts: Sequence[Term | str]) -> str:
    """Return terms and what stands between them as one line that wraps."""
    return f'<div class="vc-formula">{"".join(map(_part, parts))}</div>'


def _part(part: Term | str) -> str:
    if isinstance(part, str):
        return f"<span>{inline(part)}</span>"
    words = f"<em>{escape(part.words)}</em>" if part.words else ""
    style = f' class="vc-{part.variable}"' if part.variable else ""
    return f"<div{style}><b>{inline(part.symbol)}</b><i>{escape(part.value)}</i>{words}</div>"


def number(value: float, digits: int = 2) -> str:
    """Write a number with so many digits after the point."""
    text = f"{value:,.{digits}f}"
    return text.replace("-", MINUS) if float(text.replace(",", "")) else f"{0:.{digits}f}"

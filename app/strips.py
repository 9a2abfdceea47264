"""Film strips and small blocks of HTML: one picture for a whole row, its pixels drawn crisp."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from app import figures
from app.components.blobs import BLOBS

CELL = 28  # pixels of the file per cell, before the page scales it
GAP = 2
TYPESET = {"||": "‖", "^2": "²", "x^": "x\u0302", "E_q": "E"}
MINUS = "\N{MINUS SIGN}"
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def address(picture: np.ndarray, shared: bool = False) -> str:
    """Return where the browser finds a picture: kept under ``/blob`` when many visitors will want it."""
    data = figures.png(picture)
    return BLOBS.put(data, "image/png") if shared else BLOBS.inline(data, "image/png")


def picture_tag(picture: np.ndarray, alt: str) -> str:
    """Return the ``<img>`` of a picture."""
    return _tag(address(picture), alt)


def sheet_tag(source: str, alt: str) -> str:
    """Return the ``<img>`` of many images on one black sheet, by its address."""
    return _tag(source, alt, "vc-pixels vc-sheet")


def _tag(source: str, alt: str, style: str = "vc-pixels") -> str:
    return f'<img class="{style}" src="{source}" alt="{escape(alt, quote=True)}">'


def film(cells: np.ndarray) -> np.ndarray:
    """Lay cells [n, h, w, 3] side by side as one picture with clear gaps."""
    return figures.sheet(figures.enlarge(cells, CELL), len(cells), GAP)


def row(
    title: str,
    cells: np.ndarray,
    captions: Sequence[str] = (),
    variable: str = "x",
    note: str = "",
) -> str:
    """Return one row: a title in its variable's colour, the strip, and a caption under each cell."""
    count = len(cells)
    width = figures.enlarge(cells[:1], CELL).shape[2]
    gap = 100 * GAP / (count * (width + GAP) - GAP)
    items = "".join(f"<li>{escape(caption)}</li>" for caption in captions)
    return (
        f'<section class="vc-row vc-{variable}"><header><b>{escape(title)}</b>'
        f"<span>{escape(note)}</span></header>"
        f'<div class="vc-strip"><div style="--count:{count};--gap:{gap:.3f}%">'
        f"{picture_tag(film(cells), title)}<ol>{items}</ol></div></div></section>"
    )


def legend(top: float) -> str:
    """Return the colour scale of the error maps, with its two ends."""
    return (
        f'<div class="vc-scale"><span>0</span><i style="background:{figures.heat_gradient()}"></i>'
        f"<span>{top:.2f}</span><em>squared error per pixel, one scale for both rows</em></div>"
    )


def paint_pills(key: str, count: int) -> None:
    """Give each of a row of pills the dot of its class, which makes the filter the legend too."""
    pill = f'.st-key-{key} [role="toolbar"] button'
    rules = "".join(
        f"{pill}:nth-of-type({label + 1})::before{{background:{figures.class_color(label)}}}" for label in range(count)
    )
    st.html(f"<style>{rules}</style>")


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Return names and values as a small definition list."""
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f'<dl class="vc-facts">{items}</dl>'


def sentence(text: str) -> str:
    """Return an error's message as a sentence of a page; a name or a path that begins it stays as it is."""
    first = text.split(maxsplit=1)[0]
    head = text if re.search(r"[-/\\\d.:]", first) else text[:1].upper() + text[1:]
    return head.rstrip(". ") + "."


def subscript(variable: str, index: int) -> str:
    """Return a variable's name with its index, counted from one."""
    return f"{variable}{index + 1}".translate(SUBSCRIPTS)


def words(text: str) -> str:
    """Return a sentence as a paragraph."""
    return f'<p class="vc-words">{escape(text)}</p>'


def equation(text: str) -> str:
    """Return an equation, typeset, with each variable in the colour that it has on the pages."""
    for plain, typeset in TYPESET.items():
        text = text.replace(plain, typeset)
    text = re.sub(r"(?<![^\s(\[])-", MINUS, text)
    coloured = re.sub(r"\b([xz])(?!\w)", r'<b class="vc-\1">\1</b>', escape(text))
    return f'<p class="vc-equation">{coloured}</p>'


def variants(rows: Sequence[dict[str, str]]) -> str:
    """Return every kind of model: its name, its equation, its source."""
    items = "".join(
        f"<dt>{escape(row['name'])}</dt><dd>{equation(row['equation'])}<span>{escape(row['source'])}</span></dd>"
        for row in rows
    )
    return f'<dl class="vc-facts vc-variants">{items}</dl>'


def share(name: str, wins: int, other: str, other_wins: int, count: int) -> str:
    """Return one bar that two sides share in the ratio of the images that each wins."""
    return (
        f'<div class="vc-share"><p><b class="vc-reconstruction">{escape(name)} {wins:,}</b>'
        f'<span>of {count:,} images</span><b class="vc-baseline">{escape(other)}'
        f' {other_wins:,}</b></p><div><i class="vc-reconstruction" style="flex:{wins}"></i>'
        f'<i class="vc-baseline" style="flex:{other_wins}"></i></div></div>'
    )


def lead(text: str) -> None:
    """Write the sentence that opens a page and says what to try; on a phone, the hidden choice too."""
    where = f"{Path(st.session_state['model']).name} · {Path(st.session_state['data']).name}"
    st.html(f'<p class="vc-where">{escape(where)}</p><p class="vc-lead">{escape(text)}</p>')

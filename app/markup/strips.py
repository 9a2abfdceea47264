"""Film strips and small blocks of HTML: one picture for a whole row, its pixels drawn crisp."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

import vaecore
from app.figures import sprites
from app.markup import glossary
from app.markup.glossary import linked
from app.markup.mathematics import MINUS, equation
from app.server.brought import bare
from app.server.options import OPTIONS
from app.session import state
from app.session.blobs import BLOBS
from app.session.plain import flat, plain

CELL = 28  # pixels of the file per cell, before the page scales it
GAP = 2
LONG = r"[^\W\d]{6}"  # a word that would break under a cell of a phone's row
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def picture_tag(picture: np.ndarray, alt: str) -> str:
    """Return the ``<img>`` of a picture."""
    return _tag(BLOBS.inline(sprites.png(picture), "image/png"), alt)


def sheet_tag(source: str, alt: str) -> str:
    """Return the ``<img>`` of many images on one black sheet, by its address."""
    return _tag(source, alt, "vc-pixels vc-sheet")


def _tag(source: str, alt: str, style: str = "vc-pixels") -> str:
    return f'<img class="{style}" src="{source}" alt="{escape(alt, quote=True)}">'


def film(cells: np.ndarray) -> np.ndarray:
    """Lay cells [n, h, w, 3] side by side as one picture with clear gaps."""
    return sprites.sheet(sprites.enlarge(cells, CELL), len(cells), GAP)


def row(
    title: str,
    cells: np.ndarray,
    captions: Sequence[str] = (),
    variable: str = "x",
    note: str = "",
    best: Sequence[bool] = (),
    marks: Sequence[str] = (),
) -> str:
    """Return one row: a title in its variable's colour, the strip, and a caption under each cell, the best in bold.

    A mark is a kind of picture ("unseen"); the caption's first line, which says it in words, has the mark's colour.
    """
    count = len(cells)
    width = sprites.enlarge(cells[:1], CELL).shape[2]
    gap = 100 * GAP / (count * (width + GAP) - GAP)
    styles = [f"vc-mark vc-{mark}" for mark in marks] or ["vc-best" if is_best else "" for is_best in best]
    items = "".join(
        f'<li class="{style}">{escape(caption)}</li>'
        for caption, style in zip(captions, styles or [""] * len(captions), strict=True)
    )
    named = " vc-named" if re.search(LONG, " ".join(captions)) else ""
    return (
        f'<section class="vc-row vc-{variable}{named}"><header><b>{escape(title)}</b>'
        f"<span>{escape(note)}</span></header>"
        f'<div class="vc-strip"><div style="--count:{count};--gap:{gap:.3f}%">'
        f"{picture_tag(film(cells), title)}<ol>{items}</ol></div></div></section>"
    )


def heading(title: str, variable: str, note: str) -> str:
    """Return a title in its variable's colour, as that of a row, for what is no row."""
    said = f"<b>{linked(title, title)}</b><span>{linked(note, f'{title} note')}</span>"
    return f'<div class="vc-row vc-heading vc-{variable}"><header>{said}</header></div>'


def legend(top: float, of: str = "rows") -> str:
    """Return the colour scale of the error maps, with its two ends; it is one for both of what they are called."""
    return (
        f'<div class="vc-scale"><span>0</span><i style="background:{sprites.heat_gradient()}"></i>'
        f"<span>{top:.2f}</span><em>squared error per pixel, one scale for both {of}</em></div>"
    )


def table(
    corner: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, str, Sequence[str]]],
    chosen: int | None = None,
) -> str:
    """Return a small table: each row a name, its variable's colour, and a value per column; one column stands out."""

    def mark(index: int) -> str:
        return " class=vc-chosen" if index == chosen else ""

    def head(name: str, attributes: str = "") -> str:
        return f"<th{attributes}>{linked(name, f'{corner} {name}')}</th>"

    heads = head(corner) + "".join(head(name, mark(index)) for index, name in enumerate(columns))
    body = ""
    for name, variable, values in rows:
        found = "".join(f"<td{mark(index)}>{escape(value)}</td>" for index, value in enumerate(values))
        edge = f' style="border-color:var(--vc-{variable})"'
        body += f"<tr>{head(name, edge)}{found}</tr>"
    return f'<div class="vc-table"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def paint_pills(key: str, count: int) -> None:
    """Give each of a row of pills the dot of its class, which makes the filter the legend too."""
    pill = f'.st-key-{key} [role="toolbar"] button'
    rules = "".join(
        f"{pill}:nth-of-type({label + 1})::before{{background:{sprites.class_color(label)}}}" for label in range(count)
    )
    st.html(f"<style>{rules}</style>")


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Return names and values as a small definition list; it stands beside the page, with marks of its own."""
    items = "".join(
        f"<dt>{linked(name, f'facts {name}', beside=True)}</dt><dd>{escape(value)}</dd>" for name, value in rows
    )
    return f'<dl class="vc-facts">{items}</dl>'


def sentence(text: str) -> str:
    """Return an error's message as a sentence of a page: plain text, for it names what came from elsewhere."""
    return plain(spoken(text))


def spoken(text: str) -> str:
    """Return an error's message as a sentence; a name or a path that begins it stays as it is.

    Where a server is everyone's, the place of its data is nobody's business.
    """
    if OPTIONS.public:
        text = text.replace(str(vaecore.data.data_folder()), "the data folder")
    text = bare(text)
    first = text.split(maxsplit=1)[0]
    head = text if re.search(r"[-/\\\d.:]", first) else text[:1].upper() + text[1:]
    return head.rstrip(". ") + "."


def subscript(variable: str, index: int) -> str:
    """Return a variable's name with its index, counted from one."""
    return f"{variable}{index + 1}".translate(SUBSCRIPTS)


def words(text: str) -> str:
    """Return a sentence as a paragraph."""
    return f'<p class="vc-words">{escape(text)}</p>'


def summary(text: str) -> str:
    """Return what a model is, as the paragraph that begins what stands beside the page."""
    glossary.begin(beside=True)
    return f'<p class="vc-words">{linked(text, "summary", beside=True)}</p>'


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


def lead(text: str, models: Sequence[str] | None = None) -> None:
    """Write the sentence that opens a page and says what to try; on a phone, the hidden choice or the models too."""
    glossary.begin()
    chosen = (state.chosen().place, state.images()) if models is None else models
    where = " · ".join(flat(Path(place).name if state.data_path(place) else place, state.LONGEST) for place in chosen)
    stand_in = st.session_state.get(state.STAND_IN) if models is None else None
    why = f'<p class="vc-note" role="note">{escape(flat(stand_in.why))}</p>' if stand_in else ""
    st.html(f'<p class="vc-where">{escape(where)}</p><p class="vc-lead">{linked(text, "lead")}</p>{why}')


def caption(text: str) -> str:
    """Return a small sentence below what it explains."""
    return f'<p class="vc-caption">{linked(text, text[:32])}</p>'


def signed_legend(top: float, words: str) -> str:
    """Return the colour scale of signed pictures, with its two ends and what it is of."""
    return (
        f'<div class="vc-scale"><span>{MINUS}{top:.2f}</span><i style="background:{sprites.signed_gradient()}"></i>'
        f"<span>+{top:.2f}</span><em>{escape(words)}</em></div>"
    )

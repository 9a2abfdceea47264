"""One style in every class, as HTML: a row beside its source, and a table such as that of multiplication."""

from collections.abc import Sequence
from html import escape

import numpy as np

from app.figures import sprites
from app.markup import strips
from app.markup.exhibits import Exhibit

WIDEST = 12  # pictures in a row of its own


def family(cells: np.ndarray, names: Sequence[str], own: int | None, source: Exhibit | None) -> str:
    """Return large pictures [classes, h, w, 3] with the name of each class, the source before them, its own in bold."""
    count = len(cells)
    wide, narrow = _even(count, WIDEST), _even(count, WIDEST // 2)
    items = "".join(
        f'<figure class="{_chosen(index, own)}">{strips.picture_tag(cell, name)}<figcaption>{escape(name)}</figcaption>'
        "</figure>"
        for index, (cell, name) in enumerate(zip(cells, names, strict=True))
    )
    said = "" if source is None else f'<div class="vc-source">{_source(source)}</div>'
    return (
        f'<div class="vc-family" style="--wide:{wide};--narrow:{narrow}">{said}<div class="vc-all">{items}</div></div>'
    )


def _source(source: Exhibit) -> str:
    title = f"<b>{escape(source.title)}</b><span>{escape(source.note)}</span>"
    return f"<figure>{strips.picture_tag(source.cell, source.title)}<figcaption>{title}</figcaption></figure>"


def _even(count: int, most: int) -> int:
    """Return how many stand in each row where no row may hold more than ``most``: as even as can be."""
    return -(-count // -(-count // most))


def table(heads: np.ndarray | Sequence[str], cells: np.ndarray, names: Sequence[str], own: int | None = None) -> str:
    """Return pictures [rows, classes, h, w, 3] under the names of their classes.

    At the left of each row stands its head: a picture, of [rows, h, w, 3], or a word. The class ``own`` stands out.
    """
    rows, count = cells.shape[:2]
    large = sprites.enlarge(cells.reshape(-1, *cells.shape[2:]), strips.CELL)
    side, gap = large.shape[2], 2 * strips.GAP
    width = count * (side + gap) - gap
    body = strips.picture_tag(sprites.sheet(large, count, gap), f"{rows} styles in {count} classes")
    titles = "".join(f'<li class="{_chosen(index, own)}">{escape(name)}</li>' for index, name in enumerate(names))
    style = f"--count:{count};--gap:{100 * gap / width:.3f}%;--rows:{rows};--body:{width / side:.4f}fr"
    return (
        f'<div class="vc-product"><div style="{style}"><i></i><ol class="vc-classes">{titles}</ol>'
        f"{_heads(heads, gap)}{body}</div></div>"
    )


def _heads(heads: np.ndarray | Sequence[str], gap: int) -> str:
    if isinstance(heads, np.ndarray):
        return strips.picture_tag(sprites.sheet(sprites.enlarge(heads, strips.CELL), 1, gap), "The sources")
    return f'<ol class="vc-heads">{"".join(f"<li>{escape(head)}</li>" for head in heads)}</ol>'


def _chosen(index: int, own: int | None) -> str:
    return "vc-chosen" if index == own else ""

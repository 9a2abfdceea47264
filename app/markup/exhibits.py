"""Larger pieces of HTML: pictures with a title of their own, and what a classifier says of each image."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from app.figures import sprites
from app.markup.strips import picture_tag
from app.session.plain import flat

SIDE = 48  # pixels of an image on a sheet, about


class Exhibit(NamedTuple):
    """A picture of its own: its title, its RGB cell [h, w, 3], what is said of it, and its variable's colour."""

    title: str
    cell: np.ndarray
    note: str = ""
    variable: str = "x"


def gallery(exhibits: Sequence[Exhibit]) -> str:
    """Return large pictures side by side, each with its title and a note."""
    items = "".join(
        f'<figure class="vc-{each.variable}">{picture_tag(each.cell, each.title)}'
        f"<figcaption><b>{escape(each.title)}</b><span>{escape(each.note)}</span></figcaption></figure>"
        for each in exhibits
    )
    return f'<div class="vc-gallery">{items}</div>'


def sheet(cells: np.ndarray, names: Sequence[str]) -> str:
    """Return RGB cells [n, h, w, 3] on one sheet, each with the name of its class below it, where there are any."""
    width = max(1, round(SIDE / cells.shape[2])) * cells.shape[2]
    items = "".join(
        f"<li>{picture_tag(sprites.enlarge(cell[None], SIDE)[0], name or 'an image')}"
        f"{f'<span>{escape(flat(name, 40))}</span>' if name else ''}</li>"
        for cell, name in zip(cells, names or [""] * len(cells), strict=True)
    )
    return f'<ol class="vc-seen" style="--width:{width}px" aria-label="Images as the model will see them">{items}</ol>'


def lines(texts: Sequence[str]) -> str:
    """Return lines of text as a list."""
    items = "".join(f"<li>{escape(flat(text))}</li>" for text in texts)
    return f'<ol class="vc-lines" aria-label="The first lines">{items}</ol>'


def account(rows: Sequence[tuple[str, str]]) -> str:
    """Return what is to be said of a set, as a definition list across the page."""
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f'<dl class="vc-facts vc-account">{items}</dl>'


class Ballot(NamedTuple):
    """What a classifier says of an image.

    Attributes:
        title: what the image is, and its row.
        cell: RGB, [h, w, 3].
        verdict: in a word, whether that is right.
        right: the same as a colour; None where nobody knows.
        votes: the likeliest classes: name, probability, colour.
    """

    title: str
    cell: np.ndarray
    verdict: str
    right: bool | None
    votes: Sequence[tuple[str, float, str]]


def ballots(cards: Sequence[Ballot]) -> str:
    """Return a card for each image: the picture, and a bar for each of its likeliest classes."""
    return f'<div class="vc-ballots">{"".join(map(_ballot, cards))}</div>'


def _ballot(card: Ballot) -> str:
    bars = "".join(
        f'<dt>{escape(name)}</dt><dd><i style="width:{share:.1%};background:{color}"></i></dd><dd>{percent(share)}</dd>'
        for name, share, color in card.votes
    )
    style = {True: "right", False: "wrong", None: "unknown"}[card.right]
    return (
        f'<article class="vc-ballot vc-{style}">{picture_tag(card.cell, card.title)}<div>'
        f"<p><b>{escape(card.title)}</b><em>{escape(card.verdict)}</em></p><dl>{bars}</dl></div></article>"
    )


def percent(share: float) -> str:
    """Write a probability; one that is not quite 0 or 1 does not read as if it were."""
    if 0 < share < 0.01:
        return "< 1%"
    return "> 99%" if 0.99 < share < 1 else f"{share:.0%}"

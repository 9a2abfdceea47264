"""Start's tiles, the gallery of models and the picker: links of our own, which a script opens in place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from app.markup import strips
from app.session.plain import flat


@dataclass(frozen=True)
class Entry:
    """A model in the gallery: its name, where a click leads, and what stands beside the name."""

    name: str
    address: str
    facts: str


@dataclass(frozen=True)
class Kind:
    """A card of the gallery: all models of one kind that learned from one data set."""

    name: str
    words: str
    picture: str
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Group:
    """The models of one data set: its name, the size of its images, and a card for each kind."""

    name: str
    size: str
    kinds: Sequence[Kind]

    @property
    def count(self) -> int:
        """How many models."""
        return sum(len(kind.entries) for kind in self.kinds)


def address(page: str, **query: str) -> str:
    """Return the address of a page, relative to Start."""
    return f"{page}?{urlencode(query)}" if query else page


def tiles(drawn: Iterable[tuple[str, str, str, str]]) -> str:
    """Return tiles: of each its title, its sentence, where it leads, and what is seen, as HTML."""
    items = "".join(
        f'<a class="vc-tile vc-link" href="{escape(where, quote=True)}" target="_self">'
        f"<span>{seen}</span><b>{escape(title)}</b><em>{escape(text)}</em></a>"
        for title, text, where, seen in drawn
    )
    return f'<nav class="vc-tiles" aria-label="What to do">{items}</nav>'


def gallery(groups: Iterable[Group]) -> str:
    """Return all models: a field that leaves those with some words in their card, and a fold for each data set."""
    folds = list(groups)
    count = sum(each.count for each in folds)
    return (
        '<section class="vc-gallery-of-models" aria-label="All models"><label class="vc-search">'
        f"<span>All {count} models</span>"
        '<input type="search" placeholder="Find a name, a kind, a data set" autocomplete="off" spellcheck="false">'
        '</label><p class="vc-nothing" role="status" hidden>No model has this in its card.</p>'
        f"{''.join(_fold(each, is_open=number == 0) for number, each in enumerate(folds))}</section>"
    )


def _fold(group: Group, is_open: bool) -> str:
    told = f"{group.count} model{'s' * (group.count > 1)} · {group.size}"
    cards = "".join(map(_card, group.kinds))
    return (
        f'<details class="vc-set" {_said(group.name)}{" open" * is_open}><summary><b>{escape(flat(group.name))}</b> '
        f'<span>{escape(told)}</span></summary><div class="vc-kinds">{cards}</div></details>'
    )


def _card(kind: Kind) -> str:
    entries = "".join(
        f'<li><a class="vc-link" href="{escape(each.address, quote=True)}" target="_self">{escape(each.name)}</a> '
        f"<span>{escape(each.facts)}</span></li>"
        for each in kind.entries
    )
    picture = strips.sheet_tag(kind.picture, f"A picture by {kind.entries[0].name}")
    said = _said(f"{kind.name} {kind.words}")
    return (
        f'<article class="vc-kind" {said}>{picture}<div><h4>{escape(kind.name)}</h4>{strips.words(kind.words)}'
        f"<ul>{entries}</ul></div></article>"
    )


def _said(text: str) -> str:
    """Return the attribute with the words that all lines inside are found by."""
    return f'data-said="{escape(flat(text), quote=True)}"'


def picker(
    key: str,
    chosen: str,
    sets: Iterable[tuple[str, Sequence[tuple[str, Sequence[str]]]]],
    follows: Sequence[str],
    own: str,
) -> str:
    """Return the choice of a model by data set and kind, found by any part of its name, its kind or its data set.

    A press replaces ``key`` in the address by the name, and takes out what ``follows``. ``own`` says what else may be
    typed, if anything may.
    """
    groups = "".join(_names(name, kinds) for name, kinds in sets)
    return (
        f'<details class="vc-picker" data-key="{key}" data-follows="{" ".join(follows)}" data-own="{own and "yes"}">'
        f"<summary><span>Model</span><b>{escape(chosen)}</b></summary><section>"
        '<label class="vc-search"><input type="search" aria-label="Find a model" placeholder="Find a model" '
        'autocomplete="off" spellcheck="false"></label>'
        f'<p class="vc-nothing" role="status" hidden>{escape(own or "No model has this in its name.")}</p>'
        f"{groups}</section></details>"
    )


def _names(name: str, kinds: Sequence[tuple[str, Sequence[str]]]) -> str:
    lists = "".join(
        f'<ul class="vc-kind" {_said(kind)}>{"".join(_name(each, kind * (each == names[0])) for each in names)}</ul>'
        for kind, names in kinds
    )
    return f'<div class="vc-set" {_said(name)}><b>{escape(flat(name))}</b>{lists}</div>'


def _name(name: str, kind: str) -> str:
    """Return a name, with its kind beside the first of that."""
    value = escape(name, quote=True)
    told = f" <i>{escape(kind)}</i>" if kind else ""
    return f'<li><a class="vc-link" data-value="{value}" href="#" target="_self">{escape(flat(name))}{told}</a></li>'

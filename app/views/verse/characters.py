"""Texts as HTML: set large or small, with their reading above and their tones below each character."""

import re
from collections.abc import Sequence
from html import escape
from itertools import accumulate, pairwise

from app.results.verse import Step
from vaecore import serving

CHINESE = "zh-Hant"
TONES = {"level": "○", "oblique": "●"}


def verse(text: str, form: str, size: str, pinyin: bool = False, tones: bool = False, marks: Sequence[str] = ()) -> str:
    """Return a text: in lines where its form has some, else as one that wraps.

    ``size`` is large, middle or small. ``marks`` are the styles of its characters, those of the form not counted.
    """
    styles = iter(marks or [""] * len(text))
    read = serving.verses.readings(text) if form and (pinyin or tones) else []
    cells = [
        _sign(character)
        if form and character in form
        else _cell(character, next(styles, ""), *_said(read, place, pinyin, tones))
        for place, character in enumerate(text)
    ]
    lines = "".join(f"<span>{''.join(cells[begin:end])}</span>" for begin, end in _lines(text, form))
    kind = f"vc-verse vc-{size}" + (" vc-set" if form else "")
    language = f' lang="{CHINESE}"' if form else ""
    return f'<p class="{kind}"{language}>{lines or _nothing()}</p>'


def _said(read: Sequence[serving.verses.Reading], place: int, pinyin: bool, tones: bool) -> tuple[str, str]:
    """Return what stands above and below a character."""
    if not read:
        return "", ""
    return read[place].pinyin if pinyin else "", TONES.get(read[place].tone or "", "") if tones else ""


def _cell(character: str, style: str, above: str, below: str) -> str:
    if character == " ":
        return f'<span data-character=" " class="{style}"> </span>'
    inside = escape(character)
    if above:
        inside = f"<ruby>{inside}<rt>{escape(above)}</rt></ruby>"
    if below:
        inside += f'<i aria-hidden="true">{below}</i>'
    return f'<span data-character="{escape(character, quote=True)}" class="{style}">{inside}</span>'


def _sign(character: str) -> str:
    return f'<span class="vc-sign">{escape(character)}</span>'


def _lines(text: str, form: str) -> list[tuple[int, int]]:
    """Return where the lines of a text begin and end: behind each mark of its form."""
    if not form or not text:
        return [(0, len(text))] if text else []
    signs = re.escape(re.sub(r"\{\}", "", form))
    sizes = [len(line) for line in re.findall(rf"[^{signs}]+[{signs}]*", text)]
    return list(pairwise([0, *accumulate(sizes)]))


def _nothing() -> str:
    return '<em class="vc-nothing">no character: the text ends where it begins</em>'


def beside(text: str, neighbour: serving.texts.Neighbour | None, form: str) -> str:
    """Return the nearest training text, the characters that it shares with a text marked; nothing where none is."""
    if neighbour is None:
        return ""
    marks = ["vc-shared" if same else "" for same in serving.verses.shared(neighbour.text, text, form)]
    counted = f"{neighbour.shared} of {len(marks)} characters shared"
    return (
        '<div class="vc-nearest"><b>Nearest training text</b>'
        f"{verse(neighbour.text, form, 'small', marks=marks)}<span>{counted}</span></div>"
    )


def own(text: str, neighbour: serving.texts.Neighbour | None, form: str, pinyin: bool, tones: bool) -> str:
    """Return a text that was written, large, and the nearest training text beside it."""
    written = verse(text, form, "large", pinyin, tones)
    return f'<div class="vc-hero"><div class="vc-own">{written}</div>{beside(text, neighbour, form)}</div>'


def cards(
    texts: Sequence[str], neighbours: Sequence[serving.texts.Neighbour | None], form: str, pinyin: bool, tones: bool
) -> str:
    """Return texts side by side, each with its nearest training text."""
    items = "".join(
        f"<li>{verse(text, form, 'middle', pinyin, tones)}{beside(text, neighbour, form)}</li>"
        for text, neighbour in zip(texts, neighbours, strict=True)
    )
    return f'<ul class="vc-verses">{items}</ul>'


def way(
    ends: tuple[str, str],
    steps: Sequence[Step],
    neighbours: Sequence[serving.texts.Neighbour | None],
    form: str,
    pinyin: bool,
) -> str:
    """Return the texts between two, each with how many characters it shares with either."""
    a, b = ends
    middle = "".join(
        _step(number, step, neighbour, form, pinyin)
        for number, (step, neighbour) in enumerate(zip(steps, neighbours, strict=True), start=1)
    )
    return f'<ol class="vc-way">{_end("A", a, form, pinyin)}{middle}{_end("B", b, form, pinyin)}</ol>'


def _end(name: str, text: str, form: str, pinyin: bool) -> str:
    style = f"vc-of-{name.lower()}"
    marks = [style] * len(text)
    return f'<li class="vc-end"><b class="{style}">{name}</b>{verse(text, form, "middle", pinyin, marks=marks)}</li>'


def _step(number: int, step: Step, neighbour: serving.texts.Neighbour | None, form: str, pinyin: bool) -> str:
    marks = [
        "vc-of-both" if a and b else "vc-of-a" if a else "vc-of-b" if b else ""
        for a, b in zip(step.of_a, step.of_b, strict=True)
    ]
    of_a, of_b = step.counts
    counts = (
        f'<span class="vc-counts"><span class="vc-of-a">{of_a} of A</span> '
        f'<span class="vc-of-b">{of_b} of B</span></span>'
    )
    text = verse(step.text, form, "middle", pinyin, marks=marks)
    return f"<li><b>{number}</b>{text}{counts}{beside(step.text, neighbour, form)}</li>"

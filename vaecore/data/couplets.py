"""155,106 couplets of Tang poems, five characters and five, from the public collection chinese-poetry."""

import gzip
import hashlib
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from vaecore.data.downloads import Loader
from vaecore.data.text import Texts, lines, to_points

FILE = "couplets/tang-couplets.txt.gz"
FORM = "{}{}{}{}{}，{}{}{}{}{}。"
BLANK = FORM.replace("{}", " ")
CHARACTERS = [place for place, mark in enumerate(BLANK) if mark == " "]
HAN = "[\u3400-\u9fff\U00020000-\U0003ffff]"
COUPLET = re.compile(f"{HAN}{{5}}，{HAN}{{5}}。")
COMMIT = "fa1814a8044db4fb0c7a9e0a0449974e8c3463b7"
URL = f"https://raw.githubusercontent.com/chinese-poetry/chinese-poetry/{COMMIT}/{{path}}"
POEMS = tuple(f"全唐诗/poet.tang.{first}.json" for first in range(0, 58_000, 1000))
SHA256 = "d3172f9b48d288849e61d3af6876e5ecc840a83b4398556f4355d3d289ef2c43"  # of the lines, unpacked


def _read(folder: Path, split: str) -> Texts:
    path = folder / FILE
    return _both(path, path.stat().st_mtime_ns).split(split)


@lru_cache(maxsize=1)
def _both(path: Path, _changed: int) -> Texts:
    """The couplets of a file, both splits, without their marks: kept, for who asks for one soon asks for the other."""
    found = lines(path)
    if _hash(found) != SHA256:
        raise ValueError("it is not the published one")
    return Texts(to_points(found, len(BLANK))[:, CHARACTERS], form=FORM)  # the published ones need no composing


def _download(folder: Path) -> None:
    """Read the poems and keep their couplets."""
    found = list(dict.fromkeys(couplet for poems in map(_poems, POEMS) for couplet in _couplets_of(poems)))
    if _hash(found) != SHA256:
        raise ValueError(f"the {len(found):,} couplets that came are not the published ones")
    (folder / FILE).write_bytes(gzip.compress(_text(found), mtime=0))


def _poems(path: str) -> list[dict]:
    with urllib.request.urlopen(URL.format(path=urllib.parse.quote(path))) as file:
        return json.load(file)


def _couplets_of(poems: list[dict]) -> Iterator[str]:
    """The lines of poems that are couplets of five characters and five."""
    for poem in poems:
        yield from (line for line in poem["paragraphs"] if COUPLET.fullmatch(line))


def _text(couplets: list[str]) -> bytes:
    return "".join(f"{couplet}\n" for couplet in couplets).encode()


def _hash(couplets: list[str]) -> str:
    return hashlib.sha256(_text(couplets)).hexdigest()


couplets = Loader(_read, (FILE,), _download, plural=True)

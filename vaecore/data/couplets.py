"""155,106 couplets of Tang poems, five characters and five, from the public collection chinese-poetry."""

import gzip
import hashlib
import json
import re
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from vaecore.data.text import Texts, lines, to_points
from vaecore.limits import first_line

FORM = "{}{}{}{}{}，{}{}{}{}{}。"
BLANK = FORM.replace("{}", " ")
CHARACTERS = [place for place, mark in enumerate(BLANK) if mark == " "]
HAN = "[\u3400-\u9fff\U00020000-\U0003ffff]"
COUPLET = re.compile(f"{HAN}{{5}}，{HAN}{{5}}。")
COMMIT = "fa1814a8044db4fb0c7a9e0a0449974e8c3463b7"
URL = f"https://raw.githubusercontent.com/chinese-poetry/chinese-poetry/{COMMIT}/{{path}}"
POEMS = tuple(f"全唐诗/poet.tang.{first}.json" for first in range(0, 58_000, 1000))
SHA256 = "d3172f9b48d288849e61d3af6876e5ecc840a83b4398556f4355d3d289ef2c43"  # of the lines, unpacked


def couplets(split: str, folder: Path) -> Texts:
    """The couplets of one split, without their marks.

    Raises:
        ValueError: they are not in the folder and could not be put there, or the file there is another one.
    """
    path = folder / "couplets" / "tang-couplets.txt.gz"
    if not path.exists():
        _download(path)
    return _read(path, path.stat().st_mtime_ns).split(split)


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int) -> Texts:
    """The couplets of a file, both splits: kept, for whoever asks for one soon asks for the other."""
    found = lines(path)
    if _hash(found) != SHA256:
        raise ValueError(f"{path}: damaged file, delete it to download it again (it is not the published one)")
    return Texts(to_points(found, len(BLANK))[:, CHARACTERS], form=FORM)  # the published ones need no composing


def _download(path: Path) -> None:
    """Read the poems, keep their couplets, and put the file in place when it is whole and the right one."""
    try:
        found = list(dict.fromkeys(couplet for poems in map(_poems, POEMS) for couplet in _couplets_of(poems)))
        if _hash(found) != SHA256:
            raise ValueError(f"the {len(found):,} couplets that came are not the published ones")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as staging:
            whole = Path(staging) / path.name
            whole.write_bytes(gzip.compress(_text(found), mtime=0))
            whole.replace(path)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"couplets are not in {path.parent.parent} and could not be put there; is there a network? "
            f"({first_line(error)})"
        ) from None


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

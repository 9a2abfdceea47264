"""How images of your own are split, where their name says so: "photos.zip?split=stem".

The rule is a part of the name, so that whatever keeps or reads a name (a recipe, a card, an address) has it as well.
"""

import os
import re
from collections.abc import Hashable, Sequence
from pathlib import Path

from vaecore.limits import Refused, shown

MARK = "?split="
FOLDER, STEM, CONTIGUOUS = "folder", "stem", "contiguous"
LAST_NUMBER = re.compile(r"[\W_]*\d+[\W_]*")  # of a name that is read from its end


def parsed(name: str | Path) -> tuple[str | Path, str | None]:
    """A data set's name without its rule, and the rule; a file that has the whole as its name goes first.

    >>> parsed("photos.zip?split=stem"), parsed("photos.zip")
    (('photos.zip', 'stem'), ('photos.zip', None))
    """
    base, mark, rule = str(name).rpartition(MARK)
    if not mark or os.path.exists(os.path.expanduser(name)):  # noqa: PTH110, PTH111  a name may be none of a path
        return name, None
    return base, rule


def ruled(path: Path, rule: str | None) -> str:
    """The inverse of `parsed`."""
    return str(path) if rule is None else f"{path}{MARK}{rule}"


def expected(rule: str, among: str) -> str:
    """What a sentence that refuses a rule ends with.

    >>> expected("size", "'contiguous'")
    "expected 'contiguous' after ?split=, got 'size'"
    """
    return f"expected {among} after {MARK}, got {shown(rule)!r}"


def check_groups(kin: Sequence[Hashable], rule: str | None, where: str) -> None:
    """Refuse a rule by which all images are of one group.

    Raises:
        Refused: they are.
    """
    if rule not in (None, CONTIGUOUS) and len(set(kin)) < 2:
        raise Refused(f"{where}: expected images of two groups or more by {MARK}{shown(rule)}, got one")


def stem_of(file: str) -> str:
    """A file's name up to its last number: without the suffix, that number and the signs on both sides of it.

    A name that does not end in a number is its own stem. A suffix begins with a letter: ".003" is a number.

    >>> [stem_of(name) for name in ("patient7_003.png", "IMG 12 (3).jpg", "roll-1.2", "p7_left.png", "003.png")]
    ['patient7', 'IMG 12', 'roll-1', 'p7_left', '']
    """
    base, _, suffix = file.rpartition(".")
    name = base if base and suffix[:1].isalpha() else file
    end = LAST_NUMBER.match(name[::-1])
    return name[: len(name) - end.end()] if end else name

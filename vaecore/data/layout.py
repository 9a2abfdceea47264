"""Where pictures lie: a top folder that all share, the folders of splits, and those of classes."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from vaecore.data.entries import Entry
from vaecore.data.rules import CONTIGUOUS, FOLDER, MARK, STEM, stem_of
from vaecore.limits import Refused

DIGITS = "0123456789"
TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    "train": TRAIN, "training": TRAIN,
    "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION,
    "test": TEST, "testing": TEST,
}  # fmt: skip


class Placed(NamedTuple):
    """A picture's file, the split that a folder names, "" where none does, and the folders that it then lies in."""

    entry: Entry
    split: str
    folders: tuple[str, ...]

    @property
    def label(self) -> str:
        """The class that the first of its folders names; "" where there is none."""
        return self.folders[0] if self.folders else ""

    def kin(self, rule: str) -> tuple[str, ...]:
        """Whose the picture is, by a rule: by the folder in that of its class, or else by this; by its file's name.

        Folders of one name are of one, in whatever class they lie: the same patient, healthy and ill. Those whose order
        counts are each a film of its own.
        """
        return {FOLDER: self.folders[:2][-1:], STEM: (stem_of(self.entry.parts[-1]),), CONTIGUOUS: self.folders}[rule]


def placed(pictures: Sequence[Entry], stem: str, where: str, rule: str | None = None) -> list[Placed]:
    """Pictures by split and class, in the order of their paths; as people count, where that order is the rule.

    Where all lie in one folder, that is skipped, unless the next is a class's: then it is the class, if it has not the
    name of the set itself.

    Args:
        pictures: the files.
        stem: the name of their folder or zip, without a suffix.
        where: the set, as a sentence that refuses begins.
        rule: by which they are split, if any.

    Raises:
        Refused: some lie beside the folders of classes, or deeper than in those while no rule needs it; or the folders
            say the split, and a rule does so too.
    """
    key = _natural if rule == CONTIGUOUS else _plain
    paths = {entry.parts: entry for entry in sorted(pictures, key=key)}
    cut = _shared(list(paths), stem)
    is_split = all(len(path) > cut + 1 and path[cut].lower() in SPLITS for path in paths)
    found = []
    for path, entry in paths.items():
        split = SPLITS[path[cut].lower()] if is_split else ""
        folders = path[cut + is_split : -1]
        if len(folders) > 1 and rule not in (FOLDER, CONTIGUOUS):
            raise Refused(f"{where}: expected pictures in folders of classes, got one deeper: {entry.name}")
        found.append(Placed(entry, split, folders))
    if rule is not None and uses(found):
        splits = " and ".join(sorted({each.split for each in found}))
        raise Refused(f"{where}: expected no {MARK} where folders say the split, got {rule!r} beside {splits}")
    loose = next((each for each in found if not each.label), None)
    inside = next((each for each in found if each.label), None)
    if loose and inside:
        some = f"{loose.entry.name} beside {inside.entry.name}"
        raise Refused(f"{where}: expected all pictures in folders of classes, or none, got {some}")
    return found


def _plain(entry: Entry) -> tuple[str, ...]:
    return entry.parts


def _natural(entry: Entry) -> tuple[object, ...]:
    return tuple(map(natural, entry.parts))


def _shared(paths: Sequence[tuple[str, ...]], stem: str) -> int:
    """How many folders all paths begin with that are neither a class nor a split."""
    cut = 0
    while len({path[cut] for path in paths}) == 1 and min(map(len, paths)) > cut + (1 if paths[0][cut] == stem else 2):
        cut += 1
    return cut


def uses(found: Sequence[Placed]) -> list[str]:
    """What each picture is for, by the folder of its split: TRAIN, VALIDATION, TEST; none where they leave it open.

    What is there to validate with is the test split where there is no other, and is trained on where nothing else is.
    """
    splits = {each.split for each in found}
    if len(splits) == 1:
        return []
    use = {VALIDATION: VALIDATION if splits == {TRAIN, VALIDATION, TEST} else TRAIN if TEST in splits else TEST}
    return [use.get(each.split, each.split) for each in found]


def in_order(names: Iterable[str]) -> list[str]:
    """Names as people sort them: 1, 2, 10, small and large letters together.

    >>> in_order(["b10", "B2", "a", "b1"])
    ['a', 'b1', 'B2', 'b10']
    """
    return sorted(names, key=natural)


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """What sorts names as people do: numbers, by their length and digits, before words."""
    parts = re.findall("[0-9]+|[^0-9]+", name.casefold())
    return [_rank(part) for part in parts], name


def _rank(part: str) -> tuple[int, int, str]:
    """Numbers by their length and digits: none is too long to be compared."""
    digits = part.lstrip("0")
    return (0, len(digits), digits) if part[0] in DIGITS else (1, 0, part)

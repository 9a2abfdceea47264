"""More than 500 sets that nobody means well with, each made anew from its number: the same at every run."""

from collections.abc import Iterator
from typing import NamedTuple

from hostile.arrays import arrays, labels
from hostile.folders import folders, layouts, names
from hostile.making import Make
from hostile.mutations import mutations
from hostile.pictures import headers, pictures
from hostile.texts import texts
from hostile.tiffs import tiffs
from hostile.zips import zips

FAMILIES = (names, folders, layouts, zips, headers, pictures, tiffs, arrays, labels, texts, mutations)


class Hostile(NamedTuple):
    """A set: its name, and what makes it in an empty folder and says where it is."""

    name: str
    make: Make


def hostile_sets() -> Iterator[Hostile]:
    """All of them."""
    for family in FAMILIES:
        for name, make in family():
            yield Hostile(f"{family.__name__}: {name}", make)

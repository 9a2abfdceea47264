"""Examples that somebody brings: both splits, read once, and what is to be seen of them before anything is done."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray

from vaecore.data import Examples, Images, Texts, held_out, own_parts
from vaecore.data.own import AS_FOLDERS
from vaecore.data.rules import CONTIGUOUS, FOLDER, STEM, parsed
from vaecore.limits import shown

RULES = {
    FOLDER: "their folders: pictures of one are on one side",
    STEM: "their names: those that differ in the last number alone are on one side",
    CONTIGUOUS: "their order: the end of each folder, or of the rows, is for testing",
}


@dataclass(frozen=True, eq=False)
class Brought:
    """What was read.

    Attributes:
        place: the path, with a rule behind it or without.
        training: what may be trained on.
        test: what is not trained on.
    """

    place: str
    training: Examples
    test: Examples

    @property
    def is_text(self) -> bool:
        """Whether these are lines of text."""
        return isinstance(self.training, Texts)

    @property
    def classes(self) -> list[tuple[str, int]]:
        """The name of each class and how many examples it has."""
        if self.training.labels is None or self.test.labels is None:
            return []
        labels = np.concatenate([self.training.labels, self.test.labels])
        counts = np.bincount(labels, minlength=len(self.training.names))
        return list(zip(self.training.names, counts.tolist(), strict=True))

    @cached_property
    def counts(self) -> tuple[int, int, int]:
        """How many are trained on, how many are held out of that to follow it, and how many are for testing."""
        fitted, held = held_out(self.place, self.training)
        return len(fitted), len(held), len(self.test)

    @property
    def rule(self) -> str:
        """By which rule these are split, in words."""
        if self.is_text:
            return "what the lines are: the same line is never on both sides"
        rule = parsed(self.place)[1]
        if rule is not None:
            return RULES.get(rule, f"the array {shown(rule)}: images of one entry are on one side")
        if self.training.note.partition(AS_FOLDERS)[1]:
            return "their folders"
        return "a fixed seed, equal images on one side"

    def seen(self, count: int) -> tuple[Float32[ndarray, "n channels height width"], Int64[ndarray, "n"] | None]:
        """The first training images as a model sees them, and their labels: of each class as many, class by class."""
        images = self.training
        assert isinstance(images, Images)
        if images.labels is None:
            return images.rows(torch.arange(min(count, len(images)))).images, None
        labels = images.labels
        order = np.argsort(labels, kind="stable")
        turn = np.empty(len(labels), np.int64)  # the how-manieth of its class each is
        turn[order] = np.arange(len(labels)) - np.searchsorted(labels[order], labels[order])
        first = np.lexsort((labels, turn))[:count]
        chosen = images.rows(torch.from_numpy(first[np.lexsort((turn[first], labels[first]))]))
        return chosen.images, chosen.labels

    def lines(self, count: int) -> list[str]:
        """The first training texts."""
        assert isinstance(self.training, Texts)
        return self.training.rows(torch.arange(min(count, len(self.training)))).texts


def read(place: str, report: Callable[[float], None] | None = None) -> Brought:
    """Read examples of one's own.

    Raises:
        ValueError: as `vaecore.dataset`.
    """
    return Brought(place, *own_parts(place, report))

"""What a model is trained on, whatever it is made of."""

from abc import ABC, abstractmethod
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Int64
from numpy import ndarray
from torch import Tensor

from vaecore.limits import shown

VALIDATION_SEED = 1

Same = TypeVar("Same", bound="Examples")  # typing.Self is beyond what checks the types in the tests


class Examples(ABC):
    """What training, evaluation and cards use of images and of texts: one tensor, a row for each example.

    Attributes:
        target: the class of each, int64 [n], or None.
        names: the name of each class, in the order of the labels; empty without labels.
        note: a sentence on how examples of your own were read; empty for a set by name.
    """

    target: Int64[Tensor, "n"] | None
    names: tuple[str, ...]
    note: str

    @property
    @abstractmethod
    def data(self) -> Tensor:
        """What training indexes, on any device: pixels as uint8, or code points as int32."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """What a model is built for."""

    @property
    @abstractmethod
    def facts(self) -> dict[str, str]:
        """What a card says of how the data is presented."""

    @property
    def labels(self) -> Int64[ndarray, "n"] | None:
        """The labels as int64, or None."""
        return None if self.target is None else self.target.numpy()

    def __len__(self) -> int:
        return len(self.data)

    @abstractmethod
    def rows(self: Same, index: Int64[Tensor, "m"]) -> Same:
        """The examples at `index`, in that order."""

    @abstractmethod
    def split(self: Same, kind: str) -> Same:
        """The part for "train" or for "test" of a set that comes without these.

        Raises:
            ValueError: there is too little for both.
        """

    @property
    @abstractmethod
    def groups(self) -> Int64[ndarray, "n"]:
        """The group of each: what gives one another away is of one group, and never on two sides of a split."""

    def parted(self: Same, share: float) -> tuple[Same, Same]:
        """What is trained on, and a `share` of whole groups, drawn by a fixed seed, that a recipe is chosen on.

        The share is rounded down, so that there may be none to choose on.
        """
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(VALIDATION_SEED)).numpy()
        held = self.drawn(order, int(len(self) * share))
        return self.rows(torch.from_numpy(np.flatnonzero(~held))), self.rows(torch.from_numpy(np.flatnonzero(held)))

    def drawn(self, order: Int64[ndarray, "n"], count: int) -> Bool[ndarray, "n"]:
        """Which are the first `count` in an order, by whole groups."""
        found = np.empty(len(self), bool)
        found[order] = together(self.groups[order], count)
        return found

    def of_class(self: Same, name: str) -> Same:
        """The examples of one class; the labels and the names of all classes stay as they are.

        Raises:
            ValueError: there is no class of that name.
        """
        if self.target is None or name not in self.names:
            raise ValueError(f"no class is called {shown(name)!r}. Expected one of: {', '.join(self.names) or 'none'}")
        return self.rows((self.target == self.names.index(name)).nonzero()[:, 0])


def joined(parts: Int64[ndarray, "parts n"]) -> Int64[ndarray, "n"]:
    """The groups of what has a part in common, or has one with what has one: the connected components."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = parts.shape[1]
    row, part = np.tile(np.arange(count), len(parts)), count + parts.ravel()
    size = int(part.max(initial=0)) + 1
    edges = coo_matrix((np.ones(part.size, bool), (row, part)), shape=(size, size))
    return connected_components(edges, directed=False)[1][:count].astype(np.int64)


def together(groups: Int64[ndarray, "n"], count: int) -> Bool[ndarray, "n"]:
    """Which rows are the first `count`, where those of one group go together, or are left out if they are too many."""
    groups = np.unique(groups, return_inverse=True)[1]
    sizes, left = np.bincount(groups).tolist(), count
    chosen = np.zeros(len(sizes), bool)
    for each in dict.fromkeys(groups.tolist()):
        if not left:
            break
        if sizes[each] <= left:
            chosen[each] = True
            left -= sizes[each]
    return chosen[groups]

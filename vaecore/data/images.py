"""Images as one uint8 tensor."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from vaecore.data.examples import Examples, joined

SPLIT_SEED = 0


@dataclass(frozen=True, eq=False)
class Images(Examples):
    """Images and, where there are any, their labels.

    Attributes:
        pixels: uint8 [n, channels, height, width].
        held: which of the training images their source keeps to validate with; None where it leaves that open.
        kin: whose each is, a person or a film: images of one are on one side of a split; None where nobody says.
        contiguous: whether images of one kin are in an order instead, of which a split takes the end.
    """

    pixels: UInt8[Tensor, "n channels height width"]
    target: Int64[Tensor, "n"] | None = None
    names: tuple[str, ...] = ()
    note: str = ""
    held: Bool[Tensor, "n"] | None = None
    kin: Int64[Tensor, "n"] | None = None
    contiguous: bool = False

    @property
    def data(self) -> UInt8[Tensor, "n channels height width"]:
        """The pixels."""
        return self.pixels

    @cached_property
    def images(self) -> Float32[ndarray, "n channels height width"]:
        """The pixels as float32 in [0, 1]."""
        return self.pixels.numpy().astype(np.float32) / 255

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width of one image."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width

    @property
    def facts(self) -> dict[str, str]:
        """What a card says of how the data is presented."""
        return {"pixels": "in [0, 1]"}

    @property
    def groups(self) -> Int64[ndarray, "n"]:
        """Equal images are of one group, and so are those of one kin, and of another that has an equal one."""
        equal = np.array([hash(row.tobytes()) for row in self.pixels.numpy()], np.int64)
        if self.kin is None or self.contiguous:
            return equal
        equal, kin = (np.unique(each, return_inverse=True)[1] for each in (equal, self.kin.numpy()))
        return joined(np.stack([equal, kin + len(self)]))

    def rows(self, index: Int64[Tensor, "m"]) -> "Images":
        """The images at `index`, in that order."""
        kept = {name: old[index] for name in ("target", "held", "kin") if (old := getattr(self, name)) is not None}
        return replace(self, pixels=self.pixels[index], **kept)

    def drawn(self, order: Int64[ndarray, "n"], count: int) -> Bool[ndarray, "n"]:
        """Which are the first `count` in an order, by whole groups, or the last of each kin where these are contiguous.

        Where people are so few that each has more images than that, the images of one who has fewest.
        """
        if self.kin is not None and self.contiguous:
            last, equal = ending(self.kin.numpy(), count), self.groups
            return last & ~np.isin(equal, equal[~last])
        found = super().drawn(order, count)
        if self.kin is None or count == 0 or found.any():
            return found
        groups = self.groups
        names, first, sizes = np.unique(groups[order], return_index=True, return_counts=True)
        return groups == names[np.lexsort((first, sizes))[0]] if len(names) > 1 else found

    def parted(self, share: float) -> tuple["Images", "Images"]:
        """What is trained on, and what a recipe is chosen on: what the source keeps for that, or else a `share`."""
        if self.held is None:
            return super().parted(share)
        return self.rows(torch.nonzero(~self.held)[:, 0]), self.rows(torch.nonzero(self.held)[:, 0])

    def split(self, kind: str) -> "Images":
        """One tenth, at least one image, chosen by a fixed seed, is the "test" split; the others are for training.

        Equal images are on one side, unless there are no others; so are those of one kin.

        Raises:
            ValueError: there are fewer than two images, or nothing for one side without a leak to the other.
        """
        if len(self) < 2:
            raise ValueError(f"expected at least 2 images to split into training and test, got {len(self)}")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(SPLIT_SEED))
        count = max(1, len(self) // 10)
        test = torch.from_numpy(self.drawn(order.numpy(), count))
        if not test.any() and self.kin is not None:
            lacking = (
                "an end that differs from what is before it" if self.contiguous else "two groups without an equal image"
            )
            raise ValueError(f"expected {lacking}, got none")
        if not test.any():
            test[order[:count]] = True
        order = torch.arange(len(self)) if self.contiguous or kind == "train" else order
        return self.rows(order[test[order] == (kind == "test")])


def ending(sequences: Int64[ndarray, "n"], count: int) -> Bool[ndarray, "n"]:
    """Which are the last of each sequence, `count` in all: those that are farthest on, as a share of their sequence.

    >>> ending(np.array([0] * 10 + [1] * 20), 3).nonzero()[0].tolist()
    [9, 28, 29]
    """
    _, sequence, sizes = np.unique(sequences, return_inverse=True, return_counts=True)
    order = np.argsort(sequence, kind="stable")
    place = np.empty(len(sequences), np.int64)
    place[order] = np.arange(len(sequences)) - (np.cumsum(sizes) - sizes)[sequence[order]]
    last = np.zeros(len(sequences), bool)
    last[np.argsort(place / sizes[sequence], kind="stable")[len(sequences) - count :]] = True
    return last

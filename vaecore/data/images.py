"""Images as one uint8 tensor."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from vaecore.data.examples import Examples, together

SPLIT_SEED = 0


@dataclass(frozen=True, eq=False)
class Images(Examples):
    """Images and, where there are any, their labels.

    Attributes:
        pixels: uint8 [n, channels, height, width].
    """

    pixels: UInt8[Tensor, "n channels height width"]
    target: Int64[Tensor, "n"] | None = None
    names: tuple[str, ...] = ()
    note: str = ""

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
        """Equal images are of one group."""
        return np.array([hash(row.tobytes()) for row in self.pixels.numpy()], np.int64)

    def rows(self, index: Int64[Tensor, "m"]) -> "Images":
        """The images at `index`, in that order."""
        return replace(self, pixels=self.pixels[index], target=None if self.target is None else self.target[index])

    def split(self, kind: str) -> "Images":
        """One tenth, at least one image, chosen by a fixed seed, is the "test" split; the others are for training.

        Equal images are on one side, unless there are no others.

        Raises:
            ValueError: there are fewer than two images.
        """
        if len(self) < 2:
            raise ValueError(f"expected at least 2 images to split into training and test, got {len(self)}")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(SPLIT_SEED))
        count = max(1, len(self) // 10)
        test = together(self.groups[order.numpy()], count)
        chosen = torch.from_numpy(test) if test.any() else torch.arange(len(self)) < count
        if kind == "test":
            return self.rows(order[chosen])
        return self.rows(order[~chosen].sort().values)

"""Images of any kind of number become bytes: each kind by its own known range, judged over the whole set."""

from collections import defaultdict
from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Shaped, UInt8
from numpy import ndarray
from PIL import Image, ImageOps
from torch import Tensor

from vaecore.limits import Refused, check

LARGEST = 64  # pixels: a set whose images share a size up to this keeps it
SIDE = 32  # pixels of all others
DETAIL = 512  # pixels that at least are left of a large image before it becomes SIDE
FLOATS = 0  # "bits" of a float: its range is [0, 1]
HALF = 0.5 / 255  # what is this much beyond [0, 1] is still the byte at its end
WIDE = 16  # bits of integers above 255, unless they need more
DEPTHS = range(9, 15)  # bits that only a file that says so can have: their range is known, however little is used

Part = Callable[[int, int, int, int], Shaped[ndarray, "height width channels"]]


class Piece(NamedTuple):
    """Images of one kind, before it is known what of their range the set uses.

    Attributes:
        values: as numbers that hold them: uint8, uint16 or float32.
        bits: of an integer of their kind; FLOATS: they are bytes already.
    """

    values: Shaped[ndarray, "n height width channels"]
    bits: int


class Stack:
    """Images one after the other, all of one size in the end.

    Args:
        where: the set, as a sentence that refuses begins.

    Attributes:
        shrinks: whether the images become SIDE x SIDE.
        smallest, largest: width and height as they came, of the image with the fewest pixels and of that with the most.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self._size: tuple[int, int] | None = None
        self.shrinks = False
        self.smallest = self.largest = (0, 0)
        self._pieces: list[Piece] = []
        self._bytes = self._count = 0
        self._range: dict[int, tuple[float, float]] = defaultdict(lambda: (np.inf, -np.inf))

    def __len__(self) -> int:
        return self._count

    def add(self, part: Part, width: int, height: int, bits: int, name: str = "") -> None:
        """Add an image, of which any part can be had as numbers of `bits`.

        Raises:
            Refused: its numbers are in no known range; or the set is too large.
        """
        self._take((width, height))
        if self.shrinks:
            values, low, high = _square(part, width, height)
        else:
            values = part(0, 0, width, height)
            low, high = _reach(values)
        self._keep(values[None], bits, (low, high), name or self.where)

    def add_kept(self, values: Shaped[ndarray, "n height width channels"], bits: int) -> None:
        """Add images of the size that the set keeps.

        Raises:
            Refused: their numbers are in no known range; or the set is too large.
        """
        self._take((values.shape[2], values.shape[1]))
        self._keep(values, bits, _reach(values), self.where)

    def pixels(self) -> UInt8[Tensor, "n channels height width"]:
        """All images as bytes: grey if all are grey, RGB otherwise. The stack is empty afterwards.

        Raises:
            Refused: wide integers hardly use their range, so that it must be another one.
        """
        white = {bits: self._white(bits) for bits in self._range}
        height, width = self._pieces[0].values.shape[1:3]
        channels = max(piece.values.shape[3] for piece in self._pieces)
        pixels = np.empty((self._count, channels, height, width), np.uint8)
        end = self._count
        while self._pieces:  # from the last one on: what was allocated last goes back to the system first
            values, bits = self._pieces.pop()
            pixels[end - len(values) : end] = np.moveaxis(_bytes(values, white.get(bits, 255)), -1, 1)
            end -= len(values)
        return torch.from_numpy(pixels)

    @property
    def is_binary(self) -> bool:
        """Whether all bytes are 0 and 1, which `pixels` makes black and white."""
        return bool(self._range) and all(bits > 1 and low < high == 1 for bits, (low, high) in self._range.items())

    def _take(self, size: tuple[int, int]) -> None:
        """Note a size; from the second one on all become SIDE."""
        if self._size is None:
            self._size, self.shrinks = size, max(size) > LARGEST
            self.smallest = self.largest = size
        self.smallest, self.largest = min(self.smallest, size, key=_area), max(self.largest, size, key=_area)
        if size == self._size:
            return
        if not self.shrinks:
            self.shrinks = True
            kept, self._pieces, self._bytes, self._count = self._pieces, [], 0, 0
            for values, bits in kept:
                for image in values:
                    small, _, _ = _square(parts_of(image), image.shape[1], image.shape[0])
                    self._append(Piece(small[None], bits))

    def _keep(self, values: Shaped[ndarray, "n h w c"], bits: int, reach: tuple[float, float], where: str) -> None:
        """Keep images whose lowest and highest number are `reach`: floats as bytes, integers until all are there."""
        low, high = reach
        if bits == FLOATS:
            if not (low >= -HALF and high <= 1 + HALF):
                hint = "; divide them by 255" if low >= 0 and 1 < high <= 255 else ""
                raise Refused(f"{where}: expected floats in [0, 1], got values from {low:g} to {high:g}{hint}")
            self._append(Piece(_bytes(values, 1), bits))
            return
        if low < 0:
            raise Refused(f"{where}: expected integers from 0 on, got values from {low:,.0f} to {high:,.0f}")
        below, above = self._range[bits]
        self._range[bits] = min(below, low), max(above, high)
        self._append(Piece(_narrow(values, high), bits))

    def _append(self, piece: Piece) -> None:
        self._bytes += piece.values.nbytes
        self._count += len(piece.values)
        check("image_bytes", self._bytes, self.where)
        check("images", self._count, self.where)
        self._pieces.append(piece)

    def _white(self, bits: int) -> int:
        """The number that is white among integers of so many bits: 1, 255, or the end of their range."""
        low, high = self._range[bits]
        if bits in DEPTHS:
            return 2**bits - 1
        if high <= 255:
            return 1 if high <= 1 else 255
        bits = min(bits, WIDE) if high < 2**WIDE else bits
        if high < 2 ** (bits - 2):
            used = int(high).bit_length()
            raise Refused(
                f"{self.where}: expected {bits}-bit values that use their range from 0 to {2**bits - 1:,}, "
                f"got {low:,.0f} to {high:,.0f}, which is {used} bits; "
                f"multiply them by {2 ** (bits - used):,}, or bring floats in [0, 1]"
            )
        return 2**bits - 1


def _area(size: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    return prod(size), size


def bits_of(kind: np.dtype) -> int | None:
    """Bits of the range of a kind of number, FLOATS for a float; None if it is no number of an image."""
    if kind.kind in "biu":
        return {"b": 1, "i": 8 * kind.itemsize - 1, "u": 8 * kind.itemsize}[kind.kind]
    return FLOATS if kind.kind == "f" else None


def _narrow(values: Shaped[ndarray, "n h w c"], high: float) -> Shaped[ndarray, "n h w c"]:
    """The same numbers in fewer bytes; means stay floats."""
    if values.dtype.kind == "f":
        return values
    kind = np.uint8 if high <= 255 else np.uint16 if high < 2**16 else np.float32
    return np.ascontiguousarray(values).astype(kind, copy=False)


def _bytes(values: Shaped[ndarray, "..."], white: int) -> UInt8[ndarray, "..."]:
    """0 to `white` as 0 to 255: of more bits than 8, the highest 8."""
    if values.dtype == np.uint8 and white == 255:
        return values
    if values.dtype.kind == "u":  # of few numbers each is looked up
        return _bytes(np.arange(np.iinfo(values.dtype).max + 1, dtype=np.float64), white)[values]
    if white > 255:
        return np.clip(values // ((white + 1) / 256), 0, 255).astype(np.uint8)
    return np.rint(np.clip(values, 0, white) * (255 / white)).astype(np.uint8)


def _reach(values: Shaped[ndarray, "..."]) -> tuple[float, float]:
    """The lowest and the highest number."""
    return float(values.min()), float(values.max())


def parts_of(image: Shaped[ndarray, "h w c"]) -> Part:
    """The parts of an image that is there as a whole."""
    return lambda left, top, right, bottom: image[top:bottom, left:right]


def _square(part: Part, width: int, height: int) -> tuple[Shaped[ndarray, "side side channels"], float, float]:
    """The central square by area as SIDE x SIDE, and the lowest and highest number of what it was made from.

    Large images are looked at a strip at a time: no copy of the whole is made in another kind of number.
    """
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    right, bottom = width - left, height - top
    step = max(1, side // DETAIL)
    rows = max(1, DETAIL // step) * step
    strips, low, high = [], np.inf, -np.inf
    for begin in range(top, bottom, rows):
        strip = part(left, begin, right, min(begin + rows, bottom))
        lowest, highest = _reach(strip)
        low, high = np.minimum(low, lowest), np.maximum(high, highest)  # which let NaN through
        strips.append(_resized(strip, lambda image: image.reduce(step)) if step > 1 else strip)
    whole = strips[0] if len(strips) == 1 else np.concatenate(strips)
    square = _resized(whole, lambda image: ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.BOX))
    return square, float(low), float(high)


def _resized(values: Shaped[ndarray, "h w c"], resize: Callable[[Image.Image], Image.Image]) -> ndarray:
    """Averages by Pillow; as bytes where they came as bytes, unless those are zeros and ones, as floats otherwise."""
    if values.dtype == np.uint8 and values.shape[2] in (1, 3) and values.max() > 1:
        resized = np.asarray(resize(Image.fromarray(values.squeeze(-1) if values.shape[2] == 1 else values)))
        return resized.reshape(*resized.shape[:2], -1)
    planes = [np.asarray(resize(Image.fromarray(plane.astype(np.float32)))) for plane in np.moveaxis(values, -1, 0)]
    return np.stack(planes, axis=-1)

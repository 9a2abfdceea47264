"""An .npz with `images` and `labels`: its headers first, then a piece at a time, and nothing else of it."""

import zipfile
from collections.abc import Iterator
from functools import partial
from io import BufferedIOBase, BytesIO
from math import prod
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, Shaped
from numpy import ndarray
from numpy.lib import format as npy
from torch import Tensor

from vaecore.data.entries import open_member, opened_zip
from vaecore.data.images import Images
from vaecore.data.layout import natural
from vaecore.data.remarks import described, of_kin
from vaecore.data.rules import CONTIGUOUS, FOLDER, STEM, check_groups, expected
from vaecore.data.stack import LARGEST, SIDE, Stack, bits_of, parts_of
from vaecore.limits import Deadline, Refused, check, first_line, shown

IMAGES, LABELS = "images", "labels"
PIECE = 2**25  # bytes that are read at once: so many go back to the system as soon as they are let go
HEAD = 2**14  # bytes that hold any header that numpy reads
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
CHANNELS = (1, 3)
FEW = 10  # labels of which each image may have its own


def array_images(path: Path, deadline: Deadline, rule: str | None = None) -> Images:
    """The images of an .npz and, where it has them, their labels.

    Args:
        path: of the file.
        deadline: of its reading.
        rule: by which they are split, if any: CONTIGUOUS, or the array that says whose each image is.

    Raises:
        ValueError: it has no images, or some that are of no known shape, kind or range, or beyond a limit; or the rule
            is none for them.
    """
    where = shown(path)
    with opened_zip(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if len(members) < len(archive.infolist()):
            raise Refused(f"{where}: expected each array once, got {shown(sorted(archive.namelist()))}")
        if IMAGES not in members:
            raise Refused(f"{where}: expected an array called {IMAGES!r}, found {shown(sorted(members))}")
        column = None if rule == CONTIGUOUS else rule
        if column in (FOLDER, STEM) or (column is not None and column not in members):
            among = f"'{CONTIGUOUS}' or one of the arrays {shown(sorted(members.keys() - {IMAGES}))}"
            raise Refused(f"{where}: {expected(column, among)}")
        try:
            images, kin = _Array(archive, members[IMAGES], path), []
            if column is not None:  # before the images, which may be many
                entries = _each(_Array(archive, members[column], path), column, where, prod(images.shape[:1]))
                kin = np.unique(entries, return_inverse=True)[1].tolist()  # what is no number is one of its own
                check_groups(kin, rule, where)
            stack = _images(images, where, deadline)
            target, names = None, ()
            if LABELS in members:
                labels = _Array(archive, members[LABELS], path)
                target, names = _classes(_each(labels, LABELS, where, len(stack)), where)
        except Refused:
            raise
        except Exception as error:  # whatever zipfile and numpy make of hostile bytes
            raise ValueError(f"{where}: not a readable .npz without pickled objects ({first_line(error)})") from None
    others = ", ".join(sorted(members.keys() - {IMAGES, LABELS, column}))
    found = described(stack, target, names, "image", [f"not looked at: {shown(others)}"] if others else [])
    return found if rule is None else of_kin(found, kin or [0] * len(found), rule)


class _Array:
    """An array in a zip, of which the header has been read.

    Attributes:
        shape: of the array.
        fortran: whether its first axis runs fastest.
        kind: of its numbers.
    """

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
        self.open = partial(open_member, archive, info, path)  # which is read as far as its header says
        with self.open() as file:
            head = BytesIO(file.read(HEAD))
        version = npy.read_magic(head)
        if version not in HEADERS:
            raise ValueError(f"version {version} of its header is not known")
        self.shape, self.fortran, self.kind = HEADERS[version](head)
        self._begin = head.tell()
        if min(self.shape, default=0) < 0:
            raise ValueError(f"shape {self.shape}")
        check("array_bytes", prod(self.shape) * self.kind.itemsize, f"{shown(path)}: {shown(info.filename)}")

    def pieces(self, rows: int) -> Iterator[Shaped[ndarray, "..."]]:
        """The array, so many of its rows at a time.

        Raises:
            ValueError: there are fewer bytes than the header says.
        """
        with self.open() as file:
            file.read(self._begin)
            whole = self._read(file, self.shape[::-1]).T if self.fortran else None  # no row of which is in one place
            for begin in range(0, self.shape[0], rows):
                end = min(begin + rows, self.shape[0])
                yield self._read(file, (end - begin, *self.shape[1:])) if whole is None else whole[begin:end]
            file.read(1)  # the end: only there is the checksum looked at

    def _read(self, file: BufferedIOBase, shape: tuple[int, ...]) -> Shaped[ndarray, "..."]:
        size = prod(shape) * self.kind.itemsize
        content = file.read(size)
        if len(content) < size:
            raise ValueError("an array ends before its last number")
        return np.frombuffer(content, self.kind).reshape(shape)


def _images(array: _Array, where: str, deadline: Deadline) -> Stack:
    """The stack of an array of [n,h,w], [n,c,h,w] or [n,h,w,c]."""
    shape, bits = array.shape, bits_of(array.kind)
    if bits is None:
        what = "without pickled objects, got objects" if array.kind.hasobject else f"got {shown(array.kind)}"
        raise Refused(f"{where}: expected images of integers, booleans, or floats in [0, 1], {what}")
    axis = _channels(shape, where)
    height, width = (size for place, size in enumerate(shape) if place not in (0, axis))
    kept = max(height, width) <= LARGEST
    one = prod(shape[1:])
    check("images", shape[0], where)
    check("pixels", height * width, where)
    check("picture_bytes", one * array.kind.itemsize, where)
    check("image_bytes", shape[0] * (one if kept else one // (height * width) * SIDE**2), where)
    if array.fortran:  # of which no image is in one place
        check("image_bytes", shape[0] * one * array.kind.itemsize, where)
    stack = Stack(where)
    for piece in array.pieces(max(1, PIECE // (one * array.kind.itemsize))):
        deadline.check()
        deadline.report(len(stack) / shape[0])
        values = piece[..., None] if axis is None else np.moveaxis(piece, axis, -1)
        if kept:
            stack.add_kept(values, bits)
        else:
            for image in values:
                stack.add(parts_of(image), width, height, bits)
    return stack


def _channels(shape: tuple[int, ...], where: str) -> int | None:
    """The axis of the channels, if there is one: that of 1 or 3, the last one if both are."""
    if len(shape) not in (3, 4) or 0 in shape:
        raise Refused(f"{where}: expected images [n,h,w], [n,c,h,w] or [n,h,w,c], got shape {shown(shape)}")
    if len(shape) == 3:
        return None
    axis = next((axis for axis in (3, 1) if shape[axis] in CHANNELS), None)
    if axis is None:
        raise Refused(f"{where}: expected 1 or 3 channels, got images of shape {shape}")
    return axis


def _each(array: _Array, name: str, where: str, count: int) -> Shaped[ndarray, "n"]:
    """One entry of an array for each image: numbers or words."""
    if array.shape not in ((count,), (count, 1)):
        raise Refused(f"{where}: expected {shown(name)} of shape ({count},), got {shown(array.shape)}")
    if array.kind.kind not in "biufSU":
        what = "without pickled objects, got objects" if array.kind.hasobject else f"got {shown(array.kind)}"
        raise Refused(f"{where}: expected {shown(name)} of numbers or words, {what}")
    check("label_bytes", count * array.kind.itemsize, where)
    (entries,) = array.pieces(count)
    return entries.reshape(count)


def _classes(labels: Shaped[ndarray, "n"], where: str) -> tuple[Int64[Tensor, "n"], tuple[str, ...]]:
    """The class of each image, and the classes' names: numbers in their order, words as people sort them."""
    values, target = np.unique(labels, return_inverse=True)
    if labels.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise Refused(f"{where}: expected labels of finite numbers, got {values[~np.isfinite(values)][0]}")
        if 2 * len(values) > max(len(labels), FEW):
            some = f"{len(values):,} different floats for {len(labels):,} images"
            raise Refused(f"{where}: expected labels that name classes, got {some}; leave out what is no class")
        if (values == values.round()).all() and abs(values).max() < 2**53:
            values = values.astype(np.int64)
    check("classes", len(values), where)
    names = [_text(value) for value in values.tolist()]
    order = sorted(range(len(names)), key=lambda row: natural(names[row])) if labels.dtype.kind in "SU" else None
    if order is not None:
        names, target = [names[row] for row in order], np.argsort(order)[target]
    return torch.from_numpy(target.astype(np.int64)), tuple(names)


def _text(value: object) -> str:
    """A label as text that UTF-8 can write."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value).encode("utf-8", "backslashreplace").decode()

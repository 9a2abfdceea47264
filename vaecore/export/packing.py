"""Exported weights in few bytes: each array in the narrowest numbers that hold it exactly, all of it deflated.

A part of the layout is [offset, rows, columns, kind]: where the floats belong that `vaecore/browser/page/unpack.js`
makes of it.

| kind      | the bytes of a matrix                                                        |
|-----------|------------------------------------------------------------------------------|
| "rows"    | a step for each row, float32; whole numbers of 8 bits that it multiplies     |
| "columns" | a step for each column; whole numbers (a transposed convolution's are turned) |
| "half"    | float16                                                                      |
| "float"   | float32                                                                      |
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from vaecore.export import Exported

LEVELS = (127, 63, 31)  # the largest whole number of 8, 7 and 6 bits
EXACT = 2**-20  # of a row's largest weight: what float32 itself rounds off twice


@dataclass(frozen=True)
class Packed:
    """How many floats there are, their parts as JSON can hold them, and the deflated bytes, part after part."""

    floats: int
    layout: list[list[Any]]
    data: bytes


def pack(exported: Exported) -> Packed:
    """The weights of `export`, which come back as they were, up to the rounding of float32."""
    floats = np.frombuffer(exported.weights, "<f4")
    layout, parts = [], []
    for (offset, length), rows in _arrays(exported).items():
        kind, data = _narrowest(floats[offset : offset + length].reshape(rows, -1))
        layout.append([offset, rows, length // rows, kind])
        parts.append(data)
    return Packed(len(floats), layout, zlib.compress(b"".join(parts), 9))


def _arrays(exported: Exported) -> dict[tuple[int, int], int]:
    """Where each array of the steps is, once, and how many rows it has."""
    return {
        (offset, length): rows
        for network in exported.networks.values()
        for step in network["steps"]
        for (offset, length), rows in _of_step(step, network["sizes"])
    }


def _of_step(step: dict[str, Any], sizes: list[int]) -> Iterator[tuple[list[int], int]]:
    for name in ("bias", "value"):
        if name in step:
            yield step[name], 1
    if step["op"] == "linear":
        yield step["weight"], sizes[step["to"]]
    elif step["op"] == "convolution":
        yield step["weight"], step["after"][0]
    elif step["op"] == "transposed":
        yield step["weight"], step["weight"][1] // step["before"][0]


def _narrowest(matrix: Float32[ndarray, "rows columns"]) -> tuple[str, bytes]:
    for kind, axis in (("rows", 1), ("columns", 0)):
        for levels in LEVELS if min(matrix.shape) > 1 else ():
            largest = np.abs(matrix).max(axis, keepdims=True)
            step = np.maximum(largest / levels, np.finfo(np.float32).tiny).astype("<f4")
            whole = np.rint(matrix / step)
            if (np.abs(whole * step - matrix) <= EXACT * largest).all():
                return kind, step.tobytes() + whole.astype(np.int8).tobytes()
    half = matrix.astype("<f2")
    return ("half", half.tobytes()) if np.array_equal(half.astype(np.float32), matrix) else ("float", matrix.tobytes())

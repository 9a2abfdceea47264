"""Arrays and labels whose headers lie, or that are of no kind of number."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hostile.making import (
    Make,
    Member,
    deflated,
    noise,
    packed,
    written,
    zeros,
)


def npz(members: dict[str, bytes], name: str = "set.npz") -> Make:
    return lambda folder: written(
        folder / name, packed([Member(key.encode(), value) for key, value in members.items()])
    )


def npy(header: str, data: bytes = bytes(4000), version: tuple[int, int] = (1, 0)) -> bytes:
    size = struct.pack("<H" if version == (1, 0) else "<I", len(header.encode()))
    return b"\x93NUMPY" + bytes(version) + size + header.encode() + data


def described(shape: str, kind: str = "'|u1'", order: str = "False") -> str:
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}}}"


def array(values: Any) -> bytes:  # noqa: ANN401
    file = io.BytesIO()
    np.save(file, np.asarray(values), allow_pickle=True)
    return file.getvalue()


def of_zeros(shape: str, kind: str, size: int, order: str = "False") -> Make:
    """An array that is as large as it says, and next to nothing on the disk."""

    def make(folder: Path) -> Path:
        header = npy(described(shape, kind, order), b"")
        raw = deflated([header, *zeros(size)])
        crc = zlib.crc32(header)
        for piece in zeros(size):
            crc = zlib.crc32(piece, crc)
        member = Member(b"images.npy", packed=raw, size=len(header) + size, crc=crc)
        return written(folder / "set.npz", packed([member]))

    return make


SHAPES = (
    *("()", "(0,)", "(4,)", "(0, 8, 8)", "(4, 0, 8)", "(4, 8, 0)", "(1, 8, 8)", "(4, 8, 8, 3, 1)", "(4, 8, 8, 4)"),
    *("(4, 3, 3, 3)", "(4, 1, 1)", "(10**9, 8, 8)", "(1000000000, 8, 8)", "(4611686018427387904, 4, 1)", "(-1, 8, 8)"),
    *(
        "(4, -8, -8)",
        "(True, 8, 8)",
        "(1000000, 1, 1)",
        "(2, 100000, 1)",
        "(1, 99999999, 1)",
        "[4, 8, 8]",
        "4",
        "(4.0, 8, 8)",
    ),
    *(
        "('4', 8, 8)",
        "(" + "9" * 4000 + ", 8, 8)",
        "(" + "9" * 5000 + ", 8, 8)",
        "(4, 8, 8" + ", 1" * 60 + ")",
        "(4L, 8L, 8L)",
    ),
)
KINDS = (
    *(
        "'|b1'",
        "'|i1'",
        "'<i2'",
        "'>i2'",
        "'<u2'",
        "'>u4'",
        "'<i8'",
        "'>u8'",
        "'<f2'",
        "'>f4'",
        "'<f8'",
        "'<f16'",
        "'<c8'",
    ),
    *(
        "'<c16'",
        "'|O'",
        "'<M8[s]'",
        "'<m8[ns]'",
        "'|S4'",
        "'<U4'",
        "'|V4'",
        "'|S1000000000'",
        "'|V2147483647'",
        "'|u0'",
        "'u999'",
    ),
    *(
        "[('a', '|u1')]",
        "[('a', '|O')]",
        "[('a', '<f4', (9, 9))]",
        "('|u1', (2**40,))",
        "None",
        "7",
        "'x'",
        "[]",
        "''",
        "'|S0'",
    ),
)
HEADERS = {
    "nothing": "",
    "no dictionary": "[1, 2]",
    "no keys": "{}",
    "more keys": "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 8, 8), 'x': 1}",
    "an order of its own": described("(4, 8, 8)", order="'C'"),
    "brackets": "(" * 5000,
    "minus": "-" * 9000 + "1",
    "a power": "2**2**99",
    "a call": "__import__('os').system('true')",
    "long": described("(4, 8, 8)") + " " * 60_000,
    "a NUL": "\0" * 40,
    "no text": "\udcff".encode("utf-8", "surrogatepass").decode("latin-1"),
}


def arrays() -> Iterator[tuple[str, Make]]:
    for shape in SHAPES:
        yield f"shape {shape[:40]} of {len(shape)}", npz({"images.npy": npy(described(shape))})
        yield f"shape {shape[:40]} of {len(shape)} by columns", npz({"images.npy": npy(described(shape, order="True"))})
    for kind in KINDS:
        yield f"kind {kind}", npz({"images.npy": npy(described("(4, 8, 8)", kind), noise(8000))})
        yield f"kind {kind} of zeros", npz({"images.npy": npy(described("(4, 8, 8)", kind), bytes(8000))})
    for name, header in HEADERS.items():
        yield f"header, {name}", npz({"images.npy": npy(header)})
    for version in ((0, 0), (2, 0), (3, 0), (9, 9)):
        yield f"version {version}", npz({"images.npy": npy(described("(4, 8, 8)"), version=version)})
    yield (
        "a header of four gigabytes",
        npz({"images.npy": b"\x93NUMPY\2\0" + struct.pack("<I", 2**32 - 1) + bytes(999)}),
    )
    good = array(np.arange(256, dtype=np.uint8).reshape(4, 8, 8))
    for part in (0, 3, 8, 60, 130, -1):
        yield f"cut at {part}", npz({"images.npy": good[:part]})
    yield "more than it says", npz({"images.npy": good + bytes(9999)})
    yield "no images", npz({"pictures.npy": good})
    yield "without a suffix", npz({"images": good})
    yield (
        "twice",
        lambda at: written(at / "set.npz", packed([Member(b"images.npy", good), Member(b"images.npy", good)])),
    )
    yield "pickles", npz({"images.npy": array([{"a": 1}, None, "x"])})
    yield "pickles beside", npz({"images.npy": good, "x.npy": array([None]), "y.pkl": b"cos\nsystem\n(S'true'\ntR."})
    yield "20,000 others", lambda at: npz({"images.npy": good} | {f"{n}.npy": b"" for n in range(20_000)})(at)
    yield "encrypted", lambda at: written(at / "set.npz", packed([Member(b"images.npy", good, flags=1)]))
    yield "by LZMA", lambda at: written(at / "set.npz", packed([Member(b"images.npy", good, 14, packed=noise(99))]))
    yield "called a zip", npz({"images.npy": good}, "set.zip")
    yield "bytes to the limit", of_zeros("(196608, 32, 32)", "'|u1'", 192 * 2**20)
    yield "bytes beyond", of_zeros("(196609, 32, 32)", "'|u1'", 2**20)
    yield "floats to the limit", of_zeros("(131072, 32, 32)", "'<f4'", 2**29)
    yield "integers to the limit", of_zeros("(65536, 32, 32)", "'<i8'", 2**29)
    yield "large images to the limit", of_zeros("(8192, 256, 256)", "'|u1'", 2**29)
    yield "one image to the limit", of_zeros("(2, 3500, 3500)", "'<f8'", 2 * 3500 * 3500 * 8)
    yield "columns to the limit", of_zeros("(24576, 32, 32)", "'<f8'", 192 * 2**20, "True")
    yield "two million points", of_zeros("(2000000, 1, 1)", "'|u1'", 2_000_000)
    yield "a terabyte", of_zeros("(1000000000, 32, 32)", "'|u1'", 2**20)


def labels() -> Iterator[tuple[str, Make]]:
    images = array(np.arange(256, dtype=np.uint8).reshape(4, 8, 8))
    values: dict[str, Any] = {
        "a column": [[0], [1], [0], [1]],
        "two columns": np.zeros((4, 2)),
        "few": [0, 1],
        "many": np.zeros(9),
        "one": 3,
        "none": [],
        "not numbers": [np.nan] * 4,
        "no end": [np.inf, 0, 0, 1],
        "huge": [1e300, -1e300, 0, 1],
        "complex": [1j, 0, 0, 1],
        "dates": np.array(["2020-01-01"] * 4, "M8[D]"),
        "objects": [None, "a", 1, {}],
        "bytes": [b"\xff\xfe", b"a", b"a", b""],
        "records": np.zeros(4, [("a", "u1")]),
        "lines": ["a\nb", "\x1b[31m", "", "\u202e"],
        "numbers in words": ["9" * 5000, "10", "9", "1"],
        "truths": [True, False, True, False],
        "the largest": np.array([2**64 - 1, 0, 1, 2], np.uint64),
        "halves": np.array([0.5, 1, 0.5, 1], np.float16),
    }
    for name, value in values.items():
        yield name, npz({"images.npy": images, "labels.npy": array(value)})
    for header in (described("(4,)", "'<U1'"), described("(4,)", "'|S0'"), described("(4,)", "'<U100000000'"), "{}"):
        yield f"header {header[:40]}", npz({"images.npy": images, "labels.npy": npy(header, b"\xff" * 400)})
    many_images = array(np.zeros((30_000, 2, 2), np.uint8))
    yield "a class for each", lambda at: npz({"images.npy": many_images, "labels.npy": array(np.arange(30_000))})(at)
    yield (
        "a float for each",
        lambda at: npz({"images.npy": many_images, "labels.npy": array(np.linspace(0, 1, 30_000))})(at),
    )

"""Texts as one int32 tensor of code points: the couplets, and lines of your own."""

import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BufferedReader, BytesIO, TextIOWrapper
from itertools import accumulate, pairwise
from pathlib import Path
from unicodedata import normalize

import numpy as np
import torch
from jaxtyping import Float64, Int32, Int64
from numpy import ndarray
from torch import Tensor

from vaecore.data.examples import Examples, joined
from vaecore.limits import Refused, check, counted, first_line, most, open_regular, shown

LONGEST = 64  # characters of a line
GZIP = 16 + zlib.MAX_WBITS  # zlib's sign for the format
BLOCK = 2**16  # bytes of a packed file that are read at once
PARTS = 100_000  # of which a gzip file may be made
TEST_SHARE = 0.05
REPEATED = 2  # a character that is seen less often is met too seldom to be learned


@dataclass(frozen=True, eq=False)
class Texts(Examples):
    """Texts, which have no labels.

    Attributes:
        points: int32 [n, length]: code points, with zeros behind the end of a text.
        form: what every text is set in, "{}" for each of its characters; "" for texts that stand alone.
    """

    points: Int32[Tensor, "n length"]
    form: str = ""
    note: str = ""
    target: Int64[Tensor, "n"] | None = field(default=None, init=False)
    names: tuple[str, ...] = field(default=(), init=False)

    @property
    def data(self) -> Int32[Tensor, "n length"]:
        """The code points."""
        return self.points

    @cached_property
    def texts(self) -> list[str]:
        """The texts as strings, set in their form."""
        return to_strings(self.points, self.form)

    @property
    def groups(self) -> Int64[ndarray, "n"]:
        """Texts of which one shares a part with the next, such as a line of a couplet, are of one group."""
        return self._groups

    @cached_property
    def _groups(self) -> Int64[ndarray, "n"]:
        spans = _spans(self.form) or [(0, self.points.shape[1])]
        rows = np.zeros((len(spans), len(self), max(end - begin for begin, end in spans)), np.int32)
        for part, (begin, end) in zip(rows, spans, strict=True):
            part[:, : end - begin] = self.points[:, begin:end]
        _, part = np.unique(rows.view(f"V{rows.strides[1]}"), return_inverse=True)
        return joined(part.reshape(len(spans), len(self)))

    @cached_property
    def _hashes(self) -> Float64[ndarray, "n"]:
        """Of each text the largest hash of its group."""
        own = np.array([_hash(text) for text in to_strings(self.points)])
        _, group = np.unique(self.groups, return_inverse=True)
        largest = np.zeros(len(own))
        np.maximum.at(largest, group, own)
        return largest[group]

    @property
    def shape(self) -> tuple[int, int, int]:
        """One, the length of the longest text, and how many characters are there at least twice."""
        _, counts = self.points[self.points != 0].unique(return_counts=True)
        return 1, self.points.shape[1], max(1, int((counts >= REPEATED).sum()))

    @property
    def facts(self) -> dict[str, str]:
        """What a card says of how the data is presented."""
        return {"form": self.form}

    def rows(self, index: Int64[Tensor, "m"]) -> "Texts":
        """The texts at `index`, in that order."""
        return replace(self, points=self.points[index])

    def split(self, kind: str) -> "Texts":
        """At most a twentieth, at least one text, is the "test" split: the groups whose characters' hashes are small.

        What is the same text is in the same split, wherever it stands; so are texts that share a line.

        Raises:
            ValueError: there are fewer than two groups.
        """
        if len(np.unique(self._hashes)) < 2:
            raise ValueError(f"expected at least 2 different texts to split into training and test, got {len(self)}")
        test = self._hashes <= max(TEST_SHARE, self._hashes.min())
        return self.rows(torch.from_numpy(np.flatnonzero(test if kind == "test" else ~test)))


def _hash(text: str) -> float:
    """A number from 0 to 1 that the characters decide."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def to_points(texts: Sequence[str], length: int) -> Int32[Tensor, "n length"]:
    """Code points of texts of at most `length` characters, zeros behind the end."""
    padded = "".join(text.ljust(length, "\0") for text in texts)
    points = np.frombuffer(padded.encode("utf-32-le"), dtype=np.int32).reshape(len(texts), length)
    return torch.from_numpy(points.copy())


def to_strings(points: Int32[Tensor, "n length"], form: str = "") -> list[str]:
    """The inverse of `to_points`, set in a form where the text fills it."""
    rows = points.contiguous().numpy().astype("<u4")
    texts = [row.tobytes().decode("utf-32-le").rstrip("\0") for row in rows]
    return [form.format(*text) if form and len(text) == form.count("{}") else text for text in texts]


def parts(text: str, form: str) -> list[str]:
    """The parts of a text that the marks of its form divide it into: the two lines of a couplet."""
    return [text[begin:end] for begin, end in _spans(form)]


def _spans(form: str) -> list[tuple[int, int]]:
    """Where each part of a text begins and ends."""
    sizes = [len(blanks) // 2 for blanks in re.findall(r"(?:\{\})+", form)]
    return list(pairwise([0, *accumulate(sizes)]))


def plain(text: str, form: str = "") -> str:
    """A text in composed characters (Unicode's NFC), without blanks at its ends and without the marks of its form."""
    text = normalize("NFC", text).strip()
    return "".join(character for character in text if character not in form) if form else text


def lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file, plain or gzipped, that are not empty.

    Raises:
        ValueError: it is no UTF-8, no gzip file, or beyond a limit.
    """
    found: list[str] = []
    try:
        text = TextIOWrapper(BytesIO(_unpacked(path)), "utf-8-sig", newline=None)  # \r alone ends a line as well
        for number, row in enumerate(text, 1):
            found += [line for line in row.splitlines() if line.strip()]
            check("lines", max(number, len(found)), path)
    except Refused:
        raise
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{shown(path)}: not a readable UTF-8 file ({first_line(error)})") from None
    return found


def _unpacked(path: Path) -> bytes:
    """The bytes of a file, unpacked if it is gzipped, and never more of them than may be."""
    with open_regular(path, "text_bytes") as file:
        content = file.read() if path.suffix.lower() != ".gz" else _inflated(file, most("text_bytes") + 1, path)
    check("text_bytes", len(content), path)
    return content


def _inflated(file: BufferedReader, most_bytes: int, where: Path) -> bytes:
    """At most so many bytes of a gzipped file. gzip itself would go on for minutes through a file of empty parts."""
    content, parts, block = bytearray(), 0, file.read(BLOCK)
    while block and len(content) < most_bytes:
        inflate, parts = zlib.decompressobj(GZIP), parts + 1
        if parts > PARTS:
            raise Refused(f"{shown(where)}: expected at most {PARTS:,} parts in a gzip file, got more")
        while not inflate.eof and len(content) < most_bytes:
            if not block:
                raise EOFError("it ends too early")
            content += inflate.decompress(block, most_bytes - len(content))
            block = inflate.unconsumed_tail or inflate.unused_data or file.read(BLOCK)
    return bytes(content)


def own_texts(path: Path) -> Texts:
    """A corpus of your own: a UTF-8 file of lines of at most 64 characters, in any script; or such a file gzipped.

    Raises:
        ValueError: it is no UTF-8, has no lines, or a line that is too long or has a NUL in it.
    """
    texts = [plain(line) for line in lines(path)]
    if not texts:
        raise ValueError(f"{shown(path)}: expected lines of text, found none")
    for text in texts:
        if len(text) > LONGEST:
            raise ValueError(
                f"{shown(path)}: expected lines of at most {LONGEST} characters, got {len(text)} in {shown(text)!r}"
            )
        if "\0" in text:
            raise ValueError(f"{shown(path)}: expected lines of text, got one with a NUL in it: {text!r}")
    longest = max(map(len, texts))
    note = f"{counted(len(texts), 'line')} of at most {counted(longest, 'character')}"
    return Texts(to_points(texts, longest), note=note)

"""What hostile sets are made of: files, zips and pictures of which every part can be a lie."""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

Make = Callable[[Path], str | Path]


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def encoded(form: str = "PNG", size: tuple[int, int] = (8, 8), mode: str = "L", seed: int = 0, **options: Any) -> bytes:  # noqa: ANN401
    """A well made picture."""
    drawn = Image.frombytes("RGB", size, noise(3 * size[0] * size[1], seed)).convert(mode)
    file = io.BytesIO()
    drawn.save(file, form, **options)
    return file.getvalue()


def in_folder(add: Callable[[Path], object]) -> Make:
    """Four pictures in two classes, and what else is done there."""

    def make(folder: Path) -> Path:
        for number in range(4):
            place = folder / "set" / "ab"[number % 2]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number}.png").write_bytes(encoded(seed=number))
        add(folder / "set")
        return folder / "set"

    return make


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# Zips, byte by byte: what their headers say need not be so


class Member(NamedTuple):
    """An entry; what is None is as it should be, everything else is a lie."""

    name: bytes = b"a/0.png"
    content: bytes = b""
    method: int = 8
    flags: int = 0x800
    crc: int | None = None
    packed: bytes | None = None
    packed_size: int | None = None
    size: int | None = None
    offset: int | None = None
    extra: bytes = b""
    version: int = 20
    local_name: bytes | None = None


def packed(members: list[Member], comment: bytes = b"", before: bytes = b"", **end: int) -> bytes:
    """A zip of these, with whatever its end is told to say."""
    body, listed = io.BytesIO(), io.BytesIO()
    body.write(before)
    for member in members:
        raw = member.packed if member.packed is not None else stored(member)
        numbers = (
            zlib.crc32(member.content) if member.crc is None else member.crc,
            len(raw) if member.packed_size is None else member.packed_size,
            len(member.content) if member.size is None else member.size,
        )
        offset = body.tell() if member.offset is None else member.offset
        local = member.name if member.local_name is None else member.local_name
        shared = (member.version, member.flags, member.method, 0, 0x21, *numbers)
        body.write(struct.pack("<4s5H3I2H", b"PK\3\4", *shared, len(local), 0) + local + raw)
        listed.write(
            struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, *shared, len(member.name), len(member.extra), 0, 0, 0, 0, offset)
        )
        listed.write(member.name + member.extra)
    says = {
        "entries": len(members),
        "length": listed.tell(),
        "start": body.tell(),
        "disk": 0,
        "comment": len(comment),
    } | end
    body.write(listed.getvalue())
    body.write(
        struct.pack(
            "<4s4H2IH",
            b"PK\5\6",
            says["disk"],
            says["disk"],
            says["entries"] & 0xFFFF,
            says["entries"] & 0xFFFF,
            says["length"],
            says["start"],
            says["comment"],
        )
    )
    return body.getvalue() + comment


def stored(member: Member) -> bytes:
    return deflated([member.content]) if member.method == 8 else member.content


def deflated(pieces: Iterator[bytes] | list[bytes]) -> bytes:
    pack = zlib.compressobj(1, zlib.DEFLATED, -15)
    return b"".join([*map(pack.compress, pieces), pack.flush()])


def zeros(size: int, piece: int = 2**20) -> Iterator[bytes]:
    """So many zeros, a piece at a time."""
    for begin in range(0, size, piece):
        yield bytes(min(piece, size - begin))


GOOD = [Member(b"%c/%d.png" % (b"ab"[n % 2], n), encoded(seed=n)) for n in range(4)]


# Pictures, likewise


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int = 8, colour: int = 0, data: bytes = b"", more: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", data or zlib.compress(b"")) + chunk(b"IEND", b"")


def beside_good(content: bytes, name: str = "x.png") -> Make:
    return in_folder(lambda at: (at / "a" / name).write_bytes(content))


def tiff(
    tags: dict[int, tuple[int, int, int]], data: bytes = bytes(64), next_at: int = 0, count: int | None = None
) -> bytes:
    """One page whose tags (type, how many, value or offset) are whatever they are said to be."""
    plain = {256: (4, 1, 8), 257: (4, 1, 8), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 8)}
    plain |= {277: (3, 1, 1), 278: (4, 1, 8), 279: (4, 1, len(data))} | tags
    entries = b"".join(struct.pack("<2H2I", tag, *rest) for tag, rest in sorted(plain.items()))
    listed = struct.pack("<H", len(plain) if count is None else count) + entries + struct.pack("<I", next_at)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + listed

"""Zips whose lists, sizes, sums and names are not what they say."""

import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hostile.making import GOOD, Make, Member, deflated, encoded, noise, packed, written, zeros


def with_member(**lies: Any) -> Make:  # noqa: ANN401
    """Four good pictures and one of which the header lies."""
    lies = {"name": b"a/x.png", "content": encoded(seed=9)} | lies
    return lambda folder: written(folder / "set.zip", packed([*GOOD, Member(**lies)]))


def many(folder: Path, count: int, **end: int) -> Path:
    """The list of so many entries, written at once."""
    name = b"a/0.png"
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0x21, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
    says = {"entries": count & 0xFFFF, "length": count * len(entry), "start": 0} | end
    last = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, says["entries"], says["entries"], says["length"], says["start"], 0)
    return written(folder / "set.zip", entry * count + last)


def zip64_end(entries: int, length: int, start: int) -> bytes:
    return struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, length, start)


def zip64(folder: Path, entries: int, length: int, start: int) -> Path:
    body = packed(GOOD)[: -22 - sum(46 + len(member.name) for member in GOOD)]
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(body), 1)
    last = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return written(folder / "set.zip", body + zip64_end(entries, length, start) + locator + last)


def zips() -> Iterator[tuple[str, Make]]:
    for count in (200_000, 200_001, 300_000, 1_000_000):
        yield f"{count} entries", partial(many, count=count)
        yield f"{count} entries that say they are two", partial(many, count=count, entries=2)
    yield (
        "entries that share their bytes",
        lambda at: written(
            at / "set.zip", packed([GOOD[0], *(Member(b"a/%d.png" % n, encoded(), offset=0) for n in range(500))])
        ),
    )
    inner = packed(GOOD)
    yield (
        "an entry that holds the others",
        lambda at: written(
            at / "set.zip", packed([Member(b"a/all.png", inner, 0), *(m._replace(offset=40) for m in GOOD)])
        ),
    )
    for bomb in (2**27, 2**30):
        yield f"a picture of {bomb} zeros", with_member(packed=deflated(zeros(bomb)), size=bomb, crc=0)
        yield f"{bomb} zeros that say they are 100", with_member(packed=deflated(zeros(bomb)), size=100, crc=0)
        yield f"a stray of {bomb} zeros", with_member(name=b"a/x.db", packed=deflated(zeros(bomb)), size=bomb, crc=0)
    for size in (0, 1, 2**20, 2**31 - 1, 2**32 - 2, 2**32 - 1):
        yield f"says it is {size}", with_member(size=size)
        yield f"says it is packed to {size}", with_member(packed_size=size)
        yield f"a stray that says it is {size}", with_member(name=b"a/x", size=size)
    for size in (2**33, 2**63, 2**64 - 1):
        extra = struct.pack("<2H3Q", 1, 24, size, size, size)
        yield f"says 64 bits, {size}", with_member(size=2**32 - 1, packed_size=2**32 - 1, extra=extra)
        yield f"ends at {size}", partial(zip64, entries=4, length=200, start=size)
        yield f"a list of {size} bytes", partial(zip64, entries=4, length=size, start=0)
        yield f"counts {size}", partial(zip64, entries=size, length=200, start=0)
    for method in (0, 1, 6, 9, 12, 14, 93, 95, 97, 99, 65535):
        yield f"method {method}", with_member(method=method, packed=noise(2000))
    for flags in (1, 0x21, 0x41, 0x2000, 0xFFFF, 8, 0):
        yield f"flags {flags}", with_member(flags=flags)
    for version in (0, 45, 63, 100, 255, 65535):
        yield f"version {version}", with_member(version=version)
    for extra in (b"\1\0\0\0", b"\1\0\xff\xff", b"\1\0\x08\0", noise(9), b"\x75\x70\5\0\1\0\0\0\0", b"\x99\x99" * 1000):
        yield f"extra {extra[:6].hex()} {len(extra)}", with_member(extra=extra)
    yield "wrong checksum", with_member(crc=1)
    yield "another name inside", with_member(local_name=b"b/y.png")
    yield "no UTF-8 that says so", with_member(name=b"\xff\xfe/x.png")
    yield "no UTF-8", with_member(name=b"\xff\xfe/x.png", flags=0)
    yield "UTF-8 that does not say so", with_member(name="é/x.png".encode(), flags=0)
    yield "an empty name", with_member(name=b"")
    yield "a folder that has content", with_member(name=b"a/")
    yield "twice", with_member(name=b"a/0.png")
    yield "a zip in a zip", with_member(name=b"a/more.zip", content=packed(GOOD))
    yield "a zip called a picture", with_member(content=packed(GOOD))
    yield "nothing in it", lambda at: written(at / "set.zip", packed([]))
    yield "a comment with an end in it", lambda at: written(at / "set.zip", packed(GOOD, comment=packed([])[-22:] * 9))
    yield "a comment of the longest", lambda at: written(at / "set.zip", packed(GOOD, comment=b"x" * 65535))
    yield "something before", lambda at: written(at / "set.zip", noise(999) + packed(GOOD))
    yield "something behind", lambda at: written(at / "set.zip", packed(GOOD) + noise(99))
    for end in ({"start": 2**31}, {"length": 2**31}, {"length": 0}, {"disk": 7}, {"entries": 9999}, {"start": 5}):
        yield f"ends with {end}", lambda at, end=end: written(at / "set.zip", packed(GOOD, **end))
    for part in (1, 4, 22, 40, 100, 300, -1, -10, -22, -23, -60):
        yield f"cut at {part}", lambda at, part=part: written(at / "set.zip", packed(GOOD)[:part])

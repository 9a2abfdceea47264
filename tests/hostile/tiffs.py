"""TIFF, in which anything can be said."""

import struct
from collections.abc import Iterator

from hostile.making import Make, beside_good, noise, tiff


def pages(count: int) -> bytes:
    """So many pages of one pixel, each pointing to the next."""
    at, found = 8, []
    for number in range(count):
        entries = [
            (256, 4, 1),
            (257, 4, 1),
            (258, 3, 8),
            (259, 3, 1),
            (262, 3, 1),
            (273, 4, 4),
            (278, 4, 1),
            (279, 4, 1),
        ]
        at += 6 + 12 * len(entries)
        body = b"".join(struct.pack("<2H2I", tag, kind, 1, value) for tag, kind, value in entries)
        found.append(struct.pack("<H", len(entries)) + body + struct.pack("<I", at if number + 1 < count else 0))
    return b"II*\0" + struct.pack("<I", 8) + b"".join(found)


def floats(*values: float) -> bytes:
    return tiff({258: (3, 1, 32), 339: (3, 1, 3)}, struct.pack("<f", values[0]) * 63 + struct.pack("<f", values[-1]))


def tiffs() -> Iterator[tuple[str, Make]]:
    for size in (0, 1, 60_000, 2**31 - 1, 2**32 - 1):
        for tag in (256, 257, 273, 278, 279, 322, 323):
            yield f"tag {tag} is {size}", beside_good(tiff({tag: (4, 1, size)}), "x.tif")
    for tag in (258, 259, 262, 266, 274, 277, 284, 317, 338, 339):
        for value in (0, 3, 5, 7, 8, 32, 50_000, 65535):
            yield f"tag {tag} says {value}", beside_good(tiff({tag: (3, 1, value)}), "x.tif")
    for count in (0, 2**16, 2**31, 2**32 - 1):
        yield f"{count} bits of a sample", beside_good(tiff({258: (3, count, 8)}), "x.tif")
        yield f"{count} words of text", beside_good(tiff({270: (2, count, 8)}), "x.tif")
        yield f"{count} strips", beside_good(tiff({273: (4, count, 8), 279: (4, count, 8)}), "x.tif")
    tile = {322: (4, 1, 2**15), 323: (4, 1, 2**15), 324: (4, 1, 8), 325: (4, 1, 64)}
    for packing in (1, 5, 7, 8, 32773, 34925, 50000):
        yield (
            f"a tile far larger than the picture, packed by {packing}",
            beside_good(tiff(tile | {259: (3, 1, packing)}), "x.tif"),
        )
        yield f"strips of noise, packed by {packing}", beside_good(tiff({259: (3, 1, packing)}, noise(64)), "x.tif")
    yield "a page that is its own next", beside_good(tiff({}, next_at=72), "x.tif")
    yield "a page without tags", beside_good(tiff({}, count=0), "x.tif")
    yield "65,535 tags", beside_good(tiff({}, count=65535), "x.tif")
    yield "9,000 pages", lambda at: beside_good(pages(9000), "x.tif")(at)
    yield "30,000 pages", lambda at: beside_good(pages(30_000), "x.tif")(at)
    for values in ((0.5, float("nan")), (0, float("inf")), (-1, 0), (0, 255), (0, 1e30), (0, 1.0000001), (0, 1e-30)):
        yield f"floats {values}", beside_good(floats(*values), "x.tif")
    for bits, sign in ((12, 1), (16, 1), (16, 2), (32, 1), (32, 2), (64, 3), (64, 1)):
        yield (
            f"{bits} bits of kind {sign}",
            beside_good(tiff({258: (3, 1, bits), 339: (3, 1, sign)}, noise(512)), "x.tif"),
        )

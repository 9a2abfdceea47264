"""What is well made, with a few bytes changed."""

import gzip
import io
import random
from collections.abc import Iterator
from functools import partial

import numpy as np

from hostile.making import (
    GOOD,
    Make,
    encoded,
    in_folder,
    packed,
    written,
)

MUTATIONS = 14  # of each kind of file


def wells() -> dict[str, tuple[str, bytes]]:
    """Good files: the name of each, and its content."""
    images = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    kinds = ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM", "JPEG2000", "AVIF")
    found = {kind: (f"a/x.{kind}", encoded(kind, (24, 20), "RGB")) for kind in kinds}
    found["packed TIFF"] = ("a/x.tif", encoded("TIFF", (24, 20), "RGB", compression="tiff_lzw"))
    found["palette"] = ("a/x.png", encoded("PNG", (24, 20), "P", transparency=bytes(range(256))))
    found["zip"] = ("set.zip", packed(GOOD))
    archive = io.BytesIO()
    np.savez_compressed(archive, images=images, labels=np.arange(4) % 2)
    found["npz"] = ("set.npz", archive.getvalue())
    found["text"] = ("set.txt.gz", gzip.compress("one\ntwo\nthree é\n".encode(), mtime=0))
    return found


def mutated(content: bytes, seed: int) -> bytes:
    """A few bytes changed, a part cut out, doubled, or put in."""
    draw = random.Random(seed)
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 3, 12))):
        at, size = draw.randrange(len(changed)), draw.randrange(1, 40)
        match draw.randrange(6):
            case 0 | 1:
                changed[at] = draw.randrange(256)
            case 2:
                changed[at] ^= 1 << draw.randrange(8)
            case 3:
                changed[at : at + size] = draw.choice((b"\xff", b"\0")) * size
            case 4:
                del changed[at : at + size]
            case 5:
                changed[at:at] = changed[max(0, at - size) : at] or b"\0"
        changed = changed or bytearray(b"\0")
    return bytes(changed)


def mutations() -> Iterator[tuple[str, Make]]:
    for kind, (name, content) in wells().items():
        for seed in range(MUTATIONS):
            spoiled = partial(mutated, content, seed)
            if "/" in name:
                yield (
                    f"{kind} {seed}",
                    lambda at, n=name, s=spoiled: in_folder(lambda inside: (inside / n).write_bytes(s()))(at),
                )
            else:
                yield f"{kind} {seed}", lambda at, n=name, s=spoiled: written(at / n, s())

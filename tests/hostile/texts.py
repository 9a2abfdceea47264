"""Files of lines that are no text, too much, or packed to last."""

import gzip
from collections.abc import Iterator

from hostile.making import (
    Make,
    deflated,
    written,
    zeros,
)


def texts() -> Iterator[tuple[str, Make]]:
    contents = {
        "NUL": b"a\0b\nc",
        "UTF-16": "one\ntwo\n".encode("utf-16"),
        "UTF-32": "one\ntwo\n".encode("utf-32"),
        "UTF-16 without its mark": "one\ntwo\n".encode("utf-16-le"),
        "latin": "é\nè\n".encode("latin-1"),
        "returns alone": b"one\rtwo\rthree",
        "blank": b" \n\t\n",
        "a mark alone": b"\xef\xbb\xbf",
        "one line": b"one",
        "the same": b"one\n" * 5000,
        "too long": b"x" * 65,
        "a line without end": b"x" * 2**25,
        "half a character": "é".encode()[:1],
        "surrogates": b"\xed\xa0\x80\nx",
        "the largest": "\U0010ffff\nx\n".encode(),
        "marks upon marks": ("a" + "\u0301" * 63 + "\nb\n").encode(),
        "grows composed": ("\ufdfa" * 64 + "\n\u0390\n").encode() * 2,
        "strange ends": "one\x85two\u2028three\x0bfour\x1cfive".encode(),
        "too many lines": b"a\n" * 600_000,
        "lines to the limit": b"".join(b"%d\n" % number for number in range(450_000)),
        "empty lines": b"\n" * 2**25,
    }
    for name, content in contents.items():
        yield name, lambda at, c=content: written(at / "set.txt", c)
        yield f"{name}, packed", lambda at, c=content: written(at / "set.txt.gz", gzip.compress(c, 1))
    small = gzip.compress(b"one\ntwo\nthree\n", mtime=0)
    for part in (1, 5, 12, -8, -1):
        yield f"packed and cut at {part}", lambda at, p=part: written(at / "set.txt.gz", small[:p])
    yield "packed twice", lambda at: written(at / "set.txt.gz", gzip.compress(small))
    yield "wrong sum", lambda at: written(at / "set.txt.gz", small[:-8] + bytes(8))
    yield "something behind", lambda at: written(at / "set.txt.gz", small + b"more")
    yield "a million empty parts", lambda at: written(at / "set.txt.gz", gzip.compress(b"") * 1_000_000)
    yield (
        "a bomb",
        lambda at: written(at / "set.txt.gz", b"\x1f\x8b\x08" + bytes(7) + deflated(zeros(2**30)) + bytes(8)),
    )

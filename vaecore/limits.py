"""What is read and built at most: settings, checked before anything is allocated and named by what refuses.

>>> check("file_bytes", 10, "small.npz")
>>> check("file_bytes", 2**40, "huge.npz")
Traceback (most recent call last):
ValueError: huge.npz: expected at most 1,073,741,824 bytes, got 1,099,511,627,776 (VAECORE_MAX_FILE_BYTES)
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MIB = 2**20


@dataclass(frozen=True)
class Limit:
    """The most that there may be of something.

    Attributes:
        default: where its setting, the environment variable `VAECORE_MAX_<NAME>`, is not given.
        unit: what is counted, as the sentence that refuses says it.
    """

    default: int
    unit: str


LIMITS: dict[str, Limit] = {
    "file_bytes": Limit(1024 * MIB, "bytes"),  # of one file of data or of weights
    "json_bytes": Limit(4 * MIB, "bytes"),  # of a recipe, a card, or the header of a file of weights
    "map_bytes": Limit(2048 * MIB, "bytes of memory"),  # of the process that lays out a map
    "map_seconds": Limit(300, "seconds"),  # likewise
    "maps": Limit(4, "maps at once"),  # that are laid out; others wait
}


def most(name: str) -> int:
    """The limit of that name: its setting's where one is given, the default otherwise.

    Raises:
        ValueError: the setting is no positive whole number.
    """
    setting = f"VAECORE_MAX_{name.upper()}"
    given = os.environ.get(setting)
    if not given:
        return LIMITS[name].default
    if not given.isascii() or not given.isdigit() or len(given) > 18 or int(given) == 0:
        raise ValueError(f"{setting}: expected a positive whole number, got {given[:40]!r}")
    return int(given)


def check(name: str, count: int, where: str | Path) -> None:
    """Refuse what is more than the limit of that name.

    Raises:
        ValueError: it is; the sentence begins with `where`, and names the limit, what came, and the setting.
    """
    limit = most(name)
    if count > limit:
        unit = LIMITS[name].unit
        raise ValueError(f"{where}: expected at most {limit:,} {unit}, got {count:,} (VAECORE_MAX_{name.upper()})")


def open_regular(path: Path, limit: str = "file_bytes") -> IO[bytes]:
    """Open a regular file of at most so many bytes for reading; a pipe, a device or a link to one is never waited for.

    Raises:
        FileNotFoundError: there is none of that name.
        OSError: it cannot be opened.
        ValueError: it is no regular file, or larger than the limit of that name.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"{path}: expected a regular file, got {_kind(found.st_mode)}")
        check(limit, found.st_size, path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")

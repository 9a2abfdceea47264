"""What is read and built at most: settings, checked before anything is allocated and named by what refuses.

>>> check("file_bytes", 10, "small.npz")
>>> check("file_bytes", 2**40, "huge.npz")  # doctest: +IGNORE_EXCEPTION_DETAIL
Traceback (most recent call last):
vaecore.limits.Refused: huge.npz: expected at most 1,073,741,824 bytes, got 1,099,511,627,776 (VAECORE_MAX_FILE_BYTES)
"""

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

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
    "drawing_points": Limit(20_000, "points"),  # as a pen leaves them
    "drawing_corners": Limit(2_000, "corners"),  # that are left of them, each the end of a line that is inked
    "entries": Limit(200_000, "files and folders"),  # of a folder or a zip of pictures
    "picture_bytes": Limit(96 * MIB, "bytes of a picture"),  # in its file, or in one array
    "pixels": Limit(50_000_000, "pixels in a picture"),
    "slow_pixels": Limit(4_000_000, "pixels in a picture of this kind"),  # decoded in Python, or several copies at once
    "pages": Limit(5_000, "pages in a file"),  # of a TIFF, the frames of an animation
    "page_pixels": Limit(200_000_000, "pixels on the pages of a file"),
    "images": Limit(2_000_000, "images in a set"),
    "classes": Limit(10_000, "classes"),
    "array_bytes": Limit(512 * MIB, "bytes in an array"),  # unpacked
    "label_bytes": Limit(64 * MIB, "bytes of labels"),
    "image_bytes": Limit(192 * MIB, "bytes of images in a set"),  # as they are kept, a byte a pixel and channel
    "text_bytes": Limit(64 * MIB, "bytes of text"),  # unpacked
    "lines": Limit(500_000, "lines"),
    "upload_bytes": Limit(256 * MIB, "bytes of uploads"),  # of a visitor, together
    "uploads": Limit(10_000, "files in an upload"),
    "reading_seconds": Limit(300, "seconds to read a set"),
    "json_bytes": Limit(4 * MIB, "bytes"),  # of a recipe, a card, or the header of a file of weights
    "history_bytes": Limit(64 * MIB, "bytes"),  # of the history of a run, a line for each epoch
    "map_bytes": Limit(2048 * MIB, "bytes of memory"),  # of the process that lays out a map
    "map_seconds": Limit(300, "seconds"),  # likewise
    "maps": Limit(4, "maps at once"),  # that are laid out; others wait
    "jobs": Limit(4, "trainings of a visitor"),  # on everyone's server
    "parameters": Limit(20_000_000, "parameters"),  # likewise, of a model that is trained
    "training_bytes": Limit(8192 * MIB, "bytes of memory"),  # likewise, addresses of the process and all its libraries
    "training_seconds": Limit(1800, "seconds of training"),  # likewise
}
SHOWN = 300  # characters of a name in a sentence: nobody reads more


class Refused(ValueError):
    """What is not as a file or a set must be: a whole sentence that begins with its name, and needs no other around."""


class Deadline:
    """The seconds that the reading of a set may take, looked at between its files.

    Args:
        where: what is read, as the sentence that refuses begins.
        report: is told which share of the set is read.
    """

    def __init__(self, where: str | Path, report: Callable[[float], None] | None = None) -> None:
        self.where, self.began = where, time.monotonic()
        self.report = report or (lambda share: None)

    def check(self) -> None:
        """Refuse to go on when the time is over.

        Raises:
            Refused: it is.
        """
        check("reading_seconds", round(time.monotonic() - self.began), self.where)


def shown(name: object, most: int = SHOWN) -> str:
    r"""A name of others as a sentence can hold it: on one line, printable, cut in its middle where it is long.

    >>> shown("a" * 20 + "\n", most=9)
    'aaaa…aa\\n'
    """
    text = str(name)
    if len(text) > most:
        text = f"{text[: most // 2]}…{text[-(most // 2 - 1) :]}"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def expanded(name: str | Path) -> Path:
    """The path of that name, with the folder of a user for "~".

    Raises:
        ValueError: there is no such user.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise ValueError(f"{shown(name)}: there is no user of that name here") from None


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number of things in words.

    >>> counted(1, "file"), counted(1234, "class", "classes")
    ('1 file', '1,234 classes')
    """
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def first_line(error: BaseException) -> str:
    """What an error says first: the rest of a download's message is a list of mirrors."""
    return shown((str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(":"))


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
        Refused: it is; the sentence begins with `where`, and names the limit, what came, and the setting.
    """
    limit = most(name)
    if count > limit:
        unit = LIMITS[name].unit
        setting = f"VAECORE_MAX_{name.upper()}"
        came = shown(f"{count:,}", 60)
        raise Refused(f"{shown(where)}: expected at most {limit:,} {unit}, got {came} ({setting})")


def open_regular(path: Path, limit: str = "file_bytes") -> BufferedReader:
    """Open a regular file of at most so many bytes for reading; a pipe, a device or a link to one is never waited for.

    Raises:
        FileNotFoundError: there is none of that name.
        OSError: it cannot be opened.
        Refused: it is no regular file, or larger than the limit of that name.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"{shown(path)}: expected a regular file, got {_kind(found.st_mode)}")
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

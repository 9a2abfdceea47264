"""The files of a folder or of a zip, as one list of relative paths that can be opened."""

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import cast

from vaecore.limits import MIB, Deadline, Refused, check, first_line, most, open_regular, shown

LISTING = 64 * MIB  # bytes of a zip's list of entries
LISTED = b"PK\x01\x02"  # what each entry of that list begins with
LOCAL = 30  # bytes before an entry's name and content
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a bound on their memory
ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A file.

    Attributes:
        parts: its relative path; without ".", ".." and the roots that a zip can name but nobody asks for.
        size: in bytes, unpacked, as its folder or header says.
        opened: the limit of its size -> the file, for reading.
    """

    parts: tuple[str, ...]
    size: int
    opened: Callable[[str], BufferedIOBase]

    @property
    def name(self) -> str:
        """The relative path, as a sentence can hold it."""
        return shown("/".join(self.parts))

    def read(self, limit: str, where: str) -> bytes:
        """The content, of at most so many bytes: a header may say less than is there.

        Raises:
            Refused: it is larger.
            Exception: it cannot be opened, or not be unpacked.
        """
        with self.opened(limit) as file:
            content = file.read(most(limit) + 1)
        check(limit, len(content), f"{where}: {self.name}")
        return content


def is_hidden(parts: tuple[str, ...]) -> bool:
    """Whether a path is one that people do not see: dot files, and what macOS keeps beside its files."""
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def folder_entries(root: Path, deadline: Deadline) -> list[Entry]:
    """The files below a folder; links are followed, but not back to where one came from.

    Raises:
        Refused: there are too many, or a link leads back to a folder above it.
        OSError: a folder cannot be listed.
    """
    entries: list[Entry] = []
    pending: list[tuple[tuple[str, ...], Path, tuple[tuple[int, int], ...]]] = [((), root, (_identity(root),))]
    met = 0
    while pending:
        parts, folder, above = pending.pop()
        deadline.check()
        with os.scandir(folder) as found:
            for item in found:
                met += 1
                check("entries", met, root)
                path, inside = Path(item.path), (*parts, _utf8(item.name))
                if is_hidden(inside):
                    continue
                if not path.is_dir():
                    entries.append(Entry(inside, _size(path), partial(open_regular, path)))
                elif (identity := _identity(path)) not in above:
                    pending.append((inside, path, (*above, identity)))
                else:
                    raise Refused(f"{shown(root)}: {shown('/'.join(inside))} leads back to a folder above it")
    return entries


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a link to nowhere: an empty file, until someone opens it
        return 0


def _utf8(name: str) -> str:
    """A name as UTF-8 can write it: of a folder's names nothing says that they can be."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip whose entries are not too many and share no bytes.

    Raises:
        Refused: they are, or do.
        ValueError: it is no zip that can be read.
    """
    with _Listed(open_regular(path).detach()) as file:
        try:
            archive = zipfile.ZipFile(file)
        except Refused as refused:
            raise Refused(f"{shown(path)}: {refused}") from None
        except Exception as error:  # whatever zipfile makes of hostile bytes
            raise ValueError(f"{shown(path)}: not a readable zip ({first_line(error)})") from None
        with archive:
            _check_apart(archive, path)
            yield archive


class _Listed(BufferedReader):
    """A file of which zipfile reads its list at once, to make an object of each entry: their number is looked at."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > max(LISTING, most("picture_bytes") + 1):
            raise Refused(f"expected a list of entries of at most {LISTING:,} bytes, got {size:,}")
        content = super().read(size)
        check("entries", content.count(LISTED), "its list of entries")
        return content


def _check_apart(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse entries that share their bytes: the way to a small zip that unpacks to more than any disk."""
    entries = sorted(archive.infolist(), key=lambda info: info.header_offset)
    end = 0
    for info in entries:
        if info.header_offset < end:
            raise Refused(f"{shown(path)}: expected entries of their own bytes, got {shown(info.filename)} in another")
        end = info.header_offset + LOCAL + info.compress_size


def zip_entries(archive: zipfile.ZipFile, where: Path) -> list[Entry]:
    """The files of a zip; nothing is extracted, so that no name is a danger.

    Raises:
        Refused: two are of one name.
    """
    entries: dict[tuple[str, ...], Entry] = {}
    for info in archive.infolist():
        parts = _parts(info)
        if not parts or info.is_dir() or is_hidden(parts):
            continue
        entry = Entry(parts, info.file_size, partial(open_member, archive, info, where))
        if parts in entries:
            raise Refused(f"{shown(where)}: expected each name once, got {entry.name} twice")
        entries[parts] = entry
    return list(entries.values())


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """A path as every system writes it; names that are UTF-8 without saying so, as macOS writes them, are read so."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def open_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: Path, limit: str | None = None
) -> BufferedIOBase:
    """An entry of a zip, for reading.

    Raises:
        Refused: it is encrypted, packed by a method that is not read, or larger than the limit of that name, if any.
        Exception: whatever zipfile makes of a damaged one.
    """
    name = f"{shown(where)}: {shown(info.filename)}"
    if info.flag_bits & ENCRYPTED:
        raise Refused(f"{name} is encrypted")
    if info.compress_type not in METHODS:
        raise Refused(f"{name}: expected an entry that is stored or deflated, got method {info.compress_type}")
    if limit is not None:
        check(limit, info.file_size, name)
    return cast(BufferedIOBase, archive.open(info))

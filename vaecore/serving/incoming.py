"""Files that somebody sends: their names are made safe, and they are written to a folder as one set to be read."""

import re
from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

from vaecore.data.entries import is_hidden
from vaecore.limits import MIB, Refused, check, counted, first_line, most, shown

Sent = tuple[str, memoryview]  # a file: its name, perhaps with folders before it, and its content

PACKED = (".zip", ".npz", ".txt", ".txt.gz")  # what is a set by itself
LOOSE = "pictures"  # the name of a set of loose files
LONGEST = 80  # characters of a part of a name
DEEPEST = 6  # folders around a file
UNSAFE = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f]')  # on one system or another
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # which Windows takes for a file


def largest() -> int:
    """The most that may be sent, in whole MiB; at least one."""
    return max(1, most("upload_bytes") // MIB)


def check_room(size: int, used: int = 0) -> None:
    """Refuse what is too much, beside what somebody has sent before.

    Raises:
        Refused: it is.
    """
    check("upload_bytes", used + size, "this upload" if not used else "this upload and those before it")


def tidy(part: str) -> str:
    """A part of a name as any system can have it, and none takes it for another: a file's or a folder's.

    >>> [tidy(part) for part in ("a:b.png", "..", " c ", "nul.png", "日.png")]
    ['a_b.png', '_', 'c', '_nul.png', '日.png']
    """
    name = UNSAFE.sub("_", normalize("NFC", part).encode("utf-8", "replace").decode()).strip().rstrip(".")
    if len(name) > LONGEST:
        suffix = Path(name).suffix[:10]
        name = name[: LONGEST - len(suffix)] + suffix
    return f"_{name}" if not name or DEVICES.fullmatch(name) else name


def apart(name: str, taken: set[str]) -> str:
    """A name unlike those taken, whatever their letters' case; it is taken then.

    >>> taken = set()
    >>> [apart("a.png", taken), apart("A.png", taken), apart("a.png", taken)]
    ['a.png', 'A (2).png', 'a (3).png']
    """
    stem, suffix = (name, "") if "." not in name[1:] else (Path(name).stem, Path(name).suffix)
    number, found = 1, name
    while found.casefold() in taken:
        number += 1
        found = f"{stem} ({number}){suffix}"
    taken.add(found.casefold())
    return found


def write(folder: Path, files: Sequence[Sent]) -> Path:
    """Write what was sent at once into an empty folder; returns the path of the set.

    A zip, an .npz or lines of text are a file; all others lie in a folder, called by the one that they came in.

    Raises:
        ValueError: they are too many, or of several sets; or the folder cannot be written.
    """
    check("uploads", len(files), "this upload")
    packed = [name for name, _ in files if name.lower().endswith(PACKED)]
    if packed and len(files) > 1:
        among = f"{shown(packed[0], 60)} among {counted(len(files), 'file')}"
        raise Refused(f"expected one zip, .npz or .txt at a time, or pictures, got {among}")
    try:
        if packed:
            ((name, content),) = files
            path = folder / tidy(name.replace("\\", "/").rpartition("/")[2])
            path.write_bytes(content)
            return path
        return _folder(folder, files)
    except OSError as error:
        raise Refused(f"what was sent cannot be written ({first_line(error)})") from None


def _folder(place: Path, files: Sequence[Sent]) -> Path:
    """Write loose files, in the folders that their names begin with; what people do not see is left out."""
    paths = [
        tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")) for name, _ in files
    ]
    tops = {path[0] for path in paths if len(path) > 1}
    shared = len(tops) == 1 and all(len(path) > 1 for path in paths)
    root = place / (tidy(next(iter(tops))) if shared else LOOSE)
    root.mkdir()
    taken: dict[Path, set[str]] = {}
    for path, (_, content) in zip(paths, files, strict=True):
        *folders, name = (tidy(part) for part in path[shared:][-DEEPEST:]) if path[shared:] else ("_",)
        if is_hidden(path[shared:]):
            continue
        inside = root.joinpath(*folders)
        inside.mkdir(parents=True, exist_ok=True)
        (inside / apart(name, taken.setdefault(inside, set()))).write_bytes(content)
    return root

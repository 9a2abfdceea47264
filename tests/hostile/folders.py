"""Names that are typed, what lies in a folder beside pictures, and how the same pictures can lie."""

import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hostile.making import Make, Member, encoded, in_folder, noise, packed, written


def names() -> Iterator[tuple[str, Make]]:
    typed = [
        *(
            "",
            " ",
            "\0",
            "a\0b",
            "~nobody-of-that-name/x",
            "~nobody-of-that-name",
            "\ud800",
            "\udcff",
            "a\nb",
            "\u202e",
        ),
        *(
            "x" * 300,
            "x" * 5000,
            "x/" * 3000,
            "../" * 3000,
            "digits/",
            "digits/" + "x" * 5000,
            "digits/\0",
            "digits/../x",
        ),
        *(
            "/dev/zero",
            "/dev/null",
            "/dev/full",
            "/dev/urandom",
            "/proc/self/mem",
            "/proc/self/environ",
            "/proc/self/fd",
        ),
        *(
            "C:\\x",
            "NUL",
            "http://localhost/x.zip",
            "file:///etc/passwd",
            "*",
            "$HOME",
            "%2e%2e",
            "-1",
            "None",
            "🦆" * 100,
        ),
    ]
    for number, name in enumerate(typed):
        yield f"{number} {name[:20]!r}", lambda folder, name=name: name


def bound(path: Path) -> None:
    """A socket, by a path that is short enough for one."""
    here = Path.cwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


def sparse(path: Path, size: int, head: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


def farm(folder: Path, deep: int = 12) -> None:
    """Folders of which each is linked twice from the one above: 2 ** deep paths."""
    for level in range(deep):
        (folder / "farm" / str(level)).mkdir(parents=True)
    for level in range(deep - 1):
        for link in "xy":
            (folder / "farm" / str(level) / link).symlink_to(folder / "farm" / str(level + 1))
    (folder / "farm" / str(deep - 1) / "0.png").write_bytes(encoded())


def folders() -> Iterator[tuple[str, Make]]:
    for suffix in (".png", "", ".txt"):
        yield f"pipe{suffix}", in_folder(lambda at, s=suffix: os.mkfifo(at / "a" / f"pipe{s}"))
        yield f"socket{suffix}", in_folder(lambda at, s=suffix: bound(at / "a" / f"s{s}"))
        for target in ("/dev/zero", "/dev/tty", "/proc/self/mem", "/nowhere", "self"):
            where = f"link{suffix}"
            to = where if target == "self" else target
            yield f"link to {target}{suffix}", in_folder(lambda at, w=where, t=to: (at / "a" / w).symlink_to(t))
        for size in (2**31, 2**40):
            yield f"sparse {size}{suffix}", in_folder(lambda at, s=suffix, n=size: sparse(at / "a" / f"x{s}", n))
    yield "sparse, begins well", in_folder(lambda at: sparse(at / "a" / "x.png", 2**33, encoded()))
    yield "a folder called .png", in_folder(lambda at: (at / "a" / "x.png").mkdir())
    yield "link to itself", in_folder(lambda at: (at / "loop").symlink_to(at))
    yield "link to above", in_folder(lambda at: (at / "a" / "loop").symlink_to(at.parent))
    yield "link to the other class", in_folder(lambda at: (at / "c").symlink_to(at / "b"))
    yield "links in circles", in_folder(lambda at: [(at / "a" / x).symlink_to(y) for x, y in (("p", "q"), ("q", "p"))])
    yield "a farm of links", in_folder(farm)
    yield "deep", in_folder(lambda at: (at / Path(*"d" * 300)).mkdir(parents=True))
    yield "deep with a picture", in_folder(lambda at: (deep(at) / "x.png").write_bytes(encoded()))
    yield "names that are no UTF-8", in_folder(lambda at: strange_names(at, [b"\xff\xfe", b"\x80.png"]))
    yield "names of lines", in_folder(lambda at: strange_names(at, [b"a\nb", b"\r\n.png", b"\x1b[31m"]))
    yield "names of signs", in_folder(lambda at: strange_names(at, ["\u202e".encode(), b"`$(x)`", b"' OR 1", b"\t"]))
    yield "long numbers", in_folder(lambda at: strange_names(at, [b"9" * 250, b"8" * 250, b"0" * 250]))
    yield "many strays", in_folder(lambda at: [(at / f"{n}.csv").write_bytes(b"1,2") for n in range(3000)])
    yield "the set is a pipe", lambda at: os.mkfifo(at / "set.zip") or at / "set.zip"
    yield "the set is a socket", lambda at: bound(at / "set.zip") or at / "set.zip"
    for suffix in (".zip", ".npz", ".txt", ".txt.gz", ".csv", ""):
        yield f"link to a device{suffix}", lambda at, s=suffix: linked(at / f"set{s}", "/dev/zero")
        yield f"empty{suffix}", lambda at, s=suffix: written(at / f"set{s}", b"")
        yield f"a folder{suffix}", lambda at, s=suffix: (at / f"set{s}").mkdir() or at / f"set{s}"
        yield f"noise{suffix}", lambda at, s=suffix: written(at / f"set{s}", noise(5000))
        yield f"two thousand gigabytes{suffix}", lambda at, s=suffix: sparse(at / f"set{s}", 2**41) or at / f"set{s}"
        yield f"a picture{suffix}", lambda at, s=suffix: written(at / f"set{s}", encoded())


def deep(at: Path) -> Path:
    (at / Path(*"d" * 200)).mkdir(parents=True)
    return at / Path(*"d" * 200)


def strange_names(at: Path, found: list[bytes]) -> None:
    for name in found:
        folder = os.fsencode(at) + b"/" + name
        os.mkdir(folder)  # noqa: PTH102  a name of bytes
        Path(os.fsdecode(folder), "x.png").write_bytes(encoded())


def linked(path: Path, to: str) -> Path:
    path.symlink_to(to)
    return path


LAYOUTS = {
    "nothing": [],
    "one": ["0.png"],
    "loose": ["0.png", "1.png"],
    "loose beside classes": ["0.png", "1.png", "a/0.png", "b/1.png"],
    "one class": ["a/0.png", "a/1.png"],
    "deeper": ["a/x/0.png", "a/y/1.png", "b/x/2.png"],
    "one deeper": ["a/0.png", "b/x/1.png"],
    "top folders": ["t/u/v/a/0.png", "t/u/v/b/1.png"],
    "train alone": ["train/a/0.png", "train/b/1.png"],
    "train and test": ["train/a/0.png", "train/a/1.png", "test/b/1.png"],
    "all three": ["train/0.png", "val/1.png", "test/2.png"],
    "two of the three": ["Val/a/1.png", "TEST/a/2.png"],
    "splits, one flat": ["train/a/0.png", "test/1.png"],
    "splits, deeper": ["train/a/x/0.png", "test/a/x/1.png"],
    "splits beside a class": ["train/a/0.png", "test/a/0.png", "other/a/0.png"],
    "hidden": [".a/0.png", "a/.0.png", "__MACOSX/a/0.png"],
    "strays alone": ["a/x.csv", "b/Thumbs.db", "README"],
    "strays": ["a/0.png", "b/0.png", "b/Thumbs.db", "README"],
    "absolute": ["/a/0.png", "/b/1.png"],
    "upwards": ["../../a/0.png", "../../b/1.png"],
    "drives": ["C:\\set\\a\\0.png", "C:\\set\\b\\1.png"],
    "backward": ["set\\a\\0.png", "set\\b\\1.png"],
    "empty parts": ["a//0.png", "./b/./1.png"],
    "the same in the end": ["a/0.png", "./a/0.png", "a\\0.png"],
    "dots": ["./0.png", "../0.png", "...", "a/../b/0.png"],
    "long": ["x" * 60_000 + "/0.png", "a/0.png"],
    "long numbers": ["9" * 5000 + "/0.png", "8" * 5000 + "/0.png"],
    "deep": ["/".join("d" * 20_000) + "/0.png", "a/0.png"],
    "nul": ["a\0b/0.png", "c/0.png"],
    "lines": ["a\nb/0.png", "c\r/0.png"],
    "surrogates": ["\u202e/0.png", "\U0010ffff/1.png"],
}


def layouts() -> Iterator[tuple[str, Make]]:
    for name, paths in LAYOUTS.items():
        yield f"zip, {name}", partial(layout_zip, paths=paths)
        if max(map(len, paths), default=0) < 200 and "\0" not in "".join(paths) and ".." not in "".join(paths):
            yield f"folder, {name}", partial(layout_folder, paths=paths)


def layout_zip(folder: Path, paths: list[str]) -> Path:
    return written(folder / "set.zip", packed([Member(path.encode(), content_of(path)) for path in paths]))


def layout_folder(folder: Path, paths: list[str]) -> Path:
    (folder / "set").mkdir()
    for path in paths:
        file = folder / "set" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content_of(path))
    return folder / "set"


def content_of(path: str) -> bytes:
    return encoded(seed=len(path)) if path.endswith(".png") else b"no picture"

"""What is said of a set that was read, what is looked at of it, and what is beyond a limit."""

import gzip
import io
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hostile.making import Member, packed, png
from numpy import ndarray
from own import (
    GREY,
    RANDOM,
    as_folder,
    as_zip,
    class_of,
    everything,
    file_of,
    files,
    refused,
)
from PIL import Image

from vaecore import limits
from vaecore.__main__ import main
from vaecore.data import dataset


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.stack([GREY[0]] * 40), f"all images are equal, with values from {GREY[0].min()} to {GREY[0].max()} of 255"),
        (np.full((4, 6, 5), 7, np.uint8), "every pixel of every image is 7 of 255"),
        (GREY // 16 + 3, f"they hardly differ from an even grey: values from {GREY.min() // 16 + 3} to 18 of 255"),
        (GREY, ""),
    ],
    ids=["equal", "constant", "hardly any range", "good"],
)
def test_one_look_at_the_whole(images: ndarray, said: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=images)
    note = everything(tmp_path / "own.npz").note
    assert note == "; ".join([f"{len(images)} images of 6 x 5 pixels", *([said] if said else [])])


def npy(array: ndarray) -> bytes:
    written = io.BytesIO()
    np.save(written, array, allow_pickle=True)
    return written.getvalue()


def test_only_images_and_labels_are_looked_at(tmp_path: Path) -> None:
    """A pickled array beside them, and one that is damaged."""
    members = [Member(b"images.npy", npy(GREY)), Member(b"labels.npy", npy(np.arange(8) % 2))]
    members += [Member(b"info.npy", npy(np.array([{"a": 1}, None], object))), Member(b"broken.npy", b"x", crc=1)]
    (tmp_path / "own.npz").write_bytes(packed(members))
    found = everything(tmp_path / "own.npz")
    assert (len(found), found.names) == (8, ("0", "1"))
    assert found.note.endswith("; not looked at: broken, info")


def test_suffixes_may_be_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "OWN.NPZ").write_bytes(packed([Member(b"images.npy", npy(GREY))]))
    (tmp_path / "OWN.TXT").write_text("one\ntwo\n")
    (tmp_path / "OWN.TXT.GZ").write_bytes(gzip.compress(b"one\ntwo\n"))
    assert [len(dataset(path)) for path in sorted(tmp_path.iterdir())] == [1, 1, 1]


@pytest.mark.parametrize(
    ("labels", "names", "of_each"),
    [
        (np.arange(8).reshape(8, 1) % 2, ("0", "1"), ["0", "1"] * 4),
        (np.arange(8) % 2 == 0, ("False", "True"), ["True", "False"] * 4),
        (np.arange(8.0) % 2, ("0", "1"), ["0", "1"] * 4),
        (np.arange(8) % 2 / 2, ("0.0", "0.5"), ["0.0", "0.5"] * 4),
        (np.array([b"yes", b"no"] * 4), ("no", "yes"), ["yes", "no"] * 4),
        (np.array(["class 10", "class 9"] * 4), ("class 9", "class 10"), ["class 10", "class 9"] * 4),
        (np.array([10, 9] * 4, ">u8"), ("9", "10"), ["10", "9"] * 4),
        (np.array([-1, 2**40] * 4), ("-1", str(2**40)), ["-1", str(2**40)] * 4),
    ],
)
def test_labels(labels: ndarray, names: tuple[str, ...], of_each: list[str], tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=GREY, labels=labels)
    found = everything(tmp_path / "own.npz")
    assert found.names == names
    assert class_of(found) == dict(zip((image.tobytes() for image in GREY), of_each, strict=True))


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (RANDOM.random(40), "expected labels that name classes, got 40 different floats for 40 images"),
        (np.arange(40.0), "expected labels that name classes, got 40 different floats for 40 images"),
        (np.full(40, np.nan), "expected labels of finite numbers, got nan"),
        (np.zeros((40, 2)), r"expected labels of shape \(40,\), got \(40, 2\)"),
        (np.array([None] * 40), "expected labels of numbers or words, without pickled objects, got objects"),
        (np.zeros(40, complex), "expected labels of numbers or words, got complex128"),
    ],
)
def test_labels_that_name_no_classes(labels: ndarray, sentence: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=np.zeros((40, 2, 2), np.uint8), labels=labels)
    assert re.match(sentence, refused(tmp_path / "own.npz"))


def test_what_was_read_is_said_once_when_it_is_trained_on_and_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "own.npz", images=RANDOM.integers(0, 256, (40, 8, 8), dtype=np.uint8), labels=np.arange(40) % 2)
    said = f"{(tmp_path / 'own.npz').resolve()}: 40 images in 2 classes of 8 x 8 pixels\n"
    words = ["--set", f"dataset={tmp_path / 'own.npz'}", "hidden=[4]", "epochs=1", "--device", "cpu"]
    assert main(["train", "ae-digits-2", *words, "--out", str(tmp_path / "run")]) == 0
    assert capsys.readouterr().err.count(said) == 1
    assert main(["evaluate", str(tmp_path / "run"), "--device", "cpu"]) == 0
    shown = capsys.readouterr()
    assert shown.err.count(said) == 1
    assert "40 images in" not in shown.out


# Limits


def npz_of(path: Path, images: ndarray) -> Path:
    np.savez(path / "own.npz", images=images, labels=np.arange(len(images)))
    return path / "own.npz"


def pages_of(place: Path) -> Path:
    first, second = (Image.fromarray(image) for image in GREY[:2])
    return as_zip(place, {"a/0.tif": file_of(first, "TIFF", save_all=True, append_images=[second])})


LIMITED: dict[str, Callable[[Path], Path]] = {
    "file_bytes": lambda at: as_zip(at, files(["a/0.png", "b/1.png"])),
    "entries": lambda at: as_zip(at, files(["a/0.png", "b/1.png"])),
    "picture_bytes": lambda at: as_zip(at, files(["a/0.png", "b/1.png"])),
    "pixels": lambda at: as_folder(at, files(["a/0.png", "b/1.png"])),
    "slow_pixels": lambda at: as_folder(at, {"a/0.pgm": b"P2 2 1 255 1 2", "b/1.pgm": b"P2 2 1 255 1 2"}),
    "pages": pages_of,
    "page_pixels": pages_of,
    "images": lambda at: npz_of(at, GREY),
    "classes": lambda at: npz_of(at, GREY),
    "array_bytes": lambda at: npz_of(at, GREY),
    "label_bytes": lambda at: npz_of(at, GREY),
    "image_bytes": lambda at: npz_of(at, GREY),
    "text_bytes": lambda at: (at / "own.txt").write_text("one\ntwo\n") and at / "own.txt",
    "lines": lambda at: (at / "own.txt").write_text("one\ntwo\n") and at / "own.txt",
}


@pytest.mark.parametrize("name", LIMITED)
def test_what_is_beyond_a_limit_names_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = LIMITED[name](tmp_path)
    assert sum(len(dataset(path, split)) for split in ("train", "test")) >= 2, "by default it may be read"
    monkeypatch.setenv(f"VAECORE_MAX_{name.upper()}", "1")
    said = refused(path)
    assert re.search(
        rf"expected at most 1 .*{limits.LIMITS[name].unit}, got [0-9,]+ \(VAECORE_MAX_{name.upper()}\)$", said
    )


def test_every_limit_of_data_is_tried() -> None:
    others = {"drawing_points", "drawing_corners", "reading_seconds"}
    assert others | set(LIMITED) <= set(limits.LIMITS)


def test_reading_that_takes_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_folder(tmp_path, files(f"a/{i}.png" for i in range(8)))
    now = iter(range(0, 10_000, 50))
    monkeypatch.setattr(limits.time, "monotonic", lambda: next(now))
    assert refused(path) == "expected at most 300 seconds to read a set, got 350 (VAECORE_MAX_READING_SECONDS)"


def test_nothing_is_allocated_for_what_only_a_header_says(tmp_path: Path) -> None:
    """An array of a terabyte, a picture of three gigapixels: refused before a tenth of a second is over."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 16, 16)}"
    content = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(64)
    path = tmp_path / "own.npz"
    path.write_bytes(packed([Member(b"images.npy", content)]))
    assert refused(path).startswith("images.npy: expected at most 536,870,912 bytes in an array, got 2,048,000,000,000")
    path = as_zip(tmp_path, {"a/0.png": png(60_000, 60_000)})
    assert refused(path).startswith("a/0.png: expected at most 50,000,000 pixels in a picture, got more")
    path = as_zip(tmp_path, {"a/0.png": png(8000, 8000)})
    assert refused(path).startswith("a/0.png: expected at most 50,000,000 pixels in a picture, got 64,000,000")

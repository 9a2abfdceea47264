"""Sets of your own, small, as people bring them; and what is asked of each."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile.making import Member, packed
from numpy import ndarray
from PIL import Image

from vaecore.data import Images, dataset

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (8, 6, 5), dtype=np.uint8)

Pack = Callable[[Path, dict[str, bytes]], Path]


def as_folder(place: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        file = place / "own" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return place / "own"


def as_zip(place: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(place / "own.zip", "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return place / "own.zip"


def as_windows_zip(place: Path, files: dict[str, bytes]) -> Path:
    """Written by a program that writes paths as Windows does."""
    members = [Member(path.replace("/", "\\").encode(), content) for path, content in files.items()]
    (place / "own.zip").write_bytes(packed(members))
    return place / "own.zip"


both = pytest.mark.parametrize("pack", [as_folder, as_zip, as_windows_zip])


def file_of(array: ndarray | Image.Image, form: str = "PNG", **options: object) -> bytes:
    written = io.BytesIO()
    picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
    picture.save(written, form, **options)
    return written.getvalue()


def files(paths: Iterable[str]) -> dict[str, bytes]:
    """A picture at each path, the next of GREY."""
    return {path: file_of(GREY[number]) for number, path in enumerate(paths)}


def everything(path: Path) -> Images:
    """Both splits."""
    train, test = (dataset(path, split) for split in ("train", "test"))
    target = None if train.target is None or test.target is None else torch.cat([train.target, test.target])
    return Images(torch.cat([train.pixels, test.pixels]), target, train.names, train.note)


def class_of(found: Images) -> dict[bytes, str]:
    assert found.labels is not None
    pairs = zip(found.pixels.numpy(), found.labels, strict=True)
    return {pixels.tobytes(): found.names[label] for pixels, label in pairs}


def refused(path: Path) -> str:
    """The sentence that refuses a set: one line that begins with its name."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        dataset(path)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).isprintable()
    return str(caught.value).removeprefix(f"{path}: ")

"""Images of your own: a folder or a zip of pictures, or an .npz."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from vaecore.data.arrays import array_images
from vaecore.data.entries import Entry, folder_entries, opened_zip, zip_entries
from vaecore.data.images import Images
from vaecore.data.layout import in_order, placed, tested
from vaecore.data.pictures import Pictures, is_picture
from vaecore.data.remarks import described
from vaecore.limits import Deadline, Refused, counted, first_line, open_regular, shown


def own_images(path: Path, split: str) -> Images:
    """One split of images of your own, with a note on what was read.

    Raises:
        ValueError: something else, a file that is no picture, or anything beyond a limit.
    """
    where = shown(path)
    deadline = Deadline(where)
    try:
        if path.is_dir():
            images, test = _pictures(folder_entries(path, deadline), path, deadline)
        elif path.suffix.lower() == ".npz":
            images, test = array_images(path, deadline), None
        elif _is_zip(path):
            with opened_zip(path) as archive:
                images, test = _pictures(zip_entries(archive, path), path, deadline)
        else:
            expected = "a folder of class sub-folders, a zip of one, an .npz, or a .txt of lines"
            raise Refused(f"{where}: expected {expected}")
    except OSError as error:
        raise ValueError(f"{where}: cannot be read ({first_line(error)})") from None
    if test is None and len(images) < 2:
        raise Refused(f"{where}: expected at least 2 images to split into training and test, got {len(images)}")
    if test is None:
        return images.split(split)
    return images.rows(torch.tensor([row for row, held in enumerate(test) if held == (split == "test")]))


def _is_zip(path: Path) -> bool:
    with open_regular(path) as file:
        return zipfile.is_zipfile(file)


def _pictures(entries: Sequence[Entry], path: Path, deadline: Deadline) -> tuple[Images, list[bool] | None]:
    """Pictures in their classes, and which are of the test split where their folders say so."""
    where = shown(path)
    found = placed(_meant(entries, where, deadline), path.stem, where)
    reader = Pictures(where, deadline)
    pages = [reader.read(each.entry) for each in found]
    rows = [each for each, number in zip(found, pages, strict=True) for _ in range(number)]
    names = in_order({each.label for each in found} - {""})
    rank = {name: index for index, name in enumerate(names)}
    target = torch.tensor([rank[each.label] for each in rows]) if names else None
    test = tested(rows)
    remarks = _remarks(len(found), len(entries), test, reader)
    return described(reader.stack, target, tuple(names), "picture", remarks), test


def _meant(entries: Sequence[Entry], where: str, deadline: Deadline) -> list[Entry]:
    """The files that are meant to be pictures."""
    pictures = []
    for entry in entries:
        deadline.check()
        if is_picture(entry):
            pictures.append(entry)
    if not pictures:
        among = f" among {counted(len(entries), 'file')}" if entries else ""
        raise Refused(f"{where}: expected pictures, in folders of classes or loose, found none{among}")
    return pictures


def _remarks(files: int, entries: int, test: Sequence[bool] | None, reader: Pictures) -> Iterator[str]:
    """What became of the files of a set."""
    if len(reader.stack) > files:
        yield f"every page of {counted(files, 'file')} is a picture"
    if test is not None:
        yield f"{len(test) - sum(test):,} for training, {sum(test):,} for testing, as their folders say"
    if files < entries:
        strays = entries - files
        yield f"{counted(strays, 'file')} skipped, which {'is no picture' if strays == 1 else 'are no pictures'}"
    if reader.on_white:
        yield "what is transparent is shown on white"

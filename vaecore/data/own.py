"""Images of your own: a folder or a zip of pictures, or an .npz."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Shaped
from numpy import ndarray

from vaecore.data.arrays import array_images
from vaecore.data.entries import Entry, folder_entries, opened_zip, zip_entries
from vaecore.data.images import Images
from vaecore.data.layout import TEST, TRAIN, VALIDATION, in_order, placed, uses
from vaecore.data.pictures import Pictures, is_picture
from vaecore.data.remarks import described, of_kin
from vaecore.data.rules import CONTIGUOUS, FOLDER, MARK, STEM, check_groups, expected
from vaecore.limits import Deadline, Refused, counted, first_line, open_regular, shown

AS_FOLDERS = "as their folders say"


class Own(NamedTuple):
    """All images of a set of your own, before they are split.

    Attributes:
        images: all of them, with a note on what was read.
        use: what each is for, where folders say so; else none.
        where: the set, as a sentence that refuses begins.
        rule: by which they are split, if any.
    """

    images: Images
    use: list[str]
    where: str
    rule: str | None

    def split(self, kind: str) -> Images:
        """One split.

        Raises:
            ValueError: there is nothing for one side.
        """
        if self.use:
            return _by_use(self.images, np.array(self.use), kind)
        if len(self.images) < 2:
            expected = "expected at least 2 images to split into training and test"
            raise Refused(f"{self.where}: {expected}, got {len(self.images)}")
        try:
            return self.images.split(kind)
        except ValueError as error:
            raise Refused(f"{self.where}: {error} by {MARK}{shown(self.rule)}") from None


def read_images(path: Path, rule: str | None = None, report: Callable[[float], None] | None = None) -> Own:
    """Images of your own, all of them.

    Args:
        path: of a folder, a zip or an .npz.
        rule: by which they are split, if any.
        report: is told which share of them is read.

    Raises:
        ValueError: something else, a file that is no picture, or anything beyond a limit; a rule that is none for them.
    """
    where = shown(path)
    deadline = Deadline(where, report)
    try:
        if path.is_dir():
            images, use = _pictures(folder_entries(path, deadline), path, deadline, rule)
        elif path.suffix.lower() == ".npz":
            images, use = array_images(path, deadline, rule), []
        elif _is_zip(path):
            with opened_zip(path) as archive:
                images, use = _pictures(zip_entries(archive, path), path, deadline, rule)
        else:
            kinds = "a folder of class sub-folders, a zip of one, an .npz, or a .txt of lines"
            raise Refused(f"{where}: expected {kinds}")
    except OSError as error:
        raise ValueError(f"{where}: cannot be read ({first_line(error)})") from None
    return Own(images, use, where, rule)


def _by_use(images: Images, use: Shaped[ndarray, "n"], split: str) -> Images:
    """One split as the folders say; images that are in two of them are counted, and stay."""
    pairs = np.unique([images.groups, np.unique(use, return_inverse=True)[1]], axis=1)
    twice = int((np.unique(pairs[0], return_counts=True)[1] > 1).sum())
    note = (
        f"{images.note}; {counted(twice, 'image is', 'images are')} in more than one of these" if twice else images.note
    )
    held = torch.from_numpy(use == VALIDATION) if VALIDATION in use and split == TRAIN else None
    rows = np.flatnonzero((use == TEST) == (split == TEST))
    return replace(images, note=note, held=held).rows(torch.from_numpy(rows))


def _is_zip(path: Path) -> bool:
    with open_regular(path) as file:
        return zipfile.is_zipfile(file)


def _pictures(entries: Sequence[Entry], path: Path, deadline: Deadline, rule: str | None) -> tuple[Images, list[str]]:
    """Pictures in their classes, and what each is for where their folders say so."""
    where = shown(path)
    if rule is not None and rule not in (FOLDER, STEM, CONTIGUOUS):
        among = f"'{FOLDER}', '{STEM}' or '{CONTIGUOUS}'"
        raise Refused(f"{where}: {expected(rule, among)}")
    found = placed(_meant(entries, where, deadline), path.stem, where, rule)
    check_groups([each.kin(rule) for each in found] if rule else [], rule, where)
    reader = Pictures(where, deadline)
    pages = []
    for number, each in enumerate(found, 1):
        pages.append(reader.read(each.entry))
        deadline.report(number / len(found))
    rows = [each for each, number in zip(found, pages, strict=True) for _ in range(number)]
    names = in_order({each.label for each in found} - {""})
    rank = {name: index for index, name in enumerate(names)}
    target = torch.tensor([rank[each.label] for each in rows]) if names else None
    use = uses(rows)
    remarks = _remarks(len(found), len(entries), use, reader)
    images = described(reader.stack, target, tuple(names), "picture", remarks)
    return (images if rule is None else of_kin(images, [each.kin(rule) for each in rows], rule)), use


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


def _remarks(files: int, entries: int, use: Sequence[str], reader: Pictures) -> Iterator[str]:
    """What became of the files of a set."""
    if len(reader.stack) > files:
        yield f"every page of {counted(files, 'file')} is a picture"
    if use:
        of = {TRAIN: "training", VALIDATION: "validation", TEST: "testing"}
        said = (f"{use.count(each):,} for {what}" for each, what in of.items() if each in use)
        yield f"{', '.join(said)}, {AS_FOLDERS}"
    if files < entries:
        strays = entries - files
        yield f"{counted(strays, 'file')} skipped, which {'is no picture' if strays == 1 else 'are no pictures'}"
    if reader.on_white:
        yield "what is transparent is shown on white"

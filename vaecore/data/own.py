"""Images of your own: a folder or a zip of pictures, or an .npz."""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

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


def own_images(path: Path, split: str, rule: str | None = None) -> Images:
    """One split of images of your own, by a rule if there is one, with a note on what was read.

    Raises:
        ValueError: something else, a file that is no picture, or anything beyond a limit; a rule that is none for
            them, or leaves nothing for one side.
    """
    where = shown(path)
    deadline = Deadline(where)
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
    if use:
        return _by_use(images, np.array(use), split)
    if len(images) < 2:
        raise Refused(f"{where}: expected at least 2 images to split into training and test, got {len(images)}")
    try:
        return images.split(split)
    except ValueError as error:
        raise Refused(f"{where}: {error} by {MARK}{shown(rule)}") from None


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
    pages = [reader.read(each.entry) for each in found]
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
        yield f"{', '.join(said)}, as their folders say"
    if files < entries:
        strays = entries - files
        yield f"{counted(strays, 'file')} skipped, which {'is no picture' if strays == 1 else 'are no pictures'}"
    if reader.on_white:
        yield "what is transparent is shown on white"

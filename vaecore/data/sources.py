"""Data sets by name, images and texts of your own by path."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaecore.data.examples import Examples
from vaecore.data.images import Images
from vaecore.data.own import Own, read_images
from vaecore.data.rules import MARK, parsed, ruled
from vaecore.data.shelf import data_folder, located
from vaecore.data.table import DATASETS, VALIDATION, DataSet
from vaecore.data.text import Texts, own_texts
from vaecore.limits import expanded, first_line, shown

SPLITS = ("train", "test")
TEXTS = (".txt", ".gz")


def dataset(name: str | Path, split: str = "test", data_dir: str | Path | None = None) -> Images | Any:  # noqa: ANN401  texts
    """A data set by name, or images or texts of your own by path.

    Names:

    {names}

    "mnist/3" is what MNIST has of the class 3. What has to be downloaded is so on first use.

    Paths: a folder or a zip of pictures, or an .npz with `images` ([n,h,w], [n,c,h,w] or [n,h,w,c]) and optionally
    `labels`; or texts, a .txt of UTF-8 lines of at most 64 characters, plain or as .txt.gz.

    Pictures lie in folders of classes, or loose, without labels; one top folder around them is skipped. Where the top
    folders are called train, val and test (or training, valid, validation, testing), they are the splits: "val" is
    what `held_out` keeps of the training images, or is the test split where there is no "test". What lies deeper is
    refused. Every page of a file is a picture, what is transparent is shown on white, and files that are no pictures
    are skipped. "own/photos.zip" is what lies in the folder "own" of the data folder, unless there is a path of that
    name.

    Where no test split is given by the source, one tenth of the images, chosen by a fixed seed, is the test split. Of
    texts it is the twentieth with the lowest hashes of their characters: what is the same is never in both. Images of
    your own are split, and parted by `held_out`, as a word behind their path says:

    "photos.zip?split=folder": pictures of one folder are on one side, of that in the folder of their class where there
    is one; folders of one name are one, in whatever class they lie.
    "photos.zip?split=stem": files of one name but for its last number, as patient7_003.png and patient7_004.png.
    "photos.zip?split=contiguous", or an .npz: no seed draws, but a tenth at the end of every folder is for testing, in
    the order in which people count, or the end of the rows.
    "photos.npz?split=patient": images of one entry in its array `patient`.

    A tenth is of whole groups, at most; where each is larger it is the smallest. Groups that have an equal image are
    one, and an end that equals what is before it is not tested on. A path that has such a word in it goes first.

    Numbers are read by their own range: floats are in [0, 1]; integers and booleans are 0 and 1, or 0 to 255, where
    the whole set is no larger, or else have the range of their bits, of which a set must use a quarter. Images of your
    own keep their size when all share one of at most 64x64. Otherwise each is cut to its central square and resized to
    32x32 by area (Pillow's BOX filter). What was read is said in `.note`.

    Args:
        name: a name or a path.
        split: "train" or "test".
        data_dir: where downloads are kept; else $VAECORE_DATA, else the user's cache folder.

    Returns:
        Images; or Texts, which the annotation calls Any: the name decides, and neither shall need a cast.

    Raises:
        ValueError: an unknown name, an unreadable file, a data set that cannot be had, one that is beyond a limit
            (`vaecore.limits`: bytes, pixels, files, seconds), or that cannot be split so; one sentence.
    """
    if split not in SPLITS:
        raise ValueError(f"expected split 'train' or 'test', got {split!r}")
    name, rule = parsed(name)
    if is_named(name):
        if rule is not None:
            raise ValueError(f"{name}: expected images of your own before {MARK}, got a name, whose split stands")
        base, _, only = str(name).partition("/")
        found = DATASETS[base].load(data_folder(data_dir), split)
        return found.of_class(only) if only else found
    return _split(_own(name, rule, data_dir), split, name)


def own_parts(name: str | Path, report: Callable[[float], None] | None = None) -> tuple[Examples, Examples]:
    """Both splits of examples of your own, training and test, as `dataset` gives them; they are read once.

    Args:
        name: a path, with a rule behind it or without.
        report: is told which share of them is read.

    Raises:
        ValueError: as `dataset`.
    """
    bare, rule = parsed(name)
    found = _own(bare, rule, None, report)
    return _split(found, "train", bare), _split(found, "test", bare)


def _own(
    name: str | Path, rule: str | None, data_dir: str | Path | None, report: Callable[[float], None] | None = None
) -> Own | Texts:
    """All that lies at a path."""
    path = _path(name, data_dir)
    if path.suffix.lower() not in TEXTS or path.is_dir():
        return read_images(path, rule, report)
    if rule is not None:
        raise ValueError(f"{shown(path)}: expected images before {MARK}, got texts, which are split by their lines")
    return own_texts(path)


def _split(found: Own | Texts, kind: str, name: str | Path) -> Examples:
    if isinstance(found, Own):
        return found.split(kind)
    try:
        return found.split(kind)
    except ValueError as error:
        raise ValueError(f"{shown(expanded(name))}: {error}") from None


dataset.__doc__ = (dataset.__doc__ or "").replace(
    "{names}", "\n    ".join(f'"{name}": {row.about}.' for name, row in DATASETS.items())
)


def _path(name: str | Path, data_dir: str | Path | None) -> Path:
    """The path of that name, if there is anything.

    Raises:
        ValueError: there is nothing, or none can say; names are whatever a visitor typed.
    """
    try:
        if not str(name).strip():
            raise FileNotFoundError
        path = located(name, data_dir)
        path.stat()
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        reason = "" if missing else f" ({first_line(error)})"
        raise ValueError(
            f"no data set and no file is called {shown(name)!r}{reason}. Expected {', '.join(DATASETS)} or a path"
        ) from None
    return path


def is_named(name: str | Path) -> bool:
    """Whether that is a data set's name, or that of one of its classes, and no path: a file of that name goes first."""
    if parsed(name)[1] is not None:
        return False
    base, slash, only = str(name).partition("/")
    if isinstance(name, Path) or base not in DATASETS:
        return False
    return not slash or (bool(only) and not os.path.exists(name))  # noqa: PTH110  a name may be none of a path


def found_again(name: str | Path, data_dir: str | Path | None = None) -> str:
    """A data set's name as it means the same in any folder: a path from the root on, with its rule.

    Raises:
        ValueError: there is no user of the name that a path begins with.
    """
    bare, rule = parsed(name)
    return str(name) if is_named(bare) else ruled(located(bare, data_dir).resolve(), rule)


def held_out(name: str | Path, images: Examples) -> tuple[Examples, Examples]:
    """The training images of a data set in two parts: what is trained on, and what a recipe is chosen on.

    10,000 images of MNIST and of its kin (a sixth, of the static set a fifth), a tenth of others, drawn by a fixed
    seed, equal ones and texts that share a line together; none of fewer than ten. Of images of your own the folder
    "val", where train, val and test have each their folder; or groups and ends as the rule in their name says. The same
    for every run: test images have no part in a choice.
    """
    base = str(name).partition("/")[0]
    return images.parted(DATASETS[base].validation if is_named(name) else VALIDATION)


def other_classes(name: str | Path, data_dir: str | Path | None = None, split: str = "test") -> Images | None:
    """What a split of "mnist" has beside the threes, for "mnist/3"; None for a data set that is whole."""
    base, _, only = str(name).partition("/")
    if not (is_named(name) and only):
        return None
    whole = dataset(base, split, data_dir)
    assert whole.target is not None
    return whole.rows((whole.target != whole.names.index(only)).nonzero()[:, 0])


def strangers(name: str | Path, data_dir: str | Path | None = None, split: str = "test") -> Images | None:
    """The images of what the table says is strange to a data set; None where there are none.

    Raises:
        ValueError: they cannot be had.
    """
    row = DATASETS.get(str(name))
    return dataset(row.strange, split, data_dir) if row and row.strange else None


def fetch(name: str, data_dir: str | Path | None = None) -> Path:
    """Download a data set into the data folder, if it is not there yet, and say where that is; neither split is read.

    Raises:
        ValueError: an unknown name, or the download failed; nothing half-made is left behind.
    """
    row, folder = _row(name), data_folder(data_dir)
    row.loader.bring(folder)
    return folder


def is_here(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether a data set can be had without a download.

    Raises:
        ValueError: an unknown name.
    """
    return _row(name).loader.is_here(data_folder(data_dir))


def terms(name: str, data_dir: str | Path | None = None) -> str:
    """What `fetch` has to download, and under which licence: "30.9 MB to download, licence MIT".

    Raises:
        ValueError: an unknown name.
    """
    return _row(name).terms(is_here(name, data_dir))


def _row(name: str) -> DataSet:
    """The row of a data set's name, or of that of one of its classes.

    Raises:
        ValueError: there is none.
    """
    if not is_named(name):
        raise ValueError(f"unknown data set {shown(name)!r}. Expected one of: {', '.join(DATASETS)}")
    base, _, only = name.partition("/")
    row = DATASETS[base]
    if only and only not in row.classes:
        raise ValueError(f"no class is called {shown(only)!r}. Expected one of: {', '.join(row.classes) or 'none'}")
    return row

"""Data sets by name: scikit-learn's digits, those of torchvision, static MNIST, Tang couplets; and your own."""

import hashlib
import os
import shutil
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from platformdirs import user_cache_path

from vaecore.data.couplets import couplets
from vaecore.data.images import Images
from vaecore.data.own import own_images
from vaecore.data.text import own_texts
from vaecore.limits import expanded, first_line, shown

SPLITS = ("train", "test")
PARTIAL = ".partial-"
TEXTS = (".txt", ".gz")
DAY = 86_400  # seconds


def dataset(name: str | Path, split: str = "test", data_dir: str | Path | None = None) -> Images:
    """A data set by name, or images or texts of your own by path.

    Names: "digits" (1,797 of 8x8, with scikit-learn), "mnist", "fashion-mnist" (70,000 of 28x28, downloaded on first
    use), "mnist-static" (MNIST binarised once and for all, without labels and in an order of its own: 50,000 for
    training, 10,000 for testing); "mnist/3" is what MNIST has of the class 3; "couplets" (155,106 of Tang poems, five
    characters and five, `.texts`). Paths: a folder or a zip of pictures, or an .npz with `images` ([n,h,w], [n,c,h,w]
    or [n,h,w,c]) and optionally `labels`; or texts, a .txt of UTF-8 lines of at most 64 characters, plain or as
    .txt.gz.

    Pictures lie in folders of classes, or loose, without labels; one top folder around them is skipped. Where the top
    folders are called train, val and test (or training, valid, validation, testing), they are the splits: "val" is
    trained on, or is the test split where there is no "test". What lies deeper is refused. Every page of a file is a
    picture, what is transparent is shown on white, and files that are no pictures are skipped.

    Where no test split is given by the source, one tenth of the images, chosen by a fixed seed, is the test split. Of
    texts it is the twentieth with the lowest hashes of their characters: what is the same is never in both.

    Numbers are read by their own range: floats are in [0, 1]; integers and booleans are 0 and 1, or 0 to 255, where
    the whole set is no larger, or else have the range of their bits, of which a set must use a quarter. Images of your
    own keep their size when all share one of at most 64x64. Otherwise each is cut to its central square and resized to
    32x32 by area (Pillow's BOX filter). What was read is said in `.note`.

    Args:
        name: a name or a path.
        split: "train" or "test".
        data_dir: where downloads are kept; else $VAECORE_DATA, else the user's cache folder.

    Raises:
        ValueError: an unknown name, an unreadable file, a data set that cannot be had, or one that is beyond a limit
            (`vaecore.limits`: bytes, pixels, files, seconds); one sentence.
    """
    if split not in SPLITS:
        raise ValueError(f"expected split 'train' or 'test', got {split!r}")
    if is_named(name):
        base, _, only = str(name).partition("/")
        images = DATASETS[base](split, data_folder(data_dir))
        return images.of_class(only) if only else images
    path = _path(name)
    if path.suffix.lower() not in TEXTS or path.is_dir():
        return own_images(path, split)
    texts = own_texts(path)
    try:
        return texts.split(split)
    except ValueError as error:
        raise ValueError(f"{shown(path)}: {error}") from None


def _path(name: str | Path) -> Path:
    """The path of that name, if there is anything.

    Raises:
        ValueError: there is nothing, or none can say; names are whatever a visitor typed.
    """
    try:
        if not str(name).strip():
            raise FileNotFoundError
        path = expanded(name)
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
    base, slash, only = str(name).partition("/")
    if isinstance(name, Path) or base not in DATASETS:
        return False
    return not slash or (bool(only) and not os.path.exists(name))  # noqa: PTH110  a name may be none of a path


def other_classes(name: str | Path, data_dir: str | Path | None = None) -> Images | None:
    """What the test split of "mnist" has beside the threes, for "mnist/3"; None for a data set that is whole."""
    base, _, only = str(name).partition("/")
    if not (is_named(name) and only):
        return None
    whole = dataset(base, "test", data_dir)
    assert whole.target is not None
    return whole.rows((whole.target != whole.names.index(only)).nonzero()[:, 0])


def fetch(name: str, data_dir: str | Path | None = None) -> Path:
    """Download a data set into the data folder, if it is not there yet, and say where that is.

    Raises:
        ValueError: an unknown name, or the download failed; nothing half-made is left behind.
    """
    if not is_named(name):
        raise ValueError(f"unknown data set {shown(name)!r}. Expected one of: {', '.join(DATASETS)}")
    dataset(name, "test", data_dir)
    return data_folder(data_dir)


def data_folder(data_dir: str | Path | None = None) -> Path:
    """`data_dir`, else $VAECORE_DATA, else the user's cache folder; it need not be there yet.

    Raises:
        ValueError: there can be none of that name.
    """
    folder = expanded(data_dir or os.environ.get("VAECORE_DATA") or user_cache_path("vaecore") / "data")
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        raise ValueError(f"{shown(folder)}: expected a folder for data sets ({first_line(error)})") from None
    return folder


def _digits(split: str, folder: Path) -> Images:
    from sklearn.datasets import load_digits

    grey, target = load_digits(return_X_y=True)
    pixels = np.rint(np.asarray(grey) * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    names = tuple(str(digit) for digit in range(10))
    return Images(torch.from_numpy(pixels), torch.from_numpy(np.asarray(target)).long(), names).split(split)


def _torchvision(kind: str) -> Callable[[str, Path], Images]:
    def load(split: str, folder: Path) -> Images:
        from torchvision import datasets

        source = getattr(datasets, kind)
        final = folder / kind / "raw"
        stems = [Path(url).stem for url, _ in source.resources]
        if not all((final / stem).is_file() for stem in stems):
            _download(source, folder)
        try:
            loaded = source(folder, train=split == "train", download=False)
        except (RuntimeError, ValueError, OSError, AssertionError) as error:
            raise ValueError(f"{final}: damaged files, delete the folder to download it again ({error})") from None
        names = tuple(name.split(" - ")[0] for name in loaded.classes)  # "0 - zero" is one name too many
        return Images(loaded.data[:, None].contiguous(), loaded.targets.long(), names)

    return load


def _download(source: type, folder: Path) -> None:
    """Download and unpack beside the final place, then move file by file: what is in place is whole."""
    kind = source.__name__
    final = folder / kind / "raw"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_killed(folder)
        with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=folder) as staging:
            raw = Path(staging) / kind / "raw"
            raw.mkdir(parents=True)
            for packed in final.glob("*.gz"):
                shutil.copy(packed, raw)
            source(staging, download=True)
            final.mkdir(parents=True, exist_ok=True)
            for file in sorted(raw.iterdir()):
                file.replace(final / file.name)
    except (RuntimeError, OSError) as error:
        reason = first_line(error)
        raise ValueError(
            f"{kind} is not in {folder} and could not be put there; is there a network? ({reason})"
        ) from None


def _static(split: str, folder: Path) -> Images:
    """Larochelle & Murray 2011: the binarisation that published likelihoods on "static" MNIST share."""
    path = folder / "BinarizedMNIST" / "binarized_mnist.npz"
    if not path.exists():
        _download_static(path)
    try:
        with np.load(path) as packed:
            bits = packed[split]
            if hashlib.sha256(bits.tobytes()).hexdigest() != STATIC[split]:
                raise ValueError(f"{split!r} is not the published one")
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: damaged file, delete it to download it again ({first_line(error)})") from None
    return Images(torch.from_numpy(np.unpackbits(bits, axis=1).reshape(-1, 1, 28, 28) * np.uint8(255)))


def _download_static(path: Path) -> None:
    """Download the lines of zeros and ones, pack eight to a byte, and put the file in place when it is whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=path.parent) as staging:
            packed = {}
            for split in STATIC:
                with urllib.request.urlopen(STATIC_URL.format(split=split)) as lines:
                    packed[split] = np.packbits(np.loadtxt(lines, dtype=np.uint8), axis=1)
            whole = Path(staging) / path.name
            np.savez_compressed(whole, **packed)
            whole.replace(path)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"BinarizedMNIST is not in {path.parent.parent} and could not be put there; is there a network? "
            f"({first_line(error)})"
        ) from None


def _forget_killed(folder: Path) -> None:
    """Remove what downloads left behind that were killed without a chance to tidy up, a day ago or longer."""
    for partial in folder.glob(f"{PARTIAL}*"):
        if time.time() - partial.stat().st_mtime > DAY:
            shutil.rmtree(partial, ignore_errors=True)


STATIC_URL = "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/binarized_mnist_{split}.amat"
STATIC = {  # of each split the SHA-256, eight pixels to a byte
    "train": "727146c35424b019f3e350e1e69faa05644a0abaf787e3f4e1a9632220a13906",
    "test": "9fcd8da6f0fdf09b2ba30fe63a0bb784042a0de82563172530229b983e294ff2",
}

DATASETS: dict[str, Callable[[str, Path], Images]] = {
    "digits": _digits,
    "mnist": _torchvision("MNIST"),
    "fashion-mnist": _torchvision("FashionMNIST"),
    "mnist-static": _static,
    "couplets": couplets,
}
SHAPES = {"digits": (1, 8, 8), "mnist": (1, 28, 28), "fashion-mnist": (1, 28, 28)}  # known before the download

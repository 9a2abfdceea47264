"""Images as one uint8 tensor: scikit-learn's digits, MNIST, Fashion-MNIST, and images of your own."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from numpy import ndarray
from PIL import Image, ImageOps, UnidentifiedImageError
from platformdirs import user_cache_path
from torch import Tensor

SPLITS = ("train", "test")
SPLIT_SEED = 0
LARGEST = 64
SIDE = 32
GREY = ("1", "L", "LA", "I;16")


@dataclass(frozen=True, eq=False)
class Images:
    """Images and, where there are any, their labels.

    Attributes:
        pixels: uint8 [n, channels, height, width]: what training indexes, on any device.
        target: int64 [n], or None.
        names: the name of each class, in the order of the labels; empty without labels.
    """

    pixels: UInt8[Tensor, "n channels height width"]
    target: Int64[Tensor, "n"] | None = None
    names: tuple[str, ...] = ()

    @cached_property
    def images(self) -> Float32[ndarray, "n channels height width"]:
        """The pixels as float32 in [0, 1]."""
        return self.pixels.numpy().astype(np.float32) / 255

    @property
    def labels(self) -> Int64[ndarray, "n"] | None:
        """The labels as int64, or None."""
        return None if self.target is None else self.target.numpy()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width of one image."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width

    def __len__(self) -> int:
        return len(self.pixels)

    def rows(self, index: Int64[Tensor, "m"]) -> "Images":
        """The images at `index`, in that order."""
        return Images(self.pixels[index], None if self.target is None else self.target[index], self.names)


def dataset(name: str | Path, split: str = "test", data_dir: str | Path | None = None) -> Images:
    """A data set by name, or images of your own by path.

    Names: "digits" (1,797 of 8x8, with scikit-learn), "mnist", "fashion-mnist" (70,000 of 28x28, downloaded on first
    use). Paths: a folder of class sub-folders, a zip of one, or an .npz with `images` ([n,h,w], [n,c,h,w] or
    [n,h,w,c]; uint8, or float in [0, 1]) and optionally `labels`. Where no test split is given by the source, one
    tenth, chosen by a fixed seed, is the test split. Picture files are kept at their size when all share one of at
    most 64x64; otherwise each is cut to its central square and resized to 32x32 by area (Pillow's BOX filter).

    Args:
        name: a name or a path.
        split: "train" or "test".
        data_dir: where downloads are kept; else $VAECORE_DATA, else the user's cache folder.

    Raises:
        ValueError: an unknown name, an unreadable file, or a data set that cannot be had; one sentence.
    """
    if split not in SPLITS:
        raise ValueError(f"expected split 'train' or 'test', got {split!r}")
    if str(name) in DATASETS:
        return DATASETS[str(name)](split, data_folder(data_dir))
    path = Path(name).expanduser()
    if not path.exists():
        raise ValueError(f"no data set and no file is called {str(name)!r}. Expected {', '.join(DATASETS)} or a path")
    return _own_split(_own_images(path), split)


def fetch(name: str, data_dir: str | Path | None = None) -> Path:
    """Download a data set into the data folder, if it is not there yet, and say where that is.

    Raises:
        ValueError: an unknown name, or the download failed; nothing half-made is left behind.
    """
    if name not in DATASETS:
        raise ValueError(f"unknown data set {name!r}. Expected one of: {', '.join(DATASETS)}")
    dataset(name, "test", data_dir)
    return data_folder(data_dir)


def data_folder(data_dir: str | Path | None = None) -> Path:
    """`data_dir`, else $VAECORE_DATA, else the user's cache folder."""
    return Path(data_dir or os.environ.get("VAECORE_DATA") or user_cache_path("vaecore") / "data").expanduser()


def _digits(split: str, folder: Path) -> Images:
    from sklearn.datasets import load_digits

    grey, target = load_digits(return_X_y=True)
    pixels = np.rint(np.asarray(grey) * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    names = tuple(str(digit) for digit in range(10))
    return _own_split(Images(torch.from_numpy(pixels), torch.from_numpy(np.asarray(target)).long(), names), split)


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
        final.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as staging:
            raw = Path(staging) / kind / "raw"
            raw.mkdir(parents=True)
            for packed in final.glob("*.gz"):
                shutil.copy(packed, raw)
            source(staging, download=True)
            for file in sorted(raw.iterdir()):
                file.replace(final / file.name)
    except (RuntimeError, OSError) as error:
        raise ValueError(f"{kind} is not in {folder} and could not be put there ({_first_line(error)})") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")


DATASETS: dict[str, Callable[[str, Path], Images]] = {
    "digits": _digits,
    "mnist": _torchvision("MNIST"),
    "fashion-mnist": _torchvision("FashionMNIST"),
}


def _own_split(images: Images, split: str) -> Images:
    """One tenth, at least one image, is the test split; the other nine are for training."""
    if len(images) < 2:
        raise ValueError(f"expected at least 2 images to split into training and test, got {len(images)}")
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(SPLIT_SEED))
    tests = max(1, len(images) // 10)
    return images.rows(order[:tests] if split == "test" else order[tests:].sort().values)


def _own_images(path: Path) -> Images:
    if path.is_dir():
        return _pictures(((file.parent.name, file.name, file) for file in sorted(path.glob("*/*"))), path)
    if path.suffix == ".npz":
        return _arrays(path)
    if zipfile.is_zipfile(path):
        return _zipped(path)
    raise ValueError(f"{path}: expected a folder of class sub-folders, a zip of one, or an .npz")


def _zipped(path: Path) -> Images:
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
        files = sorted(members, key=lambda info: info.filename)
        inside = ((Path(info.filename).parent.name, Path(info.filename).name, archive.open(info)) for info in files)
        return _pictures(inside, path)


def _pictures(files: Iterable[tuple[str, str, Path | IO[bytes]]], where: Path) -> Images:
    """(class, name, file) of every picture -> images: grey if all are grey, RGB otherwise."""
    pictures, classes, sizes = [], [], set()
    for label, name, file in files:
        if name.startswith("."):
            continue
        try:
            with Image.open(file) as opened:
                picture = opened.convert("L" if opened.mode in GREY else "RGB")
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"{where}: {label}/{name} is not a picture ({_first_line(error)})") from None
        sizes.add(picture.size)
        pictures.append(picture if max(picture.size) <= LARGEST else _square(picture))  # large ones are not kept whole
        classes.append(label)
    if not pictures:
        raise ValueError(f"{where}: expected pictures in class sub-folders, found none")
    mode = "L" if all(picture.mode == "L" for picture in pictures) else "RGB"
    keep = len(sizes) == 1 and max(*sizes.pop()) <= LARGEST
    stack = np.stack([np.asarray((picture if keep else _square(picture)).convert(mode)) for picture in pictures])
    names = tuple(sorted(set(classes)))
    target = torch.tensor([names.index(label) for label in classes])
    return Images(_channels_first(torch.from_numpy(stack)), target, names)


def _square(picture: Image.Image) -> Image.Image:
    if picture.size == (SIDE, SIDE):
        return picture
    return ImageOps.fit(picture, (SIDE, SIDE), method=Image.Resampling.BOX)


def _arrays(path: Path) -> Images:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a readable .npz without pickled objects ({_first_line(error)})") from None
    if "images" not in arrays:
        raise ValueError(f"{path}: expected an array called 'images', found {sorted(arrays)}")
    pixels = _channels_first(torch.from_numpy(_as_bytes(arrays["images"], path)))
    if "labels" not in arrays:
        return Images(pixels)
    labels = arrays["labels"]
    if labels.shape != (len(pixels),):
        raise ValueError(f"{path}: expected labels of shape ({len(pixels)},), got {labels.shape}")
    names, target = np.unique(labels, return_inverse=True)
    return Images(pixels, torch.from_numpy(target).long(), tuple(str(name) for name in names))


def _as_bytes(images: ndarray, path: Path) -> UInt8[ndarray, "..."]:
    if images.ndim not in (3, 4) or not images.size:
        raise ValueError(f"{path}: expected images [n,h,w], [n,c,h,w] or [n,h,w,c], got shape {images.shape}")
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"{path}: expected uint8, or float in [0, 1], got {images.dtype}")
    if not (np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"{path}: expected floats in [0, 1], got values from {images.min():g} to {images.max():g}")
    return np.rint(images * 255).astype(np.uint8)


def _channels_first(stack: UInt8[Tensor, "..."]) -> UInt8[Tensor, "n channels height width"]:
    """[n,h,w], [n,h,w,c] or [n,c,h,w] -> [n,c,h,w]; an axis of 1 or 3 is the channels', the last one if both are."""
    if stack.ndim == 3:
        return stack[:, None].contiguous()
    if stack.shape[-1] in (1, 3):
        return stack.movedim(-1, 1).contiguous()
    if stack.shape[1] in (1, 3):
        return stack.contiguous()
    raise ValueError(f"expected 1 or 3 channels, got images of shape {tuple(stack.shape)}")

"""Images of your own, as one uint8 tensor."""

import zipfile
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageOps
from torch import Tensor

from vaecore.data.images import Images

LARGEST = 64
SIDE = 32
GREY = ("1", "L", "LA")
# What Pillow, zipfile and numpy raise for a damaged, encrypted, unsupported or enormous file.
UNREADABLE = (
    *(OSError, ValueError, TypeError, EOFError, RuntimeError, SyntaxError, zlib.error),
    *(zipfile.BadZipFile, Image.DecompressionBombError),
)


def own_images(path: Path) -> Images:
    """Images of your own: a folder of class sub-folders, a zip of one, or an .npz.

    Raises:
        ValueError: something else, or a file in it that is no picture.
    """
    if path.is_dir():
        files = sorted(file for file in path.glob("*/*") if file.is_file())
        return _pictures(((file.parent.name, file.name, partial(file.open, "rb")) for file in files), path)
    if path.suffix == ".npz":
        return _arrays(path)
    if zipfile.is_zipfile(path):
        return _zipped(path)
    raise ValueError(f"{path}: expected a folder of class sub-folders, a zip of one, an .npz, or a .txt of lines")


def _zipped(path: Path) -> Images:
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
        files = sorted(members, key=lambda info: info.filename)
        paths = [Path(info.filename) for info in files]
        openers = (partial(archive.open, info) for info in files)
        return _pictures(((p.parent.name, p.name, opener) for p, opener in zip(paths, openers, strict=True)), path)


def _pictures(files: Iterable[tuple[str, str, Callable[[], IO[bytes]]]], where: Path) -> Images:
    """(class, name, file) of every picture -> images: grey if all are grey, RGB otherwise."""
    pictures, classes, sizes = [], [], set()
    for label, name, opener in files:
        if not label or label.startswith(".") or name.startswith("."):
            continue
        try:
            with opener() as file, Image.open(file) as opened:
                picture = _eight_bits(ImageOps.exif_transpose(opened))  # a telephone stores how it was held
        except UNREADABLE as error:
            raise ValueError(f"{where}: {label}/{name} is not a picture ({first_line(error)})") from None
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


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey or RGB with a byte a channel. Pillow would cut 16-bit grey off at 255 instead of scaling it."""
    if picture.mode.startswith("I"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return picture.convert("L" if picture.mode in GREY else "RGB")


def _square(picture: Image.Image) -> Image.Image:
    if picture.size == (SIDE, SIDE):
        return picture
    return ImageOps.fit(picture, (SIDE, SIDE), method=Image.Resampling.BOX)


def _arrays(path: Path) -> Images:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except UNREADABLE as error:
        raise ValueError(f"{path}: not a readable .npz without pickled objects ({first_line(error)})") from None
    if "images" not in arrays:
        raise ValueError(f"{path}: expected an array called 'images', found {sorted(arrays)}")
    try:
        pixels = _small(_channels_first(torch.from_numpy(_as_bytes(arrays["images"]))))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if "labels" not in arrays:
        return Images(pixels)
    labels = arrays["labels"]
    if labels.shape != (len(pixels),):
        raise ValueError(f"{path}: expected labels of shape ({len(pixels)},), got {labels.shape}")
    names, target = np.unique(labels, return_inverse=True)
    return Images(pixels, torch.from_numpy(target).long(), tuple(str(name) for name in names))


def _small(pixels: UInt8[Tensor, "n c h w"]) -> UInt8[Tensor, "n c new_h new_w"]:
    if max(pixels.shape[2:]) <= LARGEST:
        return pixels
    arrays = pixels.movedim(1, -1).squeeze(-1).numpy()  # Pillow takes [h, w] for grey, [h, w, 3] for RGB
    return _channels_first(torch.from_numpy(np.stack([np.asarray(_square(Image.fromarray(a))) for a in arrays])))


def _as_bytes(images: ndarray) -> UInt8[ndarray, "..."]:
    if images.ndim not in (3, 4) or not images.size:
        raise ValueError(f"expected images [n,h,w], [n,c,h,w] or [n,h,w,c], got shape {images.shape}")
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"expected uint8, or float in [0, 1], got {images.dtype}")
    if not (np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"expected floats in [0, 1], got values from {images.min():g} to {images.max():g}")
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


def first_line(error: Exception) -> str:
    """What an error says first: the rest of a download's message is a list of mirrors."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")

"""Images by name: scikit-learn's digits, those of torchvision, static MNIST."""

import hashlib
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from vaecore.data.downloads import Loader
from vaecore.data.images import Images

IDX = tuple(f"{split}-{what}-ubyte" for split in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))
STATIC_FILE = "BinarizedMNIST/binarized_mnist.npz"
STATIC_URL = "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/binarized_mnist_{split}.amat"
STATIC = {  # of each split the SHA-256, eight pixels to a byte
    "train": "727146c35424b019f3e350e1e69faa05644a0abaf787e3f4e1a9632220a13906",
    "test": "9fcd8da6f0fdf09b2ba30fe63a0bb784042a0de82563172530229b983e294ff2",
}


def torchvision(kind: str, root: str = "", files: Sequence[str] = ()) -> Loader:
    """The loader of one of torchvision's data sets.

    Args:
        kind: the name of its class.
        root: the folder that the class is given, below the data folder.
        files: all that it is read from, below the root; else the four that all relatives of MNIST have.
    """

    def read(folder: Path, split: str) -> Images:
        from torchvision import datasets

        found = getattr(datasets, kind)(folder / root, train=split == "train")
        pixels, target = torch.as_tensor(found.data), torch.as_tensor(found.targets)
        return Images(pixels[:, None].contiguous(), target.long())

    def download(folder: Path) -> None:
        from torchvision import datasets

        for train in (True, False):
            getattr(datasets, kind)(folder / root, train=train, download=True)

    below = files or [f"{kind}/raw/{name}" for name in IDX]
    return Loader(read, tuple((Path(root) / file).as_posix() for file in below), download)


def _digits(_folder: Path, split: str) -> Images:
    from sklearn.datasets import load_digits

    grey, target = load_digits(return_X_y=True)
    pixels = np.rint(np.asarray(grey) * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    return Images(torch.from_numpy(pixels), torch.from_numpy(np.asarray(target)).long()).split(split)


def _static(folder: Path, split: str) -> Images:
    """Larochelle & Murray 2011: the binarisation that published likelihoods on "static" MNIST share."""
    with np.load(folder / STATIC_FILE) as packed:
        bits = packed[split]
    if hashlib.sha256(bits.tobytes()).hexdigest() != STATIC[split]:
        raise ValueError(f"{split!r} is not the published one")
    return Images(torch.from_numpy(np.unpackbits(bits, axis=1).reshape(-1, 1, 28, 28) * np.uint8(255)))


def _download_static(folder: Path) -> None:
    """The lines of zeros and ones, packed eight to a byte."""
    packed = {}
    for split in STATIC:
        with urllib.request.urlopen(STATIC_URL.format(split=split)) as lines:
            packed[split] = np.packbits(np.loadtxt(lines, dtype=np.uint8), axis=1)
    np.savez_compressed(folder / STATIC_FILE, **packed)


digits = Loader(_digits)
static = Loader(_static, (STATIC_FILE,), _download_static)

"""What a test needs of the machine that runs it: where that has it not, the test is skipped and says so."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

DATA = {  # files of the data folder that say that a data set is there, and the name that fetches it
    "MNIST/raw/train-images-idx3-ubyte*": "mnist",
    "FashionMNIST/raw/train-images-idx3-ubyte*": "fashion-mnist",
    "BinarizedMNIST/binarized_mnist.npz": "mnist-static",
    "couplets/tang-couplets.txt.gz": "couplets",
}


def folder_with(*names: str) -> Path:
    """The data folder, with data sets in it; where they must be there, their absence is a failure."""
    from vaecore.data import data_folder  # here: what is imported before `conftest` runs has its shapes unchecked

    folder = data_folder()
    for files, name in DATA.items():
        if name in names and not any(folder.glob(files)):
            lacking(f"{name} is not in {folder}; `vaecore fetch {name}` puts it there")
    return folder


def lacking(what: str) -> NoReturn:
    """Skip a test for what this machine has not, and say so; where all must be there, as in CI, it fails."""
    if os.environ.get("VAECORE_REQUIRE_ALL") == "1":
        pytest.fail(what)
    pytest.skip(what)

"""Data sets: what they are, what your own images become, and what is said when there are none."""

import gzip
import hashlib
import io
import os
import re
import shutil
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from PIL import Image
from sklearn.datasets import load_digits
from torchvision import datasets

import vaecore
from vaecore.data import (
    DATASETS,
    Images,
    data_folder,
    dataset,
    downloads,
    fetch,
    held_out,
    is_named,
    named,
    other_classes,
)
from vaecore.data.batches import SHIFTED_SHARE, present

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (20, 6, 5), dtype=np.uint8)
RGB = RANDOM.integers(0, 256, (20, 6, 5, 3), dtype=np.uint8)


def everything(path: Path, data_dir: Path | None = None) -> Images:
    """Both splits in the order of the source: the training split keeps it, the test rows follow."""
    train, test = (dataset(path, split, data_dir) for split in ("train", "test"))
    target = None if train.target is None else torch.cat([train.target, test.target])
    return Images(torch.cat([train.pixels, test.pixels]), target, train.names)


def rows_of(pixels: ndarray | torch.Tensor) -> list[bytes]:
    return sorted(np.ascontiguousarray(row).tobytes() for row in np.asarray(pixels))


# Sets by name


def test_digits(digits: Images, test_digits: Images) -> None:
    assert (len(digits), len(test_digits)) == (1618, 179)
    assert digits.shape == test_digits.shape == (1, 8, 8)
    assert digits.names == tuple("0123456789")
    assert (digits.images.dtype, digits.labels.dtype) == (np.float32, np.int64)
    assert (digits.images.min(), digits.images.max()) == (0, 1)
    source = load_digits()
    label_of = {np.rint(image * 255 / 16).astype(np.uint8).tobytes(): set() for image in source.images}
    for image, label in zip(source.images, source.target, strict=True):
        label_of[np.rint(image * 255 / 16).astype(np.uint8).tobytes()].add(int(label))
    for images in (digits, test_digits):
        for pixels, label in zip(images.pixels.numpy(), images.labels, strict=True):
            assert int(label) in label_of[pixels.tobytes()]
    assert rows_of(torch.cat([digits.pixels, test_digits.pixels])) == sorted(
        np.rint(image * 255 / 16).astype(np.uint8).tobytes() for image in source.images
    )


def test_the_split_is_fixed_and_leaves_the_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, again = dataset("digits", "test"), dataset("digits", "test")
    assert torch.equal(one.pixels, again.pixels)
    assert torch.equal(torch.rand(1), expected)


def test_unknown_names_and_splits_are_refused() -> None:
    with pytest.raises(ValueError, match=rf"called 'emnist'\. Expected {', '.join(DATASETS)} or a path"):
        dataset("emnist")
    with pytest.raises(ValueError, match="expected split 'train' or 'test', got 'valid'"):
        dataset("digits", "valid")
    with pytest.raises(ValueError, match=r"unknown data set 'emnist'.*fashion-mnist"):
        fetch("emnist")


def test_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VAECORE_DATA", str(tmp_path / "environment"))
    assert data_folder(tmp_path / "argument") == tmp_path / "argument"
    assert data_folder() == tmp_path / "environment"
    monkeypatch.delenv("VAECORE_DATA")
    assert "vaecore" in str(data_folder())
    assert data_folder("~/data") == Path.home() / "data"


def test_images_by_row(digits: Images) -> None:
    some = digits.rows(torch.tensor([5, 2]))
    assert (len(some), some.names) == (2, digits.names)
    np.testing.assert_array_equal(some.images, digits.images[[5, 2]])
    np.testing.assert_array_equal(some.labels, digits.labels[[5, 2]])


@pytest.mark.parametrize("split", ["train", "test"])
def test_one_class_of_a_set(split: str) -> None:
    threes, whole = dataset("digits/3", split), dataset("digits", split)
    assert set(threes.labels.tolist()) == {3}
    np.testing.assert_array_equal(threes.images, whole.images[whole.labels == 3])
    assert threes.names == whole.names


def test_what_one_class_leaves_over() -> None:
    threes, others, whole = dataset("digits/3", "test"), other_classes("digits/3"), dataset("digits", "test")
    assert set(others.labels.tolist()) == set(range(10)) - {3}
    assert rows_of(torch.cat([threes.pixels, others.pixels])) == rows_of(whole.pixels)
    assert others.names == whole.names


def test_a_whole_set_leaves_nothing_over(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", images=GREY)
    assert other_classes("digits") is None
    assert other_classes(tmp_path / "mine.npz") is None
    assert other_classes(str(tmp_path / "mine.npz")) is None


@pytest.mark.parametrize("name", ["digits/ten", "digits/3/4", "digits/10", "digits/-1"])
def test_a_class_that_is_not_there_is_one_sentence(name: str) -> None:
    sentence = f"no class is called '{name.partition('/')[2]}'. Expected one of: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        dataset(name)


def test_images_without_labels_have_no_classes() -> None:
    with pytest.raises(ValueError, match=r"no class is called '3'\. Expected one of: none"):
        Images(torch.zeros(2, 1, 2, 2, dtype=torch.uint8)).of_class("3")


def test_what_is_a_name_and_what_a_path(tmp_path: Path) -> None:
    assert all(is_named(name) for name in ("digits", "mnist", "digits/3", "fashion-mnist/T-shirt/top"))
    assert not any(is_named(name) for name in ("mine.npz", "./digits", tmp_path / "digits", "~/mnist", "/mnist/3", ""))


# torchvision's sets


def write_idx(folder: Path, kind: str, trains: int = 12, tests: int = 4) -> Path:
    """A data set in torchvision's layout, small."""
    raw = folder / kind / "raw"
    raw.mkdir(parents=True)
    for prefix, n in (("train", trains), ("t10k", tests)):
        pixels = RANDOM.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, n, 28, 28) + pixels.tobytes())
        labels = np.arange(n, dtype=np.uint8) % 10
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, n) + labels.tobytes())
    return raw


@pytest.mark.parametrize(("name", "kind"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
def test_torchvision_layout(name: str, kind: str, tmp_path: Path) -> None:
    raw = write_idx(tmp_path, kind)
    train, test = (dataset(name, split, tmp_path) for split in ("train", "test"))
    assert (train.pixels.shape, test.pixels.shape) == ((12, 1, 28, 28), (4, 1, 28, 28))
    assert test.labels.tolist() == [0, 1, 2, 3]
    assert train.pixels.numpy().tobytes() == (raw / "train-images-idx3-ubyte").read_bytes()[16:]
    assert len(test.names) == 10
    assert test.names[0] == {"mnist": "0", "fashion-mnist": "T-shirt/top"}[name]
    assert fetch(name, tmp_path) == tmp_path


def test_training_reads_nothing_of_the_test_split(tmp_path: Path) -> None:
    """Nor does the download before it: what is damaged there is for who measures."""
    for file in write_idx(tmp_path, "MNIST", trains=60).glob("t10k-*"):
        file.write_bytes(b"damaged")
    assert fetch("mnist", tmp_path) == tmp_path
    run = vaecore.train("pca-mnist", tmp_path, tmp_path / "run", "cpu", latent=2)
    assert vaecore.load(run, device="cpu").card["data"]["train"] == 50
    with pytest.raises(ValueError, match="damaged"):
        vaecore.evaluate(run, device="cpu", data_dir=tmp_path)


@pytest.mark.parametrize("name", ["mnist/10", "couplets/1", "mnist-static/3"])
def test_no_class_is_fetched_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^no class is called '1?\d?'. Expected one of: (0, 1, .*|none)$"):
        fetch(name, tmp_path)
    assert files_below(tmp_path) == set()


@pytest.mark.parametrize("what", ["truncated", "empty", "foreign"])
@pytest.mark.parametrize("file", ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_damaged_file_is_named(file: str, what: str, tmp_path: Path) -> None:
    path = write_idx(tmp_path, "MNIST") / file
    content = path.read_bytes()
    path.write_bytes({"truncated": content[:-3], "empty": b"", "foreign": b"<html>404 not found</html>"}[what])
    with pytest.raises(ValueError, match="damaged") as caught:
        dataset("mnist", "test", tmp_path)
    assert str(path.parent) in str(caught.value)
    assert "\n" not in str(caught.value)


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() or path.name[0] == "."}


@pytest.mark.parametrize("error", [RuntimeError("mirror\nlist of mirrors"), OSError("disk full"), KeyboardInterrupt()])
def test_an_interrupted_download_leaves_nothing_half_made(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(self: datasets.MNIST) -> None:
        (Path(self.raw_folder) / "train-images-idx3-ubyte").write_bytes(b"half")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(datasets.MNIST, "download", half)
        expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else ValueError
        with pytest.raises(expected) as caught:
            dataset("mnist", "train", tmp_path)
    if expected is ValueError:
        assert str(caught.value).startswith(
            f"MNIST is not in {tmp_path} and could not be put there; is there a network? ("
        )
        assert "\n" not in str(caught.value)
    assert files_below(tmp_path) == set()
    monkeypatch.setattr(datasets.MNIST, "download", lambda self: write_whole(Path(self.raw_folder)))
    assert len(dataset("mnist", "train", tmp_path)) == 12


def write_whole(raw: Path) -> None:
    made = write_idx(raw / "made", "MNIST")
    for file in made.iterdir():
        file.replace(raw / file.name)
    shutil.rmtree(raw / "made")


def test_a_download_finds_its_files_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.MNIST, "download", lambda self: write_whole(Path(self.raw_folder)))
    assert fetch("mnist", tmp_path) == tmp_path
    monkeypatch.setattr(datasets.MNIST, "download", lambda self: pytest.fail("downloaded twice"))
    assert len(dataset("mnist", "test", tmp_path)) == 4
    assert {Path(name).parts[:2] for name in files_below(tmp_path)} == {("MNIST", "raw")}


def test_without_a_network_the_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"MNIST is not in .* and could not be put there") as caught:
        dataset("mnist", "train", tmp_path)
    assert "\n" not in str(caught.value)
    assert files_below(tmp_path) == set()


def test_a_damaged_archive_is_not_unpacked(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"not the images"))
    with pytest.raises(ValueError, match="could not be put there"):
        dataset("mnist", "train", tmp_path)
    assert files_below(tmp_path) == {"MNIST/raw/train-images-idx3-ubyte.gz"}


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(ValueError, match="could not be put there"):
        dataset("mnist", "train", tmp_path / "data")


def test_mnist_is_unpacked_from_its_archives(mnist_folder: Path, mnist: tuple[Images, Images], tmp_path: Path) -> None:
    """torchvision's own archives beside nothing: no download is needed."""
    packed = sorted((mnist_folder / "MNIST" / "raw").glob("*.gz"))
    assert len(packed) == 4, "the data folder must keep the archives"
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in packed:
        shutil.copy(path, raw)
    test = dataset("mnist", "test", tmp_path)
    assert torch.equal(test.pixels, mnist[1].pixels)
    assert torch.equal(test.target, mnist[1].target)
    assert not list(tmp_path.glob(".partial*"))


def test_mnist_is_the_official_one(mnist: tuple[Images, Images]) -> None:
    train, test = mnist
    assert (train.pixels.shape, test.pixels.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert train.pixels.double().mean() / 255 == pytest.approx(0.1306604762738429)
    assert train.names == tuple("0123456789")


# Images of your own: arrays


def npz(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "own.npz", **arrays)
    return folder / "own.npz"


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (GREY, GREY[:, None]),
        (GREY[:, None], GREY[:, None]),
        (GREY[..., None], GREY[:, None]),
        (RGB, RGB.transpose(0, 3, 1, 2)),
        (RGB.transpose(0, 3, 1, 2), RGB.transpose(0, 3, 1, 2)),
    ],
    ids=["nhw", "n1hw", "nhw1", "nhwc", "nchw"],
)
@pytest.mark.parametrize("number", [np.uint8, np.float16, np.float32, np.float64])
def test_arrays(images: ndarray, expected: ndarray, number: type, tmp_path: Path) -> None:
    labels = np.array([f"class {i % 3}" for i in range(20)])
    given_images = images if number is np.uint8 else (images / 255).astype(number)
    found = everything(npz(tmp_path, images=given_images, labels=labels))
    assert found.names == ("class 0", "class 1", "class 2")
    assert found.pixels.dtype == torch.uint8
    assert rows_of(found.pixels) == rows_of(expected)
    label_of = dict(zip((row.tobytes() for row in np.ascontiguousarray(expected)), labels, strict=True))
    assert all(
        found.names[label] == label_of[row.tobytes()]
        for row, label in zip(found.pixels.numpy(), found.labels, strict=True)
    )


def test_arrays_without_labels(tmp_path: Path) -> None:
    images = dataset(npz(tmp_path, images=GREY))
    assert (images.target, images.labels, images.names) == (None, None, ())
    assert images.rows(torch.tensor([0])).labels is None


def test_labels_of_any_integers_become_classes(tmp_path: Path) -> None:
    found = everything(npz(tmp_path, images=GREY, labels=np.where(np.arange(20) % 2, 70, -3)))
    assert found.names == ("-3", "70")
    assert set(found.labels.tolist()) == {0, 1}


LARGE = np.zeros((2, 3, 4), dtype=np.float32)
BAD_ARRAYS: dict[str, tuple[dict[str, object], str]] = {
    "no images": ({"pictures": GREY}, "expected an array called 'images', found .*pictures"),
    "too flat": ({"images": GREY.reshape(20, -1)}, r"got shape \(20, 30\)"),
    "too deep": ({"images": GREY[None, None]}, r"got shape \(1, 1, 20, 6, 5\)"),
    "a number": ({"images": np.array(3.0)}, r"got shape \(\)"),
    "nothing": ({"images": GREY[:0]}, r"got shape \(0, 6, 5\)"),
    "two channels": ({"images": GREY.reshape(4, 5, 6, 5)}, "expected 1 or 3 channels"),
    "words": ({"images": GREY.astype(str)}, "expected images of integers, booleans, or floats .* got <U"),
    "complex": ({"images": GREY.astype(complex)}, "expected images of integers, .* got complex128"),
    "not a number": ({"images": LARGE + np.nan}, "expected floats in .*nan"),
    "infinity": ({"images": LARGE + np.inf}, "expected floats in .*inf"),
    "too large": ({"images": LARGE + 255}, "expected floats in .* 255 to 255"),
    "negative": ({"images": LARGE - 1}, "expected floats in .* -1 to -1"),
    "objects": ({"images": np.array([GREY[0], "x"], dtype=object)}, "without pickled objects"),
    "object labels": ({"images": GREY, "labels": np.array([None] * 20)}, "without pickled objects"),
    "few labels": ({"images": GREY, "labels": np.arange(19)}, r"labels of shape \(20,\), got \(19,\)"),
    "deep labels": ({"images": GREY, "labels": np.zeros((20, 2))}, r"labels of shape \(20,\), got \(20, 2\)"),
    "one image": ({"images": GREY[:1]}, "at least 2 images .*got 1"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays_are_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    arrays, message = BAD_ARRAYS[case]
    path = npz(tmp_path, **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        dataset(path)
    assert "\n" not in str(caught.value)
    if case != "one image":
        assert str(path) in str(caught.value)


def test_a_pickle_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return os.mkdir, ("exploded",)

    monkeypatch.chdir(tmp_path)
    path = npz(tmp_path, images=np.array([Bomb(), Bomb()], dtype=object))
    with pytest.raises(ValueError, match="without pickled objects"):
        dataset(path)
    assert not Path("exploded").exists()


def _npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, GREY)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no archive at all"),
        lambda path: path.write_bytes(npz(path.parent, images=GREY).read_bytes()[:-200]),
        lambda path: path.write_bytes(npz(path.parent, images=GREY).read_bytes().replace(GREY[3].tobytes(), bytes(30))),
        _npy,
    ],
    ids=["empty", "text", "truncated", "changed", "a bare array"],
)
def test_a_broken_npz_is_named(write: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    write(path)
    with pytest.raises(ValueError, match=r"broken\.npz: ") as caught:
        dataset(path)
    assert "\n" not in str(caught.value)


# Images of your own: pictures


def write_pictures(folder: Path, arrays: ndarray, suffix: str = "png") -> Path:
    """Twenty pictures in two classes."""
    for i, array in enumerate(arrays):
        place = folder / ("cat", "dog")[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(place / f"{i:02}.{suffix}")
    return folder


def zipped(folder: Path, inside: str = "") -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, inside + str(file.relative_to(folder)))
    return path


@pytest.mark.parametrize("arrays", [GREY, RGB], ids=["grey", "rgb"])
@pytest.mark.parametrize("pack", [lambda folder: folder, zipped, lambda folder: zipped(folder, "animals/")])
def test_pictures(arrays: ndarray, pack: Callable[[Path], Path], tmp_path: Path) -> None:
    found = everything(pack(write_pictures(tmp_path / "animals", arrays)))
    expected = arrays[:, None] if arrays.ndim == 3 else arrays.transpose(0, 3, 1, 2)
    assert found.names == ("cat", "dog")
    assert rows_of(found.pixels) == rows_of(expected)
    label_of = {np.ascontiguousarray(row).tobytes(): i % 2 for i, row in enumerate(expected)}
    assert found.labels.tolist() == [label_of[row.tobytes()] for row in found.pixels.numpy()]


def test_one_colour_picture_makes_all_rgb(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "mixed", GREY)
    Image.fromarray(RGB[0]).save(folder / "cat" / "00.png")
    found = everything(folder)
    assert found.shape == (3, 6, 5)
    greys = [row for row in found.pixels if torch.equal(row[0], row[1]) and torch.equal(row[0], row[2])]
    assert len(greys) == 19


def test_sixteen_bits_of_grey_are_scaled(tmp_path: Path) -> None:
    wide = (GREY.astype(np.uint16) << 8) + 17
    found = everything(write_pictures(tmp_path / "wide", wide))
    assert rows_of(found.pixels) == rows_of(GREY[:, None])


def test_palettes_and_transparency_are_pictures_too(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "own", GREY[:4])
    Image.fromarray(GREY[0]).convert("P").save(folder / "cat" / "palette.gif")
    Image.fromarray(RGB[0]).convert("RGBA").save(folder / "dog" / "transparent.png")
    Image.fromarray(GREY[0] > 100).save(folder / "dog" / "bits.png")
    assert everything(folder).pixels.shape == (7, 3, 6, 5)


def test_hidden_files_and_loose_ones_are_passed_over(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "own", GREY)
    (folder / "cat" / ".DS_Store").write_bytes(b"x")
    (folder / "notes.txt").write_text("not in a class")
    (folder / "__MACOSX" / "cat").mkdir(parents=True)
    (folder / "__MACOSX" / "cat" / "._00.png").write_bytes(b"x")
    assert len(everything(folder)) == len(everything(zipped(folder))) == 20


@pytest.mark.parametrize("size", [(65, 65), (40, 70), (100, 30), (28, 200)], ids=str)
@pytest.mark.parametrize("arrays", ["picture", "npz"])
def test_large_images_are_cut_square_and_averaged(size: tuple[int, int], arrays: str, tmp_path: Path) -> None:
    """The rule, by hand for a smooth picture: the central square, 32x32 averages of it."""
    height, width = size
    row, column = np.mgrid[0:height, 0:width]
    smooth = (60 + 100 * row / height + 80 * column / width).astype(np.uint8)
    images = np.stack([smooth, smooth[::-1]])
    path = npz(tmp_path, images=images) if arrays == "npz" else write_pictures(tmp_path / "own", images)
    found = everything(path)
    assert found.shape == (1, 32, 32)
    side = min(size)
    top, left = (height - side) / 2, (width - side) / 2
    centres = (np.arange(32) + 0.5) * side / 32 - 0.5
    by_hand = 60 + 100 * (top + centres)[:, None] / height + 80 * (left + centres) / width
    upright = min(found.pixels.numpy()[:, 0].astype(float), key=lambda image: image[0].sum())
    np.testing.assert_allclose(upright, by_hand, atol=3)


def test_a_constant_picture_stays_constant(tmp_path: Path) -> None:
    found = everything(write_pictures(tmp_path / "own", np.full((2, 90, 70), 77, dtype=np.uint8)))
    assert (found.pixels == 77).all()


@pytest.mark.parametrize("side", [64, 65])
def test_the_largest_size_that_is_kept(side: int, tmp_path: Path) -> None:
    images = RANDOM.integers(0, 256, (2, side, 10), dtype=np.uint8)
    found = everything(write_pictures(tmp_path / "own", images))
    assert found.shape == ((1, 64, 10) if side == 64 else (1, 32, 32))


def test_different_sizes_all_become_32(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "own", GREY[:4])
    Image.fromarray(GREY[4, :5, :5]).save(folder / "cat" / "small.png")
    assert everything(folder).pixels.shape == (5, 1, 32, 32)


def half_a_picture(folder: Path) -> None:
    path = folder / "cat" / "00.png"
    path.write_bytes(path.read_bytes()[:-40])


def broken_picture(folder: Path) -> None:
    path = folder / "cat" / "00.png"
    path.write_bytes(path.read_bytes()[:60] + b"\0" * 40)


@pytest.mark.parametrize(
    ("damage", "named"),
    [(half_a_picture, "cat/00.png"), (broken_picture, "cat/00.png")],
)
@pytest.mark.parametrize("pack", [lambda folder: folder, zipped], ids=["folder", "zip"])
def test_a_file_that_is_no_picture_is_named(
    damage: Callable[[Path], None], named: str, pack: Callable[[Path], Path], tmp_path: Path
) -> None:
    folder = write_pictures(tmp_path / "own", GREY)
    damage(folder)
    path = pack(folder)
    with pytest.raises(ValueError, match=f"{named} is not a picture") as caught:
        dataset(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def empty_class(folder: Path) -> Path:
    (folder / "cat").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("make", [lambda folder: folder.mkdir() or folder, empty_class])
@pytest.mark.parametrize("pack", [lambda folder: folder, zipped], ids=["folder", "zip"])
def test_a_folder_without_pictures_is_refused(
    make: Callable[[Path], Path], pack: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = pack(make(tmp_path / "own"))
    with pytest.raises(ValueError, match="expected pictures, in folders of classes or loose, found none"):
        dataset(path)


def test_a_single_picture_cannot_be_split(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 2 images"):
        dataset(write_pictures(tmp_path / "own", GREY[:1]))


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("1,2,3")
    with pytest.raises(
        ValueError, match=r"own.csv: expected a folder of class sub-folders, a zip of one, an .npz, or a .txt of lines"
    ):
        dataset(path)


def test_a_damaged_zip_is_named(tmp_path: Path) -> None:
    path = zipped(write_pictures(tmp_path / "own", RGB))
    whole = path.read_bytes()
    spoiled = bytearray(whole)
    start = whole.index(b"\x89PNG") if b"\x89PNG" in whole else 60
    spoiled[start + 20 : start + 60] = bytes(40)
    path.write_bytes(bytes(spoiled))
    with pytest.raises(ValueError, match=r"own\.zip") as caught:
        dataset(path)
    assert "\n" not in str(caught.value)


def test_an_encrypted_zip_is_named(tmp_path: Path) -> None:
    path = zipped(write_pictures(tmp_path / "own", GREY[:2]))
    content = bytearray(path.read_bytes())
    for signature, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + flag] |= 1
            at = content.find(signature, at + 4)
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"own\.zip"):
        dataset(path)


def test_a_picture_that_is_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow refuses pictures of twice its limit; so does a data set, in its own words."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ValueError, match=r"cat/00\.png: expected at most 20 pixels in a picture, got more"):
        dataset(write_pictures(tmp_path / "own", GREY))


@given(n=st.integers(2, 60))
def test_one_tenth_is_the_test_split(n: int) -> None:
    images = Images(torch.arange(n, dtype=torch.uint8).reshape(n, 1, 1, 1), torch.arange(n), tuple(map(str, range(n))))
    train, test = images.split("train"), images.split("test")
    assert len(test) == max(1, n // 10)
    assert sorted(torch.cat([train.target, test.target]).tolist()) == list(range(n))
    assert torch.equal(train.target.byte(), train.pixels.flatten())
    assert torch.equal(test.target, images.split("test").target)


# What a model is shown


def moved(image: ndarray, down: int, right: int) -> ndarray:
    """The image moved over a black ground, by hand."""
    result = np.zeros_like(image)
    _, height, width = image.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                result[:, row, column] = image[:, row - down, column - right]
    return result


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_shifted_by_no_more_than_asked(most: int, channels: int) -> None:
    torch.manual_seed(0)
    pixels = torch.randint(1, 256, (400, channels, 6, 5), dtype=torch.uint8)
    shown = (present(pixels, shift=most) * 255).round().byte().numpy()
    offsets = [(down, right) for down in range(-most, most + 1) for right in range(-most, most + 1)]
    counts = dict.fromkeys(offsets, 0)
    for before, after in zip(pixels.numpy(), shown, strict=True):
        hits = [offset for offset in offsets if np.array_equal(moved(before, *offset), after)]
        assert len(hits) == 1
        counts[hits[0]] += 1
    places = len(offsets)
    still = 400 * (1 - SHIFTED_SHARE + SHIFTED_SHARE / places)
    assert abs(counts.pop((0, 0)) - still) < 5 * (still * 0.7) ** 0.5
    each = 400 * SHIFTED_SHARE / places
    assert all(abs(count - each) < 5 * each**0.5 for count in counts.values())


def test_without_changes_pixels_are_bytes_over_255(digits: Images) -> None:
    shown = present(digits.pixels)
    assert shown.dtype == torch.float32
    np.testing.assert_array_equal(shown.numpy(), digits.images)


def test_binarised_pixels_are_ones_as_often_as_they_are_bright(few: Images) -> None:
    torch.manual_seed(0)
    total = torch.zeros(few.pixels.shape)
    draws = 2000
    for _ in range(draws):
        bits = present(few.pixels, binarise=True)
        assert ((bits == 0) | (bits == 1)).all()
        total += bits
    grey = torch.from_numpy(few.images)
    deviation = (grey * (1 - grey) / draws).sqrt()
    assert ((total / draws - grey).abs() <= 5 * deviation).all()
    assert not torch.equal(present(few.pixels, binarise=True), present(few.pixels, binarise=True))


def test_every_named_set_is_documented() -> None:
    assert all(f'"{name}"' in (dataset.__doc__ or "") for name in DATASETS)


@pytest.mark.usefixtures("static_folder")
def test_static_mnist_is_the_published_one() -> None:
    train, test = (dataset("mnist-static", split) for split in ("train", "test"))
    assert (len(train), len(test)) == (50_000, 10_000)
    assert train.shape == (1, 28, 28)
    assert train.target is None
    assert set(test.pixels.unique().tolist()) == {0, 255}
    grey = dataset("mnist", "test")
    np.testing.assert_allclose(test.images.mean(0), grey.images.mean(0), atol=0.03)  # the same images, another order
    assert not np.array_equal(test.images[:100] > 0.5, grey.images[:100] > 0.5)


def test_static_mnist_is_downloaded_checked_and_kept_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bits = np.random.default_rng(0).integers(0, 2, (3, 784))
    lines = "\n".join(" ".join(map(str, row)) for row in bits).encode()
    asked = []

    def urlopen(url: str) -> io.BytesIO:
        asked.append(url)
        return io.BytesIO(lines)

    monkeypatch.setattr(named.urllib.request, "urlopen", urlopen)
    with pytest.raises(ValueError, match=r"binarized_mnist\.npz: damaged file, .*'test' is not the published"):
        dataset("mnist-static", "test", tmp_path)
    digest = hashlib.sha256(np.packbits(bits.astype(np.uint8), axis=1).tobytes()).hexdigest()
    monkeypatch.setattr(named, "STATIC", {"train": digest, "test": digest})
    found = dataset("mnist-static", "test", tmp_path)
    np.testing.assert_array_equal(found.images.reshape(3, 784), bits)
    assert [url.rsplit("_")[-1] for url in asked] == ["train.amat", "test.amat"]
    assert [path.name for path in (tmp_path / "BinarizedMNIST").iterdir()] == ["binarized_mnist.npz"]


def test_static_mnist_without_a_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def urlopen(url: str) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(named.urllib.request, "urlopen", urlopen)
    with pytest.raises(ValueError, match=r"BinarizedMNIST is not in .* is there a network\? \(no route to host\)"):
        dataset("mnist-static", "test", tmp_path)
    assert not list(tmp_path.rglob("*.npz"))


def test_what_a_killed_download_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    for name, age in (("old", 2 * downloads.DAY), ("running", 60)):
        raw = tmp_path / f".partial-{name}" / "MNIST"
        raw.mkdir(parents=True)
        then = time.time() - age
        os.utime(raw.parent, (then, then))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.MNIST, "download", lambda self: None)
        with pytest.raises(ValueError, match="MNIST"):
            dataset("mnist", "test", tmp_path)
    assert [left.name for left in tmp_path.glob(".partial-*")] == [".partial-running"]


def test_a_file_that_is_there_goes_before_a_class_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits").mkdir()
    np.savez(tmp_path / "digits" / "mine.npz", images=np.zeros((20, 8, 8), np.uint8))
    monkeypatch.chdir(tmp_path)
    assert len(dataset("digits/mine.npz", "train")) == 18
    assert not is_named(Path("digits/3"))
    assert not is_named("digits/")


def test_equal_images_are_on_one_side() -> None:
    """Photos that were saved twice would be known by heart; those of which there are too many stay for training."""
    once = torch.randint(0, 256, (100, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images = Images(torch.cat([once, once, once[:50], once[:1].expand(60, -1, -1, -1)]))
    test, train = ({each.tobytes() for each in images.split(kind).pixels.numpy()} for kind in ("test", "train"))
    assert not test & train
    assert len(test | train) == 100
    assert len(images.split("test")) + len(images.split("train")) == len(images) == 310
    assert 29 <= len(images.split("test")) <= 31
    assert once[0].numpy().tobytes() in train, "61 of them are more than a tenth"


def test_images_all_alike_are_split_all_the_same() -> None:
    alike = Images(torch.zeros(40, 1, 3, 3, dtype=torch.uint8))
    assert (len(alike.split("test")), len(alike.split("train"))) == (4, 36)


def test_different_images_are_split_by_the_seed_alone() -> None:
    images = Images(torch.randint(0, 256, (90, 1, 6, 6), dtype=torch.uint8))
    order = torch.randperm(90, generator=torch.Generator().manual_seed(0))
    assert torch.equal(images.split("test").pixels, images.pixels[order[:9]])
    assert torch.equal(images.split("train").pixels, images.pixels[order[9:].sort().values])


def numbered(count: int, different: int | None = None) -> Images:
    """Images whose labels are their numbers, of which so many differ."""
    row = torch.arange(count)
    value = row if different is None else row % different
    pixels = torch.stack([value // 256, value % 256], 1).to(torch.uint8).reshape(count, 1, 1, 2)
    return Images(pixels, row, tuple(map(str, range(count))))


def test_the_test_split_is_that_of_every_version(digits: Images, test_digits: Images) -> None:
    """What was measured stays comparable."""
    train, test = (numbered(40, different=21).split(kind).target.tolist() for kind in ("train", "test"))
    assert test == [4, 16, 25, 37]
    assert train == [row for row in range(40) if row not in test]
    found = [hashlib.sha256(images.pixels.numpy().tobytes()).hexdigest()[:16] for images in (digits, test_digits)]
    assert found == ["b3e196d14a10c0ee", "d9ecac01ec127542"]


# What is held out of training


@pytest.mark.parametrize(
    ("name", "count"),
    [
        *(("mnist", 10), ("fashion-mnist", 10), ("kmnist", 10), ("mnist/3", 10), ("mnist-static", 12)),
        *(("digits", 6), ("digits/3", 6), ("usps", 6), ("photos.zip", 6), (Path("mnist"), 6)),
    ],
    ids=str,
)
def test_a_sixth_of_mnist_and_its_kin_is_held_out_and_a_tenth_of_others(name: str | Path, count: int) -> None:
    rest, held = held_out(name, numbered(60))
    assert (len(rest), len(held)) == (60 - count, count)


def test_a_tenth_of_a_file_that_stands_where_a_class_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "3").touch()
    monkeypatch.chdir(tmp_path)
    assert len(held_out("mnist/3", numbered(60))[1]) == 6


def test_of_the_digits_161_are_held_out(digits: Images) -> None:
    rest, held = held_out("digits", digits)
    assert (len(rest), len(held)) == (1457, 161)
    assert rows_of(torch.cat([rest.pixels, held.pixels])) == rows_of(digits.pixels)
    assert not set(rows_of(rest.pixels)) & set(rows_of(held.pixels))
    assert rest.names == held.names == digits.names


def test_of_mnist_ten_thousand_are_held_out(mnist: tuple[Images, Images]) -> None:
    train, _ = mnist
    rest, held = held_out("mnist", train)
    assert (len(rest), len(held)) == (50_000, 10_000)
    assert rows_of(torch.cat([rest.pixels, held.pixels])) == rows_of(train.pixels)
    assert not set(rows_of(rest.pixels)) & set(rows_of(held.pixels))


@given(n=st.integers(0, 300), different=st.integers(1, 300), name=st.sampled_from(["mnist", "mine.npz"]))
def test_what_is_held_out_and_the_rest_are_all_and_equal_ones_are_together(n: int, different: int, name: str) -> None:
    images = numbered(n, different)
    rest, held = held_out(name, images)
    share = 6 if name == "mnist" else 10
    assert len(held) <= n // share
    assert sorted(torch.cat([rest.target, held.target]).tolist()) == list(range(n))
    assert not set(rows_of(rest.pixels)) & set(rows_of(held.pixels))
    for part in (rest, held):
        assert torch.equal(part.pixels, images.pixels[part.target]), "the labels go along"
        assert part.target.tolist() == sorted(part.target.tolist()), "in their order"
    if n <= different:
        assert len(held) == n // share
    again = held_out(name, images)
    assert all(torch.equal(one.target, other.target) for one, other in zip((rest, held), again, strict=True))


def test_what_is_held_out_does_not_depend_on_the_seed_of_a_run_nor_on_labels(digits: Images) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    _, held = held_out("digits", digits)
    assert torch.equal(torch.rand(1), expected)
    _, bare = held_out("digits", Images(digits.pixels))
    assert torch.equal(held.pixels, bare.pixels)
    assert bare.target is None


@pytest.mark.parametrize(("name", "most"), [("mnist", 5), ("digits", 9), ("mine.npz", 9)])
def test_of_too_few_none_are_held_out(name: str, most: int) -> None:
    for count in range(most + 2):
        rest, held = held_out(name, numbered(count))
        assert len(held) == (count > most)
        assert len(rest) + len(held) == count


def test_of_images_all_alike_none_are_held_out() -> None:
    rest, held = held_out("mine.npz", Images(torch.zeros(40, 1, 3, 3, dtype=torch.uint8)))
    assert (len(rest), len(held)) == (40, 0)

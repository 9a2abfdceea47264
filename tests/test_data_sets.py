"""The table of data sets, on small files of the formats that come by network; nothing is downloaded."""

import bz2
import gzip
import hashlib
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets
from torchvision.datasets import usps

import vaecore
from vaecore import serving
from vaecore.__main__ import main
from vaecore.data import DATASETS, DataSet, Images, Texts, dataset, downloads, fetch, strangers, terms
from vaecore.data.downloads import Loader

RANDOM = np.random.default_rng(0)
COUNTS = {"train": 24, "test": 8}
LABELS = {split: np.arange(count) % 10 for split, count in COUNTS.items()}


def kmnist_archives(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """The four archives of KMNIST, small, with the sums that torchvision asks for; and the images that are in them."""
    raw = folder / "KMNIST" / "raw"
    raw.mkdir(parents=True)
    images = {split: RANDOM.integers(0, 256, (count, 28, 28), dtype=np.uint8) for split, count in COUNTS.items()}
    sums = []
    for split, prefix in (("train", "train"), ("test", "t10k")):
        count = COUNTS[split]
        for name, head, content in (
            ("images-idx3", struct.pack(">4i", 2051, count, 28, 28), images[split]),
            ("labels-idx1", struct.pack(">2i", 2049, count), LABELS[split].astype(np.uint8)),
        ):
            path = raw / f"{prefix}-{name}-ubyte.gz"
            path.write_bytes(gzip.compress(head + content.tobytes()))
            sums.append((path.name, hashlib.md5(path.read_bytes()).hexdigest()))
    monkeypatch.setattr(datasets.KMNIST, "resources", sums)
    return images


def usps_lines(split: str, pixels: np.ndarray) -> bytes:
    """A split of USPS as it comes: labels from 1 to 10, then the number of each pixel and its value from -1 to 1."""
    rows = (
        f"{label + 1} " + " ".join(f"{place}:{value:.6g}" for place, value in enumerate(image.ravel() / 127.5 - 1, 1))
        for label, image in zip(LABELS[split], pixels, strict=True)
    )
    return bz2.compress("".join(f"{row} \n" for row in rows).encode())


def usps_files(folder: Path) -> dict[str, np.ndarray]:
    (folder / "USPS").mkdir(parents=True)
    images = {split: RANDOM.integers(0, 2, (count, 16, 16)) * 255 for split, count in COUNTS.items()}
    for split, name in (("train", "usps.bz2"), ("test", "usps.t.bz2")):
        (folder / "USPS" / name).write_bytes(usps_lines(split, images[split]))
    return images


@pytest.fixture
def images(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    name = request.getfixturevalue("name")
    return kmnist_archives(tmp_path, monkeypatch) if name == "kmnist" else usps_files(tmp_path)


both = pytest.mark.parametrize("name", ["kmnist", "usps"])


@both
def test_small_files_of_the_format_are_read(name: str, images: dict[str, np.ndarray], tmp_path: Path) -> None:
    row = DATASETS[name]
    for split, count in COUNTS.items():
        found = dataset(name, split, tmp_path)
        assert isinstance(found, Images)
        assert found.shape == row.shape
        assert found.names == row.classes
        assert found.labels.tolist() == LABELS[split].tolist()
        np.testing.assert_array_equal(found.pixels[:, 0], images[split])
        assert len(found) == count
    assert not list(tmp_path.glob(f"{downloads.PARTIAL}*"))
    assert len(dataset(f"{name}/{row.classes[3]}", "train", tmp_path)) == 3


@both
def test_a_recipe_trains_on_it(
    name: str, images: dict[str, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--set", f"dataset={name}", "epochs=1", "--device", "cpu", "--out", str(out), "--data-dir", str(tmp_path)]
    assert main(["train", "vae-mnist-2", *words]) == 0
    explorer = vaecore.load(out, device="cpu")
    assert (explorer.dataset, explorer.shape, explorer.classes) == (name, DATASETS[name].shape, DATASETS[name].classes)
    codes = explorer.encode(images["test"][:, None].astype(np.float32) / 255)
    assert codes.shape == (COUNTS["test"], 2)
    assert np.isfinite(explorer.decode(codes)).all()
    assert str(out) in capsys.readouterr().out


@both
@pytest.mark.parametrize("content", [b"", b"<html>404 not found</html>", "half"], ids=["empty", "foreign", "half"])
def test_a_damaged_file_is_one_sentence(
    name: str, content: bytes | str, images: dict[str, np.ndarray], tmp_path: Path
) -> None:
    dataset(name, "test", tmp_path)
    file = tmp_path / next(file for file in DATASETS[name].loader.files if "t10k-images" in file or ".t." in file)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if isinstance(content, str) else content)
    with pytest.raises(ValueError, match="damaged files, delete the folder to download it again") as caught:
        dataset(name, "test", tmp_path)
    assert str(caught.value).startswith(f"{file.parent}: ")
    assert "\n" not in str(caught.value)


def test_usps_comes_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(url: str, root: Path, filename: str, md5: str) -> None:
        asked.append(filename)
        if len(asked) == 2:
            raise OSError("the line\nis down")
        content = RANDOM.integers(0, 2, (COUNTS["train"], 16, 16)) * 255
        (Path(root) / filename).write_bytes(usps_lines("train", content))

    monkeypatch.setattr(usps, "download_url", download)
    with pytest.raises(ValueError, match=r"^USPS is not in .* is there a network\? \(the line\)$"):
        fetch("usps", tmp_path)
    assert asked == ["usps.bz2", "usps.t.bz2"]
    assert list(tmp_path.iterdir()) == []
    assert fetch("usps", tmp_path) == tmp_path
    assert sorted(path.name for path in (tmp_path / "USPS").iterdir()) == ["usps.bz2", "usps.t.bz2"]
    assert [path.name for path in tmp_path.iterdir()] == ["USPS"]


# What every row holds to


@pytest.mark.parametrize("name", DATASETS)
def test_every_row_is_whole(name: str, tmp_path: Path) -> None:
    row = DATASETS[name]
    assert row.about
    assert (row.shape is None) == (name == "couplets"), "texts have no images"
    assert row.strange in ("", *DATASETS)
    if row.strange:
        assert DATASETS[row.strange].shape == row.shape, "or a model cannot read its strangers"
        assert set(row.classes) != set(DATASETS[row.strange].classes)
    assert not Path("/", *row.loader.files[:1]).name.startswith(".")
    assert len({Path(file).parts[0] for file in row.loader.files}) <= 1, "a folder of its own"
    assert row.loader.is_here(tmp_path) == (not row.loader.files)
    assert (row.size == 0) == (not row.loader.files)


@pytest.mark.parametrize("name", [name for name, row in DATASETS.items() if row.loader.files])
def test_every_download_tidies_up_after_one_that_was_killed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for old, age in (("old", 2 * downloads.DAY), ("running", 60)):
        left = tmp_path / f"{downloads.PARTIAL}{old}"
        left.mkdir()
        os.utime(left, (time.time() - age, time.time() - age))
    title = Path(DATASETS[name].loader.files[0]).parts[0]
    with pytest.raises(
        ValueError, match=f"^{title} (is|are) not in {tmp_path} and could not be put there; is there a net"
    ):
        dataset(name, "test", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{downloads.PARTIAL}running"]


def test_classes_are_those_of_the_source(digits: Images) -> None:
    for name, kind in (("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST"), ("kmnist", "KMNIST")):
        assert DATASETS[name].classes == tuple(each.split(" - ")[0] for each in getattr(datasets, kind).classes)
    assert len(digits.names) == len(np.unique(digits.labels))


def test_what_fetching_costs_is_said_before_and_after(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fetch", "--help"])
    told = capsys.readouterr().out
    assert all(f"{row.about} ({row.terms()})" in told for row in DATASETS.values())
    assert "kmnist" in told
    assert terms("kmnist", tmp_path) == "21.2 MB to download, licence CC BY-SA 4.0"
    assert terms("mnist/3", tmp_path) == "11.6 MB to download, licence CC BY-SA 3.0"
    assert terms("usps", tmp_path) == "an unknown size to download, licence not known"
    usps_files(tmp_path)
    assert main(["fetch", "usps", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"usps is in {tmp_path} (nothing to download, licence not known)\n"


def test_strangers_are_the_row_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert strangers("digits", tmp_path) is None
    assert strangers(tmp_path / "mine.npz", tmp_path) is None
    with pytest.raises(ValueError, match="MNIST is not in"):
        strangers("kmnist", tmp_path)
    found = kmnist_archives(tmp_path, monkeypatch)
    monkeypatch.setitem(DATASETS, "mine", DataSet("mine", DATASETS["usps"].loader, (1, 28, 28), strange="kmnist"))
    np.testing.assert_array_equal(strangers("mine", tmp_path).pixels[:, 0], found["test"])


def test_texts_are_no_images() -> None:
    texts = Texts(torch.tensor([[20], [21], [22]], dtype=torch.int32))
    assert not isinstance(texts, Images)
    assert (texts.target, texts.labels, texts.names, len(texts)) == (None, None, (), 3)
    assert torch.equal(texts.data, texts.points)
    with pytest.raises(ValueError, match=r"no class is called '3'\. Expected one of: none"):
        texts.of_class("3")


# One more


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], Images]:
    """A data set as somebody adds it: a loader, and a row."""

    def read(folder: Path, split: str) -> Images:
        return Images(torch.full((4, 1, 8, 8), 255 * (split == "test"), dtype=torch.uint8), torch.tensor([0, 1, 0, 1]))

    row = DataSet("letters of 8x8", Loader(read), (1, 8, 8), ("a", "b"), strange="digits", licence="MIT", size=0)
    monkeypatch.setitem(DATASETS, "letters", row)
    return read


@pytest.mark.usefixtures("letters")
def test_one_more_is_a_loader_and_a_row(
    tmp_path: Path, vae: vaecore.Explorer, capsys: pytest.CaptureFixture[str]
) -> None:
    found = dataset("letters/b")
    assert (len(found), found.names) == (2, ("a", "b"))
    assert len(strangers("letters")) == 179
    with pytest.raises(ValueError, match=r"Expected digits, .*, letters or a path"):
        dataset("numbers")
    assert "letters" in serving.strangers.unseen_kinds(vae)
    assert (serving.strangers.unseen(vae, "letters").pixels == 255).all()
    assert main(["fetch", "letters", "--data-dir", str(tmp_path)]) == 0
    words = ["--set", "dataset=letters", "epochs=1", "--device", "cpu", "--out", str(tmp_path / "run")]
    assert main(["train", "vae-digits-2", *words]) == 0
    told = capsys.readouterr().out
    assert f"letters is in {tmp_path} (nothing to download, licence MIT)" in told
    with pytest.raises(SystemExit):
        main(["fetch", "--help"])
    assert "letters of 8x8" in capsys.readouterr().out

"""How pictures lie: in a folder or in a zip, the same rules."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from hostile.making import Member, packed
from hypothesis import given
from hypothesis import strategies as st
from own import (
    GREY,
    Pack,
    as_folder,
    as_zip,
    both,
    class_of,
    everything,
    file_of,
    files,
    refused,
)

from vaecore.data import dataset, held_out
from vaecore.data.layout import in_order


@both
@pytest.mark.parametrize("top", ["", "set/", "a/b/c/", "train/"])
def test_top_folders_that_all_share_are_skipped(pack: Pack, top: str, tmp_path: Path) -> None:
    found = everything(pack(tmp_path, files(f"{top}{name}/{i}.png" for name in ("cat", "dog") for i in range(4))))
    assert class_of(found) == {GREY[i].tobytes(): ("cat", "dog")[i // 4] for i in range(8)}
    assert found.note == "8 pictures in 2 classes of 6 x 5 pixels"


@both
def test_a_flat_folder_is_an_unlabelled_set(pack: Pack, tmp_path: Path) -> None:
    found = everything(pack(tmp_path, files(f"{i}.png" for i in range(8))))
    assert (found.target, found.names, found.note) == (None, (), "8 pictures of 6 x 5 pixels")


def test_one_folder_is_a_class_unless_it_has_the_name_of_its_zip(tmp_path: Path) -> None:
    assert everything(as_zip(tmp_path, files(f"cat/{i}.png" for i in range(4)))).names == ("cat",)
    assert everything(as_zip(tmp_path, files(f"own/{i}.png" for i in range(4)))).target is None


@both
@pytest.mark.parametrize("top", ["", "set/"])
@pytest.mark.parametrize(
    ("folders", "tests"),
    [
        (("train", "test"), ("test",)),
        (("Training", "TESTING"), ("TESTING",)),
        (("train", "val"), ("val",)),
        (("train", "valid", "test"), ("test",)),
        (("validation", "test"), ("test",)),
    ],
)
def test_folders_of_splits_are_the_splits(
    pack: Pack, top: str, folders: tuple[str, ...], tests: tuple[str, ...], tmp_path: Path
) -> None:
    paths = [f"{top}{folder}/{name}/{i}.png" for folder in folders for name, i in (("b", 0), ("a", 0))]
    path = pack(tmp_path, files(paths))
    for split in ("train", "test"):
        found = dataset(path, split)
        meant = [
            i for i, name in enumerate(paths) if (name.removeprefix(top).split("/")[0] in tests) == (split == "test")
        ]
        assert class_of(found) == {GREY[i].tobytes(): "ba"[i % 2] for i in meant}
        assert found.names == ("a", "b")
        counts = (
            "2 for training, 2 for validation, 2 for testing" if len(folders) == 3 else "2 for training, 2 for testing"
        )
        assert found.note.endswith(f"; {counts}, as their folders say")


@both
@pytest.mark.parametrize(
    ("folders", "trained", "held"),
    [
        (("train", "val", "test"), {"tra"}, {"val"}),
        (("Testing", "Training", "VALID"), {"tra"}, {"val"}),
        (("train", "val"), {"tra"}, set()),
        (("val", "test"), {"val"}, set()),
    ],
)
def test_what_a_folder_keeps_to_validate_with_is_held_out(
    pack: Pack, folders: tuple[str, ...], trained: set[str], held: set[str], tmp_path: Path
) -> None:
    """More than a tenth, and no seed has a say; where nothing else is to train on, it is trained on."""
    sizes = {"val": 3, "VALID": 3, "train": 2, "Training": 2}
    paths = [f"{folder}/{i}.png" for folder in folders for i in range(sizes.get(folder, 1))]
    path = pack(tmp_path, files(paths))
    rest, kept = held_out(path, dataset(path, "train"))
    assert len(kept) == 3 * len(held)
    where = {GREY[i].tobytes(): name.split("/")[0].lower()[:3] for i, name in enumerate(paths)}
    assert [{where[each.tobytes()] for each in part.pixels.numpy()} for part in (rest, kept)] == [trained, held]
    assert dataset(path, "test").held is None


@both
def test_a_picture_in_two_splits_is_counted(pack: Pack, tmp_path: Path) -> None:
    """A leak that the folders say themselves stays as they say it, and is told; twice in one of them is none."""
    paths = ["train/0.png", "train/1.png", "val/2.png", "test/3.png", "test/4.png"]
    twins = {"val/x.png": file_of(GREY[0]), "test/x.png": file_of(GREY[0]), "test/y.png": file_of(GREY[2])}
    path = pack(tmp_path, files(paths) | twins | {"train/x.png": file_of(GREY[1])})
    for split in ("train", "test"):
        _, counts, twice = dataset(path, split).note.split("; ")
        assert counts == "3 for training, 2 for validation, 4 for testing, as their folders say"
        assert twice == "2 images are in more than one of these"


@both
def test_splits_need_no_classes(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path, files(["train/0.png", "train/1.png", "test/0.png"]))
    assert [len(dataset(path, split)) for split in ("train", "test")] == [2, 1]
    assert dataset(path).target is None


@both
def test_one_split_alone_is_divided_as_any_set(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path, files(f"train/{i % 2}/{i}.png" for i in range(8)))
    assert [len(dataset(path, split)) for split in ("train", "test")] == [7, 1]


@both
@pytest.mark.parametrize(
    ("paths", "sentence"),
    [
        (
            ["cats/young/0.png", "dogs/old/1.png"],
            "expected pictures in folders of classes, got one deeper: cats/young/0.png",
        ),
        (["a/0.png", "b/c/1.png"], "expected pictures in folders of classes, got one deeper: b/c/1.png"),
        (["train/a/b/0.png", "test/a/1.png"], "expected .* got one deeper: train/a/b/0.png"),
        (["a/0.png", "1.png"], "expected all pictures in folders of classes, or none, got 1.png beside a/0.png"),
        (["a/x.csv", "README"], "expected pictures, in folders of classes or loose, found none among 2 files"),
    ],
)
def test_other_layouts_are_refused_by_name(pack: Pack, paths: list[str], sentence: str, tmp_path: Path) -> None:
    content = files(path for path in paths if path.endswith("png")) | {p: b"text" for p in paths if p[-4:] != ".png"}
    assert re.fullmatch(sentence, refused(pack(tmp_path, content)))


@both
@pytest.mark.parametrize(
    ("strays", "said"),
    [
        (["set/a/Thumbs.db"], "1 file skipped, which is no picture"),
        (["set/README.txt", "set/labels.csv", "LICENSE"], "3 files skipped, which are no pictures"),
        (["set/b/deep/er/notes.md"], "1 file skipped, which is no picture"),
        ([".hidden/0.png", "set/a/.DS_Store", "__MACOSX/set/a/._0.png"], ""),
    ],
)
def test_files_that_are_no_pictures_are_skipped_and_counted(
    pack: Pack, strays: list[str], said: str, tmp_path: Path
) -> None:
    pictures = files(f"set/{'ab'[i % 2]}/{i}.png" for i in range(8))
    found = everything(pack(tmp_path, pictures | dict.fromkeys(strays, b"1,2\n")))
    assert (len(found), found.names) == (8, ("a", "b"))
    assert found.note.removeprefix("8 pictures in 2 classes of 6 x 5 pixels").removeprefix("; ") == said


@both
@pytest.mark.parametrize("content", [b"", b"no picture", file_of(GREY[0])[:40]], ids=["empty", "text", "cut"])
def test_a_broken_picture_still_fails(pack: Pack, content: bytes, tmp_path: Path) -> None:
    path = pack(tmp_path, files(["a/0.png", "b/1.png"]) | {"b/x.PNG": content})
    assert refused(path).startswith("b/x.PNG is not a picture")


@both
def test_a_picture_is_known_by_its_content(pack: Pack, tmp_path: Path) -> None:
    """Without a suffix, with another's, and with that of another kind of picture."""
    content = {"a/0": file_of(GREY[0]), "a/1.dat": file_of(GREY[1], "GIF"), "b/2.jpg": file_of(GREY[2])}
    assert len(everything(pack(tmp_path, content))) == 3


def test_class_names_sort_as_people_count(tmp_path: Path) -> None:
    names = ["10", "2", "1", "漢字", "b", "a,b", "C"]
    expected = ("1", "2", "10", "a,b", "b", "C", "漢字")
    assert everything(as_folder(tmp_path, files(f"{name}/0.png" for name in names))).names == expected
    labels = np.array([*names, "1"])
    np.savez(tmp_path / "own.npz", images=GREY, labels=labels)
    assert everything(tmp_path / "own.npz").names == expected
    assert class_of(everything(tmp_path / "own.npz"))[GREY[1].tobytes()] == "2"


@given(st.lists(st.integers(0, 10**30), unique=True))
def test_numbers_of_any_length_sort_as_numbers(numbers: list[int]) -> None:
    assert in_order([f"class {number}" for number in numbers]) == [f"class {number}" for number in sorted(numbers)]


def test_a_zip_is_read_wherever_its_names_lead(tmp_path: Path) -> None:
    names = ["/etc/a/0.png", "../../etc/a/1.png", "C:\\etc\\b\\2.png", "./etc/b/3.png"]
    (tmp_path / "own.zip").write_bytes(packed([Member(n.encode(), file_of(GREY[i])) for i, n in enumerate(names[:2])]))
    assert everything(tmp_path / "own.zip").names == ("a",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.zip"]


def test_names_in_zips_are_read_as_they_were_meant(tmp_path: Path) -> None:
    """UTF-8 that does not say so, as macOS writes it; and what is none."""
    members = [Member("é/0.png".encode(), file_of(GREY[0]), flags=0), Member(b"\xff/1.png", file_of(GREY[1]), flags=0)]
    (tmp_path / "own.zip").write_bytes(packed(members))
    assert set(everything(tmp_path / "own.zip").names) == {"é", b"\xff".decode("cp437")}


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    path = as_folder(tmp_path, files(["a/0.png", "b/1.png"]))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2.png").write_bytes(file_of(GREY[2]))
    (path / "c").symlink_to(tmp_path / "elsewhere")
    (path / "a" / "3.png").symlink_to(path / "b" / "1.png")
    assert everything(path).names == ("a", "b", "c")
    (path / "loop").symlink_to(path)
    assert refused(path) == "loop leads back to a folder above it"


def test_a_folder_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    path = as_folder(tmp_path, files(["a/0.png", "b/1.png"]))
    monkeypatch.setattr(os, "scandir", deny)
    assert refused(path).startswith("cannot be read ([Errno 13] Permission denied")


@pytest.mark.parametrize("name", ["", " ", "\0", "~nobody-of-that-name/x", "x" * 5000, "a\nb", "\ud800"])
def test_whatever_is_typed_is_one_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=r"^no data set and no file is called '") as caught:
        dataset(name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["mnist", "mnist-static", "couplets"])
@pytest.mark.parametrize("folder", ["~nobody-of-that-name/data", "x" * 5000, "a\0b"])
def test_a_data_folder_that_cannot_be_is_one_sentence(name: str, folder: str) -> None:
    with pytest.raises(ValueError, match=r"there is no user of that name|expected a folder for data sets") as caught:
        dataset(name, "test", folder)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000

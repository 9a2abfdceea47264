"""What somebody sends: written under safe names, within limits, read as a path is, and kept under a name."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from own import GREY, as_zip, file_of, files

from vaecore import dataset
from vaecore.data import Images, found_again, own_parts, shelf
from vaecore.limits import Refused
from vaecore.serving import brought, incoming, sheets

PICTURE = memoryview(file_of(GREY[0]))
HOSTILE = (
    "../../../x.png", "/etc/x.png", "..\\..\\x.png", "C:\\x.png", "a/../../x.png", "a\0b.png", "nul", "con.png", "..",
    ".", "/", "", " ", "x" * 500 + ".png", "\ud800.png", "\u202egnp.x", "<b>|?*.png", "a/" * 50 + "x.png",
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", ["", ".zip", ".npz", ".txt"])
def test_no_name_leads_elsewhere(place: Path, name: str, suffix: str) -> None:
    path = incoming.write(place, [(name + suffix, PICTURE)])
    written = [each for each in place.parent.rglob("*") if each.is_file()]
    assert [each for each in place.parents[1].rglob("*") if each.is_file()] == written
    assert len(written) <= 1  # what is hidden is left out
    assert path.is_relative_to(place)
    assert path != place
    assert all(each.is_relative_to(path) and each.read_bytes() == PICTURE for each in written)


def test_names_that_are_one_are_told_apart(place: Path) -> None:
    sent = [(name, memoryview(name.encode())) for name in ("a.png", "A.png", "b/../a.png", "b\\a.png", ".hidden.png")]
    root = incoming.write(place, sent)
    found = {each.relative_to(root).as_posix(): each.read_bytes().decode() for each in root.rglob("*.png")}
    assert found == {"a.png": "a.png", "A (2).png": "A.png", "b/a.png": "b/../a.png", "b/a (2).png": "b\\a.png"}


@pytest.mark.parametrize("top", ["", "pets/"])
def test_loose_files_are_read_as_their_folder_is(place: Path, tmp_path: Path, top: str) -> None:
    sent = files(
        [f"{top}cats/{number}.png" for number in range(4)] + [f"{top}dogs/{number}.png" for number in range(4)]
    )
    path = incoming.write(place, [(name, memoryview(content)) for name, content in sent.items()])
    assert path.name == (top[:-1] or incoming.LOOSE)
    for split in ("train", "test"):
        mine, zipped = dataset(path, split), dataset(as_zip(tmp_path, sent), split)
        assert torch.equal(mine.pixels, zipped.pixels)
        assert mine.names == zipped.names == ("cats", "dogs")


def test_one_set_at_a_time(place: Path) -> None:
    with pytest.raises(Refused, match=r"one zip, .npz or .txt at a time, or pictures, got b.ZIP among 2 files"):
        incoming.write(place, [("a.png", PICTURE), ("b.ZIP", PICTURE)])
    assert list(place.iterdir()) == []


def test_what_is_too_much_is_refused_before_it_is_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_MAX_UPLOAD_BYTES", "100")
    incoming.check_room(60, 40)
    with pytest.raises(Refused, match=r"at most 100 bytes of uploads, got 101 \(VAECORE_MAX_UPLOAD_BYTES\)"):
        incoming.check_room(61, 40)
    monkeypatch.setenv("VAECORE_MAX_UPLOADS", "1")
    with pytest.raises(Refused, match="at most 1 files in an upload, got 2"):
        incoming.write(place, [("a.png", PICTURE), ("b.png", PICTURE)])
    assert list(place.iterdir()) == []


# Read once, for both splits


@pytest.mark.parametrize("rule", ["", "?split=stem"])
def test_both_parts_are_those_that_a_name_gives(tmp_path: Path, rule: str) -> None:
    name = f"{as_zip(tmp_path, files(f'{group}_{number}.png' for group in 'abcd' for number in range(2)))}{rule}"
    shares: list[float] = []
    for part, split in zip(own_parts(name, shares.append), ("train", "test"), strict=True):
        assert isinstance(part, Images)
        assert torch.equal(part.pixels, dataset(name, split).pixels)
    assert shares == [number / 8 for number in range(1, 9)]


def test_what_is_cut_says_which_sizes_came(tmp_path: Path) -> None:
    sizes = ((40, 70), (30, 30), (100, 50))
    sent = {f"{number}.png": file_of(np.zeros(size, np.uint8) + number) for number, size in enumerate(sizes)}
    note = dataset(as_zip(tmp_path, sent)).note
    assert "each cut to its central square and resized to 32 x 32, from sizes of 30 x 30 to 100 x 50" in note
    same = {f"{number}.png": file_of(np.zeros((80, 90), np.uint8) + number) for number in range(3)}
    assert "32 x 32, from 80 x 90;" in dataset(as_zip(tmp_path, same)).note


def test_what_is_seen_first_has_every_class(tmp_path: Path) -> None:
    labels = np.repeat([3, 5, 8], [90, 10, 2])
    np.savez(tmp_path / "own.npz", images=np.arange(102, dtype=np.uint8).reshape(-1, 1, 1), labels=labels)
    found = brought.read(str(tmp_path / "own.npz"))
    assert found.classes == [("3", 90), ("5", 10), ("8", 2)]
    assert sum(found.counts) == 102
    images, shown = found.seen(6)
    assert shown is not None
    assert {0, 1} <= set(shown.tolist())
    assert shown.tolist() == sorted(shown)
    assert (labels[np.rint(255 * images[:, 0, 0, 0]).astype(int)] == np.array([3, 5, 8])[shown]).all()


def test_lines_are_seen_and_counted(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("\n".join(f"line {number}" for number in range(50)), "utf-8")
    found = brought.read(str(tmp_path / "own.txt"))
    assert found.is_text
    assert sum(found.counts) == 50
    assert set(found.lines(3)) <= {f"line {number}" for number in range(50)}


# In a page


def test_a_sheet_of_large_images_is_their_means(tmp_path: Path) -> None:
    draws = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=draws)
    parts = own_parts(str(tmp_path / "own.npz"))
    made = sheets.sheet_of(*parts)
    assert (made.shape, made.training, made.test, made.classes) == ((3, 32, 32), 27, 3, ())
    assert isinstance(parts[0], Images)
    means = parts[0].pixels.numpy().reshape(27, 3, 32, 2, 32, 2).mean((3, 5))
    sent = np.frombuffer(zlib.decompress(made.data), np.uint8, 27 * 3072).reshape(27, 3, 32, 32)
    assert np.abs(sent - means).max() <= 0.5
    assert made.errors == sorted(made.errors, reverse=True)


def test_a_sheet_of_many_is_drawn_from_all_classes() -> None:
    pixels = torch.zeros(12_000, 1, 1, 2, dtype=torch.uint8)
    part = Images(pixels, torch.arange(12_000) // 6_000, ("a", "b"))
    few = part.rows(torch.arange(0, 12_000, 1000))
    assert sheets.sheet_of(part, few).training == sheets.TRAINING
    labels = sheets._some(part, sheets.TRAINING).labels
    assert labels is not None
    assert abs(labels.mean() - 0.5) < 0.02


def test_texts_have_no_sheet(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("one\ntwo\nthree\n", "utf-8")
    with pytest.raises(ValueError, match="expected images, got lines of text"):
        sheets.sheet_of(*own_parts(str(tmp_path / "own.txt")))


# Kept


def test_what_is_kept_opens_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_DATA", str(tmp_path / "data"))
    assert shelf.names() == []
    path = as_zip(tmp_path, files(f"{number}.png" for number in range(8)))
    whole = dataset(path, "train").pixels
    name = shelf.keep(path, "holiday-2")
    assert name == "own/holiday-2.zip"
    assert not path.exists()
    assert shelf.names() == [name]
    assert torch.equal(dataset(name, "train").pixels, whole)
    assert found_again(f"{name}?split=stem") == f"{(tmp_path / 'data' / name).resolve()}?split=stem"


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", ".hidden", "../x", "x" * 200, "a\0"])
def test_what_can_be_no_name_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("VAECORE_DATA", str(tmp_path / "data"))
    path = as_zip(tmp_path, files(["a.png"]))
    with pytest.raises(ValueError, match="expected a name of letters"):
        shelf.keep(path, name)
    assert path.exists()
    assert not (tmp_path / "data").exists()


def test_no_name_is_given_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_DATA", str(tmp_path / "data"))
    shelf.keep(as_zip(tmp_path, files(["a.png"])), "mine")
    with pytest.raises(ValueError, match=r"mine.zip is kept already"):
        shelf.keep(as_zip(tmp_path, files(["a.png"])), "mine.zip")

"""How images of your own are split where their name says so: photos.zip?split=stem."""

import json
import re
from collections.abc import Iterable
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from own import Pack, as_folder, as_zip, both, file_of
from PIL import Image

import vaecore
from vaecore.checkpoint import CARD, RECIPE
from vaecore.data import Images, dataset, found_again, held_out, is_named, own
from vaecore.data.rules import parsed, stem_of
from vaecore.history import HISTORY

PIXELS = np.random.default_rng(1).integers(0, 256, (400, 6, 5), dtype=np.uint8)
PATIENTS = [f"{disease}/p{patient}" for disease in ("ill", "well") for patient in range(6)]


def pictures(paths: Iterable[str]) -> dict[str, bytes]:
    """A picture at each path, all different."""
    return {path: file_of(PIXELS[number]) for number, path in enumerate(paths)}


def sides(name: Path | str, paths: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Which files are trained on, held out, and tested on."""
    where = {PIXELS[number].tobytes(): path for number, path in enumerate(paths)}
    rest, held = held_out(name, dataset(name, "train"))
    parts = [[where[each.tobytes()] for each in part.pixels.numpy()] for part in (rest, held, dataset(name, "test"))]
    assert sorted(chain.from_iterable(parts)) == sorted(where.values()), "each is on one side"
    return parts[0], parts[1], parts[2]


def refused(name: str | Path) -> str:
    with pytest.raises(ValueError, match=r"split=") as caught:
        dataset(name)
    assert str(caught.value).isprintable()
    return str(caught.value)


# By folder


@both
def test_pictures_of_one_folder_are_on_one_side(pack: Pack, tmp_path: Path) -> None:
    """The same patient, ill and well, is one; the class is the first folder."""
    paths = [f"{folder}/{i}.png" for folder in PATIENTS for i in range(5)]
    name = f"{pack(tmp_path, pictures(paths))}?split=folder"
    parts = sides(name, paths)
    patients = [{path.split("/")[1] for path in part} for part in parts]
    assert [len(each) for each in patients] == [4, 1, 1]
    assert len(set.union(*patients)) == 6
    test = dataset(name, "test")
    assert (test.names, torch.unique(test.target).tolist()) == (("ill", "well"), [0, 1])
    assert test.note == "60 pictures in 2 classes of 6 x 5 pixels; split by folder, 6 groups"


@both
@pytest.mark.parametrize("deep", ["", "scan/left/"])
def test_folders_of_classes_are_groups_where_there_is_no_other(pack: Pack, deep: str, tmp_path: Path) -> None:
    """What lies deeper than a folder of a class's is with that."""
    paths = [f"p{patient:02}/{deep}{i}.png" for patient in range(20) for i in range(3)]
    name = f"{pack(tmp_path, pictures(paths))}?split=folder"
    if deep:
        assert refused(name).endswith("expected images of two groups or more by ?split=folder, got one")
        paths = [f"all/{path}" for path in paths] + ["other/p00/0.png"]
        (tmp_path / "two").mkdir()
        name = f"{pack(tmp_path / 'two', pictures(paths))}?split=folder"
    parts = sides(name, paths)
    patients = [{path.split("/")[bool(deep)] for path in part} for part in parts]
    assert [len(each) for each in patients] == [17, 1, 2]
    assert len(set.union(*patients)) == 20


# By stem


@both
@pytest.mark.parametrize("top", ["", "cat/"])
def test_pictures_of_one_stem_are_on_one_side(pack: Pack, top: str, tmp_path: Path) -> None:
    folders = (top, top.replace("cat", "dog"))
    paths = [f"{folders[i % 2]}patient{p}_{i:03}.png" for p in range(30) for i in range(p % 5 + 1)]
    parts = sides(f"{pack(tmp_path, pictures(paths))}?split=stem", paths)
    patients = [{re.findall(r"patient(\d+)_", path)[0] for path in part} for part in parts]
    assert len(set.union(*patients)) == sum(map(len, patients)) == 30
    assert len(parts[2]) == len(paths) // 10
    assert len(parts[1]) in (len(paths) - len(parts[2])) // 10 - np.arange(5)


@pytest.mark.parametrize(
    ("file", "stem"),
    [
        ("patient7_003.png", "patient7"),
        ("patient7.png", "patient"),
        ("patient7_left.png", "patient7_left"),
        ("IMG_20240105 (2).JPG", "IMG_20240105"),
        ("2024-01-05_120000.tif", "2024-01-05"),
        ("frame-0001_.gif", "frame"),
        ("roll.12", "roll"),
        ("roll.12.jpeg", "roll"),
        ("scan 1.5T.png", "scan 1.5T"),
        ("猫３.png", "猫"),
        ("dog", "dog"),
        ("7.png", ""),
        ("007", ""),
        (".9", ""),
        ("a" * 9 + "_" * 60_000, "a" * 9 + "_" * 60_000),
    ],
)
def test_a_stem_is_the_name_up_to_its_last_number(file: str, stem: str) -> None:
    assert stem_of(file) == stem


@given(st.text(st.characters(categories=["L"]), min_size=1), st.sampled_from(["_", "-", " ", ".", "(", ""]), st.data())
def test_numbers_behind_one_name_are_of_one_stem(name: str, sign: str, data: st.DataObject) -> None:
    for _ in range(2):
        number = data.draw(st.integers(0, 10**9))
        assert stem_of(f"{name}{sign}{number}.png") == name


# The end


@both
def test_the_end_of_every_folder_is_tested_on(pack: Pack, tmp_path: Path) -> None:
    """In the order in which people count, and of each as much as of the others; what is followed comes before it."""
    paths = [f"{film}/frame{i}.png" for film, count in (("a", 100), ("b", 20), ("c", 1)) for i in range(count)]
    name = f"{pack(tmp_path, pictures(paths))}?split=contiguous"
    rest, held, test = sides(name, paths)
    assert test == [*(f"a/frame{i}.png" for i in range(90, 100)), "b/frame18.png", "b/frame19.png"]
    assert held == [*(f"a/frame{i}.png" for i in range(81, 90)), "b/frame17.png"]
    assert rest[:81] == [f"a/frame{i}.png" for i in range(81)]
    assert dataset(name).note.endswith("; the end of each of 3 folders is for testing")


def test_the_end_of_a_stack_of_pages_is_tested_on(tmp_path: Path) -> None:
    frames = [Image.fromarray(frame) for frame in PIXELS[:40]]
    (tmp_path / "own").mkdir()
    frames[0].save(tmp_path / "own" / "film.tif", save_all=True, append_images=frames[1:])
    name = f"{tmp_path / 'own'}?split=contiguous"
    assert np.array_equal(dataset(name, "test").pixels[:, 0], PIXELS[36:40])
    rest, held = held_out(name, dataset(name, "train"))
    assert np.array_equal(held.data[:, 0], PIXELS[33:36])
    assert np.array_equal(rest.data[:, 0], PIXELS[:33])


def test_the_end_of_the_rows_is_tested_on_but_for_what_came_before(tmp_path: Path) -> None:
    """A film that comes back to its first frame has not shown a new one."""
    images = PIXELS[:50].copy()
    images[[46, 49]] = images[0]
    np.savez(tmp_path / "own.npz", images=images)
    name = f"{tmp_path / 'own.npz'}?split=contiguous"
    assert np.array_equal(dataset(name, "test").pixels[:, 0], images[[45, 47, 48]])
    assert np.array_equal(dataset(name, "train").pixels[:, 0], images[[*range(45), 46, 49]])
    _, held = held_out(name, dataset(name, "train"))
    assert np.array_equal(held.data[:, 0], images[[43, 44]]), "two of the last four are of the first frame"


def test_a_film_that_ends_as_it_began_has_no_end(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=np.concatenate([PIXELS[:20], PIXELS[:2]]))
    said = refused(f"{tmp_path / 'own.npz'}?split=contiguous")
    assert said.endswith("expected an end that differs from what is before it, got none by ?split=contiguous")


# By an array


@pytest.mark.parametrize(
    "kind", [np.int64, np.uint8, np.float32, "U", "S", bool], ids=["int", "byte", "float", "str", "bytes", "bool"]
)
@pytest.mark.parametrize("shape", [(60,), (60, 1)])
def test_images_of_one_entry_are_on_one_side(kind: type | str, shape: tuple[int, ...], tmp_path: Path) -> None:
    patients = np.random.default_rng(0).permutation(np.repeat(np.arange(6), 10))
    column = (patients > 2 if kind is bool else patients).astype(kind).reshape(shape)
    np.savez(tmp_path / "own.npz", images=PIXELS[:60], patient=column, other=np.zeros(3))
    name = f"{tmp_path / 'own.npz'}?split=patient"
    parts = sides(name, (str(value) for value in range(60)))
    sets = [{column.flat[int(row)] for row in part} for part in parts]
    assert len(set.union(*sets)) == sum(map(len, sets))
    assert [len(part) for part in parts] == ([30, 0, 30] if kind is bool else [40, 10, 10])
    groups = 2 if kind is bool else 6
    assert dataset(name).note == f"60 images of 6 x 5 pixels; not looked at: other; split by patient, {groups} groups"


def test_images_of_nobody_are_of_one(tmp_path: Path) -> None:
    """What is no number may be the same patient's."""
    patient = np.array([*range(40), *[np.nan] * 20])
    np.savez(tmp_path / "own.npz", images=PIXELS[:60], patient=patient)
    name = f"{tmp_path / 'own.npz'}?split=patient"
    assert len(dataset(name, "test")) == 6
    rows = {each.tobytes() for each in dataset(name, "train").pixels.numpy()}
    assert {each.tobytes() for each in PIXELS[40:60]} <= rows


def test_labels_can_be_the_groups(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=PIXELS[:60], labels=np.arange(60) % 12)
    test = dataset(f"{tmp_path / 'own.npz'}?split=labels", "test")
    assert (len(test), len(torch.unique(test.target)), len(test.names)) == (5, 1, 12)


# Whatever the rule


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), min_size=1, max_size=120),
    st.floats(0, 1),
    st.booleans(),
)
def test_no_group_and_no_equal_image_crosses(rows: list[tuple[int, int]], share: float, contiguous: bool) -> None:
    """Each row is whose it is, and which picture; a path of equal pictures and of people leads from no side to another.

    The answer is counted from the rows alone: whatever is on one side has none of its people, and none of its pictures,
    on the other.
    """
    kin, look = (torch.tensor(each) for each in zip(*rows, strict=True))
    numbers = torch.arange(len(rows))
    pixels = look.to(torch.uint8).reshape(-1, 1, 1, 1)
    images = Images(pixels, numbers, tuple(map(str, range(len(rows)))), kin=kin, contiguous=contiguous)
    pairs = [images.parted(share)]
    try:
        pairs.append((images.split("train"), images.split("test")))
    except ValueError as error:
        assert str(error).startswith("expected ")  # noqa: PT017  not every draw has two sides
    else:
        assert all(len(part) for part in pairs[-1])
        pairs.append(pairs[-1][0].parted(0.1))
    for one, other in pairs:
        assert not set(one.pixels.flatten().tolist()) & set(other.pixels.flatten().tolist())
        if not contiguous:
            assert not set(one.kin.tolist()) & set(other.kin.tolist())
        for part in (one, other):
            assert torch.equal(part.kin, kin[part.target]), "whose they are goes along"
    for one, other in pairs[:2]:
        assert sorted([*one.target.tolist(), *other.target.tolist()]) == numbers.tolist()


@given(st.lists(st.integers(0, 5), min_size=2, max_size=100))
def test_an_end_is_after_all_else_of_its_film(films: list[int]) -> None:
    rows = torch.arange(len(films))
    pixels = torch.stack([rows // 256, rows % 256], 1).to(torch.uint8).reshape(-1, 1, 1, 2)
    images = Images(pixels, rows, tuple(map(str, range(len(films)))), kin=torch.tensor(films), contiguous=True)
    test = images.split("test")
    assert len(test) == max(1, len(films) // 10)
    train = images.split("train")
    rest, held = train.parted(0.1)
    assert len(held) == len(train) // 10
    for before, after in pairwise((rest, held, test)):
        for film in set(before.kin.tolist()) & set(after.kin.tolist()):
            assert before.target[before.kin == film].max() < after.target[after.kin == film].min()


@both
def test_a_planted_leak_is_caught(pack: Pack, tmp_path: Path) -> None:
    """One picture of each patient is saved under the next one's name as well: then all are of one, and none is left."""
    paths = [f"p{patient}/{i}.png" for patient in range(8) for i in range(4)]
    content = pictures(paths)
    for place in ("pairs", "all"):
        (tmp_path / place).mkdir()
    whole = pack(tmp_path, content)
    assert len(dataset(f"{whole}?split=folder", "test")) == 4, "each has more than a tenth"
    twins = {f"p{patient + 1}/twin.png": content[f"p{patient}/0.png"] for patient in (0, 2, 4, 6)}
    pairs = pack(tmp_path / "pairs", content | twins)
    test = {each.tobytes() for each in dataset(f"{pairs}?split=folder", "test").pixels.numpy()}
    train = {each.tobytes() for each in dataset(f"{pairs}?split=folder", "train").pixels.numpy()}
    assert (len(test), len(train), test & train) == (8, 24, set())
    linked = {f"p{patient + 1}/twin.png": content[f"p{patient}/0.png"] for patient in range(7)}
    said = refused(f"{pack(tmp_path / 'all', content | linked)}?split=folder")
    assert said.endswith(": expected two groups without an equal image, got none by ?split=folder")


# What is refused, before the images are read


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own.Pictures, "read", lambda *_: pytest.fail("a picture was read"))
    monkeypatch.setattr("vaecore.data.arrays._images", lambda *_: pytest.fail("images were read"))


@both
@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("patient", "expected 'folder', 'stem' or 'contiguous' after ?split=, got 'patient'"),
        ("", "expected 'folder', 'stem' or 'contiguous' after ?split=, got ''"),
        ("Folder", "expected 'folder', 'stem' or 'contiguous' after ?split=, got 'Folder'"),
        ("a\nb", r"expected 'folder', 'stem' or 'contiguous' after ?split=, got 'a\\nb'"),
        ("stem", "expected images of two groups or more by ?split=stem, got one"),
        ("folder", "expected images of two groups or more by ?split=folder, got one"),
    ],
)
def test_a_rule_that_is_none_for_pictures_is_refused(
    pack: Pack, rule: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path, pictures(f"{i}.png" for i in range(20)))
    unread(monkeypatch)
    assert refused(f"{path}?split={rule}") == f"{path}: {sentence}"


@both
def test_folders_that_say_the_split_leave_nothing_to_a_rule(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path, pictures(f"{split}/{i}.png" for split in ("train", "test") for i in range(4)))
    unread(monkeypatch)
    said = "expected no ?split= where folders say the split, got 'stem' beside test and train"
    assert refused(f"{path}?split=stem") == f"{path}: {said}"


@both
def test_what_lies_deeper_is_refused_where_the_rule_does_not_need_it(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path, pictures(f"{folder}/{i}.png" for folder in PATIENTS for i in range(3)))
    for name in (path, f"{path}?split=stem"):
        with pytest.raises(ValueError, match=r"got one deeper: ill/p0/0\.png"):
            dataset(name)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            "folder",
            "expected 'contiguous' or one of the arrays ['few', 'labels', 'one', 'whom'] after ?split=, got 'folder'",
        ),
        (
            "stem",
            "expected 'contiguous' or one of the arrays ['few', 'labels', 'one', 'whom'] after ?split=, got 'stem'",
        ),
        ("who", "expected 'contiguous' or one of the arrays ['few', 'labels', 'one', 'whom'] after ?split=, got 'who'"),
        ("", "expected 'contiguous' or one of the arrays ['few', 'labels', 'one', 'whom'] after ?split=, got ''"),
        ("few", "expected few of shape (20,), got (3,)"),
        ("images", "expected images of shape (20,), got (20, 6, 5)"),
        ("whom", "expected whom of numbers or words, without pickled objects, got objects"),
        ("one", "expected images of two groups or more by ?split=one, got one"),
    ],
)
def test_a_rule_that_is_none_for_an_array_is_refused(
    rule: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = {"whom": np.array([None] * 20), "few": np.zeros(3), "one": np.ones(20), "labels": np.arange(20)}
    np.savez(tmp_path / "own.npz", images=PIXELS[:20], **rest)
    unread(monkeypatch)
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        dataset(f"{tmp_path / 'own.npz'}?split={rule}")
    assert str(caught.value) == f"{tmp_path / 'own.npz'}: {sentence}"


@pytest.mark.parametrize("name", ["mnist", "digits/3", "couplets"])
@pytest.mark.parametrize("rule", ["stem", "contiguous", "labels", ""])
def test_a_set_by_name_keeps_its_split(name: str, rule: str, tmp_path: Path) -> None:
    for ask in (dataset, lambda name: vaecore.train("vae-digits-2", out=tmp_path / "run", dataset=name)):
        with pytest.raises(ValueError, match="split=") as caught:
            ask(f"{name}?split={rule}")
        assert (
            str(caught.value) == f"{name}: expected images of your own before ?split=, got a name, whose split stands"
        )
    assert not is_named(f"{name}?split={rule}")
    assert not (tmp_path / "run").exists()


def test_texts_are_split_by_their_lines(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("one\ntwo\n")
    said = refused(f"{tmp_path / 'lines.txt'}?split=stem")
    assert said.endswith("lines.txt: expected images before ?split=, got texts, which are split by their lines")


@pytest.mark.parametrize("name", ["?split=stem", "none.zip?split=stem", "a\0b?split=x", "~nobody-there/x?split=stem"])
def test_what_is_not_there_is_not_there_by_a_rule(name: str) -> None:
    with pytest.raises(ValueError, match="no data set and no file is called") as caught:
        dataset(name)
    assert str(caught.value).isprintable()


# The name


def test_a_path_with_such_a_word_in_it_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of its parts has the word."""
    (tmp_path / "own?split=stem").mkdir()
    np.savez(tmp_path / "own?split=stem" / "a.npz", images=PIXELS[:20], whose=np.arange(20) // 2)
    np.savez(tmp_path / "mnist?split=stem", images=PIXELS[:20])
    (tmp_path / "mnist?split=stem.npz").rename(tmp_path / "b?split=stem.npz")
    monkeypatch.chdir(tmp_path)
    for name in ("own?split=stem/a.npz", Path("own?split=stem") / "a.npz", "b?split=stem.npz"):
        assert parsed(name) == (name, None)
        assert len(dataset(name, "train")) == 18
    assert parsed("own?split=stem/a.npz?split=whose") == ("own?split=stem/a.npz", "whose")
    assert len(dataset("own?split=stem/a.npz?split=whose", "test")) == 2


def test_a_file_in_a_folder_of_a_sets_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mnist").mkdir()
    np.savez(tmp_path / "mnist" / "3.npz", images=PIXELS[:20])
    monkeypatch.chdir(tmp_path)
    assert len(dataset("mnist/3.npz?split=contiguous", "test")) == 2
    assert found_again("mnist/3.npz?split=contiguous") == f"{tmp_path / 'mnist' / '3.npz'}?split=contiguous"
    assert found_again("mnist/3") == "mnist/3"


def test_a_run_keeps_the_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its recipe, its card and its command, from any folder; what it follows and what it is measured on obey it."""
    paths = [f"{folder}_{i}.png".replace("/", "-") for folder in PATIENTS for i in range(5)]
    as_zip(tmp_path, pictures(paths))
    monkeypatch.chdir(tmp_path)
    run = vaecore.train("vae-digits-2", out="run", device="cpu", dataset="own.zip?split=stem", epochs=1, batch=10)
    monkeypatch.chdir("/")
    explorer = vaecore.load(tmp_path / run, device="cpu")
    assert explorer.dataset == f"{tmp_path / 'own.zip'}?split=stem"
    card = json.loads((tmp_path / run / CARD).read_text())
    assert card["data"]["name"] == card["recipe"]["dataset"] == explorer.dataset
    assert json.loads((tmp_path / run / RECIPE).read_text())["dataset"] == explorer.dataset
    assert f"'dataset={explorer.dataset}'" in card["command"]
    assert (card["data"]["train"], card["measured_on"]) == (50, "validation")
    assert json.loads((tmp_path / run / HISTORY).read_text())["validation"]
    rest, held, test = sides(explorer.dataset, paths)
    assert [len({path.split("_")[0] for path in part}) for part in (rest, held, test)] == [10, 1, 1]
    assert vaecore.evaluate(tmp_path / run, samples=2, device="cpu")["squared_error"] > 0


def test_without_a_rule_all_is_as_it_was(tmp_path: Path) -> None:
    """And no rule changes which tenth another draws."""
    paths = [f"p{i:02}.png" for i in range(40)]
    path = as_folder(tmp_path, pictures(paths))
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0)).numpy()
    plain: ndarray = dataset(path, "test").pixels.numpy()
    assert np.array_equal(plain[:, 0], PIXELS[order[:4]])
    assert dataset(path).kin is None
    np.savez(tmp_path / "own.npz", images=PIXELS[:40], each=np.arange(40))
    single = dataset(f"{tmp_path / 'own.npz'}?split=each", "test")
    assert np.array_equal(single.pixels, plain), "groups of one are no groups"

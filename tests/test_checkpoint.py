"""Keeping: what is written is whole or not there, what is read is named when it is not right."""

import json
import os
import pickle
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.optim import AdamW

import vaecore
from vaecore import checkpoint, writing
from vaecore.checkpoint import CARD, RECIPE, STATE, WEIGHTS, CheckpointError
from vaecore.data import Images
from vaecore.models import Autoencoder
from vaecore.recipes import find

RECIPE_OF_ALL = find("vae-digits-2").changed(hidden=(5,))
CARD_OF_ALL = {"shape": [1, 8, 8], "classes": list("0123456789"), "metrics": {}}


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def model() -> Autoencoder:
    torch.manual_seed(0)
    return checkpoint.build(RECIPE_OF_ALL, (1, 8, 8), 10)


@pytest.fixture
def folder(model: Autoencoder, tmp_path: Path) -> Path:
    """A whole checkpoint."""
    checkpoint.save(tmp_path / "run", RECIPE_OF_ALL, model, CARD_OF_ALL)
    return tmp_path / "run"


def test_the_whole_checkpoint_loads_and_nothing_else_lies_around(folder: Path) -> None:
    checkpoint.load(folder)
    assert {path.name for path in folder.iterdir()} == {RECIPE, WEIGHTS, CARD}


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_others_may_read_what_the_umask_lets_them(folder: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        (RECIPE, WEIGHTS, CARD), 0o666 & ~umask
    )


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


class Bomb:
    """What a pickle may do to its reader."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, ("exploded",)


DAMAGES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    f"{file}: {what}": (file, damage, message)
    for file in (RECIPE, WEIGHTS, CARD)
    for what, damage, message in (
        ("missing", Path.unlink, "no such file"),
        ("truncated", truncate, "truncated|not a recipe"),
        ("empty", lambda path: path.write_bytes(b""), "truncated|not a recipe"),
        ("foreign bytes", lambda path: path.write_bytes(bytes(range(256))), "not a"),
        ("a folder", lambda path: (path.unlink(), path.mkdir()), "expected a regular file, got a folder"),
        ("a pickle", lambda path: path.write_bytes(pickle.dumps(Bomb())), "not a"),
    )
}
DAMAGES |= {
    "recipe: unknown key": (RECIPE, lambda path: edit(path, colour="red"), "colour"),
    "recipe: newer format": (RECIPE, lambda path: edit(path, format=2), "format 2 is not format 1"),
    "recipe: unknown model": (RECIPE, lambda path: edit(path, model="gan"), "unknown model 'gan'"),
    "card: a list": (CARD, lambda path: path.write_text("[]"), "expected a JSON object, got list"),
    "card: no shape": (CARD, lambda path: path.write_text('{"classes": []}'), "not a card.*shape"),
    "card: no classes": (CARD, lambda path: path.write_text('{"shape": [1, 8, 8]}'), "not a card.*classes"),
    "card: shape is a number": (CARD, lambda path: edit(path, shape=8), "not a card"),
    "card: shape of two": (CARD, lambda path: edit(path, shape=[8, 8]), "not a card"),
    "card: shape of words": (CARD, lambda path: edit(path, shape=["a", "b", "c"]), "not a card"),
    "card: classes is a number": (CARD, lambda path: edit(path, classes=10), "not a card"),
    "weights: of another shape": (CARD, lambda path: edit(path, shape=[1, 9, 9]), "not the weights of"),
    "weights: of another model": (
        WEIGHTS,
        lambda path: save_file({"weight": torch.zeros(3)}, path),
        "not the weights of 'vae-digits-2'",
    ),
    "weights: not all": (
        WEIGHTS,
        lambda path: save_file(dict(list(checkpoint.read_tensors(path).items())[1:]), path),
        "not the weights of 'vae-digits-2'",
    ),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_file_is_named(case: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    file, damage, message = DAMAGES[case]
    damage(folder / file)
    with pytest.raises(CheckpointError, match=message) as caught:
        checkpoint.load(folder)
    named = WEIGHTS if case.startswith("weights: ") else file
    assert str(folder / named) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (folder.parent / "exploded").exists()


@pytest.mark.parametrize("case", [case for case in DAMAGES if not case.startswith(f"{RECIPE}: missing")])
def test_the_public_door_says_the_same(case: str, folder: Path) -> None:
    file, damage, message = DAMAGES[case]
    damage(folder / file)
    with pytest.raises(ValueError, match=message):
        vaecore.load(folder, device="cpu")


@pytest.mark.parametrize("call", ["writing", "fsync", "replace"])
@pytest.mark.parametrize("file", [RECIPE, WEIGHTS, CARD, STATE])
def test_a_crash_while_writing_leaves_the_old_file(
    file: str, call: str, folder: Path, model: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    optimizer = AdamW(model.parameters())
    checkpoint.save_state(folder, model, [optimizer], 1, 0.0, 0)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def write() -> None:
        if file == STATE:
            checkpoint.save_state(folder, model, [optimizer], 2, 0.0, 0)
        elif file == WEIGHTS:
            writing.write_tensors(folder / file, {"weight": torch.ones(9)})
        else:
            writing.write_json(folder / file, {"new": True})

    with monkeypatch.context() as patch:
        if call == "writing":
            patch.setattr(writing, "_atomic", half_written(writing._atomic))
        else:
            patch.setattr(os, call, crash)
        with pytest.raises(Crash):
            write()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    write()
    assert (folder / file).read_bytes() != before[file]


def half_written(atomic: Callable[..., None]) -> Callable[..., None]:
    """The process dies when half of the bytes are written."""

    def write(path: Path, whole: Callable[[Path], object]) -> None:
        def half(partial: Path) -> None:
            whole(partial)
            truncate(partial)
            raise Crash

        atomic(path, half)

    return write


def crash(*_: object) -> None:
    raise Crash


def test_weights_stored_as_float16_come_back_as_float32(model: Autoencoder, tmp_path: Path) -> None:
    card = {"shape": [1, 8, 8], "classes": []}
    checkpoint.save(tmp_path, RECIPE_OF_ALL.changed(store="float16"), model, card)
    kept = checkpoint.read_tensors(tmp_path / WEIGHTS)
    assert {tensor.dtype for tensor in kept.values()} == {torch.float16}
    loaded, _, _ = checkpoint.load(tmp_path)
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name].half().float())


def stepped(model: Autoencoder, images: Images, steps: int, optimizer: AdamW | None = None) -> AdamW:
    optimizer = optimizer or AdamW(model.parameters(), 1e-2, fused=True)
    for step in range(steps):
        torch.manual_seed(step)
        loss = torch.stack(list(model(torch.from_numpy(images.images)).values())).sum(0).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return optimizer


def test_state_comes_back_with_the_optimiser(model: Autoencoder, few: Images, tmp_path: Path) -> None:
    optimizer = stepped(model, few, 3)
    checkpoint.save_state(tmp_path, model, [optimizer], 7, 1.5, 42)
    torch.manual_seed(9)
    twin = checkpoint.build(RECIPE_OF_ALL, (1, 8, 8), 10)
    twin_optimizer = AdamW(twin.parameters(), 1e-2, fused=True)
    kept = checkpoint.load_state(tmp_path, twin, 42)
    assert (kept.epoch, kept.seconds) == (7, 1.5)
    checkpoint.load_moments([twin_optimizer], kept)
    stepped(model, few, 3, optimizer)
    stepped(twin, few, 3, twin_optimizer)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True))


def test_no_state_is_the_beginning(model: Autoencoder, tmp_path: Path) -> None:
    assert checkpoint.load_state(tmp_path, model, 0) == checkpoint.State(epoch=0, seconds=0.0, moments=None)


def test_state_of_another_seed_is_refused(model: Autoencoder, tmp_path: Path) -> None:
    optimizer = AdamW(model.parameters())
    checkpoint.save_state(tmp_path, model, [optimizer], 1, 0.0, 3)
    with pytest.raises(ValueError, match="holds a run of seed 3, not 4"):
        checkpoint.load_state(tmp_path, model, 4)


def rewrite(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = checkpoint.read_tensors(path)
    change(tensors)
    writing.write_tensors(path, tensors)


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        lambda path: path.write_bytes(pickle.dumps(Bomb())),
        lambda path: rewrite(path, lambda tensors: tensors.pop("clock")),
        lambda path: rewrite(path, lambda tensors: tensors.pop("model.encoder.0.weight")),
        lambda path: rewrite(path, lambda tensors: tensors.update(clock=torch.zeros(2))),
        lambda path: rewrite(path, lambda tensors: tensors.update({"optimizer.0.first.step": torch.zeros(1)})),
        lambda path: rewrite(path, lambda tensors: tensors.update({"model.encoder.0.weight": torch.zeros(1)})),
    ],
    ids=["truncated", "pickle", "no clock", "weight missing", "short clock", "odd moment", "other shape"],
)
def test_a_damaged_state_is_named(
    damage: Callable[[Path], object], model: Autoencoder, few: Images, tmp_path: Path
) -> None:
    optimizer = stepped(model, few, 1)
    checkpoint.save_state(tmp_path, model, [optimizer], 1, 0.0, 0)
    damage(tmp_path / STATE)
    with pytest.raises(CheckpointError, match=str(tmp_path / STATE)) as caught:
        checkpoint.load_state(tmp_path, model, 0)
    assert "\n" not in str(caught.value)
    assert not Path("exploded").exists()


# Weights as whole numbers


@pytest.fixture
def whole_numbers(model: Autoencoder, tmp_path: Path) -> Path:
    """A checkpoint whose matrices are kept as whole numbers."""
    with torch.no_grad():
        model.encoder[0].weight[1].zero_()  # a row that has no step
    checkpoint.save(tmp_path / "int8", RECIPE_OF_ALL.changed(store="int8"), model, CARD_OF_ALL)
    return tmp_path / "int8"


def test_matrices_are_kept_as_whole_numbers_and_nothing_else_is(whole_numbers: Path) -> None:
    kept = checkpoint.read_tensors(whole_numbers / WEIGHTS)
    for name, tensor in kept.items():
        assert tensor.dtype == (torch.int8 if name.endswith("weight") else torch.float32), name
        if name.endswith("weight"):
            assert kept[f"{name}{checkpoint.STEP}"].shape == tensor.shape[:1]
            assert tensor.abs().amax(1)[2:].unique().tolist() == [127], "each row uses the whole range"


def test_whole_numbers_are_at_most_half_a_step_off(whole_numbers: Path, model: Autoencoder) -> None:
    loaded, _, _ = checkpoint.load(whole_numbers)
    for name, tensor in loaded.state_dict().items():
        exact = model.state_dict()[name]
        assert tensor.dtype == torch.float32
        if name.endswith("weight"):
            largest = exact.abs().amax(1, keepdim=True)
            assert ((tensor - exact).abs() <= largest / 127 * 0.5001).all(), name
            assert not torch.equal(tensor, exact)
        else:
            assert torch.equal(tensor, exact), name
    assert not loaded.encoder[0].weight[1].any()


@pytest.mark.parametrize("store", ["float32", "float16", "int8"])
def test_what_is_measured_is_what_is_kept(store: str, model: Autoencoder, tmp_path: Path) -> None:
    """Rounding, then keeping, then loading changes nothing that rounding had not."""
    recipe = RECIPE_OF_ALL.changed(store=store)
    checkpoint.round_weights(model, recipe)
    checkpoint.save(tmp_path, recipe, model, CARD_OF_ALL)
    loaded, _, _ = checkpoint.load(tmp_path)
    for name, tensor in loaded.state_dict().items():
        torch.testing.assert_close(tensor, model.state_dict()[name], rtol=3e-7, atol=0)


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        lambda path: rewrite(path, lambda tensors: tensors.pop("encoder.0.weight")),
        lambda path: rewrite(path, lambda tensors: tensors.pop("encoder.0.weight.step")),
        lambda path: rewrite(path, lambda tensors: tensors.update({"encoder.0.weight.step": torch.ones(4)})),
        lambda path: rewrite(path, lambda tensors: tensors.update({"encoder.0.weight": torch.zeros(5, 7)})),
    ],
    ids=["truncated", "no matrix", "no steps", "too few steps", "another matrix"],
)
def test_damaged_whole_numbers_are_named(damage: Callable[[Path], object], whole_numbers: Path) -> None:
    damage(whole_numbers / WEIGHTS)
    with pytest.raises(CheckpointError, match=str(whole_numbers / WEIGHTS)) as caught:
        checkpoint.load(whole_numbers)
    assert "\n" not in str(caught.value)


def test_whole_numbers_take_a_quarter_of_the_room(tmp_path: Path) -> None:
    sizes = {}
    for store in ("float32", "int8"):
        recipe = find("vae-digits-2").changed(hidden=(400, 400), store=store)
        checkpoint.save(tmp_path, recipe, checkpoint.build(recipe, (1, 8, 8), 10), CARD_OF_ALL)
        sizes[store] = (tmp_path / WEIGHTS).stat().st_size
    assert sizes["int8"] < 0.28 * sizes["float32"]


def test_a_state_knows_its_parameters_by_their_place(model: Autoencoder, few: Images, tmp_path: Path) -> None:
    """What the optimiser keeps of each parameter comes back under the same number."""
    optimizer = stepped(model, few, 2)
    checkpoint.save_state(tmp_path, model, [optimizer], 3, 0.5, 1)
    kept = checkpoint.load_state(tmp_path, model, 1)
    expected = optimizer.state_dict()["state"]
    (moments_kept,) = kept.moments.values()
    assert moments_kept.keys() == expected.keys()
    for index, moments in expected.items():
        assert moments.keys() == moments_kept[index].keys()
        assert all(torch.equal(tensor, moments_kept[index][name]) for name, tensor in moments.items())

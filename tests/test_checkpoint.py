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
from vaecore import checkpoint
from vaecore.checkpoint import CARD, RECIPE, STATE, WEIGHTS, CheckpointError
from vaecore.data import Images
from vaecore.models import Autoencoder
from vaecore.recipes import find

RECIPE_OF_ALL = find("vae-digits-2").changed(hidden=(5,))


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def model() -> Autoencoder:
    torch.manual_seed(0)
    return checkpoint.build(RECIPE_OF_ALL, (1, 8, 8), 10)


@pytest.fixture
def folder(model: Autoencoder, tmp_path: Path) -> Path:
    """A whole checkpoint."""
    card = {"shape": [1, 8, 8], "classes": list("0123456789"), "metrics": {}}
    checkpoint.save(tmp_path / "run", RECIPE_OF_ALL, model, card)
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
        ("a folder", lambda path: (path.unlink(), path.mkdir()), "not a|directory"),
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
    checkpoint.save_state(folder, model, optimizer, 1, 0.0, 0)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def write() -> None:
        if file == STATE:
            checkpoint.save_state(folder, model, optimizer, 2, 0.0, 0)
        elif file == WEIGHTS:
            checkpoint.write_tensors(folder / file, {"weight": torch.ones(9)})
        else:
            checkpoint.write_json(folder / file, {"new": True})

    with monkeypatch.context() as patch:
        if call == "writing":
            patch.setattr(checkpoint, "_atomic", half_written(checkpoint._atomic))
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
    checkpoint.save_state(tmp_path, model, optimizer, 7, 1.5, 42)
    torch.manual_seed(9)
    twin = checkpoint.build(RECIPE_OF_ALL, (1, 8, 8), 10)
    twin_optimizer = AdamW(twin.parameters(), 1e-2, fused=True)
    assert checkpoint.load_state(tmp_path, twin, twin_optimizer, 42) == (7, 1.5)
    stepped(model, few, 3, optimizer)
    stepped(twin, few, 3, twin_optimizer)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True))


def test_no_state_is_the_beginning(model: Autoencoder, tmp_path: Path) -> None:
    assert checkpoint.load_state(tmp_path, model, AdamW(model.parameters()), 0) == (0, 0.0)


def test_state_of_another_seed_is_refused(model: Autoencoder, tmp_path: Path) -> None:
    optimizer = AdamW(model.parameters())
    checkpoint.save_state(tmp_path, model, optimizer, 1, 0.0, 3)
    with pytest.raises(ValueError, match="holds a run of seed 3, not 4"):
        checkpoint.load_state(tmp_path, model, optimizer, 4)


def rewrite(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = checkpoint.read_tensors(path)
    change(tensors)
    checkpoint.write_tensors(path, tensors)


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        lambda path: path.write_bytes(pickle.dumps(Bomb())),
        lambda path: rewrite(path, lambda tensors: tensors.pop("clock")),
        lambda path: rewrite(path, lambda tensors: tensors.pop("model.encoder.0.weight")),
        lambda path: rewrite(path, lambda tensors: tensors.update(clock=torch.zeros(2))),
        lambda path: rewrite(path, lambda tensors: tensors.update({"optimizer.first.step": torch.zeros(1)})),
        lambda path: rewrite(path, lambda tensors: tensors.update({"model.encoder.0.weight": torch.zeros(1)})),
    ],
    ids=["truncated", "pickle", "no clock", "weight missing", "short clock", "odd moment", "other shape"],
)
def test_a_damaged_state_is_named(
    damage: Callable[[Path], object], model: Autoencoder, few: Images, tmp_path: Path
) -> None:
    optimizer = stepped(model, few, 1)
    checkpoint.save_state(tmp_path, model, optimizer, 1, 0.0, 0)
    damage(tmp_path / STATE)
    with pytest.raises(CheckpointError, match=str(tmp_path / STATE)) as caught:
        checkpoint.load_state(tmp_path, model, optimizer, 0)
    assert "\n" not in str(caught.value)
    assert not Path("exploded").exists()

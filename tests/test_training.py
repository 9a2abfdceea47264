"""The loop: stopped and resumed, alone and together, it gives the same numbers."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from same_runs import check_same_run, curve, history
from torch import Tensor

import vaecore
from vaecore import checkpoint, optimizers, runs, training, writing
from vaecore.checkpoint import CARD, RECIPE, STATE, WEIGHTS
from vaecore.data import Images, held_out
from vaecore.device import Process, best_device, onednn_products
from vaecore.divergences import squared_error
from vaecore.evaluation.reconstruction import mean_squared_error
from vaecore.history import HISTORY
from vaecore.models import VAE
from vaecore.recipe import Training as TrainingSettings
from vaecore.recipes import RECIPES, find
from vaecore.runs import Run
from vaecore.training import fit, schedule, train

CPU = torch.device("cpu")
SMALL = {"hidden": (16,), "batch": 256, "epochs": 6}


class Killed(BaseException):
    """The process ends here."""


# What a run leaves


@pytest.fixture(scope="module")
def validation(digits: Images) -> Images:
    """What every run of the digits holds out."""
    return held_out("digits", digits)[1]


@pytest.fixture(scope="module", params=["vae-digits-2", "cvae-digits-2", "ae-digits-2"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole") / request.param
    assert train(request.param, out=folder, device="cpu", seed=3, **SMALL) == folder
    return folder


def test_a_run_leaves_a_checkpoint_and_its_history(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == {RECIPE, WEIGHTS, CARD, HISTORY}
    rows = history(run)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    terms = {"distortion"} if run.name.startswith("ae") else {"distortion", "rate"}
    assert all(row.keys() == {"epoch", "train", "validation", "seconds"} for row in rows)
    assert all(row["train"].keys() == row["validation"].keys() == terms for row in rows)
    assert sum(rows[-1]["train"].values()) < sum(rows[0]["train"].values())
    assert [row["seconds"] for row in rows] == sorted(row["seconds"] for row in rows)


def test_a_run_loads_like_a_name(run: Path, validation: Images) -> None:
    explorer = vaecore.load(run, device="cpu")
    assert explorer.name == f"{run.parent.name}/{run.name}"  # it lies in a folder of a shipped model's name
    assert vaecore.load(run.rename(run.with_name("mine")), device="cpu").name == "mine"
    run.with_name("mine").rename(run)
    labels = validation.labels if "condition" in explorer.abilities else None
    images = explorer.reconstruct(validation.images, labels)
    error = float(((images - validation.images) ** 2).sum((1, 2, 3)).mean())
    assert explorer.card["metrics"]["squared_error"] == pytest.approx(error, rel=1e-5)


def test_the_card_says_what_was_done(run: Path) -> None:
    card = json.loads((run / CARD).read_text())
    assert card["name"] == run.name
    assert card["recipe"] == json.loads((run / RECIPE).read_text())
    assert card["seed"] == 3
    assert card["shape"] == [1, 8, 8]
    assert card["classes"] == list("0123456789")
    assert card["data"]["name"] == "digits"
    assert card["data"]["train"] == 1618 - 161
    assert card["measured_on"] == "validation"
    assert card["parameters"] == sum(tensor.numel() for tensor in checkpoint.read_tensors(run / WEIGHTS).values())
    assert 0 <= card["seconds"] < 600
    assert len(card["codes"]["quantiles"]) == len(card["codes"]["levels"])
    assert card["command"].startswith(f"vaecore train {run.name} ")


def test_held_out_terms_are_the_losses_of_the_kept_model(run: Path, validation: Images) -> None:
    model, recipe, _ = checkpoint.load(run)
    torch.manual_seed(0)
    again = training.measured(model, validation, recipe.training)
    for name, value in history(run)[-1]["validation"].items():
        assert again[name] == pytest.approx(value, rel=0.02)
    if "rate" not in again:
        assert again["distortion"] == pytest.approx(mean_squared_error(model, validation), rel=1e-5)


def test_trained_on_all_it_is_measured_on_what_it_was_trained_on(digits: Images, tmp_path: Path) -> None:
    folder = train("ae-digits-2", out=tmp_path / "run", device="cpu", validation=False, **SMALL | {"epochs": 2})
    assert all(row.keys() == {"epoch", "train", "seconds"} for row in history(folder))
    model, recipe, card = checkpoint.load(folder)
    assert not recipe.training.validation
    assert "--set validation=false" in card["command"]
    assert (card["data"]["train"], card["measured_on"]) == (1618, "training")
    assert card["metrics"]["squared_error"] == pytest.approx(mean_squared_error(model, digits), rel=1e-5)


def test_too_few_to_hold_any_out_are_all_trained_on(digits: Images, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", images=digits.images[:10, 0])
    folder = train("ae-digits-2", out=tmp_path / "run", device="cpu", dataset=tmp_path / "mine.npz", epochs=1)
    assert history(folder)[0].keys() == {"epoch", "train", "seconds"}
    card = json.loads((folder / CARD).read_text())
    assert (card["data"]["train"], card["measured_on"]) == (9, "training")


@pytest.mark.parametrize("validation", [True, False])
def test_a_folder_of_images_to_validate_with_is_followed(validation: bool, digits: Images, tmp_path: Path) -> None:
    """And trained on where all are; the test's are neither."""
    photos = tmp_path / "photos"
    for name, rows in {"train": range(30), "val": range(30, 50), "test": range(50, 60)}.items():
        (photos / name).mkdir(parents=True)
        for row in rows:
            Image.fromarray(digits.pixels[row, 0].numpy()).save(photos / name / f"{row:02}.png")
    run = train(
        "ae-digits-2", out=tmp_path / "run", device="cpu", dataset=photos, validation=validation, epochs=2, batch=10
    )
    model, _, card = checkpoint.load(run)
    assert (card["data"]["train"], card["measured_on"]) == ((30, "validation") if validation else (50, "training"))
    seen = digits.rows(torch.arange(30, 50) if validation else torch.arange(50))
    assert card["metrics"]["squared_error"] == pytest.approx(mean_squared_error(model, seen), rel=1e-5)
    assert all(("validation" in row) == validation for row in history(run))
    if validation:
        followed = history(run)[-1]["validation"]["distortion"]
        assert followed == pytest.approx(mean_squared_error(model, seen), rel=1e-3), "of weights not yet rounded"


@pytest.mark.parametrize("validation", [True, False])
@pytest.mark.parametrize("own", [True, False])
def test_no_training_asks_for_test_images(
    own: bool, validation: bool, digits: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "mine.npz", images=digits.images[:60, 0])
    asked, read = [], training.dataset

    def watched(name: str, split: str, data_dir: str | None) -> Images:
        asked.append(split)
        return read(name, split, data_dir)

    monkeypatch.setattr(training, "dataset", watched)
    place = tmp_path / "mine.npz" if own else "digits"
    train("vae-digits-2", out=tmp_path / "run", device="cpu", dataset=place, validation=validation, epochs=1, batch=64)
    assert set(asked) == {"train"}


def test_what_is_held_out_is_not_trained_on(digits: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it normal."""
    rest, held = held_out("digits", digits)
    seen: list[Run] = []
    monkeypatch.setattr(training, "fit", lambda run, *where: seen.append(run) or fit(run, *where))
    train("vae-digits-2", out=tmp_path / "run", device="cpu", **SMALL | {"epochs": 1})
    (run,) = seen
    assert torch.equal(run.images.data, rest.data)
    assert torch.equal(run.held.data, held.data)
    model, _, card = checkpoint.load(tmp_path / "run")
    for name, found in runs.normal_scores(model, rest).items():
        assert found == pytest.approx(card["anomaly"][name], rel=1e-5), name


def test_the_same_seed_gives_the_same_weights_and_another_does_not(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "same", "other")]
    for folder, seed in zip(folders, (1, 1, 2), strict=True):
        train("vae-digits-2", out=folder, device="cpu", seed=seed, **SMALL | {"epochs": 1})
    one, same, other = ((folder / WEIGHTS).read_bytes() for folder in folders)
    assert one == same
    assert one != other


def test_a_run_leaves_no_epoch_out_of_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every epoch sees every image at most once, in an order of its own."""
    seen: list[torch.Tensor] = []
    show = training.present
    monkeypatch.setattr(training, "present", lambda pixels, *rest: seen.append(pixels) or show(pixels, *rest))
    pixels = torch.arange(100, dtype=torch.uint8).reshape(100, 1, 1, 1).repeat(1, 1, 2, 2)
    images = Images(pixels, torch.zeros(100).long(), ("one",))
    none = images.rows(torch.arange(0))
    fit(Run(find("vae-digits-2").changed(hidden=(3,), batch=32, epochs=2), images, none, tmp_path), CPU)
    batches = [batch for batch in seen if len(batch) == 32]
    assert len(batches) == 6
    epochs = [torch.cat(batches[:3])[:, 0, 0, 0].tolist(), torch.cat(batches[3:])[:, 0, 0, 0].tolist()]
    assert all(len(set(epoch)) == 96 for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_a_batch_larger_than_the_data_is_all_of_it(few: Images, held: Images, tmp_path: Path) -> None:
    model, _ = fit(Run(find("ae-digits-2").changed(hidden=(8,), batch=1000, epochs=2), few, held, tmp_path), CPU)
    assert len(history(tmp_path)) == 2
    assert not model.training


def test_own_images_without_labels(tmp_path: Path, digits: Images) -> None:
    np.savez(tmp_path / "mine.npz", images=digits.images[:50, 0])
    folder = train(
        "vae-digits-2", out=tmp_path / "run", device="cpu", dataset=tmp_path / "mine.npz", hidden=(4,), epochs=1
    )
    assert json.loads((folder / CARD).read_text())["classes"] == []
    assert vaecore.load(folder, device="cpu").encode(digits.images[:2]).shape == (2, 2)
    with pytest.raises(ValueError, match="conditional: expected labelled images"):
        train("cvae-digits-2", out=tmp_path / "no", device="cpu", dataset=tmp_path / "mine.npz", epochs=1)


@pytest.mark.parametrize(
    "changes", [{"binarise": True}, {"shift": 1}, {"precision": "bfloat16"}, {"likelihood": "gaussian"}]
)
def test_every_way_of_training_runs(changes: dict[str, Any], few: Images, held: Images, tmp_path: Path) -> None:
    recipe = find("vae-digits-2").changed(hidden=(8,), epochs=2, batch=16, **changes)
    fit(Run(recipe, few, held, tmp_path), CPU)
    losses = [sum(row[part].values()) for row in history(tmp_path) for part in ("train", "validation")]
    assert len(losses) == 4
    assert all(abs(loss) < 1e4 for loss in losses)


def test_gradients_are_clipped(few: Images, held: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[float] = []
    clip = training.clip_gradient

    def watched(parameters: list[torch.nn.Parameter], most: float) -> None:
        clip(parameters, most)
        norms.append(float(torch.stack([parameter.grad.norm() for parameter in parameters]).norm()))

    monkeypatch.setattr(training, "clip_gradient", watched)
    fit(Run(find("ae-digits-2").changed(hidden=(8,), epochs=3, batch=16, clip=1e-3), few, held, tmp_path), CPU)
    assert norms
    assert all(norm == pytest.approx(1e-3, rel=0.01) for norm in norms)


@pytest.mark.parametrize("largest", [0.1, 1e6])
def test_clipping_is_that_of_torch(largest: float) -> None:
    """A long gradient is scaled as torch scales it; a short one stays as it is, bit for bit."""
    ours, theirs = (torch.nn.Linear(5, 3) for _ in range(2))
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        one.grad = torch.randn_like(one)
        other.grad = one.grad.clone()
    training.clip_gradient(list(ours.parameters()), largest)
    torch.nn.utils.clip_grad_norm_(theirs.parameters(), largest)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_weights_kept_as_float16_are_measured_as_float16(tmp_path: Path, validation: Images) -> None:
    folder = train("ae-digits-2", out=tmp_path, device="cpu", store="float16", **SMALL)
    model, _, card = checkpoint.load(folder)
    assert {tensor.dtype for tensor in checkpoint.read_tensors(folder / WEIGHTS).values()} == {torch.float16}
    assert card["metrics"]["squared_error"] == pytest.approx(mean_squared_error(model, validation), rel=1e-7)


def test_a_closed_form_takes_no_epochs(tmp_path: Path, validation: Images) -> None:
    folder = train("pca-digits", out=tmp_path / "run", device="cpu", latent=5)
    model, recipe, card = checkpoint.load(folder)
    assert (recipe.settings.latent, recipe.training.epochs, card["seconds"]) == (5, 0, 0.0)
    x = torch.from_numpy(validation.images)
    error = squared_error(x, model.likelihood(model.posterior(x).mean).mean).mean()
    assert card["metrics"]["squared_error"] == pytest.approx(float(error), rel=1e-5)
    assert not (folder / STATE).exists()
    assert train("pca-digits", out=tmp_path / "run", device="cpu", latent=5, resume=True) == folder


# Stopped and resumed


def at_call(number: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which ends the process at its n-th call."""
    calls = iter(range(1, 1_000_000))

    def killing(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        if next(calls) == number:
            raise Killed
        return function(*arguments, **options)

    return killing


def at_file(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which ends the process when it comes to the file."""

    def killing(path: Path, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        if path.name == name:
            raise Killed
        return function(path, *arguments, **options)

    return killing


MOMENTS: dict[str, tuple[Any, str, int | str]] = {
    "before the first step": (training, "present", 1),
    "in the first epoch": (training, "present", 4),
    "in a later epoch": (training, "present", 23),
    "between the optimiser's steps": (training, "clip_gradient", 17),
    "while what is held out is measured": (training, "measured", 3),
    "before an epoch is written down": (training.history, "append", 4),
    "before its state is kept": (checkpoint, "save_state", 4),
    "while its state is renamed": (os, "replace", 4),
    "before the last state": (checkpoint, "save_state", 6),
    "when all epochs are done": (runs, "keep", 1),
    "while the codes are counted": (runs, "code_quantiles", 1),
    "while the error is measured": (runs, "squared_errors", 1),
    "before the weights are written": (writing, "_atomic", WEIGHTS),
    "before the card is written": (writing, "_atomic", CARD),
    "before the state is dropped": (Path, "unlink", STATE),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("run", ["vae-digits-2"], indirect=True)
def test_stopped_at_any_point_and_resumed_is_never_stopped(
    moment: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    owner, name, when = MOMENTS[moment]
    kill = at_file if isinstance(when, str) else at_call
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, kill(when, getattr(owner, name)))
        with pytest.raises(Killed):
            train(run.name, out=folder, device="cpu", seed=3, **SMALL)
    assert train(run.name, out=folder, device="cpu", seed=3, resume=True, **SMALL) == folder
    check_same_run(folder, run)


def test_stopped_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The conditional VAE on binarised, shifted images: all noise there is."""
    changes = SMALL | {"binarise": True, "shift": 1, "epochs": 5}
    whole = train("cvae-digits-2", out=tmp_path / "whole", device="cpu", **changes)
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    folder = tmp_path / "run"
    for _ in range(4):
        with monkeypatch.context() as patch:
            patch.setattr(training, "present", at_call(10, training.present))
            with pytest.raises(Killed):
                train("cvae-digits-2", out=folder, device="cpu", resume=True, **changes)
    train("cvae-digits-2", out=folder, device="cpu", resume=True, **changes)
    check_same_run(folder, whole)


def environment(**variables: str) -> dict[str, str]:
    """Of a process that computes as this one does."""
    path = os.pathsep.join([str(Path(vaecore.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    threads = str(torch.get_num_threads())
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads} | variables


def test_killed_for_real_and_resumed(tmp_path: Path) -> None:
    """SIGKILL at a random moment of the training, wherever it is."""
    changes = {"hidden": (16,), "batch": 128, "epochs": 60}
    folder = tmp_path / "run"
    code = (
        "from vaecore import training; training.SAVE_SECONDS = 0.0\n"
        f"training.train('vae-digits-2', out={str(folder)!r}, device='cpu', **{changes!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=environment(), stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 120
        while not (folder / HISTORY).exists() or len((folder / HISTORY).read_bytes().splitlines()) < 3:
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < deadline, "the training does not start"
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert not (folder / CARD).exists(), "killed too late to tell anything"
    done = len(history(folder))
    train("vae-digits-2", out=folder, device="cpu", resume=True, **changes)
    for path in folder.glob(".*.partial"):  # what the kill caught in the middle of a write
        path.unlink()
    whole = train("vae-digits-2", out=tmp_path / "whole", device="cpu", **changes)
    assert 3 <= done <= 60
    check_same_run(folder, whole)


def test_resuming_what_is_complete_changes_nothing(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.iterdir()}
    assert train(run.name, out=run, device="cpu", seed=3, resume=True, **SMALL) == run
    assert {path: path.stat().st_mtime_ns for path in run.iterdir()} == before


def test_resuming_where_nothing_is_starts(run: Path, tmp_path: Path) -> None:
    check_same_run(train(run.name, out=tmp_path, device="cpu", seed=3, resume=True, **SMALL), run)


# Two processes


SHARED = {"batch": 128, "epochs": 4, "precision": "float32", "shift": 1}
TOGETHER: dict[str, dict[str, Any]] = {
    "vae-digits-2": {"hidden": [16], "binarise": True},
    "ae-digits-2": {"hidden": [16], "binarise": True},
    "denoising-digits": {"latent": 16},
    "sparse-kl-digits": {"latent": 16, "sparsity": 2.0},
    "contractive-digits": {"latent": 16, "hidden": [20], "norm": "estimate"},
    "stacked-digits": {
        "hidden": [16],
        "latent": 8,
        "epochs": 2,
        "layer_epochs": 2,
        "classifier_epochs": 2,
        "dropout": 0.0,
    },
    "iwae-digits-8": {"hidden": [16], "gradient": "doubly", "backward": 2, "free_bits": 0.2, "optimizer": "muon"},
    "hierarchical-digits": {"hidden": [16, 8], "target_rate": 3.0},
    # Small steps: a bias before a normalisation has no gradient but rounding errors, which AdamW makes large.
    "ladder-digits": {"hidden": [16, 12, 8], "free_bits": 0.2, "learning_rate": 2e-5},
    "iaf-digits-2": {"hidden": [16], "flow_hidden": [8], "corruption": "masking", "level": 0.2},
}


ALL_TOGETHER = """
import contextlib, json, sys, torch
from vaecore import device, training

with device.processes(torch.device("cpu")) as process:
    training.processes = lambda _: contextlib.nullcontext(process)  # one meeting for all runs
    for name, changes in json.loads(sys.argv[1]).items():
        training.train(name, out=f"{sys.argv[2]}/{name}", device="cpu", **changes)
"""


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of two processes: one launch for all, because it is the launch that takes long."""
    folder = tmp_path_factory.mktemp("together")
    (folder / "train.py").write_text(ALL_TOGETHER)
    every = json.dumps({name: SHARED | changes for name, changes in TOGETHER.items()})
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command = [*launch, str(folder / "train.py"), every, str(folder)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", TOGETHER)
def test_two_processes_give_the_loss_curve_of_one(name: str, together: Path, tmp_path: Path) -> None:
    alone, shared = train(name, out=tmp_path / "alone", device="cpu", **SHARED | TOGETHER[name]), together / name
    ours, theirs = curve(alone), curve(shared)
    assert [row["epoch"] for row in theirs] == list(range(1, len(ours) + 1))
    for row, other in zip(ours, theirs, strict=True):
        for split in ("train", "validation"):
            assert other[split] == pytest.approx(row[split], rel=1e-4)
    names = ({path.relative_to(folder) for path in folder.rglob("*")} for folder in (shared, alone))
    assert next(names) == next(names)
    for key, tensor in checkpoint.read_tensors(alone / WEIGHTS).items():
        other = checkpoint.read_tensors(shared / WEIGHTS)[key]
        torch.testing.assert_close(other, tensor, rtol=1e-2, atol=1e-3)


def test_a_batch_is_shared_evenly() -> None:
    assert [Process(rank, 3).share(12) for rank in range(3)] == [slice(0, 4), slice(4, 8), slice(8, 12)]
    assert Process().share(7) == slice(0, 7)
    with pytest.raises(ValueError, match="2 processes can share evenly, got 7"):
        Process(0, 2).share(7)


# What is refused


def refused(message: str, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=message) as caught:
        train(*arguments, device=options.pop("device", "cpu"), **options)
    assert "\n" not in str(caught.value)


def test_unknown_things_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    out = tmp_path / "run"
    refused("unknown recipe 'vae-digit'.*vae-digits-2", "vae-digit", out=out)
    refused("has no field 'latnet'; did you mean 'latent'", "vae-digits-2", out=out, latnet=3)
    refused("latent", "vae-digits-2", out=out, latent="many")
    refused("no data set and no file is called '.*nowhere.npz'", "vae-digits-2", out=out, dataset="nowhere.npz")
    refused("unknown device 'gpu'.*auto, cuda, mps, cpu", "vae-digits-2", out=out, device="gpu")
    refused("unknown device 'cpu:x'", "vae-digits-2", out=out, device="cpu:x")
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_refused() -> None:
    missing = [
        name
        for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()))
        if not there
    ]
    assert missing, "no machine has both"
    with pytest.raises(ValueError, match="is not available here; 'auto' takes what is"):
        best_device(missing[0])


@pytest.mark.parametrize("shape", [(1, 50, 200), (300, 784, 200), (3000, 200, 784)])
def test_products_of_a_training_are_those_of_float32(shape: tuple[int, int, int]) -> None:
    rows, inner, columns = shape
    one, other = torch.randn(rows, inner), torch.randn(inner, columns)
    with onednn_products():
        found = one @ other
    exact = one.double() @ other.double()
    scale = one.double().abs() @ other.double().abs()
    assert ((found - exact).abs() / scale).max() < 1e-6  # 4e-3 with factors rounded to bfloat16


def test_a_product_that_would_be_rounded_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    product, settings = Tensor.__matmul__, torch.backends.mkldnn.matmul
    before = settings.fp32_precision
    monkeypatch.setattr(Tensor, "__matmul__", lambda a, b: product(a.bfloat16(), b.bfloat16()).float())
    with onednn_products():
        assert settings.fp32_precision == before
    monkeypatch.undo()
    with pytest.raises(KeyError), onednn_products():
        raise KeyError
    assert settings.fp32_precision == before


def test_a_folder_that_holds_another_run_is_refused(run: Path) -> None:
    before = {path: path.read_bytes() for path in run.iterdir()}
    refused("holds a run already: resume it", run.name, out=run, seed=3, **SMALL)
    message = r"holds a run of another recipe: there \{'epochs': 6\}, asked for \{'epochs': 7\}"
    refused(message, run.name, out=run, seed=3, resume=True, **SMALL | {"epochs": 7})
    refused("another recipe", "linear-digits-8", out=run, seed=3, resume=True)
    assert {path: path.read_bytes() for path in run.iterdir()} == before


@pytest.mark.parametrize("run", ["vae-digits-2"], indirect=True)
def test_a_run_of_another_seed_is_refused(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused("seed 3, not 4", run.name, out=run, seed=4, resume=True, **SMALL)
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(training, "measured", at_call(3, training.measured))
        with pytest.raises(Killed):
            train("vae-digits-2", out=tmp_path, device="cpu", seed=3, **SMALL)
    refused("holds a run of seed 3, not 4", "vae-digits-2", out=tmp_path, seed=4, resume=True, **SMALL)


def test_a_damaged_state_is_named_on_resuming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(training, "measured", at_call(3, training.measured))
        with pytest.raises(Killed):
            train("vae-digits-2", out=tmp_path, device="cpu", **SMALL)
    (tmp_path / STATE).write_bytes(b"half")
    refused(f"{tmp_path / STATE}: truncated", "vae-digits-2", out=tmp_path, resume=True, **SMALL)


# The schedule


def test_the_schedule_climbs_and_falls() -> None:
    warmup = 0.1
    shares = [step / 1000 for step in range(1001)]
    factors = [schedule(share, warmup) for share in shares]
    assert factors[0] == 0
    assert factors[50] == pytest.approx(0.5)
    assert factors[100] == pytest.approx(1)
    assert factors[550] == pytest.approx(0.5)
    assert factors[1000] == pytest.approx(0)
    assert factors[:101] == sorted(factors[:101])
    assert factors[100:] == sorted(factors[100:], reverse=True)
    assert schedule(0.0, 0.0) == 1


@pytest.mark.parametrize("name", RECIPES)
def test_the_schedule_of_every_recipe_stays_between_zero_and_one(name: str) -> None:
    warmup = RECIPES[name].training.warmup
    assert all(0 <= schedule(step / 997, warmup) <= 1 for step in range(997))


def test_the_learning_rate_follows_the_schedule(
    few: Images, held: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []

    class Watched(torch.optim.AdamW):
        def step(self, closure: None = None) -> None:
            rates.append(self.param_groups[0]["lr"])
            super().step(closure)

    monkeypatch.setattr(optimizers, "AdamW", Watched)
    recipe = find("ae-digits-2").changed(hidden=(4,), epochs=5, batch=8, warmup=0.25, learning_rate=0.1)
    fit(Run(recipe, few, held, tmp_path), CPU)
    assert rates == pytest.approx([0.1 * schedule(step / 20, 0.25) for step in range(20)])


def test_a_run_that_diverges_says_so(tmp_path: Path) -> None:
    changes = {"epochs": 3, "learning_rate": 1e4, "clip": 1e30, "hidden": [8]}
    refused("try a smaller learning_rate", "vae-digits-2", out=tmp_path / "run", device="cpu", **changes)


def test_a_refused_run_does_not_take_the_folder(tmp_path: Path) -> None:
    """What was refused for its data can be mended and started again in the same place."""
    np.savez(tmp_path / "unlabelled.npz", images=np.zeros((20, 8, 8), np.uint8))
    out = tmp_path / "run"
    refused("expected labelled images", "cvae-digits-2", out=out, dataset=str(tmp_path / "unlabelled.npz"))
    assert not out.exists()
    training.train("cvae-digits-2", out=out, device="cpu", epochs=1)


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with runs.claimed(tmp_path / "run"):
        refused("another process trains there", "vae-digits-2", out=tmp_path / "run", device="cpu", epochs=1)


# Two optimisers, an objective that changes, and weights to begin with


ANNEALED = SMALL | {"optimizer": "muon", "annealing": "linear", "annealing_share": 1.0, "learning_rate": 4e-3}


@pytest.fixture(scope="module")
def annealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of both optimisers and of a bound that is annealed, which nothing disturbed."""
    return train("vae-digits-2", out=tmp_path_factory.mktemp("annealed") / "run", device="cpu", **ANNEALED)


ANNEALED_MOMENTS: dict[str, tuple[Any, str, int]] = {
    "in a later epoch": (training, "present", 23),
    "between the two optimisers": (optimizers.Muon, "step", 17),
    "before its state is kept": (checkpoint, "save_state", 4),
}


@pytest.mark.parametrize("moment", ANNEALED_MOMENTS)
def test_muon_and_the_annealing_go_on_where_they_were(
    moment: str, annealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    owner, name, number = ANNEALED_MOMENTS[moment]
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, at_call(number, getattr(owner, name)))
        with pytest.raises(Killed):
            train("vae-digits-2", out=folder, device="cpu", **ANNEALED)
    shares: list[float] = []
    advance = VAE.advance
    monkeypatch.setattr(VAE, "advance", lambda self, share: shares.append(share) or advance(self, share))
    kept = checkpoint.read_tensors(folder / STATE)
    assert any(key.endswith("momentum_buffer") for key in kept), "of Muon"
    assert any(key.endswith("exp_avg_sq") for key in kept), "of AdamW"
    train("vae-digits-2", out=folder, device="cpu", resume=True, **ANNEALED)
    check_same_run(folder, annealed)
    per_epoch = (1618 - 161) // 256
    done = int(kept["clock"][0]) * per_epoch
    assert done > 0
    assert shares == [step / (6 * per_epoch) for step in range(done, 6 * per_epoch)]


def test_muon_trains_the_matrices_and_adamw_the_rest(few: Images, tmp_path: Path) -> None:
    """A step of Muon is orthogonal, of the size of one of AdamW's; biases, maps and single rows are not matrices."""
    torch.manual_seed(0)
    recipe = find("conv-vae-digits-2").changed(optimizer="muon", learning_rate=0.01, weight_decay=0.0)
    model = checkpoint.build(recipe, few.shape, 10)
    parameters = list(model.parameters())
    adamw, muon = training._optimizers(parameters, recipe.training)
    assert {p.ndim for p in muon.param_groups[0]["params"]} == {2}
    ours = [p for optimizer in (adamw, muon) for p in optimizer.param_groups[0]["params"]]
    assert {id(p) for p in ours} == {id(p) for p in parameters}
    assert len(ours) == len(parameters)
    matrix = max(muon.param_groups[0]["params"], key=torch.Tensor.numel)
    before = matrix.detach().clone()
    matrix.grad = torch.randn_like(matrix)
    muon.step()
    step = (before - matrix.detach()) / 0.01
    assert float((step * matrix.grad).sum()) > 0, "downhill"
    assert float(step.square().mean().sqrt()) == pytest.approx(0.2, rel=0.4)
    spread = [
        float(sizes.quantile(0.9) / sizes.quantile(0.1)) for sizes in map(torch.linalg.svdvals, (step, matrix.grad))
    ]
    assert spread[0] < 2.5 < 4 < spread[1], "nearly orthogonal, which the gradient is not"
    single = [torch.nn.Parameter(torch.zeros(1, 5)), torch.nn.Parameter(torch.zeros(5))]
    assert [type(o) for o in training._optimizers(single, recipe.training)] == [torch.optim.AdamW]
    assert [type(o) for o in training._optimizers(parameters, TrainingSettings())] == [torch.optim.AdamW]


def test_one_more_optimiser_is_a_function_and_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It trains, it is kept, it goes on to the same weights; unknown ones are told of it."""

    def momentum(
        parameters: optimizers.Parameters, rate: float, decay: float, betas: tuple[float, float]
    ) -> list[torch.optim.Optimizer]:
        return [torch.optim.SGD(parameters, rate, betas[0], weight_decay=decay)]

    row = optimizers.Choice(momentum, {torch.optim.SGD: {"momentum_buffer": True}})
    monkeypatch.setitem(optimizers.OPTIMIZERS, "momentum", row)
    with pytest.raises(ValueError, match="optimizer: input should be 'adamw' or 'muon' or 'momentum', got 'sgd'"):
        find("vae-digits-2").changed(optimizer="sgd")
    changes = SMALL | {"optimizer": "momentum", "learning_rate": 1e-4, "epochs": 4}
    whole = train("vae-digits-2", out=tmp_path / "whole", device="cpu", **changes)
    assert checkpoint.load_recipe(whole).training.optimizer == "momentum"
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(training, "measured", at_call(3, training.measured))
        with pytest.raises(Killed):
            train("vae-digits-2", out=tmp_path / "run", device="cpu", **changes)
    kept = checkpoint.read_tensors(tmp_path / "run" / STATE)
    assert any(key.startswith("optimizer.") and key.endswith("momentum_buffer") for key in kept)
    train("vae-digits-2", out=tmp_path / "run", device="cpu", resume=True, **changes)
    check_same_run(tmp_path / "run", whole)


@pytest.mark.parametrize("run", ["vae-digits-2"], indirect=True)
def test_a_run_begins_with_another_ones_weights(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = train("vae-digits-2", out=tmp_path / "begun", device="cpu", start=run, **SMALL | {"epochs": 0})
    assert checkpoint.load_recipe(begun).training.start == str(run.resolve())
    named = train("iwae-digits-8", out=tmp_path / "named", device="cpu", start="iwae-digits-8", epochs=0)
    assert checkpoint.load_recipe(named).training.start == "iwae-digits-8"
    for ours, theirs in ((begun, run), (named, checkpoint.find("iwae-digits-8"))):
        kept = checkpoint.load(theirs)[0].state_dict()
        found = checkpoint.load(ours)[0].state_dict()
        assert found.keys() == kept.keys()
        assert all(torch.equal(tensor, kept[name]) for name, tensor in found.items())
    weighted = SMALL | {"latent": 2, "samples": 2, "start": str(run), "epochs": 4}
    whole = train("iwae-digits-8", out=tmp_path / "whole", device="cpu", **weighted)
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(training, "measured", at_call(3, training.measured))
        with pytest.raises(Killed):
            train("iwae-digits-8", out=tmp_path / "run", device="cpu", **weighted)
    train("iwae-digits-8", out=tmp_path / "run", device="cpu", resume=True, **weighted)
    check_same_run(tmp_path / "run", whole)


@pytest.mark.parametrize("run", ["vae-digits-2"], indirect=True)
def test_weights_that_cannot_be_begun_with_are_refused(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    refused(f"{run / WEIGHTS}: not the weights of 'vae-digits-2'.*size mismatch", "vae-digits-2", out=out, start=run)
    refused("pca-digits/weights.*: not the weights of 'vae-digits-2'", "vae-digits-2", out=out, start="pca-digits")
    nowhere = "no pretrained model and no run is called '.*vae-digit'. At hand: .*vae-digits-2"
    refused(nowhere, "vae-digits-2", out=out, start="vae-digit")
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / RECIPE).write_bytes((run / RECIPE).read_bytes())
    refused("unfinished/card.json: no such file.*not finished", "vae-digits-2", out=out, start=tmp_path / "unfinished")
    assert not out.exists()

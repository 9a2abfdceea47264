"""Snapshots of a run: which epochs, what each is, and that training does not know of them."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vaecore
from vaecore import checkpoint, runs, serving, snapshots, training
from vaecore.checkpoint import CARD, WEIGHTS
from vaecore.data import Images
from vaecore.serving import Explorer

SMALL: dict[str, Any] = {"hidden": [16], "batch": 128, "epochs": 12}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "mine"
    return training.train("vae-digits-2", out=folder, device="cpu", snapshots=5, **SMALL)


@pytest.mark.parametrize("last", [1, 2, 7, 40, 300, 3000])
@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_epochs_are_spaced_evenly_in_log_time(last: int, count: int) -> None:
    """As many as asked for where there are as many; where they part, by an even ratio but for rounding."""
    first, *kept = snapshots.spaced(last, count)
    assert first == 0
    assert len(kept) == min(last, count)
    assert kept == sorted(set(kept))
    assert kept[-1] == last
    ratios = [later / earlier for earlier, later in pairwise(kept) if earlier > 10 and later > earlier + 1]
    assert max(ratios, default=1) < 1.1 * min(ratios, default=1)


def test_without_epochs_or_without_being_asked_there_are_none() -> None:
    assert snapshots.spaced(300, 0) == snapshots.spaced(0, 30) == []


def test_training_does_not_know_of_them(run: Path, tmp_path: Path) -> None:
    plain = training.train("vae-digits-2", out=tmp_path / "mine", device="cpu", **SMALL)
    assert (plain / WEIGHTS).read_bytes() == (run / WEIGHTS).read_bytes()
    cards = [json.loads((folder / CARD).read_text()) for folder in (plain, run)]
    assert cards[0]["metrics"] == cards[1]["metrics"]
    assert cards[0]["anomaly"] == cards[1]["anomaly"]
    assert not (plain / snapshots.SNAPSHOTS).exists()


def test_each_is_the_model_after_its_epoch_in_half_precision(run: Path) -> None:
    epochs = serving.loading.epochs(run)
    assert epochs == snapshots.spaced(12, 5)
    last, whole = vaecore.load(run, "cpu", at=12), vaecore.load(run, "cpu")
    for name, kept in last.model.state_dict().items():
        torch.testing.assert_close(kept, whole.model.state_dict()[name], rtol=1e-3, atol=1e-6)
    assert last.name == "mine, epoch 12"
    size = sum(path.stat().st_size for path in snapshots.place(run, 12).iterdir())
    assert size < 0.6 * (run / WEIGHTS).stat().st_size + 10_000


def test_the_error_falls_along_them(run: Path, test_digits: Images) -> None:
    images = test_digits.images[:200]

    def error(own: Explorer) -> float:
        return float(np.square(own.reconstruct(images) - images).sum((1, 2, 3)).mean())

    errors = [error(vaecore.load(run, "cpu", at=epoch)) for epoch in serving.loading.epochs(run)]
    assert errors[0] > errors[-1]
    assert abs(errors[-1] - error(vaecore.load(run, "cpu"))) < 1e-2 * errors[-1]


def test_one_that_is_not_there_is_named(run: Path) -> None:
    with pytest.raises(ValueError, match=r"mine has no snapshot of epoch 5. At hand: 0, 1, 2, "):
        vaecore.load(run, at=5)
    with pytest.raises(ValueError, match=r"no snapshot of epoch 1. At hand: none"):
        vaecore.load("cvae-digits-2", at=1)


@pytest.mark.parametrize("written", [True, False])
def test_what_goes_on_can_be_looked_at(
    written: bool, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it had is there again when it is resumed, that which was being written among them."""

    def interrupted(*arguments: Any) -> None:  # noqa: ANN401
        if written or arguments[2] != 2:
            kept(*arguments)
        if arguments[2] == 2:
            raise KeyboardInterrupt

    kept, folder = runs.keep_snapshot, tmp_path / "mine"
    with monkeypatch.context() as patch:
        patch.setattr(runs, "keep_snapshot", interrupted)
        with pytest.raises(KeyboardInterrupt):
            training.train("vae-digits-2", out=folder, device="cpu", snapshots=5, **SMALL)
    assert not (folder / CARD).exists()
    last = 2 if written else 1
    assert vaecore.load(folder, at=last).name == f"mine, epoch {last}"
    training.train("vae-digits-2", out=folder, device="cpu", snapshots=5, resume=True, **SMALL)
    for epoch in snapshots.spaced(12, 5):
        here, there = (snapshots.place(each, epoch) / WEIGHTS for each in (folder, run))
        assert here.read_bytes() == there.read_bytes()


def test_a_density_is_fitted_on_the_codes_of_each(tmp_path: Path) -> None:
    small = {"hidden": [16], "epochs": 3, "snapshots": 3}
    folder = training.train("one-class-digits", out=tmp_path / "one", device="cpu", **small)
    for epoch in (0, 3):
        assert np.isfinite(vaecore.load(folder, at=epoch).sample(4, seed=0)).all()


def test_weights_beyond_half_precision_are_not_kept(few: Images, tmp_path: Path) -> None:
    recipe = vaecore.load("vae-digits-2", "cpu").recipe
    model = checkpoint.build(recipe, few.shape, len(few.names))
    run = runs.Run(recipe, few, few, tmp_path)
    runs.keep_snapshot(run, model, 1, 0.0)
    assert snapshots.at_hand(tmp_path) == [1]
    with torch.no_grad():
        next(iter(model.parameters()))[0, 0] = 1e6
    runs.keep_snapshot(run, model, 2, 0.0)
    assert snapshots.at_hand(tmp_path) == [1]

"""The stack: each layer on the codes below it, then all of them, then a classifier on top of a copy."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

import vaecore
from vaecore import checkpoint, optimizers, runs, training
from vaecore.checkpoint import CARD, RECIPE, STATE, WEIGHTS
from vaecore.corruption import corrupt
from vaecore.data import Images, held_out
from vaecore.data.batches import present
from vaecore.evaluation.reconstruction import mean_squared_error
from vaecore.history import HISTORY
from vaecore.models import StackedAutoencoder
from vaecore.recipe import Recipe
from vaecore.recipes import find
from vaecore.runs import Run
from vaecore.training import fit, train

CPU = torch.device("cpu")
STAGES = ("layer-1", "layer-2", "layer-3", "reconstruction", "classifier")
KEPT = STAGES[:-1]
EPOCHS = {"layer_epochs": 2, "epochs": 3, "classifier_epochs": 2}
SMALL = {"hidden": (12, 10), "latent": 6, "batch": 32, "learning_rate": 1e-2, "levels": (0.5, 0.25, 0.1)} | EPOCHS
STEPS = 3  # an epoch of the hundred digits below


def recipe_of(**changes: Any) -> Recipe:  # noqa: ANN401
    return find("stacked-digits").changed(**SMALL | changes)


def built(images: Images, **changes: Any) -> StackedAutoencoder:  # noqa: ANN401
    torch.manual_seed(0)
    model = checkpoint.build(recipe_of(**changes), images.shape, len(images.names))
    assert isinstance(model, StackedAutoencoder)
    model.prepare(images.pixels)
    for bias in model.decoder.biases:  # so that no two are alike
        torch.nn.init.normal_(bias)
    return model


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in (folder / HISTORY).read_text().splitlines()]


def weights(folder: Path) -> dict[str, Tensor]:
    return checkpoint.read_tensors(folder / WEIGHTS)


def codes_below(model: StackedAutoencoder, x: Tensor, depth: int) -> Tensor:
    h = x.flatten(1)
    for layer in model.encoder.linear[: depth - 1]:
        h = torch.sigmoid(h @ layer.weight.T + layer.bias)
    return h


# The objectives


@pytest.mark.parametrize("kind", ["none", "masking", "gaussian"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@torch.no_grad()
def test_a_layers_loss_by_hand(depth: int, kind: str, few: Images) -> None:
    """The clean codes below are to be restored from the noisy ones; each layer has its own level."""
    model = built(few, corruption=kind)
    x = present(few.pixels)
    model.enter(f"layer-{depth}")
    torch.manual_seed(4)
    terms = model.loss(x, few.target)
    h = codes_below(model, x, depth)
    torch.manual_seed(4)
    noisy, _ = corrupt(h, kind, SMALL["levels"][depth - 1])
    layer, bias = model.encoder.linear[depth - 1], model.decoder.biases[3 - depth]
    restored = torch.sigmoid(torch.sigmoid(noisy @ layer.weight.T + layer.bias) @ layer.weight + bias)
    assert terms.keys() == {"distortion"}
    torch.testing.assert_close(terms["distortion"], (h - restored).square().sum(1))


@torch.no_grad()
def test_the_reconstruction_and_the_classifier_by_hand(few: Images) -> None:
    model, x = built(few), present(few.pixels)
    h = codes_below(model, x, 4)
    for layer, bias in zip(reversed(model.encoder.linear), model.decoder.biases, strict=True):
        h = torch.sigmoid(h @ layer.weight + bias)
    distortion = (x.flatten(1) - h).square().sum(1)
    *layers, top = model.classifier.linear
    h = x.flatten(1)
    for layer in layers:
        h = torch.sigmoid(h @ layer.weight.T + layer.bias)
    entropy = cross_entropy(h @ top.weight.T + top.bias, few.target, reduction="none")
    both = {"distortion": distortion, "cross_entropy": entropy}
    for stage, names in (("reconstruction", ["distortion"]), ("classifier", ["cross_entropy"]), (None, list(both))):
        model.enter(stage) if stage else model.leave("classifier")
        terms = model.loss(x, few.target)
        assert list(terms) == names
        for name in names:
            torch.testing.assert_close(terms[name], both[name])
    assert list(model.loss(x)) == ["distortion"], "no label, no cross-entropy"


@torch.no_grad()
def test_dropout_is_the_classifiers_and_only_while_it_is_trained(few: Images) -> None:
    model, x = built(few, dropout=0.5, input_dropout=0.3), present(few.pixels)
    plain = built(few)
    plain.load_state_dict(model.state_dict())
    expected = plain.loss(x, few.target)
    for stage in ("reconstruction", "classifier"):
        model.train().enter(stage)
        one, other = (model.loss(x, few.target) for _ in range(2))
        assert all(torch.equal(one[name], other[name]) == (stage == "reconstruction") for name in one)
        model.eval()
        for name, term in model.loss(x, few.target).items():
            torch.testing.assert_close(term, expected[name])
    model.train().leave("classifier")
    torch.testing.assert_close(model.loss(x, few.target), expected)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_trains_its_own_parameters_only(stage: str, few: Images) -> None:
    model, x = built(few), present(few.pixels)
    model.enter(stage)
    torch.stack(list(model.loss(x, few.target).values())).sum().backward()
    own = {
        "layer-1": {"encoder.0.weight", "encoder.0.bias", "decoder.biases.2"},
        "layer-2": {"encoder.2.weight", "encoder.2.bias", "decoder.biases.1"},
        "layer-3": {"encoder.4.weight", "encoder.4.bias", "decoder.biases.0"},
        "classifier": {name for name, _ in model.named_parameters() if name.startswith("classifier")},
    }
    own["reconstruction"] = own["layer-1"] | own["layer-2"] | own["layer-3"]
    trained = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert trained == own[stage]
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == own[stage]


def test_after_the_last_stage_everything_is_free(few: Images) -> None:
    model = built(few)
    for stage in model.stages():
        model.enter(stage)
        model.leave(stage)
    assert model.stage is None
    assert all(parameter.requires_grad for parameter in model.parameters())


@torch.no_grad()
def test_the_classifier_starts_from_the_tuned_encoder_and_knows_nothing_yet(few: Images) -> None:
    model, x = built(few), present(few.pixels)
    assert not torch.equal(model.classifier.linear[0].weight, model.encoder.linear[0].weight)
    model.enter("reconstruction")
    model.leave("reconstruction")
    for mine, theirs in zip(model.classifier.linear[:-1], model.encoder.linear, strict=True):
        assert torch.equal(mine.weight, theirs.weight)
        assert torch.equal(mine.bias, theirs.bias)
        assert mine.weight.data_ptr() != theirs.weight.data_ptr(), "a copy: the autoencoder stays one"
    torch.testing.assert_close(model.classify(x).softmax(1), torch.full((32, 10), 0.1))


@pytest.mark.parametrize("depth", [1, 2, 3])
@torch.no_grad()
def test_the_first_layers_are_an_autoencoder(depth: int, few: Images) -> None:
    model, x = built(few), present(few.pixels)
    part = model.first(depth)
    code = codes_below(model, x, depth + 1)
    h = code
    for layer, bias in zip(reversed(model.encoder.linear[:depth]), model.decoder.biases[-depth:], strict=True):
        h = torch.sigmoid(h @ layer.weight + bias)
    torch.testing.assert_close(part.posterior(x).mean, code)
    torch.testing.assert_close(part.likelihood(code).mean.flatten(1), h)
    assert (part.latent, part.levels) == (part.widths[-1], SMALL["levels"][:depth])
    assert part.abilities == {"encode", "decode"}
    before = [tensor.clone() for tensor in model.state_dict().values()]
    for tensor in part.state_dict().values():
        tensor.zero_()
    assert all(torch.equal(a, b) for a, b in zip(before, model.state_dict().values(), strict=True))


@pytest.mark.parametrize("depth", [0, -1, 4])
def test_there_are_no_other_depths(depth: int, few: Images) -> None:
    with pytest.raises(ValueError, match=f"stacked: expected a depth between 1 and 3, got {depth}"):
        built(few).first(depth)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": (0.1, 0.2)}, "stacked: expected 3 levels, one per layer, got 2"),
        ({"levels": (0.1, 0.2, 0.3, 0.4)}, "stacked: expected 3 levels, one per layer, got 4"),
        ({"code": "identity"}, "stacked: expected a code of sigmoid like the layers, got identity"),
        ({"tied": False}, "tied"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_what_is_no_stack_is_refused(changes: dict[str, Any], message: str, few: Images) -> None:
    with pytest.raises(ValueError, match=message):
        built(few, **changes)


def test_one_level_is_that_of_every_layer(few: Images) -> None:
    assert built(few, levels=(), level=0.3).levels == (0.3, 0.3, 0.3)


# A run


@pytest.fixture(scope="module", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """These runs are many, and no power is cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def hundred(digits: Images, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred digits with their labels to be trained on, eleven to be held out and twelve for testing."""
    path = tmp_path_factory.mktemp("data") / "hundred.npz"
    np.savez(path, images=digits.images[:123, 0], labels=digits.labels[:123])
    return path


def trained(hundred: Path, folder: Path, resume: bool = False, **changes: Any) -> Path:  # noqa: ANN401
    return train("stacked-digits", out=folder, device="cpu", seed=3, resume=resume, dataset=hundred, **SMALL | changes)


@pytest.fixture(scope="module")
def run(hundred: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run that nothing disturbed."""
    return trained(hundred, tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture(scope="module")
def strange(hundred: Path) -> Images:
    """What the run holds out."""
    return held_out(hundred, vaecore.dataset(hundred, "train"))[1]


def test_the_stages_come_in_order(run: Path) -> None:
    rows = history(run)
    assert [row["epoch"] for row in rows] == list(range(1, 12))
    expected = ["layer-1"] * 2 + ["layer-2"] * 2 + ["layer-3"] * 2 + ["reconstruction"] * 3 + ["classifier"] * 2
    assert [row["stage"] for row in rows] == expected
    terms = [{"cross_entropy"} if row["stage"] == "classifier" else {"distortion"} for row in rows]
    assert [set(row["validation"]) for row in rows] == terms
    assert {path.name for path in run.iterdir()} == {RECIPE, WEIGHTS, CARD, HISTORY, "stages"}
    assert {path.name for path in (run / "stages").iterdir()} == set(KEPT)


def test_every_stage_has_a_schedule_of_its_own(
    few: Images, held: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []

    class Watched(torch.optim.AdamW):
        def step(self, closure: None = None) -> None:
            rates.append(self.param_groups[0]["lr"])
            super().step(closure)

    monkeypatch.setattr(optimizers, "AdamW", Watched)
    recipe = recipe_of(warmup=0.0, classifier_learning_rate=0.5)
    fit(Run(recipe, few, held, tmp_path), CPU)
    expected = [0.01 * training.schedule(step / 2, 0.0) for step in range(2)] * 3  # one step an epoch
    expected += [0.01 * training.schedule(step / 3, 0.0) for step in range(3)]
    expected += [0.5 * training.schedule(step / 2, 0.0) for step in range(2)]
    assert rates == pytest.approx(expected)


def test_later_stages_leave_the_layers_below_as_they_were(run: Path) -> None:
    one, two, three, whole = (weights(run / "stages" / stage) for stage in KEPT)
    for name in ("encoder.0.weight", "encoder.0.bias"):
        assert torch.equal(one[name], two[name])
        assert torch.equal(two[name], three[name])
    for name in ("encoder.2.weight", "encoder.2.bias"):
        assert torch.equal(two[name], three[name])
    assert torch.equal(one["decoder.biases.0"], three["decoder.biases.2"])
    assert torch.equal(two["decoder.biases.0"], three["decoder.biases.1"])
    assert all(not torch.equal(three[name], whole[name]) for name in three), "tuned as a whole, everything moves"


def test_the_classifier_leaves_the_autoencoder_alone(run: Path) -> None:
    tuned, final = weights(run / "stages" / "reconstruction"), weights(run)
    assert all(torch.equal(tensor, final[name]) for name, tensor in tuned.items())
    assert {name for name in final if name not in tuned} == {name for name in final if name.startswith("classifier")}
    moved = [
        name
        for name in tuned
        if name.startswith("encoder") and not torch.equal(final[f"classifier{name[7:]}"], tuned[name])
    ]
    assert len(moved) == 6, "but its own copy of the encoder is tuned"


@pytest.mark.parametrize("stage", KEPT)
def test_the_checkpoint_of_a_stage_is_a_model_with_a_true_card(
    stage: str, run: Path, hundred: Path, strange: Images
) -> None:
    folder = run / "stages" / stage
    explorer = vaecore.load(folder, device="cpu")
    depth = {"reconstruction": 3}.get(stage) or int(stage[-1])
    assert explorer.latent == (12, 10, 6)[depth - 1]
    assert explorer.abilities == {"encode", "decode"}
    card = explorer.card
    errors = ((explorer.reconstruct(strange.images) - strange.images) ** 2).sum((1, 2, 3))
    assert card["metrics"] == {
        "squared_error": pytest.approx(errors.mean(), rel=1e-5),
        "squared_error_error": pytest.approx(errors.std(ddof=1) / len(errors) ** 0.5, rel=1e-4),
    }
    assert card["measured_on"] == "validation"
    assert card["stage"] == stage
    assert card["parameters"] == sum(tensor.numel() for tensor in weights(folder).values())
    assert card["recipe"] == json.loads((folder / RECIPE).read_text())
    assert card["command"] == json.loads((run / CARD).read_text())["command"], "what makes it is the whole run"
    rows = [row for row in history(run) if row["stage"] == stage]
    assert card["history"] == [round(row["validation"]["distortion"], 4) for row in rows]
    assert card["seconds"] == round(rows[-1]["seconds"], 1)
    codes = explorer.encode(held_out(hundred, vaecore.dataset(hundred, "train"))[0].images)
    np.testing.assert_allclose(card["codes"]["quantiles"][5], np.median(codes, 0), atol=1e-3)


def test_the_runs_card_lists_the_stages_in_their_order(run: Path, strange: Images) -> None:
    card = json.loads((run / CARD).read_text())
    assert [stage["stage"] for stage in card["stages"]] == list(STAGES)
    *before, last = card["stages"]
    assert last["metrics"] == card["metrics"]
    for stage in before:
        own = json.loads((run / "stages" / stage["stage"] / CARD).read_text())
        assert stage == {key: own[key] for key in ("stage", "seconds", "metrics", "history")}
    model, _, _ = checkpoint.load(run)
    wrong = (model.classify(present(strange.pixels)).argmax(1) != strange.target).float().mean()
    assert card["metrics"]["classification_error"] == pytest.approx(float(wrong))
    assert card["metrics"]["squared_error"] == pytest.approx(mean_squared_error(model, strange), rel=1e-5)


def test_stages_of_a_tenth_of_a_second_are_in_order_too(
    hundred: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the order of the folders on the disk, and however fast the machine."""
    glob = Path.glob
    monkeypatch.setattr(Path, "glob", lambda *words: sorted(glob(*words), reverse=True))
    monkeypatch.setattr(training.time, "monotonic", lambda: 0.0)
    card = json.loads((trained(hundred, tmp_path / "run") / CARD).read_text())
    assert {stage["seconds"] for stage in card["stages"]} == {0.0}
    assert [stage["stage"] for stage in card["stages"]] == list(STAGES)


def test_training_layer_by_layer_lowers_what_each_layer_loses(digits: Images, tmp_path: Path) -> None:
    images, held = digits.rows(torch.arange(256)), digits.rows(torch.arange(256, 320))
    epochs = {"layer_epochs": 10, "epochs": 10, "classifier_epochs": 10}
    recipe = recipe_of(activation="relu", code="relu", batch=64, classifier_learning_rate=1e-2, **epochs)
    fit(Run(recipe, images, held, tmp_path), CPU)
    rows = history(tmp_path)
    for stage in STAGES:
        losses = [sum(row["validation"].values()) for row in rows if row["stage"] == stage]
        assert losses[-1] < 0.95 * losses[0], stage


# Epochs left out, labels left out


def whole(folder: Path) -> tuple[StackedAutoencoder, list[str]]:
    model, _, _ = checkpoint.load(folder)
    assert isinstance(model, StackedAutoencoder)
    return model, list(dict.fromkeys(row["stage"] for row in history(folder)))


@pytest.mark.parametrize(
    ("left_out", "stages"),
    [
        ({"layer_epochs": 0}, STAGES[3:]),
        ({"epochs": 0}, (*STAGES[:3], "classifier")),
        ({"classifier_epochs": 0}, STAGES[:4]),
        ({"layer_epochs": 0, "epochs": 0}, STAGES[4:]),
        ({"layer_epochs": 0, "classifier_epochs": 0}, STAGES[3:4]),
        ({"epochs": 0, "classifier_epochs": 0}, STAGES[:3]),
        ({"classifier": False}, STAGES[:4]),
    ],
    ids=str,
)
def test_stages_may_be_left_out(
    left_out: dict[str, Any], stages: tuple[str, ...], hundred: Path, tmp_path: Path
) -> None:
    folder = trained(hundred, tmp_path / "run", **left_out)
    model, found = whole(folder)
    assert found == list(stages)
    last = list(model.stages())[-1]  # is the run itself
    assert {path.name for path in (folder / "stages").glob("*")} == set(stages) - {last}
    assert not (folder / STATE).exists()
    assert (model.classifier is None) == (left_out.get("classifier") is False)
    if left_out.get("classifier_epochs") == 0:
        for mine, theirs in zip(model.classifier.linear[:-1], model.encoder.linear, strict=True):
            assert torch.equal(mine.weight, theirs.weight)


def test_no_epochs_at_all_are_a_model_as_it_starts(hundred: Path, tmp_path: Path) -> None:
    folder = trained(hundred, tmp_path / "run", layer_epochs=0, epochs=0, classifier_epochs=0)
    assert vaecore.load(folder, device="cpu").card["seconds"] == 0


def test_images_without_labels_have_no_classifier(digits: Images, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", images=digits.images[:60, 0])
    folder = trained(tmp_path / "mine.npz", tmp_path / "run")
    model, found = whole(folder)
    assert model.classifier is None
    assert found == list(STAGES[:4])
    explorer = vaecore.load(folder, device="cpu")
    assert "classify" not in explorer.abilities
    assert "classification_error" not in explorer.card["metrics"]
    with pytest.raises(ValueError, match="cannot tell classes, because it has no classifier on top"):
        explorer.classify(digits.images[:2])


# Stopped and resumed


class Killed(BaseException):
    """The process ends here."""


def at_call(number: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which ends the process at its n-th call."""
    calls = iter(range(1, 1_000_000))

    def killing(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        if next(calls) == number:
            raise Killed
        return function(*arguments, **options)

    return killing


def check_same_run(folder: Path, other: Path) -> None:
    """The same files; but for the seconds, with the same in them."""

    def files(root: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            kept: object = path.read_bytes()
            if path.name == CARD:
                kept = timeless(json.loads(path.read_text()))
            elif path.name == HISTORY:
                kept = [timeless(row) for row in history(root)]
            found[str(path.relative_to(root))] = kept
        return found

    ours, theirs = files(folder), files(other)
    assert ours.keys() == theirs.keys()
    for name, kept in ours.items():
        assert kept == theirs[name], name


def timeless(value: object) -> object:
    if isinstance(value, dict):
        return {key: timeless(part) for key, part in value.items() if key != "seconds"}
    return [timeless(part) for part in value] if isinstance(value, list) else value


FIRST = [0, 2, 4, 6, 9]  # epochs before each stage
MOMENTS: dict[str, tuple[Any, str, int]] = {
    **{
        f"in the first epoch of {s}": (training, "clip_gradient", STEPS * e + 2)
        for s, e in zip(STAGES, FIRST, strict=True)
    },
    **{
        f"in a later epoch of {s}": (training, "clip_gradient", STEPS * e + 5)
        for s, e in zip(STAGES, FIRST, strict=True)
    },
    **{f"before {stage} is kept": (runs, "keep_stage", i) for i, stage in enumerate(STAGES[:-1], start=1)},
}


LATER = [moment for moment in MOMENTS if "later" in moment]


@pytest.mark.parametrize(
    ("moment", "save_seconds"),
    [*((moment, 0.0) for moment in MOMENTS), *((moment, 1e9) for moment in LATER)],
    ids=[*MOMENTS, *(f"{moment}, only stages are kept" for moment in LATER)],
)
def test_stopped_in_any_stage_and_resumed_is_never_stopped(
    moment: str, save_seconds: float, run: Path, hundred: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SAVE_SECONDS", save_seconds)
    owner, name, when = MOMENTS[moment]
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, at_call(when, getattr(owner, name)))
        with pytest.raises(Killed):
            trained(hundred, folder)
    assert not (folder / CARD).exists()
    check_same_run(trained(hundred, folder, resume=True), run)


def test_stopped_in_every_stage(run: Path, hundred: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    for epochs in (2, 2, 2, 3, 1):  # that come through before the next kill
        with monkeypatch.context() as patch:
            patch.setattr(training, "clip_gradient", at_call(STEPS * epochs + 2, training.clip_gradient))
            with pytest.raises(Killed):
                trained(hundred, folder, resume=True)
    check_same_run(trained(hundred, folder, resume=True), run)


@pytest.mark.parametrize("left_out", [{"layer_epochs": 0}, {"epochs": 0}, {"classifier_epochs": 0}], ids=str)
def test_stopped_where_a_stage_is_left_out(
    left_out: dict[str, int], hundred: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trained(hundred, tmp_path / "whole", **left_out)
    kept = len(list((one / "stages").glob("*")))
    for number in range(1, kept + 1):  # right after the state of a stage was kept
        folder = tmp_path / f"run-{number}"
        with monkeypatch.context() as patch:
            patch.setattr(runs, "keep_stage", at_call(number, runs.keep_stage))
            with pytest.raises(Killed):
                trained(hundred, folder, **left_out)
        check_same_run(trained(hundred, folder, resume=True, **left_out), one)


def test_a_stage_that_is_moved_away_still_loads(run: Path, tmp_path: Path, test_digits: Images) -> None:
    shutil.copytree(run / "stages" / "layer-2", tmp_path / "alone")
    explorer = vaecore.load(tmp_path / "alone", device="cpu")
    assert explorer.reconstruct(test_digits.images).shape == test_digits.images.shape

"""A run's folder: who may train in it, whether it is done, what it keeps."""

import errno
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch.optim import Optimizer

from vaecore import checkpoint, history, snapshots
from vaecore.data import Examples, Images, Texts
from vaecore.data.batches import present
from vaecore.device import device_name, model_device
from vaecore.evaluation.anomaly import anomaly_scores, reference_of
from vaecore.evaluation.intervals import averaged, drawn, share
from vaecore.evaluation.reconstruction import (
    classification_error,
    code_quantiles,
    encode,
    mean_squared_error,
    squared_errors,
)
from vaecore.evaluation.texts import lengths, per_character, restored
from vaecore.models import MODELS, PCA, Autoencoder
from vaecore.recipe import Recipe
from vaecore.recipes import find

PARTIAL = ".*.[0-9]*.[0-9]*.partial"  # what a process that was killed has not written to its end
FULL = (errno.ENOSPC, errno.EDQUOT)
LARGEST_REFERENCE = 10_000
OF_SNAPSHOT = 1000  # images, for what a snapshot says of itself


@dataclass(frozen=True, eq=False)
class Run:
    """What is trained, on what, and where it is kept.

    Attributes:
        recipe: all that is chosen.
        images: that it is trained on; or texts.
        held: of the same kind, that it is measured on after every epoch and at its end; none where all are trained on.
        folder: of all its files.
        seed: of initialisation, order, noise and binarisation.
    """

    recipe: Recipe
    images: Examples
    held: Examples
    folder: Path
    seed: int = 0

    @property
    def measured_on(self) -> tuple[str, Examples]:
        """The split that the finished run is measured on, and its images: they are never those of the test."""
        return ("validation", self.held) if len(self.held) else ("training", self.images)

    @property
    def command(self) -> str:
        """What trains it anew."""
        sets = [
            word
            for key, value in self.recipe.differences(find(self.recipe.name)).items()
            for word in ("--set", f"{key}={value if isinstance(value, str) else json.dumps(value)}")
        ]
        return shlex.join(["vaecore", "train", self.recipe.name, *sets, "--seed", str(self.seed)])


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Train in a folder alone; a process that is killed gives it back, and what it was writing is swept up.

    Raises:
        ValueError: another process trains there.
        OSError: the disk is full; the sentence names the file, and what to do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(f"{folder} is in use: another process trains there") from None
    try:
        for inside in ("", f"{checkpoint.STAGES}/*/", f"{snapshots.SNAPSHOTS}/*/"):
            for left in folder.glob(inside + PARTIAL):
                left.unlink(missing_ok=True)
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        where = error.filename or folder
        raise OSError(f"{where}: the disk is full; make room, and go on with --resume") from error
    finally:
        with suppress(OSError):  # gone before it is given back: nobody can hold a lock that is then removed
            (folder / ".lock").unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):  # a refused run leaves no folder; one that holds anything stays
            folder.rmdir()


def is_finished(folder: Path, recipe: Recipe, seed: int, resume: bool) -> bool:
    """Whether the run in `folder` is this one and complete. One that kept nothing is none: nothing of it is missed.

    Raises:
        ValueError: the folder holds a run and `resume` is not asked for, or another recipe's or seed's.
    """
    if not ((folder / checkpoint.RECIPE).exists() and _keeps_something(folder)):
        return False
    if not resume:
        raise ValueError(f"{folder} holds a run already: resume it (--resume), or choose another folder (--out)")
    there = checkpoint.load_recipe(folder)
    differing = there.differences(recipe)
    if differing:
        raise ValueError(
            f"{folder} holds a run of another recipe: there {differing}, asked for {recipe.differences(there)}"
        )
    if not (folder / checkpoint.CARD).exists():
        return False
    kept_seed = checkpoint.read_card(folder).get("seed")
    if kept_seed != seed:
        raise ValueError(f"{folder} holds a run of seed {kept_seed}, not {seed}")
    return True


def _keeps_something(folder: Path) -> bool:
    files = (checkpoint.STATE, checkpoint.WEIGHTS, checkpoint.CARD)
    return any((folder / name).exists() for name in files) or any(folder.glob(f"{checkpoint.STAGES}/*"))


@contextmanager
def kept_if_stopped(
    run: Run, model: Autoencoder, optimizers: list[Optimizer]
) -> Iterator[Callable[[int, float], None]]:
    """Keep the last finished epoch of a training that is told to end within: call what this gives after every epoch.

    A step is half done by then, so that what every epoch leaves is copied, and put back.
    """
    last: list[Any] = []

    def finished(epoch: int, seconds: float) -> None:
        last[:] = [deepcopy([part.state_dict() for part in (model, *optimizers)]), epoch, seconds]

    try:
        yield finished
    except KeyboardInterrupt:
        if last:
            states, epoch, seconds = last
            for part, state in zip((model, *optimizers), states, strict=True):
                part.load_state_dict(state)
            checkpoint.save_state(run.folder, model, optimizers, epoch, seconds, run.seed)
        raise


def check_kind(recipe: Recipe, images: Examples) -> None:
    """Refuse texts for a model of images, and images for one of texts.

    Raises:
        ValueError: they are of two kinds.
    """
    expected = "texts" if "text" in MODELS[recipe.model].abilities else "images"
    came = "texts" if isinstance(images, Texts) else "images"
    if expected != came:
        raise ValueError(f"recipe {recipe.name!r}: expected {expected}, got {came} from {recipe.dataset}")


def keep(run: Run, model: Autoencoder, seconds: float) -> None:
    """The finished run: weights as they are stored, a card measured on what is stored, no training state."""
    card = _measured(run, model, seconds)
    checkpoint.save(run.folder, run.recipe, model, card | _stages(run.folder, model, card))
    (run.folder / checkpoint.STATE).unlink(missing_ok=True)


def verdict(run: Run, model: Autoencoder) -> str:
    """A sentence where the images of a run are better given back by their mean, or by PCA of as many numbers."""
    split, images = run.measured_on
    if not isinstance(run.images, Images) or not isinstance(images, Images):
        return ""
    error, begin = mean_squared_error(model, images), f"the {split} images' squared error is"
    mean = float((present(images.data) - present(run.images.data).mean(0)).square().sum((1, 2, 3)).mean())
    if error >= 0.99 * mean:
        return f"{begin} {error:.2f}, that of the mean image {mean:.2f}: it has learned nothing"
    if isinstance(model, PCA) or not model.latent < min(len(run.images), model.pixels // 2 + 1):
        return ""
    pca = PCA(PCA.Settings(latent=model.latent), run.images.shape)
    pca.prepare(run.images.data)
    linear = mean_squared_error(pca, images)
    if error <= linear:
        return ""
    return f"{begin} {error:.2f}, that of PCA with {model.latent} numbers {linear:.2f}: worse"


def keep_stage(run: Run, stage: str, model: Autoencoder, seconds: float) -> None:
    """What a stage has made, as a checkpoint of its own."""
    part = model.part(stage).eval()
    own = replace(run, recipe=replace(run.recipe, settings=part.settings))
    card = _measured(own, part, seconds) | {
        "stage": stage,
        "command": run.command,
        "history": history.errors(run.folder, stage),
    }
    checkpoint.save(run.folder / checkpoint.STAGES / stage, own.recipe, part, card)


def keep_snapshot(run: Run, model: Autoencoder, epoch: int, seconds: float) -> None:
    """What the model is after an epoch, as a checkpoint of its own, in half precision; the training is not touched.

    Its quantiles and its error are of a few images. Nothing is kept of weights that half precision has no numbers for.
    """
    own = replace(run, recipe=replace(run.recipe, training=replace(run.recipe.training, store="float16")))
    with torch.random.fork_rng(devices=[]):
        part = deepcopy(model).eval()
        checkpoint.round_weights(part, own.recipe)
        codes = encode(part, _some(run.images, OF_SNAPSHOT))
        tensors = (codes, *part.state_dict().values())
        if not all(bool(tensor.isfinite().all()) for tensor in tensors if tensor.is_floating_point()):
            return
        part.conclude(codes)
        card = _card(own, part, seconds) | {"stage": f"epoch {epoch}", "codes": code_quantiles(codes)}
        if isinstance(run.images, Images):
            card["metrics"] = averaged("squared_error", squared_errors(part, _some(run.measured_on[1], OF_SNAPSHOT)))
        checkpoint.save(snapshots.place(run.folder, epoch), own.recipe, part, card)


def _some(examples: Examples, count: int) -> Examples:
    return examples.rows(drawn(len(examples), count))


def _stages(folder: Path, model: Autoencoder, card: dict[str, Any]) -> dict[str, Any]:
    """What the card of a run with stages says of each: the last is the run itself."""
    *before, last = model.stages()
    own = card | {"stage": last, "history": history.errors(folder, last)}
    cards = [*(_stage_card(folder, stage) for stage in before), own]
    told = [{key: each[key] for key in ("stage", "seconds", "metrics", "history")} for each in cards if each]
    return {"stages": told} if before else {}


def _stage_card(folder: Path, stage: str) -> dict[str, Any] | None:
    place = folder / checkpoint.STAGES / stage
    return checkpoint.read_card(place) if (place / checkpoint.CARD).exists() else None


def _measured(run: Run, model: Autoencoder, seconds: float) -> dict[str, Any]:
    """Round the weights to what is stored, fit what is fitted on codes, and measure: the card."""
    checkpoint.round_weights(model, run.recipe)
    codes = encode(model, run.images)
    model.conclude(codes)
    checkpoint.round_weights(model, run.recipe)  # what is fitted on the codes is stored in the same format
    measured = _of_texts if "text" in model.abilities else _of_images
    return _card(run, model, seconds) | {"codes": code_quantiles(codes)} | measured(run, model)


def _of_images(run: Run, model: Autoencoder) -> dict[str, Any]:
    _, images = run.measured_on
    metrics = averaged("squared_error", squared_errors(model, images))
    if "classify" in model.abilities and images.target is not None:
        metrics |= share("classification_error", classification_error(model, images), len(images))
    return {"metrics": metrics} | ({"anomaly": normal_scores(model, run.images)} if "sample" in model.abilities else {})


def _of_texts(run: Run, model: Autoencoder) -> dict[str, Any]:
    texts = run.measured_on[1].data
    exact, right = restored(model, texts)
    shares = averaged("exact_reconstruction", exact.double()), per_character("characters_right", right, lengths(texts))
    return {"metrics": shares[0] | shares[1]}


def normal_scores(model: Autoencoder, images: Examples) -> dict[str, tuple[float, float]]:
    """Mean and deviation of the anomaly scores over 10,000 training images."""
    some = _some(images, LARGEST_REFERENCE)
    label = some.target if model.classes else None
    return reference_of(anomaly_scores(model, present(some.data), label))


def _card(run: Run, model: Autoencoder, seconds: float) -> dict[str, Any]:
    return {
        "name": run.recipe.name,
        "recipe": json.loads(run.recipe.to_json()),
        "data": {"name": run.recipe.dataset, "train": len(run.images), **run.images.facts},
        "measured_on": run.measured_on[0],
        "shape": list(run.images.shape),
        "classes": list(run.images.names),
        "parameters": sum(tensor.numel() for tensor in model.state_dict().values()),
        "seed": run.seed,
        "seconds": round(seconds, 1),
        "device": device_name(model_device(model)),
        "command": run.command,
    }

"""The training loop, on one page: sum the terms, take the mean over the batch, step."""

import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from math import cos, isfinite, pi
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer
from tqdm import tqdm

from vaecore import checkpoint, history, runs
from vaecore.data import Examples, dataset, fetch, found_again, held_out, is_named
from vaecore.data.batches import present
from vaecore.device import Process, best_device, has_bfloat16, keep_freed_memory, onednn_products, processes
from vaecore.distributions import shard
from vaecore.evaluation.reconstruction import batches
from vaecore.limits import expanded
from vaecore.models import Autoencoder
from vaecore.networks import RowNorm
from vaecore.optimizers import OPTIMIZERS
from vaecore.recipe import Recipe, Training
from vaecore.recipes import find
from vaecore.runs import Run
from vaecore.sizing import fitting
from vaecore.snapshots import spaced

SAVE_SECONDS = 10.0
FLOAT32_TAIL = 0.1
LARGEST_SEED = 2**32


def train(
    name: str,
    data_dir: str | Path | None = None,
    out: str | Path | None = None,
    device: str = "auto",
    seed: int = 0,
    resume: bool = False,
    **changes: object,
) -> Path:
    """Train a recipe and keep the result; returns the run's folder, which `vaecore.load` takes like a name.

    Args:
        name: a recipe's name; `vaecore list` shows them.
        data_dir: where data sets are; else $VAECORE_DATA, else the user's cache folder.
        out: the run's folder; else runs/<name>.
        device: "auto" (cuda, then mps, then cpu), or one of these.
        seed: of initialisation, order, noise and binarisation.
        resume: go on with the run in `out`; with none there, start it.
        changes: fields of the recipe, by name: latent=8, epochs=3, dataset="my.npz".

    Raises:
        ValueError: an unknown recipe, field, device or data set; a folder that holds another run.
    """
    if isinstance(changes.get("start"), Path):
        changes["start"] = str(changes["start"])
    recipe = find(name).changed(**changes)
    recipe = recipe.changed(dataset=found_again(recipe.dataset, data_dir))
    if recipe.training.start and recipe.training.start not in checkpoint.names():
        recipe = recipe.changed(start=str(expanded(recipe.training.start).resolve()))
    if not 0 <= seed < LARGEST_SEED:
        raise ValueError(f"expected a seed from 0 to {LARGEST_SEED - 1}, got {seed}")
    folder = expanded(out) if out is not None else Path("runs") / recipe.name
    place = best_device(device)
    with processes(place) as process:
        own = None if is_named(recipe.dataset) else parts(recipe, data_dir)
        fitted = {} if own is None else fitting(recipe, own[0], set(changes))
        recipe = recipe.changed(**fitted)
        if runs.is_finished(folder, recipe, seed, resume):
            (folder / checkpoint.STATE).unlink(missing_ok=True)  # a kill may have come between the card and this
            return folder
        if process.leads and own is None:
            fetch(recipe.dataset, data_dir)  # one process downloads, the others wait for it
        process.wait()
        images, held = own or parts(recipe, data_dir)
        runs.check_kind(recipe, images)
        if process.leads:
            _tell(recipe.dataset, images.note, _said(len(images), fitted))
        with runs.claimed(folder) if process.leads else nullcontext():
            if process.leads:
                runs.is_finished(folder, recipe, seed, resume)  # refused as well: what came in between the two
            run = Run(recipe, images, held, folder, seed)
            model, seconds = fit(run, place, process)
            if process.leads:
                runs.keep(run, model, seconds)
                _tell(recipe.name, "" if own is None else runs.verdict(run, model))
        process.wait()
    return folder


def parts(recipe: Recipe, data_dir: str | Path | None) -> tuple[Examples, Examples]:
    """What is trained on, and what is held out."""
    images = dataset(recipe.dataset, "train", data_dir)
    if recipe.training.validation:
        return held_out(recipe.dataset, images)
    return images, images.rows(torch.arange(0))


def _said(count: int, fitted: dict[str, Any]) -> str:
    fields = (f"{key}={list(value) if isinstance(value, tuple) else value}" for key, value in fitted.items())
    return f"for {count} images {', '.join(fields)}" if fitted else ""


def _tell(of: str, *sentences: str) -> None:
    for sentence in filter(None, sentences):
        tqdm.write(f"{of}: {sentence}", sys.stderr)


@onednn_products()
def fit(run: Run, device: torch.device, process: Process = Process()) -> tuple[Autoencoder, float]:
    """The loop, once for each stage of the model; most have one. Returns the model and the seconds that it took.

    Every epoch is seeded by (seed, epoch), and its state is kept with the optimiser's: a run that was killed and
    resumed gives the same weights, bit for bit, as one that was not. Noise is drawn for the whole batch in every
    process, so that the loss curve does not depend on their number.
    """
    if device.type == "cpu":
        keep_freed_memory()
    recipe, images, folder, seed = run.recipe, run.images, run.folder, run.seed
    torch.manual_seed(seed)
    model = checkpoint.build(recipe, images.shape, len(images.names)).to(device)
    data, label = images.data.to(device), None if images.target is None else images.target.to(device)
    model.prepare(data)
    if recipe.training.start:
        checkpoint.start_from(model, recipe.training.start, recipe.name)
    stages = _stages(model, recipe.training)
    if not stages[-1].end or not any(True for _ in model.parameters()):
        return model.eval(), 0.0

    batch = _batch(recipe, model, len(data), process.world)
    mine = process.share(batch)
    per_epoch = len(data) // batch
    kept = checkpoint.load_state(folder, model, seed)
    if process.leads:
        checkpoint.write_recipe(folder, recipe)  # from here on nothing refuses the run: the folder is its own
        history.rewind(folder, kept.epoch)
    wanted = spaced(stages[-1].end, recipe.training.snapshots) if process.leads else []
    if wanted and not kept.epoch:
        runs.keep_snapshot(run, model, 0, 0.0)
    seconds, saved = kept.seconds, time.monotonic()
    for stage in (stage for stage in stages if stage.end >= kept.epoch):
        training, begin = stage.training, max(stage.begin, kept.epoch)
        steps = training.epochs * per_epoch
        model.enter(stage.name)
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimizers = _optimizers(parameters, training)
        if begin > stage.begin:
            checkpoint.load_moments(optimizers, kept)
        objective = DistributedDataParallel(model) if process.world > 1 else model
        with runs.kept_if_stopped(run, model, optimizers) as finished, tqdm(
            desc=f"{recipe.name} {stage.name}".rstrip(), total=steps * batch,
            initial=(begin - stage.begin) * per_epoch * batch, unit=" images", unit_scale=True,
            mininterval=0.5, disable=not process.leads,
        ) as progress:  # fmt: skip
            for epoch in range(begin, stage.end):
                started = time.monotonic()
                torch.manual_seed(seed * 1_000_003 + epoch + 1)
                half = _in_bfloat16(training, device, epoch - stage.begin)
                order = torch.randperm(len(data), device=device)[: per_epoch * batch].split(batch)
                totals: dict[str, Tensor] = {}
                model.train()
                for step, index in enumerate(order, start=(epoch - stage.begin) * per_epoch):
                    x = present(data.index_select(0, index), training.binarise, training.shift)[mine]
                    model.advance(step / steps)
                    with shard(process.rank, process.world), torch.autocast(device.type, torch.bfloat16, enabled=half):
                        terms = objective(x, None if label is None else label[index[mine]])
                    model.zero_grad()
                    torch.stack(list(terms.values())).sum(0).mean().backward()
                    clip_gradient(parameters, training.clip)
                    for optimizer in optimizers:
                        rate = training.learning_rate * schedule(step / steps, training.warmup)
                        optimizer.param_groups[0]["lr"] = rate
                        optimizer.step()
                    totals = {name: totals.get(name, 0) + term.detach().sum() for name, term in terms.items()}
                    progress.update(batch)
                trained = {name: float(process.total(total)) / (per_epoch * batch) for name, total in totals.items()}
                seconds += time.monotonic() - started
                _check_finite(recipe, epoch, trained)
                if not process.leads:
                    continue
                held = measured(model, run.held, training) if len(run.held) else {}
                _check_finite(recipe, epoch, held)
                told = held or trained
                progress.set_postfix({name: f"{value:.2f}" for name, value in told.items()}, refresh=False)
                row = {"epoch": epoch + 1, "train": trained, "validation": held, "stage": stage.name}
                history.append(folder, {key: value for key, value in row.items() if value} | {"seconds": seconds})
                if epoch + 1 in wanted:
                    runs.keep_snapshot(run, model, epoch + 1, seconds)
                finished(epoch + 1, seconds)  # all that an epoch leaves is there: a run goes on after it
                if epoch + 1 == stage.end or time.monotonic() - saved > SAVE_SECONDS:
                    checkpoint.save_state(folder, model, optimizers, epoch + 1, seconds, seed)
                    saved = time.monotonic()
        model.leave(stage.name)
        if process.leads and training.epochs and stage is not stages[-1]:
            runs.keep_stage(run, stage.name, model, seconds)
    return model.eval(), seconds


def _batch(recipe: Recipe, model: Autoencoder, images: int, world: int) -> int:
    """Images a step: the recipe's, or all that there are and every process can have as many of.

    Raises:
        ValueError: there is none for every process, or one alone where a batch is normalised.
    """
    asked = recipe.training.batch
    batch = min(asked, images // world * world)
    if batch == 0:
        raise ValueError(f"{recipe.name}: expected a training image for each of {world} processes, got {images}")
    if batch == 1 and any(isinstance(part, RowNorm) for part in model.modules()):
        came = "batch=1" if asked == 1 else "1 training image"
        raise ValueError(f"{recipe.name}: batch normalisation needs a batch of 2 or more, got {came}")
    return batch


class Stage(NamedTuple):
    """One of the objectives that a model is trained on, one after the other, and the epochs that it has."""

    name: str
    training: Training
    begin: int
    end: int


def _stages(model: Autoencoder, training: Training) -> list[Stage]:
    stages, begin = [], 0
    for name, changes in model.stages().items():
        own = replace(training, **changes)
        stages.append(Stage(name, own, begin, begin + own.epochs))
        begin += own.epochs
    return stages


def _optimizers(parameters: list[nn.Parameter], training: Training) -> list[Optimizer]:
    build = OPTIMIZERS[training.optimizer].build
    return build(parameters, training.learning_rate, training.weight_decay, training.betas)


def schedule(share: float, warmup: float) -> float:
    """The learning rate's factor after a share of all steps: linear from zero to one, then half a cosine to zero."""
    if share < warmup:
        return share / warmup
    return (1 + cos(pi * (share - warmup) / (1 - warmup))) / 2


def clip_gradient(parameters: list[nn.Parameter], largest: float) -> None:
    """Scale the gradient down to the norm `largest`, if it is longer.

    Only the CPU can look before it scales, and saves a pass over the gradient: a GPU would have to be waited for.
    """
    norm = get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])
    if norm.device.type != "cpu" or norm > largest:
        clip_grads_with_norm_(parameters, largest, norm)


@torch.no_grad()
def measured(model: Autoencoder, images: Examples, training: Training) -> dict[str, float]:
    """The mean of every term over images that are not trained on."""
    model.eval()
    totals: dict[str, float] = {}
    for x, label in batches(model, images, training.binarise):
        totals = {name: totals.get(name, 0.0) + float(term.sum()) for name, term in model(x, label).items()}
    return {name: total / len(images) for name, total in totals.items()}


def _check_finite(recipe: Recipe, epoch: int, terms: dict[str, float]) -> None:
    """Refuse to go on where there is nothing to go on with.

    Raises:
        ValueError: a term of the loss is infinite or no number.
    """
    if not all(map(isfinite, terms.values())):
        raise ValueError(f"{recipe.name}: epoch {epoch + 1} gave {terms}; try a smaller learning_rate or clip")


def _in_bfloat16(training: Training, device: torch.device, epoch: int) -> bool:
    """Whether this epoch runs in bfloat16; the last tenth is float32, where small steps would be rounded away."""
    if training.precision == "auto":
        return has_bfloat16(device) and epoch < training.epochs * (1 - FLOAT32_TAIL)
    return training.precision == "bfloat16"

"""Keeping: a recipe as JSON, weights as safetensors, a card. `load` is the inverse of `save`; nothing is unpickled.

Whoever wrote a folder, its files are looked at before they are believed: see `reading`, `weights` and `cards`.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.optim import Optimizer

from vaecore.cards import Card, check_card
from vaecore.models import MODELS, Autoencoder
from vaecore.models.variational import Variational
from vaecore.optimizers import moments_of
from vaecore.reading import CheckpointError, exists, flat, read_json, read_tensors, read_text, shorten, written
from vaecore.recipe import Recipe, from_json
from vaecore.weights import STEP, Unfilled, check_finite, read_weights, restored, stored
from vaecore.writing import write_json, write_tensors

__all__ = ["STEP", "CheckpointError", "read_tensors"]  # and what is defined here

RECIPE, WEIGHTS, CARD, STATE = "recipe.json", "weights.safetensors", "card.json", "state.safetensors"
STAGES = "stages"  # the folder of what each stage of a run has made

PACKAGE = Path(__file__).parent
SOURCES = (PACKAGE / "pretrained", PACKAGE.parent / "pretrained")


def names() -> list[str]:
    """The pretrained models at hand, sorted; of those that cannot be read `unreadable` says why."""
    return sorted(name for name, trouble in _shipped().items() if not trouble)


def unreadable() -> dict[str, str]:
    """What is wrong with the pretrained models that cannot be read, by name: a sentence each."""
    return {name: trouble for name, trouble in sorted(_shipped().items()) if trouble}


def _shipped() -> dict[str, str]:
    folders = [path.parent for source in reversed(SOURCES) for path in source.glob(f"*/{RECIPE}")]
    return {folder.name: _trouble(folder, _written(folder)) for folder in folders}


def _written(folder: Path) -> tuple[int, ...]:
    """When the files were last written that say what a checkpoint is; 0 of one that is not there."""
    return tuple(written(folder / file) for file in (RECIPE, CARD, WEIGHTS))


@lru_cache(maxsize=1024)
def _trouble(folder: Path, at: tuple[int, ...]) -> str:
    """Why a checkpoint cannot be read, or nothing; asked at every visit, and looked up again where it was changed."""
    del at
    try:
        load_recipe(folder)
        check_card(_finished_card(folder), folder / CARD)
    except ValueError as error:
        return str(error)
    return "" if exists(folder / WEIGHTS) else f"{folder / WEIGHTS}: no such file"


def find(name: str | Path) -> Path:
    """The folder of the checkpoint of that name, or at that path.

    Raises:
        ValueError: there is none.
    """
    shipped = [source / str(name) for source in SOURCES if Path(name).name == str(name)]  # no path into another folder
    for folder in (*shipped, _expanded(Path(name))):
        if exists(folder / RECIPE):
            return folder
    hand = ", ".join(names()) or "none"
    raise ValueError(f"no pretrained model and no run is called {shorten(str(name))}. At hand: {hand}")


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # ~somebody who is not known here
        return path


def build(recipe: Recipe, shape: tuple[int, int, int], classes: int) -> Autoencoder:
    """The untrained model of a recipe for images of `shape` with `classes` labels.

    Raises:
        ValueError: the recipe's model is conditional and the data has no labels.
    """
    kind = MODELS[recipe.model]
    if recipe.settings.asks_for_labels and not classes:
        raise ValueError(f"recipe {recipe.name!r} is conditional: expected labelled images, {recipe.dataset} has none")
    return kind(recipe.settings, shape, classes)


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Open a run's folder: the recipe is there from the start."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RECIPE, json.loads(recipe.to_json()))


def save(folder: Path, recipe: Recipe, model: Autoencoder, card: dict[str, Any]) -> None:
    """Write the three files, each whole or not at all; the weights in the recipe's number format."""
    write_recipe(folder, recipe)
    write_tensors(folder / WEIGHTS, stored(model, recipe.training.store))
    write_json(folder / CARD, card)


def round_weights(model: Autoencoder, recipe: Recipe) -> None:
    """Round the weights to the recipe's number format: what is measured then is what is kept."""
    model.load_state_dict(restored(stored(model, recipe.training.store)))


def load(folder: Path) -> tuple[Autoencoder, Recipe, dict[str, Any]]:
    """The model in eval mode and float32 on the CPU, its recipe and its card.

    The weights are compared with the recipe by their shapes before anything of the model's size is built.

    Raises:
        CheckpointError: a file is missing, truncated, foreign or of a newer format.
    """
    recipe, raw = load_recipe(folder), _finished_card(folder)
    card = check_card(raw, folder / CARD)
    with torch.device("meta"), Unfilled():  # shapes only
        sketch = _built(recipe, card, folder)
    tensors = read_weights(folder / WEIGHTS, sketch, recipe.name)
    _check_fit(card, sketch, folder)
    with Unfilled():
        model = _built(recipe, card, folder)
    _put(model, tensors, folder / WEIGHTS)
    return model.eval(), recipe, raw


def completed(card: dict[str, Any], recipe: Recipe, model: Autoencoder) -> dict[str, Any]:
    """A card with what it may lack and pages show, and with the recipe that the model was built by."""
    parameters = sum(tensor.numel() for tensor in model.state_dict().values())
    given = {"data": {}, "metrics": {}, "seconds": 0.0, "parameters": parameters}
    given["measured_on"] = "test"  # of before there was a choice
    return given | card | {"recipe": json.loads(recipe.to_json())}


def _built(recipe: Recipe, card: Card, folder: Path) -> Autoencoder:
    try:
        return build(recipe, card.shape, len(card.classes))
    except (ValueError, RuntimeError, OverflowError, TypeError) as error:  # torch's, of sizes that no memory has
        raise CheckpointError(f"{folder / CARD}: not a card of {recipe.name!r}: {flat(error)[:200]}") from None


def _check_fit(card: Card, model: Autoencoder, folder: Path) -> None:
    """Refuse a card that speaks of codes of another size than the model's.

    Raises:
        CheckpointError: it does.
    """
    metrics, sizes = card.metrics, {}
    if card.codes is not None:
        sizes["codes.quantiles"] = len(card.codes.quantiles[0]), model.latent
    if isinstance(model, Variational):
        groups = len(model.groups) if metrics.rates or metrics.collapse else 0
        sizes |= {f"metrics.{name}": (len(getattr(metrics, name)), groups) for name in ("rates", "collapse")}
    for name, (came, expected) in sizes.items():
        if came not in (expected, 0):
            raise CheckpointError(f"{folder / CARD}: not a card: {name}: expected {expected:,} columns, got {came:,}")


def start_from(model: Autoencoder, name: str, own: str) -> None:
    """Put another checkpoint's weights, by its name or path, into a model of the recipe `own` that is to be trained.

    Raises:
        ValueError: there is no such checkpoint, or its weights are not of this model's shapes.
    """
    folder = find(name)
    _finished_card(folder)
    _put(model, read_weights(folder / WEIGHTS, model, own), folder / WEIGHTS)


def _finished_card(folder: Path) -> dict[str, Any]:
    if not exists(folder / CARD):
        raise CheckpointError(f"{folder / CARD}: no such file; a run that is not finished goes on with --resume")
    return read_card(folder)


def _put(model: Autoencoder, tensors: dict[str, Tensor], path: Path) -> None:
    """Put weights of the right shapes into a model, in float32, whatever the file has."""
    model.load_state_dict(tensors)
    try:
        model.check_weights()
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a checkpoint.

    Raises:
        CheckpointError: the file is missing, truncated or foreign.
    """
    return read_json(folder / CARD)


def load_recipe(folder: Path) -> Recipe:
    """The recipe of a checkpoint or of an unfinished run.

    Raises:
        CheckpointError: the file is missing or no recipe.
    """
    path = folder / RECIPE
    try:
        return from_json(read_text(path), str(path))
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(str(error)) from None


def save_state(
    folder: Path, model: Autoencoder, optimizers: list[Optimizer], epoch: int, seconds: float, seed: int
) -> None:
    """Keep an unfinished run: weights, optimisers, epochs done, seconds spent and the seed, in one file."""
    state = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for order, optimizer in enumerate(optimizers):
        for index, moments in optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{order}.{index}.{name}": tensor for name, tensor in moments.items()}
    state["clock"] = torch.tensor([epoch, seconds, seed], dtype=torch.float64)
    write_tensors(folder / STATE, state)


class State(NamedTuple):
    """Where an unfinished run is: epochs done, seconds spent, and the optimisers' moments by parameter."""

    epoch: int = 0
    seconds: float = 0.0
    moments: dict[int, dict[int, dict[str, Tensor]]] | None = None


def load_state(folder: Path, model: Autoencoder, seed: int) -> State:
    """Put the weights that `save_state` kept into the model; returns the rest, the beginning if nothing was kept.

    Raises:
        CheckpointError: the file is broken or of another model.
        ValueError: the run has another seed.
    """
    path = folder / STATE
    if not exists(path):
        return State()
    tensors = read_tensors(path)
    try:
        check_finite(tensors, path)
        epoch, seconds, kept_seed = tensors.pop("clock").tolist()
        if epoch < 0 or epoch % 1:
            raise ValueError(f"expected a number of epochs, got {epoch}")
        model.load_state_dict(_below("model.", tensors))
        moments: dict[int, dict[int, dict[str, Tensor]]] = {}
        for name, tensor in _below("optimizer.", tensors).items():
            order, index, key = name.split(".")
            moments.setdefault(int(order), {}).setdefault(int(index), {})[key] = tensor
    except CheckpointError:
        raise
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: not the state of this run ({flat(error)})") from None
    if int(kept_seed) != seed:
        raise ValueError(f"{folder} holds a run of seed {int(kept_seed)}, not {seed}")
    return State(int(epoch), seconds, moments)


def load_moments(optimizers: list[Optimizer], state: State) -> None:
    """Put the moments of a kept state into the optimisers of the stage that it was kept in.

    Raises:
        CheckpointError: they are not of these optimisers' parameters.
    """
    for order, optimizer in enumerate(optimizers):
        moments = (state.moments or {}).get(order, {})
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        wanted = moments_of(optimizer)
        for index, kept in moments.items():
            shape = parameters[index].shape if 0 <= index < len(parameters) else None
            if any(
                name not in kept or kept[name].shape != (shape if of_each else ()) for name, of_each in wanted.items()
            ):
                raise CheckpointError(
                    f"{STATE}: not the state of this run: the moments of parameter {index} are others"
                )
        if parameters and not moments:
            raise CheckpointError(f"{STATE}: not the state of this run: optimiser {order} has no moments in it")
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}

"""Keeping: a recipe as JSON, weights as safetensors, a card. `load` is the inverse of `save`; nothing is unpickled."""

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor
from torch.optim import Optimizer

from vaecore.models import MODELS, Autoencoder
from vaecore.recipes import Recipe, from_json

RECIPE, WEIGHTS, CARD, STATE = "recipe.json", "weights.safetensors", "card.json", "state.safetensors"
STAGES = "stages"  # the folder of what each stage of a run has made

STEP = ".step"  # ends the name of what a matrix of whole numbers is multiplied by, row by row

PACKAGE = Path(__file__).parent
SOURCES = (PACKAGE / "pretrained", PACKAGE.parent / "pretrained")

NUMBERS = re.compile(r"\[\n([^][{}\"]*)\]")  # a list of plain numbers as `json` indents it: one line is enough


class CheckpointError(ValueError):
    """A file of a checkpoint is missing, broken or foreign; the message says which and why."""


def names() -> list[str]:
    """The pretrained models at hand, sorted."""
    return sorted({path.parent.name for source in SOURCES for path in source.glob(f"*/{RECIPE}")})


def find(name: str | Path) -> Path:
    """The folder of the checkpoint of that name, or at that path.

    Raises:
        ValueError: there is none.
    """
    shipped = [source / str(name) for source in SOURCES if Path(name).name == str(name)]  # no path into another folder
    for folder in (*shipped, Path(name).expanduser()):
        if (folder / RECIPE).exists():
            return folder
    raise ValueError(f"no pretrained model and no run is called {str(name)!r}. At hand: {', '.join(names()) or 'none'}")


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
    write_tensors(folder / WEIGHTS, _stored(model, recipe))
    write_json(folder / CARD, card)


def round_weights(model: Autoencoder, recipe: Recipe) -> None:
    """Round the weights to the recipe's number format: what is measured then is what is kept."""
    model.load_state_dict(_restored(_stored(model, recipe)))


def _stored(model: Autoencoder, recipe: Recipe) -> dict[str, Tensor]:
    """The weights as the file has them; in "int8" the matrices are whole numbers and a step for each row."""
    kept = torch.float16 if recipe.training.store == "float16" else torch.float32
    stored = {name: t.to(kept) if t.is_floating_point() else t for name, t in model.state_dict().items()}
    if recipe.training.store == "int8":
        for name in [name for name, t in stored.items() if name.endswith("weight") and t.ndim > 1]:
            matrix = stored[name]
            step = (matrix.flatten(1).abs().amax(1) / 127).clamp(min=torch.finfo(matrix.dtype).tiny)
            stored[name] = (matrix / _by_row(step, matrix)).round().to(torch.int8)
            stored[name + STEP] = step
    return stored


def _restored(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `_stored`, up to rounding.

    Raises:
        RuntimeError: a matrix of whole numbers has no steps.
    """
    steps = {name.removesuffix(STEP): stored[name] for name in stored if name.endswith(STEP)}
    lacking = [name for name, t in stored.items() if t.dtype == torch.int8 and name not in steps]
    if lacking:
        raise RuntimeError(f"missing key {lacking[0] + STEP!r}")
    return {
        name: t * _by_row(steps[name], t) if name in steps else t
        for name, t in stored.items()
        if not name.endswith(STEP)
    }


def _by_row(step: Tensor, matrix: Tensor) -> Tensor:
    return step.view(-1, *[1] * (matrix.ndim - 1))


def load(folder: Path) -> tuple[Autoencoder, Recipe, dict[str, Any]]:
    """The model in eval mode and float32 on the CPU, its recipe and its card.

    Raises:
        CheckpointError: a file is missing, truncated, foreign or of a newer format.
    """
    recipe, card = load_recipe(folder), _finished_card(folder)
    try:
        (channels, height, width), classes = card["shape"], len(card["classes"])
        model = build(recipe, (channels, height, width), classes)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder / CARD}: not a card: {error!r} is missing or wrong") from None
    _read_weights(model, folder / WEIGHTS, recipe.name)
    return model.eval(), recipe, card


def start_from(model: Autoencoder, name: str, own: str) -> None:
    """Put another checkpoint's weights, by its name or path, into a model of the recipe `own` that is to be trained.

    Raises:
        ValueError: there is no such checkpoint, or its weights are not of this model's shapes.
    """
    folder = find(name)
    _finished_card(folder)
    _read_weights(model, folder / WEIGHTS, own)


def _finished_card(folder: Path) -> dict[str, Any]:
    if not (folder / CARD).exists():
        raise CheckpointError(f"{folder / CARD}: no such file; a run that is not finished goes on with --resume")
    return read_card(folder)


def _read_weights(model: Autoencoder, path: Path, name: str) -> None:
    tensors = read_tensors(path)
    try:
        model.load_state_dict(_restored(tensors))  # into float32, whatever the file has
    except RuntimeError as error:
        raise CheckpointError(f"{path}: not the weights of {name!r}: {_flat(error)}") from None


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a checkpoint.

    Raises:
        CheckpointError: the file is missing, truncated or foreign.
    """
    return _read_json(folder / CARD)


def load_recipe(folder: Path) -> Recipe:
    """The recipe of a checkpoint or of an unfinished run.

    Raises:
        CheckpointError: the file is missing or no recipe.
    """
    path = folder / RECIPE
    try:
        return from_json(_read_text(path), str(path))
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
    if not path.exists():
        return State()
    state = read_tensors(path)
    try:
        epoch, seconds, kept_seed = state.pop("clock").tolist()
        model.load_state_dict(_below("model.", state))
        moments: dict[int, dict[int, dict[str, Tensor]]] = {}
        for name, tensor in _below("optimizer.", state).items():
            order, index, key = name.split(".")
            moments.setdefault(int(order), {}).setdefault(int(index), {})[key] = tensor
    except (KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path}: not the state of this run ({_flat(error)})") from None
    if int(kept_seed) != seed:
        raise ValueError(f"{folder} holds a run of seed {int(kept_seed)}, not {seed}")
    return State(int(epoch), seconds, moments)


def load_moments(optimizers: list[Optimizer], state: State) -> None:
    """Put the moments of a kept state into the optimisers of the stage that it was kept in."""
    for order, optimizer in enumerate(optimizers):
        optimizer.load_state_dict({**optimizer.state_dict(), "state": (state.moments or {})[order]})


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        CheckpointError: the file is missing, truncated or of another kind.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: truncated, or not a safetensors file ({_flat(error)})") from None


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write tensors whole or not at all."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    _atomic(path, lambda partial: partial.write_bytes(to_bytes(contiguous)))


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write JSON whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    tidy = NUMBERS.sub(lambda rows: f"[{' '.join(rows[1].split())}]", text)
    write_text(path, tidy + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes whole or not at all."""
    _atomic(path, lambda partial: partial.write_bytes(data))


def _atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, fsync, rename: after a crash there is the old file or the new one, never a part of one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.partial")
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        error.filename = str(path)  # a write that fails does not say to what
        raise
    finally:
        partial.unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except (UnicodeDecodeError, OSError) as error:
        raise CheckpointError(f"{path}: not a text file ({_flat(error)})") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read_text(path))
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path}: truncated, or not JSON ({error})") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())

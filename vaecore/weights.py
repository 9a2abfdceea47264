"""Weights in a file: in which number format they are kept, and whether those that came are a model's.

They are compared by their names, types and shapes before the model is built, and by their values before it is used.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from vaecore.models import Autoencoder
from vaecore.reading import CheckpointError, Entry, Header, read_tensors, shorten

STEP = ".step"  # ends the name of what a matrix of whole numbers is multiplied by, row by row
LARGEST = 1e18  # whose square float32 still has
FILLING = (nn.init.kaiming_uniform_, nn.init.uniform_, nn.init.normal_)  # at random
SHOWN = 3  # differences in a sentence


def stored(model: Autoencoder, store: str) -> dict[str, Tensor]:
    """The weights as the file has them; in "int8" the matrices are whole numbers and a step for each row."""
    kept = torch.float16 if store == "float16" else torch.float32
    tensors = {name: t.to(kept) if t.is_floating_point() else t for name, t in model.state_dict().items()}
    if store == "int8":
        for name in [name for name, t in tensors.items() if name.endswith("weight") and t.ndim > 1]:
            matrix = tensors[name]
            step = (matrix.flatten(1).abs().amax(1) / 127).clamp(min=torch.finfo(matrix.dtype).tiny)
            tensors[name] = (matrix / _by_row(step, matrix)).round().to(torch.int8)
            tensors[name + STEP] = step
    return tensors


def restored(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `stored`, up to rounding."""
    steps = {name.removesuffix(STEP): tensors[name] for name in tensors if name.endswith(STEP)}
    return {
        name: t * _by_row(steps[name], t) if name in steps else t
        for name, t in tensors.items()
        if not name.endswith(STEP)
    }


def _by_row(step: Tensor, matrix: Tensor) -> Tensor:
    return step.view(-1, *[1] * (matrix.ndim - 1))


def read_weights(path: Path, model: Autoencoder, name: str) -> dict[str, Tensor]:
    """The weights in a file that are of a model's shapes; the model may be of torch's meta device, which has none.

    Raises:
        CheckpointError: the file is broken, or holds other weights than the model called `name` has, or NaN.
    """
    wanted = {key: Entry(tensor.dtype, tuple(tensor.shape)) for key, tensor in model.state_dict().items()}

    def fits(header: Header) -> None:
        differences = list(_differences(wanted, header))
        if differences:
            more = f", and {len(differences) - SHOWN:,} more" if len(differences) > SHOWN else ""
            raise CheckpointError(f"{path}: not the weights of {name!r}: {'; '.join(differences[:SHOWN])}{more}")

    tensors = read_tensors(path, fits)
    check_finite(tensors, path)
    return restored(tensors)


def _differences(wanted: Header, header: Header) -> list[str]:
    """What is not as wanted, each in a few words; what is there and differs comes first."""
    steps = {key + STEP for key, entry in header.items() if entry.dtype == torch.int8 and key in wanted}
    missing = [f"missing key {key!r}" for key in [*wanted, *sorted(steps)] if key not in header]
    differing, unexpected = [], []
    for key, came in header.items():
        entry = wanted.get(key) or (_step_of(wanted[key.removesuffix(STEP)]) if key in steps else None)
        if entry is None:
            unexpected.append(f"unexpected key {shorten(key)}")
        elif came.shape != entry.shape:
            differing.append(f"size mismatch of {key!r}: expected {list(entry.shape)}, got {shorten(list(came.shape))}")
        elif not _can_be(came.dtype, entry.dtype, key + STEP in steps):
            differing.append(f"{key!r}: expected {entry.dtype}, got {came.dtype}")
    return [*differing, *missing, *unexpected]


def _step_of(matrix: Entry) -> Entry:
    return Entry(torch.float32, matrix.shape[:1])


def _can_be(came: torch.dtype, wanted: torch.dtype, in_steps: bool) -> bool:
    """Whether numbers of one type are kept as another: any floating one, or whole ones with a step for each row."""
    return came == wanted or (wanted.is_floating_point and (came.is_floating_point or in_steps))


def check_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Refuse numbers of a file that are not finite, or so large that the first product is not.

    Raises:
        CheckpointError: some are; the sentence names the file.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and tensor.numel() and not tensor.abs().max() < LARGEST:  # nor is NaN
            raise CheckpointError(f"{path}: expected finite numbers below {LARGEST:g}, got others in {name!r}")


class Unfilled(TorchFunctionMode):
    """Modules that are built in it begin with whatever was in memory: they are to be given all their weights anyway.

    It takes no numbers from the random generator, and a third of the time to load a model.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        """Whatever is asked of torch, but for numbers at random."""
        given = kwargs or {}
        return given["tensor"] if func in FILLING else func(*args, **given)

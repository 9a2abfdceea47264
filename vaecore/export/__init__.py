"""A model's networks for a page: their operations as a list of steps on flat arrays, and one blob of floats.

No network is written down a second time. `torch.export` records what `likelihood(z).mean` and `posterior(x)` compute;
what depends on parameters alone is computed here, once, and every other recorded operation becomes a step of a few
kinds, which `vaecore/browser/network.js` runs for one example at a time. A step is

    {"op": kind, "from": [value, ...], "to": value, ...}

where values are numbered, the inputs first; "weight", "bias" and "value" are [offset, length] in floats in the blob.

| op          | what it computes of x = from[0]                                                                     |
|-------------|-----------------------------------------------------------------------------------------------------|
| linear      | y_o = bias_o + sum_i weight_oi x_i                                                                  |
| convolution | from `before` (c, h, w) to `after`: one product at every place, rows of weight over (c, kh, kw)     |
| transposed  | its transpose: rows of weight over (channel, kh, kw) of `after`, each over the channels of `before`  |
| map         | y_i = function(x_i, `by`): by the slope of a leaky rectifier, the exponent of a power                |
| combine     | y_i = function(x_i, other_i), other = from[1]                                                       |
| constant    | y = value                                                                                           |
| concat      | from[0], from[1], ... one after the other in each of `outer` rows                                   |
| slice       | `length` numbers from `start` of each of `outer` rows                                               |
| pad         | x (`before`: c, h, w) with `fill` around it, [left, right, top, bottom] = `sides`                   |
| one-hot     | y_i = 1 where i is the label and 0 elsewhere                                                        |
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.fx import Node

from vaecore.export.steps import Blob, NotExportable, Writer, unknown
from vaecore.joint import Chain
from vaecore.models import Autoencoder
from vaecore.models.base import Images, Labels

__all__ = ["Exported", "NotExportable", "export"]

RECORDING = Lock()


@dataclass(frozen=True)
class Exported:
    """Networks by name, as JSON can hold them, and their weights: little-endian float32."""

    networks: dict[str, Any]
    weights: bytes

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the weights."""
        return sha256(self.weights).hexdigest()


def export(model: Autoencoder, networks: Iterable[str] = ("decoder", "encoder")) -> Exported:
    """The decoder (z, and a label where the model takes one, to the picture) and the encoder (x to mean and scale).

    A hierarchy has a "descent" as well, if it is asked for: from the noise of all levels to the picture.

    A network is {"inputs": [size, ...], "sizes": [of every value], "steps": [...], "outputs": {name: value}}. The
    scale of a deterministic posterior, or of one that has none in closed form, is left out.

    Raises:
        NotExportable: a network uses an operation that a page does not know; the message names it.
    """
    model = deepcopy(model).cpu().eval()
    examples = {
        "decoder": (_decode, torch.zeros(1, model.latent)),
        "descent": (_descend, torch.zeros(1, model.latent)),
        "encoder": (_encode, torch.zeros(1, *model.shape)),
    }
    label = (torch.zeros(1, dtype=torch.int64),) if model.classes else ()
    blob = Blob()
    written = {}
    for name in networks:
        compute, example = examples[name]
        written[name] = _network(_Recorded(compute, model), (example, *label), blob)
    return Exported(written, blob.bytes())


def _decode(model: Autoencoder, z: Tensor, label: Labels | None = None) -> dict[str, Tensor]:
    return {"mean": model.likelihood(z, label).mean}


def _descend(model: Autoencoder, noise: Tensor, label: Labels | None = None) -> dict[str, Tensor]:
    prior = model.prior()
    if not isinstance(prior, Chain):
        raise unknown("a descent through levels that are not there")
    return _decode(model, prior.follow(noise), label)


def _encode(model: Autoencoder, x: Images, label: Labels | None = None) -> dict[str, Tensor]:
    posterior = model.posterior(x, label)
    scale = getattr(posterior, "scale", None)
    return {"mean": posterior.mean} | ({} if scale is None else {"scale": scale})


class _Recorded(nn.Module):
    """A function of a model, as the module that torch.export wants."""

    def __init__(self, compute: Callable[..., dict[str, Tensor]], model: Autoencoder) -> None:
        super().__init__()
        self.compute, self.model = compute, model

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        return self.compute(self.model, *inputs)


def _network(module: nn.Module, example: tuple[Tensor, ...], blob: Blob) -> dict[str, Any]:
    program = _recorded(module, example)
    writer = Writer([tuple(value.shape) for value in example])
    inputs = iter(writer.inputs)
    known: dict[Node, Any] = {}
    kept = {**program.state_dict, **program.constants}
    constants = {
        spec.arg.name: kept[spec.target].detach() for spec in program.graph_signature.input_specs if spec.target
    }
    needed = _needed(program.graph.nodes)
    results: dict[str, Any] = {}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            known[node] = constants[node.name] if node.name in constants else next(inputs)
        elif node.op == "output":
            results = dict(zip(("mean", "scale"), (known[each] for each in node.args[0]), strict=False))
        elif node in needed:
            known[node] = writer.write(node, *torch.fx.map_arg((node.args, node.kwargs), known.__getitem__))
    outputs = {name: writer.as_value(value).index for name, value in results.items()}
    return writer.finish(outputs, blob)


def _recorded(module: nn.Module, example: tuple[Tensor, ...]) -> ExportedProgram:
    """What torch records of a module, one at a time: its recorder patches what all threads share."""
    try:
        with RECORDING, torch.enable_grad():  # without, a Tanh takes its shorter way, in place
            return torch.export.export(module, example, strict=False)
    except RuntimeError as error:
        raise unknown(str(error).split("\n")[0]) from error


def _needed(nodes: Iterable[Node]) -> set[Node]:
    """What the output depends on: the checks that torch records have no part in it."""
    needed: set[Node] = set()
    for node in reversed(list(nodes)):
        if node.op == "output" or node in needed:
            needed.update(node.all_input_nodes)
    return needed

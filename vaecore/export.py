"""A model's networks for a page: their operations as a list of steps on flat arrays, and one blob of floats.

No network is written down a second time. `torch.export` records what `likelihood(z).mean` and `posterior(x)` compute;
what depends on parameters alone is computed here, once, and every other recorded operation becomes a step of a few
kinds, which `app/components/network.js` runs for one example at a time. A step is

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

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Node

from vaecore.models import Autoencoder
from vaecore.models.base import Images, Labels

MAPS = (
    *("exp", "gelu", "leaky_relu", "log", "log_sigmoid", "neg", "pow", "reciprocal", "relu", "sigmoid", "softplus"),
    *("sqrt", "tanh"),
)
SAME_NUMBERS = (
    "alias",
    "contiguous",
    "expand",
    "flatten",
    "reshape",
    "squeeze",
    "to",
    "unflatten",
    "unsqueeze",
    "view",
)


class NotExportable(ValueError):
    """A network does what a page cannot: the server has to run it."""


@dataclass(frozen=True)
class Exported:
    """Networks by name, as JSON can hold them, and their weights: little-endian float32."""

    networks: dict[str, Any]
    weights: bytes


def export(model: Autoencoder, networks: Sequence[str] = ("decoder", "encoder")) -> Exported:
    """The decoder (z, and a label where the model takes one, to the picture) and the encoder (x to mean and scale).

    A network is {"inputs": [size, ...], "sizes": [of every value], "steps": [...], "outputs": {name: value}}. The
    scale of a deterministic posterior, or of one that has none in closed form, is left out.

    Raises:
        NotExportable: a network uses an operation that a page does not know; the message names it.
    """
    model = deepcopy(model).cpu().eval()
    examples = {
        "decoder": (_decode, torch.zeros(1, model.latent)),
        "encoder": (_encode, torch.zeros(1, *model.shape)),
    }
    label = (torch.zeros(1, dtype=torch.int64),) if model.classes else ()
    blob = _Blob()
    written = {}
    for name in networks:
        compute, example = examples[name]
        written[name] = _network(_Recorded(compute, model), (example, *label), blob)
    return Exported(written, blob.bytes())


def _decode(model: Autoencoder, z: Tensor, label: Labels | None = None) -> dict[str, Tensor]:
    return {"mean": model.likelihood(z, label).mean}


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


@dataclass(frozen=True)
class _Value:
    """What is known only when the page runs: a number for it, and the shape that torch gives it, with one row."""

    index: int
    shape: tuple[int, ...]


Operand = _Value | Tensor | float | int


class _Blob:
    """Floats, one array after the other; what both networks use is there once."""

    def __init__(self) -> None:
        self._places: dict[bytes, list[int]] = {}
        self._floats = 0

    def put(self, value: Tensor) -> list[int]:
        """Where the value will be: offset and length."""
        part = value.float().numpy().astype("<f4").tobytes()
        if part not in self._places:
            self._places[part] = [self._floats, value.numel()]
            self._floats += value.numel()
        return self._places[part]

    def bytes(self) -> bytes:
        return b"".join(self._places)


def _network(module: nn.Module, example: tuple[Tensor, ...], blob: _Blob) -> dict[str, Any]:
    program = torch.export.export(module, example, strict=False)
    writer = _Writer([tuple(value.shape) for value in example])
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


def _needed(nodes: Iterable[Node]) -> set[Node]:
    """What the output depends on: the checks that torch records have no part in it."""
    needed: set[Node] = set()
    for node in reversed(list(nodes)):
        if node.op == "output" or node in needed:
            needed.update(node.all_input_nodes)
    return needed


class _Writer:
    """Turns recorded operations into steps, one after the other."""

    def __init__(self, inputs: Sequence[tuple[int, ...]]) -> None:
        self.steps: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.inputs = [self._value(shape) for shape in inputs]

    def write(self, node: Node, args: tuple[Any, ...], options: dict[str, Any]) -> object:
        """The value of a recorded operation: a tensor if it depends on parameters alone, a step's result otherwise."""
        inside = [each for part in args for each in (part if isinstance(part, list | tuple) else [part])]
        if not any(isinstance(each, _Value) for each in inside):
            return node.target(*args, **options)  # type: ignore[operator]
        name = getattr(node.target, "__name__", str(node.target)).split(".")[0]
        if name in SAME_NUMBERS:
            result = node.meta["val"]
            if result.numel() != prod(args[0].shape):
                raise self._unknown(f"{name} to more numbers")
            return _Value(args[0].index, tuple(result.shape))
        if name in MAPS:
            return self._map(name, *args, **options)
        write = getattr(self, f"_{name}", None)
        if write is None:
            raise self._unknown(name)
        return write(*args, **options)

    def finish(self, outputs: dict[str, int], blob: _Blob) -> dict[str, Any]:
        """The network as JSON can hold it, without the steps that no output needs."""
        needed = set(outputs.values())
        steps: list[dict[str, Any]] = []
        for step in reversed(self.steps):
            if step["to"] in needed:
                needed.update(step["from"])
                steps.append({key: blob.put(x) if isinstance(x, Tensor) else x for key, x in step.items()})
        return {
            "inputs": [self.sizes[value.index] for value in self.inputs],
            "sizes": self.sizes,
            "steps": steps[::-1],
            "outputs": outputs,
        }

    def as_value(self, value: Operand) -> _Value:
        """The value, by a step if it is a tensor."""
        if isinstance(value, _Value):
            return value
        value = torch.as_tensor(value, dtype=torch.float32)
        return self._step("constant", [], value.shape, value=value)

    def _value(self, shape: Sequence[int]) -> _Value:
        self.sizes.append(prod(shape))
        return _Value(len(self.sizes) - 1, tuple(shape))

    def _step(self, op: str, of: Sequence[_Value], shape: Sequence[int], **more: object) -> _Value:
        result = self._value(shape)
        self.steps.append({"op": op, "from": [value.index for value in of], "to": result.index, **more})
        return result

    @staticmethod
    def _unknown(what: str) -> NotExportable:
        kinds = "linear, convolution, normalisation, activation, reshape, concatenation and label"
        return NotExportable(f"a page cannot run {what!r}: it knows {kinds}. The server can.")

    def _getitem(self, values: Sequence[_Value], index: int) -> _Value:
        return values[index]

    def _map(self, function: str, x: _Value, *by: float | int, approximate: str = "none") -> _Value:
        if approximate != "none" or (function == "softplus" and by):
            raise self._unknown(f"{function} with options")
        by = by or ((0.01,) if function == "leaky_relu" else ())
        return self._step("map", [x], x.shape, function=function, **({"by": by[0]} if by else {}))

    def _linear(self, x: _Value, weight: Tensor, bias: Tensor | None = None) -> _Value:
        if prod(x.shape[:-1]) != 1:
            raise self._unknown("linear over several rows")
        bias = torch.zeros(len(weight)) if bias is None else bias
        return self._step("linear", [x], (*x.shape[:-1], len(weight)), weight=weight, bias=bias)

    def _matmul(self, x: _Value, weight: Tensor) -> _Value:
        return self._linear(x, weight.T)

    _mm = _matmul

    def _batch_norm(
        self,
        x: _Value,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        training: bool,
        momentum: float,
        epsilon: float,
        *_: object,
    ) -> _Value:
        """Folded into the layer before: scale (W x + b - mean) + shift."""
        layer = next((step for step in self.steps if step["to"] == x.index and step["op"] == "linear"), None)
        if layer is None or training:
            raise self._unknown("a normalisation that follows no linear layer")
        scale = weight * (variance + epsilon).rsqrt()
        folded = {"weight": layer["weight"] * scale[:, None], "bias": (layer["bias"] - mean) * scale + bias}
        return self._step("linear", [_Value(layer["from"][0], ())], x.shape, **folded)

    def _conv2d(
        self,
        x: _Value,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Sequence[int] = (1, 1),
        padding: Sequence[int] = (0, 0),
        dilation: Sequence[int] = (1, 1),
        groups: int = 1,
    ) -> _Value:
        self._plain(dilation, groups)
        kernel = tuple(weight.shape[2:])
        sides = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip(x.shape[2:], padding, kernel, stride, strict=True)]
        channels = len(weight)
        bias = torch.zeros(channels) if bias is None else bias
        return self._convolve("convolution", x, (channels, *sides), weight.flatten(1), bias, kernel, stride, padding)

    def _conv_transpose2d(
        self,
        x: _Value,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Sequence[int] = (1, 1),
        padding: Sequence[int] = (0, 0),
        output_padding: Sequence[int] = (0, 0),
        groups: int = 1,
        dilation: Sequence[int] = (1, 1),
    ) -> _Value:
        self._plain(dilation, groups)
        kernel = tuple(weight.shape[2:])
        sizes = zip(x.shape[2:], padding, kernel, stride, output_padding, strict=True)
        sides = [(n - 1) * s - 2 * p + k + more for n, p, k, s, more in sizes]
        channels = weight.shape[1]
        bias = torch.zeros(channels) if bias is None else bias
        rows = weight.flatten(1).T
        return self._convolve("transposed", x, (channels, *sides), rows, bias, kernel, stride, padding)

    def _plain(self, dilation: Sequence[int], groups: int) -> None:
        if groups != 1 or tuple(dilation) != (1, 1):
            raise self._unknown("a convolution in groups, or a dilated one")

    def _convolve(
        self,
        op: str,
        x: _Value,
        result: tuple[int, ...],
        weight: Tensor,
        bias: Tensor,
        kernel: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
    ) -> _Value:
        shapes = {"before": list(x.shape[1:]), "after": list(result)}
        places = {"kernel": list(kernel), "stride": list(stride), "padding": list(padding)}
        return self._step(op, [x], (1, *result), weight=weight.contiguous(), bias=bias, **shapes, **places)

    def _combine(self, function: str, one: Operand, other: Operand) -> _Value:
        shape = torch.broadcast_shapes(*(getattr(each, "shape", ()) for each in (one, other)))
        both = []
        for each in (one, other):
            if not isinstance(each, _Value):
                each = self.as_value(torch.as_tensor(each, dtype=torch.float32).expand(shape))
            if prod(each.shape) != prod(shape):
                raise self._unknown(f"{function} of {each.shape} spread over {tuple(shape)}")
            both.append(each)
        return self._step("combine", both, shape, function=function)

    def _add(self, one: Operand, other: Operand, **scaled: object) -> _Value:
        return self._sum("add", one, other, scaled)

    def _sub(self, one: Operand, other: Operand, **scaled: object) -> _Value:
        return self._sum("sub", one, other, scaled)

    def _sum(self, function: str, one: Operand, other: Operand, scaled: dict[str, object]) -> _Value:
        if scaled:
            raise self._unknown("a scaled sum")
        return self._combine(function, one, other)

    def _mul(self, one: Operand, other: Operand) -> _Value:
        return self._combine("mul", one, other)

    def _div(self, one: Operand, other: Operand) -> _Value:
        return self._combine("div", one, other)

    def _cat(self, parts: Sequence[Operand], axis: int = 0) -> _Value:
        values = [self.as_value(part) for part in parts]
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        return self._step("concat", values, shape, outer=prod(shape[: axis % len(shape)]))

    def _slice(
        self, x: _Value, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
    ) -> _Value:
        size, axis = x.shape[axis], axis % len(x.shape)
        first, last, step = slice(start, end, step).indices(size)
        if step != 1:
            raise self._unknown("every other number of a slice")
        if (first, last) == (0, size):
            return x
        inner = prod(x.shape[axis + 1 :])
        shape = (*x.shape[:axis], last - first, *x.shape[axis + 1 :])
        places = {"outer": prod(x.shape[:axis]), "start": first * inner, "length": (last - first) * inner}
        return self._step("slice", [x], shape, **places)

    def _chunk(self, x: _Value, chunks: int, axis: int = 0) -> list[_Value]:
        size = -(-x.shape[axis] // chunks)
        return self._tensor_split(x, list(range(size, x.shape[axis], size)), axis)

    def _tensor_split(self, x: _Value, indices: Sequence[int], axis: int = 0) -> list[_Value]:
        edges = [0, *indices, x.shape[axis]]
        return [self._slice(x, axis, *edges[i : i + 2]) for i in range(len(edges) - 1)]

    def _pad(self, x: _Value, sides: Sequence[int], mode: str = "constant", value: float | int | None = None) -> _Value:
        if not any(sides):
            return x
        if mode != "constant" or len(sides) != 4:
            raise self._unknown("padding that is no frame")
        left, right, top, bottom = sides
        *_, channels, height, width = x.shape
        shape = (1, channels, height + top + bottom, width + left + right)
        frame = {"before": [channels, height, width], "sides": list(sides), "fill": value or 0.0}
        return self._step("pad", [x], shape, **frame)

    def _one_hot(self, label: _Value, classes: int) -> _Value:
        return self._step("one-hot", [label], (*label.shape, classes))

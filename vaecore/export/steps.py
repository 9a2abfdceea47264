"""Recorded operations, one after the other, as steps on flat arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from inspect import signature
from itertools import accumulate
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.fx import Node

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


def unknown(what: str) -> NotExportable:
    """The error that names what a page cannot run."""
    kinds = "linear, convolution, normalisation, activation, reshape, concatenation and label"
    return NotExportable(f"a page cannot run {what!r}: it knows {kinds}. The server can.")


@dataclass(frozen=True)
class Value:
    """What is known only when the page runs: a number for it, and the shape that torch gives it, with one row."""

    index: int
    shape: tuple[int, ...]


Operand = Value | Tensor | float | int


class Blob:
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
        """All of them, little-endian."""
        return b"".join(self._places)


class Writer:
    """Turns recorded operations into steps, one after the other."""

    def __init__(self, inputs: Sequence[tuple[int, ...]]) -> None:
        self.steps: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.inputs = [self._value(shape) for shape in inputs]

    def write(self, node: Node, args: tuple[Any, ...], options: dict[str, Any]) -> object:
        """The value of a recorded operation: a tensor if it depends on parameters alone, a step's result otherwise."""
        inside = [each for part in args for each in (part if isinstance(part, list | tuple) else [part])]
        if not any(isinstance(each, Value) for each in inside):
            return node.target(*args, **options)  # type: ignore[operator]
        name = getattr(node.target, "__name__", str(node.target)).split(".")[0]
        if name in SAME_NUMBERS:
            result = node.meta["val"]
            if result.numel() != prod(args[0].shape):
                raise unknown(f"{name} to more numbers")
            return Value(args[0].index, tuple(result.shape))
        write = partial(self._map, name) if name in MAPS else getattr(self, f"_op_{name}", None)
        if write is None:
            raise unknown(name)
        try:
            signature(write).bind(*args, **options)
        except TypeError:
            raise unknown(f"{name} with these options") from None
        return write(*args, **options)

    def finish(self, outputs: dict[str, int], blob: Blob) -> dict[str, Any]:
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

    def as_value(self, value: Operand) -> Value:
        """The value, by a step if it is a tensor."""
        if isinstance(value, Value):
            return value
        value = torch.as_tensor(value, dtype=torch.float32)
        return self._step("constant", [], value.shape, value=value)

    def _value(self, shape: Sequence[int]) -> Value:
        self.sizes.append(prod(shape))
        return Value(len(self.sizes) - 1, tuple(shape))

    def _step(self, op: str, of: Sequence[Value], shape: Sequence[int], **more: object) -> Value:
        result = self._value(shape)
        self.steps.append({"op": op, "from": [value.index for value in of], "to": result.index, **more})
        return result

    def _op_getitem(self, values: Sequence[Value], index: int) -> Value:
        return values[index]

    def _map(self, function: str, x: Operand, *by: Operand, approximate: str = "none") -> Value:
        numbers = all(isinstance(each, float | int) for each in by)
        if not isinstance(x, Value) or not numbers or approximate != "none" or (function == "softplus" and by):
            raise unknown(f"{function} with these options")
        by = by or ((0.01,) if function == "leaky_relu" else ())
        return self._step("map", [x], x.shape, function=function, **({"by": by[0]} if by else {}))

    def _op_linear(self, x: Value, weight: Tensor, bias: Tensor | None = None) -> Value:
        if prod(x.shape[:-1]) != 1:
            raise unknown("linear over several rows")
        bias = torch.zeros(len(weight)) if bias is None else bias
        return self._step("linear", [x], (*x.shape[:-1], len(weight)), weight=weight, bias=bias)

    def _op_matmul(self, x: Value, weight: Tensor) -> Value:
        return self._op_linear(x, weight.T)

    _op_mm = _op_matmul

    def _op_batch_norm(
        self,
        x: Value,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        training: bool,
        momentum: float,
        epsilon: float,
        *_: object,
    ) -> Value:
        """Folded into the layer before: scale (W x + b - mean) + shift."""
        layer = next((step for step in self.steps if step["to"] == x.index and step["op"] == "linear"), None)
        if layer is None or training:
            raise unknown("a normalisation that follows no linear layer")
        scale = weight * (variance + epsilon).rsqrt()
        folded = {"weight": layer["weight"] * scale[:, None], "bias": (layer["bias"] - mean) * scale + bias}
        return self._step("linear", [Value(layer["from"][0], ())], x.shape, **folded)

    def _op_conv2d(
        self,
        x: Value,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Sequence[int] = (1, 1),
        padding: Sequence[int] = (0, 0),
        dilation: Sequence[int] = (1, 1),
        groups: int = 1,
    ) -> Value:
        kernel = weight.shape[2:]
        sides = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip(x.shape[2:], padding, kernel, stride, strict=True)]
        after, places = (len(weight), *sides), {"kernel": kernel, "stride": stride, "padding": padding}
        return self._convolve("convolution", x, after, weight.flatten(1), bias, places, dilation, groups)

    def _op_conv_transpose2d(
        self,
        x: Value,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Sequence[int] = (1, 1),
        padding: Sequence[int] = (0, 0),
        output_padding: Sequence[int] = (0, 0),
        groups: int = 1,
        dilation: Sequence[int] = (1, 1),
    ) -> Value:
        kernel = weight.shape[2:]
        sizes = zip(x.shape[2:], padding, kernel, stride, output_padding, strict=True)
        sides = [(n - 1) * s - 2 * p + k + more for n, p, k, s, more in sizes]
        after, places = (weight.shape[1], *sides), {"kernel": kernel, "stride": stride, "padding": padding}
        return self._convolve("transposed", x, after, weight.flatten(1).T, bias, places, dilation, groups)

    def _convolve(
        self,
        op: str,
        x: Value,
        after: tuple[int, ...],
        weight: Tensor,
        bias: Tensor | None,
        places: dict[str, Sequence[int]],
        dilation: Sequence[int],
        groups: int,
    ) -> Value:
        if groups != 1 or tuple(dilation) != (1, 1):
            raise unknown("a convolution in groups, or a dilated one")
        more = {key: list(value) for key, value in places.items()} | {"before": list(x.shape[1:]), "after": list(after)}
        bias = torch.zeros(after[0]) if bias is None else bias
        return self._step(op, [x], (1, *after), weight=weight.contiguous(), bias=bias, **more)

    def _combine(self, function: str, one: Operand, other: Operand) -> Value:
        shape = torch.broadcast_shapes(*(getattr(each, "shape", ()) for each in (one, other)))
        both = []
        for each in (one, other):
            if not isinstance(each, Value):
                each = self.as_value(torch.as_tensor(each, dtype=torch.float32).expand(shape))
            if prod(each.shape) != prod(shape):
                raise unknown(f"{function} of {each.shape} spread over {tuple(shape)}")
            both.append(each)
        return self._step("combine", both, shape, function=function)

    def _op_add(self, one: Operand, other: Operand, **scaled: object) -> Value:
        return self._sum("add", one, other, scaled)

    def _op_sub(self, one: Operand, other: Operand, **scaled: object) -> Value:
        return self._sum("sub", one, other, scaled)

    def _sum(self, function: str, one: Operand, other: Operand, scaled: dict[str, object]) -> Value:
        if scaled:
            raise unknown("a scaled sum")
        return self._combine(function, one, other)

    def _op_mul(self, one: Operand, other: Operand) -> Value:
        return self._combine("mul", one, other)

    def _op_div(self, one: Operand, other: Operand) -> Value:
        return self._combine("div", one, other)

    def _op_cat(self, parts: Sequence[Operand], axis: int = 0) -> Value:
        values = [self.as_value(part) for part in parts]
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        return self._step("concat", values, shape, outer=prod(shape[: axis % len(shape)]))

    def _op_slice(
        self, x: Value, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
    ) -> Value:
        size, axis = x.shape[axis], axis % len(x.shape)
        first, last, step = slice(start, end, step).indices(size)
        if step != 1:
            raise unknown("every other number of a slice")
        if (first, last) == (0, size):
            return x
        inner = prod(x.shape[axis + 1 :])
        shape = (*x.shape[:axis], last - first, *x.shape[axis + 1 :])
        places = {"outer": prod(x.shape[:axis]), "start": first * inner, "length": (last - first) * inner}
        return self._step("slice", [x], shape, **places)

    def _op_chunk(self, x: Value, chunks: int, axis: int = 0) -> list[Value]:
        size = -(-x.shape[axis] // chunks)
        return self._op_tensor_split(x, list(range(size, x.shape[axis], size)), axis)

    def _op_tensor_split(self, x: Value, indices: Sequence[int], axis: int = 0) -> list[Value]:
        edges = [0, *indices, x.shape[axis]]
        return [self._op_slice(x, axis, *edges[i : i + 2]) for i in range(len(edges) - 1)]

    def _op_split_with_sizes(self, x: Value, sizes: Sequence[int], axis: int = 0) -> list[Value]:
        return self._op_tensor_split(x, list(accumulate(sizes[:-1])), axis)

    def _op_pad(
        self, x: Value, sides: Sequence[int], mode: str = "constant", value: float | int | None = None
    ) -> Value:
        if not any(sides):
            return x
        if mode != "constant" or len(sides) != 4:
            raise unknown("padding that is no frame")
        left, right, top, bottom = sides
        *_, channels, height, width = x.shape
        shape = (1, channels, height + top + bottom, width + left + right)
        frame = {"before": [channels, height, width], "sides": list(sides), "fill": value or 0.0}
        return self._step("pad", [x], shape, **frame)

    def _op_one_hot(self, label: Value, classes: int) -> Value:
        return self._step("one-hot", [label], (*label.shape, classes))

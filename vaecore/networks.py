"""Networks: tensor in, tensor out. They know of no distribution, but that processes may share a batch."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import prod
from typing import cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import linear, one_hot, pad

from vaecore.distributions import batch_mean, world


class Tanh(nn.Tanh):
    """tanh(x), on the CPU without a gradient by way of 2 sigmoid(2 x) - 1: within 2e-7, in a fifth of torch's time."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape as the input."""
        if torch.is_grad_enabled() or input.device.type != "cpu" or input.dtype != torch.float32:
            return super().forward(input)
        return input.mul(2).sigmoid_().mul_(2).sub_(1)


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "gelu": nn.GELU,
    "leaky": partial(nn.LeakyReLU, 0.1),
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": Tanh,
    "identity": nn.Identity,
}


class RowNorm(nn.BatchNorm1d):
    """Batch normalisation of rows of features, whatever stands before them: draws, batch."""

    def forward(self, input: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch features"]:
        """Every feature over all rows: mean zero and variance one, then a scale and a shift that are learned."""
        rows = input.reshape(-1, input.shape[-1])
        together = self.training and world() > 1
        return (self._over_all_processes(rows) if together else super().forward(rows)).reshape(input.shape)

    def _over_all_processes(self, rows: Float[Tensor, "rows features"]) -> Float[Tensor, "rows features"]:
        """The same over the rows of all processes that share the batch: torch does this on a GPU only."""
        rows = rows.float()
        mean = batch_mean(rows)
        variance = batch_mean((rows - mean).square())
        count, own = len(rows) * world(), cast("float", self.momentum)
        with torch.no_grad():
            cast("Tensor", self.running_mean).lerp_(mean, own)
            cast("Tensor", self.running_var).lerp_(variance * count / (count - 1), own)
            cast("Tensor", self.num_batches_tracked).add_(1)
        return (rows - mean) * (variance + self.eps).rsqrt() * self.weight + self.bias


def hidden_layers(inputs: int, widths: tuple[int, ...], activation: str, normalise: bool = False) -> list[nn.Module]:
    """Linear layers, each with an activation behind it, and with batch normalisation before that if asked for."""
    layers: list[nn.Module] = []
    for i, o in pairwise((inputs, *widths)):
        layers += [nn.Linear(i, o), *([RowNorm(o)] if normalise else []), ACTIVATIONS[activation]()]
    return layers


class MLP(nn.Sequential):
    """Hidden layers and a last linear one. `hidden=()` is one linear map."""

    def __init__(
        self, inputs: int, hidden: tuple[int, ...], outputs: int, activation: str, normalise: bool = False
    ) -> None:
        before = hidden_layers(inputs, hidden, activation, normalise)
        super().__init__(*before, nn.Linear(hidden[-1] if hidden else inputs, outputs))

    @property
    def linear(self) -> list[nn.Linear]:
        """The layers with weights, first to last."""
        return [layer for layer in self if isinstance(layer, nn.Linear)]

    @property
    def output_bias(self) -> nn.Parameter:
        """What is added last."""
        return self.linear[-1].bias


class Transposed(nn.Module):
    """An MLP run backwards: the same weight matrices transposed, biases of its own (tied weights)."""

    def __init__(self, network: MLP, activation: str) -> None:
        super().__init__()
        self._forwards = (network,)  # in a tuple: its weights belong to the encoder and are kept once
        self.activation = ACTIVATIONS[activation]()
        inputs = [layer.in_features for layer in network.linear]
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(size)) for size in reversed(inputs))

    def forward(self, z: Float[Tensor, "*batch outputs"]) -> Float[Tensor, "*batch inputs"]:
        """W_1' a(W_2' a(... W_L' z + c_L ...) + c_2) + c_1."""
        (network,) = self._forwards
        for depth, (layer, bias) in enumerate(zip(reversed(network.linear), self.biases, strict=True)):
            z = linear(self.activation(z) if depth else z, layer.weight.T, bias)
        return z

    @property
    def output_bias(self) -> nn.Parameter:
        """What is added last."""
        return cast("nn.Parameter", self.biases[-1])


class ConvEncoder(nn.Module):
    """Convolutions that halve each side, then an MLP: from a row of pixels (and what stands behind them) to numbers.

    Sides that cannot be halved so often are padded with black first.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        channels: tuple[int, ...],
        hidden: tuple[int, ...],
        outputs: int,
        activation: str,
        extra: int = 0,
    ) -> None:
        super().__init__()
        self.shape = shape
        height, width = _small(shape, len(channels))
        factor = 2 ** len(channels)
        self.margin = (0, width * factor - shape[2], 0, height * factor - shape[1])
        layers = [
            layer
            for i, o in pairwise((shape[0], *channels))
            for layer in (nn.Conv2d(i, o, 4, stride=2, padding=1), ACTIVATIONS[activation]())
        ]
        self.convolutions = nn.Sequential(*layers)
        self.head = MLP(channels[-1] * height * width + extra, hidden, outputs, activation)

    def forward(self, rows: Float[Tensor, "batch pixels_and_extra"]) -> Float[Tensor, "batch outputs"]:
        """Numbers for every row."""
        x, extra = rows.tensor_split([prod(self.shape)], 1)
        maps = self.convolutions(pad(x.unflatten(1, self.shape), self.margin))
        return self.head(torch.cat([maps.flatten(1), extra], 1))


class ConvDecoder(nn.Module):
    """An MLP, then transposed convolutions that double each side: from codes to rows of pixels.

    The mirror of `ConvEncoder`: what was padded is cut off. The last bias is one number for each pixel.
    """

    def __init__(
        self,
        inputs: int,
        hidden: tuple[int, ...],
        channels: tuple[int, ...],
        shape: tuple[int, int, int],
        activation: str,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.small = (channels[0], *_small(shape, len(channels)))
        self.stem = MLP(inputs, hidden, prod(self.small), activation)
        layers: list[nn.Module] = [ACTIVATIONS[activation]()]
        for i, o in pairwise(channels):
            layers += [nn.ConvTranspose2d(i, o, 4, stride=2, padding=1), ACTIVATIONS[activation]()]
        last = nn.ConvTranspose2d(channels[-1], shape[0], 4, stride=2, padding=1, bias=False)
        self.convolutions = nn.Sequential(*layers, last)
        self.output_bias = nn.Parameter(torch.zeros(prod(shape)))

    def forward(self, z: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch pixels"]:
        """A row of pixels for every code."""
        _, height, width = self.shape
        maps = self.convolutions(self.stem(z).reshape(-1, *self.small))[..., :height, :width]
        return maps.reshape(*z.shape[:-1], prod(self.shape)) + self.output_bias


def _small(shape: tuple[int, int, int], halvings: int) -> tuple[int, int]:
    """Height and width after so many halvings of the padded image."""
    return -(-shape[1] // 2**halvings), -(-shape[2] // 2**halvings)


class MaskedLinear(nn.Linear):
    """A linear layer in which some weights are held at zero: where the mask is."""

    mask: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.register_buffer("mask", torch.ones(outputs, inputs), persistent=False)

    def forward(self, input: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """(mask * W) x + b."""
        return linear(input, self.mask * self.weight, self.bias)


class MaskedMLP(nn.Sequential):
    """An MLP in which output i sees only the inputs before i in an order, and all of a context (MADE).

    Two outputs for each input. With `backwards` the order is the reverse of the inputs'.
    Source: Germain, Gregor, Murray & Larochelle 2015.
    """

    def __init__(
        self, inputs: int, hidden: tuple[int, ...], context: int, activation: str, backwards: bool = False
    ) -> None:
        masked = [MaskedLinear(i, o) for i, o in pairwise((inputs + context, *hidden, 2 * inputs))]
        layers = [layer for linear in masked for layer in (linear, ACTIVATIONS[activation]())]
        super().__init__(*layers[:-1])
        if masked[0].weight.is_meta:  # only the shapes are asked for
            return
        order = torch.arange(inputs, 0, -1) if backwards else torch.arange(1, inputs + 1)
        # A hidden unit of degree d sees the inputs up to the d-th, the context is of degree 0.
        degrees = [torch.cat([order, torch.zeros(context)]), *(torch.arange(width) % inputs for width in hidden)]
        seen = [after[:, None] >= before for before, after in pairwise(degrees)]
        for layer, mask in zip(masked, [*seen, order.repeat(2)[:, None] > degrees[-1]], strict=True):
            layer.mask.copy_(mask)

    @property
    def output_bias(self) -> nn.Parameter:
        """What is added last."""
        return cast("MaskedLinear", self[-1]).bias

    def given(
        self, context: Float[Tensor, "batch context"], z: Float[Tensor, "*samples batch inputs"]
    ) -> tuple[Float[Tensor, "*samples batch inputs"], Float[Tensor, "*samples batch inputs"]]:
        """The two outputs for each input."""
        first, second = self(torch.cat([z, context.expand(*z.shape[:-1], -1)], -1)).to(z.dtype).chunk(2, -1)
        return first, second


def with_label(
    features: Float[Tensor, "*samples batch features"], label: Int64[Tensor, "batch"], classes: int
) -> Float[Tensor, "*samples batch features_and_classes"]:
    """Features and the one-hot label side by side."""
    hot = one_hot(label, classes).to(features.dtype)
    return torch.cat([features, hot.expand(*features.shape[:-1], classes)], dim=-1)

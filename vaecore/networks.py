"""Networks: tensor in, tensor out. They know nothing of distributions."""

from itertools import pairwise
from typing import cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import linear, one_hot

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "identity": nn.Identity,
}


class MLP(nn.Sequential):
    """Linear layers with an activation between them; none after the last. `hidden=()` is one linear map."""

    def __init__(self, inputs: int, hidden: tuple[int, ...], outputs: int, activation: str) -> None:
        widths = (inputs, *hidden, outputs)
        layers = [layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), ACTIVATIONS[activation]())]
        super().__init__(*layers[:-1])

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


def with_label(
    features: Float[Tensor, "*samples batch features"], label: Int64[Tensor, "batch"], classes: int
) -> Float[Tensor, "*samples batch features_and_classes"]:
    """Features and the one-hot label side by side."""
    hot = one_hot(label, classes).to(features.dtype)
    return torch.cat([features, hot.expand(*features.shape[:-1], classes)], dim=-1)

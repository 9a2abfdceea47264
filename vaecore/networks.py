"""Networks: tensor in, tensor out. They know nothing of distributions."""

from itertools import pairwise
from typing import cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import one_hot

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
    def last(self) -> nn.Linear:
        """The output layer."""
        return cast("nn.Linear", self[-1])


def with_label(
    features: Float[Tensor, "*samples batch features"], label: Int64[Tensor, "batch"], classes: int
) -> Float[Tensor, "*samples batch features_and_classes"]:
    """Features and the one-hot label side by side."""
    hot = one_hot(label, classes).to(features.dtype)
    return torch.cat([features, hot.expand(*features.shape[:-1], classes)], dim=-1)

"""How few units are on, and for how few images."""

import torch
from jaxtyping import Float
from torch import Tensor


def sparseness(activity: Float[Tensor, "*rows values"]) -> Float[Tensor, "*rows"]:
    """(1 - mean(a)^2 / mean(a^2)) / (1 - 1/n) of n magnitudes: 0 if all are equal, 1 if all but one are zero.

    Along images it is a unit's lifetime sparseness, along units an image's population sparseness; 0 where all are 0.
    Source: Vinje & Gallant 2000, after Rolls & Tovee 1995.
    """
    n = activity.shape[-1]
    magnitude = activity.abs().double()
    square = magnitude.square().mean(-1)
    share = torch.where(square > 0, magnitude.mean(-1).square() / square.clamp(min=torch.finfo(square.dtype).tiny), 1.0)
    return ((1 - share) / (1 - 1 / n) if n > 1 else torch.zeros_like(share)).float()

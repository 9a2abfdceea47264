"""Corruption: what a denoising autoencoder is shown in place of the image."""

from typing import Literal, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vaecore.distributions import standard_normal, uniform

Corruption = Literal["none", "masking", "gaussian", "salt and pepper"]
KINDS: tuple[Corruption, ...] = get_args(Corruption)


def corrupt(
    x: Float[Tensor, "batch *event"], kind: Corruption, level: float, generator: torch.Generator | None = None
) -> tuple[Float[Tensor, "batch *event"], Bool[Tensor, "batch *event"]]:
    """x~ and which of its entries were touched.

    masking: each entry is set to 0 with probability `level` (the paper masks a fixed number). gaussian: N(0, level^2)
    is added to every entry; nothing is clipped. salt and pepper: each entry is set, with probability `level`, to 0 or
    1 by the toss of a coin.
    Source: Vincent, Larochelle, Lajoie, Bengio & Manzagol 2010, section 3.3.

    Raises:
        ValueError: an unknown kind, a negative level, or a probability above 1.
    """
    check_level(kind, level)
    if kind == "none":
        return x, torch.zeros_like(x, dtype=torch.bool)
    if kind == "gaussian":
        return x + level * standard_normal(x, generator=generator), torch.ones_like(x, dtype=torch.bool)
    u = uniform(x, generator)
    touched = u < level
    if kind == "masking":
        return x.masked_fill(touched, 0.0), touched
    return torch.where(touched, (u < level / 2).to(x.dtype), x), touched  # u is even on [0, level): a fair coin


def check_level(kind: Corruption, level: float) -> None:
    """Refuse a level that the kind of noise cannot have.

    Raises:
        ValueError: an unknown kind, a negative level, or a probability above 1.
    """
    if kind not in KINDS:
        raise ValueError(f"expected a corruption of {', '.join(KINDS)}, got {kind!r}")
    if not level >= 0 or (level > 1 and kind != "gaussian"):
        raise ValueError(f"{kind}: expected a level {'>= 0' if kind == 'gaussian' else 'from 0 to 1'}, got {level}")

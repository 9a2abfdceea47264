"""Codes of one model: their quantiles, the dimensions that are used, a plane of them decoded."""

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from vaecore.serving.explorer import Explorer

EDGE = 0.02
PERCENTS = 101
UNUSED = 0.05  # of the largest spread of a dimension's training codes


def percentiles(explorer: Explorer) -> Float32[ndarray, "101 latent"]:
    """The code at 0, 1, ..., 100 percent of each dimension's prior or training codes; the ends are 0.5 and 99.5."""
    return explorer.quantiles(np.linspace(0, 1, PERCENTS).clip(0.005, 0.995))


def used_first(explorer: Explorer) -> list[int]:
    """The dimensions in their order, those that the model leaves unused at the end.

    A variational autoencoder leaves the dimensions that it does not need at the prior: their means hardly move.
    """
    kept = explorer.card.get("codes")
    if kept is None:
        return list(range(explorer.latent))
    spread = np.asarray(kept["quantiles"])[:, : explorer.latent].std(axis=0)
    return np.argsort(spread < UNUSED * spread.max(), kind="stable").tolist()


def manifold(explorer: Explorer, side: int, label: int | None = None) -> Float32[ndarray, "side side c h w"]:
    """A plane of codes, decoded on a grid even in the quantiles (2 % to 98 %): z1 to the right, z2 upwards.

    Raises:
        ValueError: the latent is not two-dimensional, or `side` is below 1.
    """
    if explorer.latent != 2 or side < 1:
        raise ValueError(f"expected a 2-D model and side >= 1, got {explorer.name} ({explorer.latent}-D) and {side}")
    levels = np.linspace(EDGE, 1 - EDGE, side)
    z1, z2 = explorer.quantiles(levels).T
    codes = np.stack(np.meshgrid(z1, z2[::-1]), axis=-1).reshape(-1, 2)
    labels = None if label is None else np.full(len(codes), label)
    return explorer.decode(codes, labels).reshape(side, side, *explorer.shape)


def without_density(explorer: Explorer, n: int, temperature: float = 1.0, seed: int = 0) -> Float32[ndarray, "n c h w"]:
    """Images decoded from codes of N(0, temperature^2 I), whatever the model's codes are like: what a prior is for."""
    codes = np.random.default_rng(seed).standard_normal((n, explorer.latent), dtype=np.float32)
    return explorer.decode(temperature * codes)

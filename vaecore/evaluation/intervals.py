"""How far a figure may be from what other test images would give: standard errors, and which images a subset has."""

from collections.abc import Callable
from math import isfinite, nan, sqrt
from typing import Any

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor

GROUPS = 20  # of a jackknife
SUBSET_SEED = 0

Metrics = dict[str, Any]


def drawn(count: int, most: int) -> Int64[Tensor, "n"]:
    """Which rows a subset of at most `most` has: those of a seeded permutation, in their order, for every model alike.

    Files are in an order of their own: the first half of MNIST's test images was written by others than the second.
    """
    return torch.randperm(count, generator=torch.Generator().manual_seed(SUBSET_SEED))[:most].sort().values


def standard_error(values: Float[Tensor, "n *rest"]) -> Float[Tensor, "*rest"]:
    """Of the mean of independent values: their deviation over the root of their number; zero for one value."""
    return values.double().std(0, correction=int(len(values) > 1)) / sqrt(len(values))


def figure(name: str, value: float, error: float) -> Metrics:
    """A figure and its standard error, where that is a number."""
    return {name: value} | ({f"{name}_error": error} if isfinite(error) else {})


def averaged(name: str, values: Float[Tensor, "n"]) -> Metrics:
    """The mean of a figure over images, and its standard error, where there are two images to tell it from."""
    return figure(name, float(values.double().mean()), float(standard_error(values)) if len(values) > 1 else nan)


def listed(name: str, values: Float[Tensor, "n figures"]) -> Metrics:
    """The means over images of several figures at once, and the standard error of each."""
    return {name: rounded(values.double().mean(0)), f"{name}_error": rounded(standard_error(values))}


def share(name: str, found: float, count: int) -> Metrics:
    """A share of independent images, and its standard error sqrt(p (1 - p) / n)."""
    return figure(name, found, sqrt(max(0.0, found * (1 - found)) / count))


def jackknifed(name: str, statistic: Callable[[Tensor], Float[Tensor, ""]], rows: Shaped[Tensor, "n ..."]) -> Metrics:
    """Any statistic of images, and its standard error, where there are enough to tell it from."""
    return figure(name, float(statistic(rows)), float(jackknife(statistic, rows)) if len(rows) > 1 else nan)


def left_out_error(left: Float[Tensor, "groups *figures"]) -> Float[Tensor, "*figures"]:
    """The jackknife's standard error, from a statistic of all but each of some groups of equal size."""
    return ((len(left) - 1) * left.double().var(0, correction=0)).sqrt()


def jackknife(
    statistic: Callable[[Tensor], Float[Tensor, "*figures"]], rows: Shaped[Tensor, "n ..."]
) -> Float[Tensor, "*figures"]:
    """The standard error of any statistic of independent rows, by leaving out one of twenty groups at a time.

    sqrt((G - 1)/G sum_g (t_g - mean t)^2), t_g the statistic of all rows but the g-th, g+G-th, ... one. Of a mean it
    is the usual standard error in expectation. Source: Efron & Tibshirani 1993, chapter 11; Shao & Wu 1989 for groups.
    """
    groups = min(GROUPS, len(rows))
    index = torch.arange(len(rows)) % groups
    return left_out_error(torch.stack([statistic(rows[index != group]) for group in range(groups)]))


def rounded(values: Float[Tensor, "n"], digits: int = 4) -> list[float]:
    """Numbers as a card keeps a list of them."""
    return [round(value, digits) for value in values.tolist()]

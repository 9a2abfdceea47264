"""How good generated images are, in the eyes of judges that never saw the model."""

from collections.abc import Mapping
from math import sqrt
from statistics import fmean
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from vaecore.evaluation.intervals import GROUPS, Metrics, figure, jackknife, left_out_error, standard_error
from vaecore.evaluation.judges import spread

NEIGHBOURS = 5
SHARES = ("accuracy", "coverage")  # which judges disagree on in log odds; on others in logarithms


class Covering(NamedTuple):
    """The balls around each real point that reach to its k-th real neighbour, and the fake points in them.

    Attributes:
        groups: how many of each of twenty groups of fake points are in each ball.
        balls: in how many balls each fake point is.
    """

    groups: Int64[Tensor, "n groups"]
    balls: Int64[Tensor, "m"]


def covering(real: Float[Tensor, "n features"], fake: Float[Tensor, "m features"], k: int = NEIGHBOURS) -> Covering:
    """Which fake points are in which balls, counted.

    Raises:
        ValueError: there are not more than `k` real points.
    """
    if len(real) <= k:
        raise ValueError(f"coverage and density need more than {k} real images, got {len(real)}")
    member = torch.nn.functional.one_hot(torch.arange(len(fake)) % GROUPS, GROUPS).float()
    groups, balls = [], torch.zeros(len(fake), dtype=torch.int64)
    for rows in real.split(1000):
        radius = torch.cdist(rows, real).kthvalue(k + 1, dim=1, keepdim=True).values  # the nearest is the point itself
        within = torch.cdist(rows, fake) <= radius
        groups.append((within.float() @ member).long())
        balls += within.sum(0)
    return Covering(torch.cat(groups), balls)


def coverage(found: Covering) -> tuple[float, float]:
    """The share of balls that have a fake point in them (Naeem, Oh, Uh, Choi & Yoo 2020), and its standard error."""
    every = found.groups.sum(1, keepdim=True)
    covered = (every > 0).double()
    without = ((every - found.groups) > 0).double().mean(0)  # one group of the fake points
    error = (standard_error(covered).square() + left_out_error(without).square()).sqrt()
    return float(covered.mean()), float(error)


def density(found: Covering, k: int = NEIGHBOURS) -> tuple[float, float]:
    """How many balls a fake point lies in, over k (Naeem et al. 2020), and its standard error."""
    of_fake, of_real = found.balls.double() / k, found.groups.sum(1).double() / k
    scale = len(of_real) / len(of_fake)
    error = (standard_error(of_fake).square() + (scale * standard_error(of_real)).square()).sqrt()
    return float(of_fake.mean()), float(error)


def frechet_distance(a: Float[Tensor, "n features"], b: Float[Tensor, "m features"]) -> float:
    """||mean_a - mean_b||^2 + tr(C_a + C_b - 2 (C_a^1/2 C_b C_a^1/2)^1/2) of the Gaussians fitted to a and b.

    It depends on how many rows there are: compare at equal n only. Source: Dowson & Landau 1982; Heusel et al. 2017.
    """
    a, b = a.double(), b.double()
    covariances = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(covariances[0])
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ covariances[1] @ root).clamp(min=0).sqrt().sum()
    shift = (a.mean(0) - b.mean(0)).square().sum()
    return max(0.0, float(shift + covariances[0].trace() + covariances[1].trace() - 2 * cross))


def frechet(real: Float[Tensor, "n features"], fake: Float[Tensor, "m features"]) -> tuple[float, float]:
    """The Frechet distance, and its standard error over both, each by the jackknife."""
    of_real = jackknife(lambda rows: torch.tensor(frechet_distance(rows, fake)), real)
    of_fake = jackknife(lambda rows: torch.tensor(frechet_distance(real, rows)), fake)
    return frechet_distance(real, fake), float((of_real.square() + of_fake.square()).sqrt())


def right(said: Int64[Tensor, "n"], target: Int64[Tensor, "n"]) -> tuple[float, float]:
    """The share that are of their class, and its standard error."""
    same = (said == target).double()
    return float(same.mean()), float(standard_error(same))


def by_judges(name: str, found: Mapping[str, tuple[float, float]], kind: str) -> Metrics:
    """A figure and its standard error by each judge, and their mean.

    The error of the mean is that of what one more judge of this kind would find: judges differ by more than chance
    among images does. Of `kind` is how far apart they are known to be.
    """
    metrics: Metrics = {}
    for judge, (value, error) in found.items():
        metrics |= figure(f"{name}_{judge}", value, error)
    mean = fmean(value for value, _ in found.values())
    unit = mean * (1 - mean) if kind in SHARES else mean
    known = spread()
    apart = unit * known.get(name, known.get(kind, 0.0))
    chance = fmean(error**2 for _, error in found.values())
    return figure(name, mean, sqrt(chance + apart**2 * (1 + 1 / len(found)))) | metrics

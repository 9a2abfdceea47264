"""Directions along which codes are walked: where real ones vary most, or the noise of each level of a hierarchy.

>>> import numpy as np
>>> codes = np.random.default_rng(0).normal(size=(500, 3), scale=(1, 3, 0.1)).astype(np.float32)
>>> abs(principal(codes, 2).directions).round(1).tolist()
[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Float64
from numpy import ndarray

from vaecore.data import dataset
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_codes
from vaecore.serving.studies import levels
from vaecore.serving.studies.codes import percentiles

IMAGES = 2000  # whose codes say where codes lie
PERCENTS = np.arange(101)
LOW, HIGH = 1.0, 99.0  # percents that a slider has
TENTHS = 1  # decimals of a percent
EMPTY = 1e-9  # of the first direction's variance: no direction at all
CORRELATED = 0.2  # largest correlation: 2,000 codes of independent numbers stay below half of it
UNUSED = 0.05  # of the largest spread of a number


@dataclass(frozen=True, eq=False)
class Axes:
    """Directions through codes (or through noise), and how far along each of them is usual.

    Attributes:
        directions: orthonormal, [k, latent].
        quantiles: the place z . direction at 0, 1, ..., 100 percent, [101, k].
        shares: of the variance of all codes, by direction, [k]; of a level, of that of its noise.
        levels: of which each direction is, 0 being the one next to the image; empty where there are none.
    """

    directions: Float32[ndarray, "k latent"]
    quantiles: Float64[ndarray, "101 k"]
    shares: Float64[ndarray, "k"]
    levels: tuple[int, ...] = ()

    def home(self, base: Float32[ndarray, "latent"]) -> Float64[ndarray, "k"]:
        """Where a code stands along each direction, in percent; at an end of the sliders where it lies beyond it."""
        places = self.directions.astype(np.float64) @ base
        found = [np.interp(*each) for each in zip(places, self.quantiles.T, [PERCENTS] * len(places), strict=True)]
        return np.round(np.clip(found, LOW, HIGH), TENTHS)

    def steps(self, base: Float32[ndarray, "latent"]) -> Float64[ndarray, "101 k"]:
        """How far each percent of a direction is from where a code stands."""
        own = [np.interp(at, PERCENTS, column) for at, column in zip(self.home(base), self.quantiles.T, strict=True)]
        return self.quantiles - np.array(own)

    def moved(self, base: Float32[ndarray, "latent"], percents: Mapping[int, float]) -> Float32[ndarray, "latent"]:
        """A code, moved along some directions to percents: base + sum_j (q_j(percent_j) - q_j(home_j)) v_j."""
        steps = self.steps(base)
        amounts = [np.interp(at, PERCENTS, steps[:, index]) for index, at in percents.items()]
        return along(base, self.directions[list(percents)], np.array(amounts))


def along(
    base: Float32[ndarray, "latent"] | Float64[ndarray, "latent"],
    directions: Float32[ndarray, "k latent"] | Float64[ndarray, "k latent"],
    amounts: Float64[ndarray, "k"],
) -> Float32[ndarray, "latent"]:
    """A code, moved so far along each direction: base + sum_j a_j v_j."""
    return (base + amounts @ directions).astype(np.float32)


def training_codes(explorer: Explorer, count: int = IMAGES, seed: int = 0) -> Float32[ndarray, "n latent"]:
    """Codes of training images that a seed draws by a permutation; of all where there are fewer than `count`.

    Raises:
        ValueError: the data set cannot be had.
    """
    train = dataset(explorer.dataset, "train")
    index = np.random.default_rng(seed).permutation(len(train))[:count]
    rows = train.rows(torch.from_numpy(index))
    return explorer.encode(rows.images, explorer.told(rows.labels))


def numbers(explorer: Explorer) -> Axes:
    """Every number of a code by itself, with the quantiles of its prior or of the training codes."""
    unit = np.eye(explorer.latent, dtype=np.float32)
    return Axes(unit, percentiles(explorer).astype(np.float64), np.full(explorer.latent, np.nan))


def principal(codes: Float32[ndarray, "n latent"], count: int) -> Axes:
    """The directions in which codes vary most, at most `count`, with the quantiles of the codes along them.

    v_1, v_2, ... are the leading eigenvectors of the covariance; the largest entry of each is positive.

    Raises:
        ValueError: codes that are not finite.
    """
    real = as_codes(codes, np.shape(codes)[-1], "principal").double().numpy()
    directions, shares = _leading(real, count)
    return Axes(directions.astype(np.float32), np.percentile(real @ directions.T, PERCENTS, axis=0), shares)


def correlated(codes: Float32[ndarray, "n latent"]) -> bool:
    """Whether the numbers of codes go together, so that one of them alone, moved, leaves the real codes.

    Numbers that do not, those of PCA and of most VAEs, are the principal directions themselves.
    """
    spread = codes.std(0)
    used = codes[:, spread > UNUSED * spread.max()].astype(np.float64)
    if used.shape[1] < 2:
        return False
    found = np.corrcoef(used.T) - np.eye(used.shape[1])
    return bool(np.abs(found).max() > CORRELATED)


def of_levels(explorer: Explorer, codes: Float32[ndarray, "n latent"], count: int) -> Axes:
    """The directions in which the noise behind real codes varies most, at most `count` of each level, the top first.

    Their quantiles are those of N(0, 1), of which the prior draws noise along any direction.

    Raises:
        ValueError: the model is no hierarchy.
    """
    noise = levels.noise_of(explorer, codes).astype(np.float64)
    sizes = levels.sizes(explorer)
    directions, shares, owners = [], [], []
    for level in range(len(sizes))[::-1]:
        begin = sum(sizes[:level])
        found, parts = _leading(noise[:, begin : begin + sizes[level]], count)
        directions.append(np.pad(found, ((0, 0), (begin, explorer.latent - begin - sizes[level]))))
        shares.append(parts)
        owners += [level] * len(found)
    normal = torch.special.ndtri(torch.from_numpy(PERCENTS / 100).clamp(0.005, 0.995)).numpy()
    columns = np.repeat(normal[:, None], len(owners), axis=1)
    return Axes(np.concatenate(directions).astype(np.float32), columns, np.concatenate(shares), tuple(owners))


def _leading(
    rows: Float64[ndarray, "n latent"], count: int
) -> tuple[Float64[ndarray, "k latent"], Float64[ndarray, "k"]]:
    """The leading eigenvectors of a covariance, and their shares of its trace; where all is still, the first number."""
    deviations = rows - rows.mean(0)
    variances, vectors = np.linalg.eigh(deviations.T @ deviations)
    variances, vectors = variances[::-1].clip(0), vectors.T[::-1]
    kept = max(1, int((variances[:count] > EMPTY * variances[0]).sum()))
    found = vectors[:kept]
    found = found * np.sign(np.take_along_axis(found, np.abs(found).argmax(1, keepdims=True), 1))
    return found, variances[:kept] / max(variances.sum(), np.finfo(np.float64).tiny)

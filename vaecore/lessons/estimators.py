"""The gradient of E_q[log p(x|z)] with respect to q, and two ways to estimate it from samples."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Float64
from numpy import ndarray
from torch import Tensor

from vaecore.serving import Explorer
from vaecore.serving.inputs import as_count
from vaecore.serving.studies.posterior.bounds import PIECE, Joint

REACH, STEP = 6.0, 0.125  # of the lattice over q, in its scales
PARAMETERS = ("mean of z₁", "mean of z₂", "log scale of z₁", "log scale of z₂")
ESTIMATORS = ("score", "baseline", "pathwise")


@dataclass(frozen=True, eq=False)
class Exact:
    """What sums over a lattice say of one-sample estimates.

    Attributes:
        value: E_q[log p(x|z)], in nats.
        gradient: its derivatives with respect to both means, then both log scales, [4].
        mismatch: the largest difference between what both estimators expect: what the lattice is wrong by.
        variances: of one sample of each of `ESTIMATORS`, [4].
    """

    value: float
    gradient: Float64[ndarray, "4"]
    mismatch: float
    variances: dict[str, Float64[ndarray, "4"]]

    def variance(self, estimator: str, part: slice) -> float:
        """Of one sample, summed over some of the four derivatives."""
        return float(self.variances[estimator][part].sum())

    def samples_for(self, estimator: str, part: slice, error: float) -> float:
        """How many samples bring the standard error down to a share of the gradient's length: variance / error^2."""
        return self.variance(estimator, part) / (error * float(np.linalg.norm(self.gradient[part]))) ** 2


@dataclass(frozen=True, eq=False)
class Drawn:
    """One-sample estimates of the gradient, all from the same samples.

    Attributes:
        codes: the samples, [n, 2].
        gradients: of each of `ESTIMATORS`, [n, 4].
    """

    codes: Float32[ndarray, "n 2"]
    gradients: dict[str, Float64[ndarray, "n 4"]]

    def averaged(self, estimator: str, k: int) -> Float64[ndarray, "groups 4"]:
        """Estimates from k samples each: means over groups; what does not fill a group is left out.

        Raises:
            ValueError: there are fewer than k samples, or k is below 1.
        """
        each = self.gradients[estimator]
        k = as_count(k, "samples of an estimate", least=1, most=len(each))
        return each[: len(each) // k * k].reshape(-1, k, 4).mean(1)


def exact(explorer: Explorer, image: ndarray, mean: ndarray, scale: ndarray) -> Exact:
    """The gradient itself, without a sample: both integrands summed over a lattice in units of q's scale.

    Raises:
        ValueError: a model without a likelihood or without codes of two numbers, an image of the wrong shape, or a
            mean or a scale that is none.
    """
    side = np.arange(-REACH, REACH + STEP / 2, STEP)
    units = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    weights = np.exp(-np.square(units).sum(1) / 2)
    weights /= weights.sum()
    values, slopes, scale = _evaluated(explorer, image, mean, scale, units)
    value = float(weights @ values)
    found = _estimates(values, slopes, units, scale, value)
    expected = {name: weights @ each for name, each in found.items()}
    variances = {name: weights @ np.square(each - expected[name]) for name, each in found.items()}
    mismatch = float(np.abs(expected["score"] - expected["pathwise"]).max())
    return Exact(value, expected["pathwise"], mismatch, variances)


def drawn(
    explorer: Explorer, image: ndarray, mean: ndarray, scale: ndarray, baseline: float, samples: int, seed: int = 0
) -> Drawn:
    """Estimates of the gradient by each of `ESTIMATORS` from each of some samples z = mean + scale * eps of q.

    score: log p(x|z) d log q(z), the score function, also called REINFORCE (Williams 1992). baseline: the same of
    log p(x|z) - `baseline`, a number that does not depend on the sample, so that nothing is biased. pathwise:
    the derivative of log p(x|z) itself, through z (Kingma & Welling 2013).

    Raises:
        ValueError: as `exact`, or fewer than one sample.
    """
    count = as_count(samples, "samples", least=1)
    units = np.random.default_rng(seed).standard_normal((count, 2))
    values, slopes, scale = _evaluated(explorer, image, mean, scale, units)
    return Drawn(
        (np.asarray(mean) + scale * units).astype(np.float32), _estimates(values, slopes, units, scale, baseline)
    )


def _estimates(
    values: Float64[ndarray, "n"],
    slopes: Float64[ndarray, "n 2"],
    units: Float64[ndarray, "n 2"],
    scale: Float64[ndarray, "2"],
    baseline: float,
) -> dict[str, Float64[ndarray, "n 4"]]:
    """d log q = (eps / scale, eps^2 - 1) and dz = (1, eps * scale), of both means and both log scales."""
    score = np.concatenate([units / scale, np.square(units) - 1], 1)
    path = np.concatenate([np.ones_like(units), units * scale], 1)
    return {
        "score": values[:, None] * score,
        "baseline": (values - baseline)[:, None] * score,
        "pathwise": np.tile(slopes, 2) * path,
    }


def _evaluated(
    explorer: Explorer, image: ndarray, mean: ndarray, scale: ndarray, units: Float64[ndarray, "n 2"]
) -> tuple[Float64[ndarray, "n"], Float64[ndarray, "n 2"], Float64[ndarray, "2"]]:
    """log p(x|z) and its derivative by z at z = mean + scale * units, and the scale, checked."""
    joint = Joint(explorer, image, None)
    q = joint.gaussian(np.asarray(mean), np.asarray(scale))
    eps = torch.from_numpy(units).to(joint.like)
    pieces = [_with_slopes(joint, q.mean + q.scale * part) for part in eps.split(PIECE)]
    values, slopes = (torch.cat(part).double().cpu().numpy() for part in zip(*pieces, strict=True))
    return values, slopes, np.asarray(scale, np.float64)


@torch.enable_grad()
def _with_slopes(joint: Joint, z: Tensor) -> tuple[Tensor, Tensor]:
    z = z.detach().requires_grad_()
    value = joint.model.likelihood(z).log_prob(joint.x)
    (slope,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), slope

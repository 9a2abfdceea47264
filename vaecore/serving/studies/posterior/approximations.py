"""The true posterior of a 2-D code on a grid, and how near q(z|x) comes to it: the bound, its gap, its weights."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32, Float64
from numpy import ndarray
from scipy.special import softmax

from vaecore.distributions import Factored, Gaussian
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_count
from vaecore.serving.studies.posterior.bounds import Joint, climbed, elbo_of, importance_bound
from vaecore.serving.studies.posterior.grids import Lattice, integrate

BOUNDS = (1, 5, 50, 500)  # samples of the importance-weighted bounds
SAMPLES = 5000  # of q, in all
LATTICE = 65  # codes along each side of a joint density that a page integrates itself


def wants_binary(explorer: Explorer) -> bool:
    """Whether the model's likelihood is one of binary pixels."""
    return getattr(explorer.model.settings, "likelihood", None) == "bernoulli"


def binarised(image: ndarray, seed: int = 0) -> Float32[ndarray, "c h w"]:
    """An image [c, h, w], every pixel drawn once as a Bernoulli with its grey value; the same seed draws the same."""
    return (np.random.default_rng(seed).random(image.shape) < image).astype(np.float32)


@dataclass(frozen=True, eq=False)
class TruePosterior:
    """p(z|x) of one image, wherever it is not too small to matter.

    Attributes:
        across: z_1 of every column.
        up: z_2 of every row.
        density: [rows, columns]; times the area of a cell it sums to one.
        log_evidence: log p(x), in nats; with grey pixels and a Bernoulli likelihood, a bound made of cross-entropies.
        error: by how much half the rows and columns would miss it, in nats.
    """

    across: Float64[ndarray, "columns"]
    up: Float64[ndarray, "rows"]
    density: Float64[ndarray, "rows columns"]
    log_evidence: float
    error: float

    @property
    def mode(self) -> Float64[ndarray, "2"]:
        """The likeliest code of the grid."""
        row, column = np.unravel_index(self.density.argmax(), self.density.shape)
        return np.array([self.across[column], self.up[row]])

    def level(self, mass: float) -> float:
        """The density above which a share `mass` of the posterior lies: the edge of its smallest such region."""
        falling = np.sort(self.density, axis=None)[::-1]
        held = falling.cumsum() / falling.sum()
        return float(falling[min(np.searchsorted(held, mass), len(falling) - 1)])

    def thinned(self, most: int) -> "TruePosterior":
        """The same on at most so many rows and columns: blocks of cells with their mean, for a picture."""
        by = -(-max(self.density.shape) // most)
        if by == 1:
            return self
        rows, columns = (-(-size // by) for size in self.density.shape)
        padded = np.zeros((rows * by, columns * by))
        padded[: self.density.shape[0], : self.density.shape[1]] = self.density
        density = padded.reshape(rows, by, columns, by).mean((1, 3))
        first, step = (by - 1) / 2, self.across[1] - self.across[0]
        across, up = (
            axis[0] + step * (first + by * np.arange(n)) for axis, n in ((self.across, columns), (self.up, rows))
        )
        return replace(self, across=across, up=up, density=density)


def true_posterior(explorer: Explorer, image: ndarray, label: int | None = None) -> TruePosterior:
    """p(z|x) = p(x|z) p(z) / p(x) of an image [c, h, w] on a grid as fine as it needs, and log p(x), its integral.

    Raises:
        ValueError: a model without a likelihood or without codes of two numbers, an image of the wrong shape, or a
            conditional model without a label.
    """
    grid = integrate(Joint(explorer, image, label).at)
    density = np.exp(grid.values - grid.log_integral)
    return TruePosterior(grid.across, grid.up, density, grid.log_integral, grid.error)


def joint_lattice(
    explorer: Explorer, image: ndarray, middle: tuple[float, float], half: float, label: int | None = None
) -> Lattice:
    """log p(x, z) of an image [c, h, w], in nats, over a square of the plane: `LATTICE` codes along each side.

    A page integrates it under any q of its own: E_q[log p(x, z)] + H(q) is the elbo.

    Raises:
        ValueError: as `true_posterior`.
    """
    joint = Joint(explorer, image, label)
    side = np.linspace(-half, half, LATTICE)
    across, up = np.meshgrid(middle[0] + side, middle[1] + side)
    values = joint.at(np.stack([across.ravel(), up.ravel()], 1)).reshape(across.shape)
    return Lattice((middle[0] - half, middle[1] - half), float(side[1] - side[0]), values)


@dataclass(frozen=True, eq=False)
class Approximation:
    """A density q of codes in the true posterior's place, and what it is worth.

    Attributes:
        mean: of q; of its samples where it is no Gaussian.
        scale: the same.
        is_gaussian: whether q is one, its axes those of the code.
        codes: samples of q, [n, 2].
        log_weights: log p(x, z) - log q(z|x) of every sample, in nats.
        elbo: E_q[log p(x, z) - log q(z|x)]: of a Gaussian on a lattice of its own, else the mean over the samples.
        elbo_error: by how much half of the lattice would miss it; or the standard error of the mean.
        bounds: E[log 1/k sum_i w_i] over the samples in groups of k, and its standard error, for every k.
    """

    mean: Float64[ndarray, "2"]
    scale: Float64[ndarray, "2"]
    is_gaussian: bool
    codes: Float32[ndarray, "n 2"]
    log_weights: Float64[ndarray, "n"]
    elbo: float
    elbo_error: float
    bounds: dict[int, tuple[float, float]]


def encoder_posterior(
    explorer: Explorer, image: ndarray, label: int | None = None, samples: int = SAMPLES, seed: int = 0
) -> Approximation:
    """The encoder's q(z|x) of an image [c, h, w].

    Raises:
        ValueError: as `true_posterior`, or fewer samples than the largest of `BOUNDS`.
    """
    joint = Joint(explorer, image, label)
    return _judged(joint, joint.encoded(), samples, seed)


def gaussian_posterior(
    explorer: Explorer,
    image: ndarray,
    mean: ndarray,
    scale: ndarray,
    label: int | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Approximation:
    """A Gaussian of one's own, N(mean, diag scale^2), in the encoder's place; the same seed draws the same noise.

    Raises:
        ValueError: as `encoder_posterior`, or a mean that is not finite, or a scale that is not above 0.
    """
    joint = Joint(explorer, image, label)
    return _judged(joint, joint.gaussian(mean, scale), samples, seed)


def best_gaussian(
    explorer: Explorer,
    image: ndarray,
    starts: list[tuple[ndarray, ndarray]],
    label: int | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Approximation:
    """The Gaussian with the axes of the code whose elbo is highest, as found by climbing from some (mean, scale).

    What is left of its gap is the family's, what the encoder adds to it is the encoder's: the approximation gap and
    the amortisation gap of Cremer, Li & Duvenaud 2018. Every start is a candidate itself.

    Raises:
        ValueError: as `gaussian_posterior`.
    """
    joint = Joint(explorer, image, label)
    begun = [joint.gaussian(mean, scale) for mean, scale in starts]
    best = max(begun + [climbed(joint, each) for each in begun], key=lambda q: elbo_of(joint, q)[0])
    return _judged(joint, best, samples, seed)


def importance(log_weights: ndarray) -> tuple[Float64[ndarray, "n"], float]:
    """The weights of samples, of sum one, and their effective number 1 / sum_i w_i^2."""
    weights = softmax(np.asarray(log_weights, np.float64))
    return weights, float(1 / np.square(weights).sum())


@torch.no_grad()
def _judged(joint: Joint, q: Factored, samples: int, seed: int) -> Approximation:
    count = as_count(samples, f"{joint.explorer.name}: samples", least=max(BOUNDS))
    generator = torch.Generator(joint.like.device).manual_seed(seed)
    z, log_q = (part[:, 0] for part in q.rsample_with_log_prob((count,), generator))
    codes = z.cpu().double().numpy()
    log_weights = joint.at(codes) - log_q.sum(-1).cpu().double().numpy()
    is_gaussian = isinstance(q, Gaussian)
    centre = (q.mean[0], q.scale[0]) if is_gaussian else (z.mean(0), z.std(0))
    elbo, error = elbo_of(joint, q) if is_gaussian else importance_bound(log_weights, 1)
    mean, scale = (part.cpu().double().numpy() for part in centre)
    bounds = {k: importance_bound(log_weights, k) for k in BOUNDS}
    return Approximation(mean, scale, is_gaussian, codes.astype(np.float32), log_weights, elbo, error, bounds)

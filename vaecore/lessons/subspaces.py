"""PCA and the linear autoencoder: one subspace, found in closed form and by descent."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from scipy.linalg import subspace_angles

from vaecore.data import dataset
from vaecore.models import PCA
from vaecore.models.linear import LinearAutoencoder
from vaecore.serving import Explorer
from vaecore.serving.inputs import as_count

RATE, MOMENTUM = 0.1, 0.9
START = 0.1  # scale of the weights at the start


@dataclass(frozen=True, eq=False)
class Scatter:
    """What a linear autoencoder can know of images: their mean and the covariance of their pixels, divided by n.

    Attributes:
        center: [pixels].
        covariance: [pixels, pixels].
    """

    center: Float64[ndarray, "pixels"]
    covariance: Float64[ndarray, "pixels pixels"]

    def components(self, k: int) -> Float64[ndarray, "k pixels"]:
        """The k leading eigenvectors, the largest eigenvalue first.

        Raises:
            ValueError: k is not between 1 and the number of pixels.
        """
        k = as_count(k, "components", least=1, most=len(self.center))
        return np.linalg.eigh(self.covariance)[1][:, ::-1][:, :k].T

    def least(self, k: int) -> float:
        """The least error of any linear code of k numbers: the sum of the eigenvalues that are left out."""
        return float(np.linalg.eigvalsh(self.covariance)[: len(self.center) - k].sum())

    def through(self, encoder: ndarray, decoder: ndarray, images: ndarray) -> Float64[ndarray, "n c h w"]:
        """m + B A (x - m) of images [n, c, h, w]."""
        rows = images.reshape(len(images), -1) - self.center
        return (self.center + rows @ encoder.T @ decoder.T).reshape(images.shape)

    def error(self, encoder: ndarray, decoder: ndarray) -> float:
        """E||(x - m) - B A (x - m)||^2 = tr((I - BA) C (I - BA)'), encoder A [k, pixels], decoder B [pixels, k]."""
        rest = np.eye(len(self.center)) - decoder @ encoder
        return float(np.einsum("ij,jk,ik->", rest, self.covariance, rest))


def scatter(images: ndarray) -> Scatter:
    """The mean and the covariance of images [n, c, h, w]."""
    rows = np.asarray(images, np.float64).reshape(len(images), -1)
    center = rows.mean(0)
    return Scatter(center, (rows - center).T @ (rows - center) / len(rows))


def training_scatter(name: str) -> Scatter:
    """The same of the training images of a data set.

    Raises:
        ValueError: it cannot be had.
    """
    return scatter(dataset(name, "train").images)


def angles(a: ndarray, b: ndarray) -> Float64[ndarray, "k"]:
    """The principal angles between the spans of the rows of two matrices [k, pixels], in degrees, the largest first.

    The largest is zero where the two are one subspace. Source: Bjorck & Golub 1973.
    """
    return np.degrees(subspace_angles(np.asarray(a, np.float64).T, np.asarray(b, np.float64).T))


def unit_rows(rows: ndarray) -> Float64[ndarray, "k pixels"]:
    """Rows [k, pixels] of length one; those of zeros stay."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def likeness(a: ndarray, b: ndarray) -> float:
    """How like rows are to others, both [k, pixels]: the mean of each one's largest |cosine| with any."""
    return float(np.abs(unit_rows(a) @ unit_rows(b).T).max(1).mean())


def rotated(rows: ndarray, onto: ndarray) -> Float64[ndarray, "k pixels"]:
    """The vectors of the span of `rows` [k, pixels] that lie nearest to those of `onto`: their projections."""
    basis = np.linalg.qr(np.asarray(rows, np.float64).T)[0]
    return np.asarray(onto, np.float64) @ basis @ basis.T


def directions(explorer: Explorer) -> Float64[ndarray, "k pixels"]:
    """What each number of a linear code adds to an image: PCA's components, or the columns of the linear decoder.

    Raises:
        ValueError: the decoder is not linear.
    """
    if not isinstance(explorer.model, PCA | LinearAutoencoder):
        raise ValueError(f"{explorer.name}: expected pca or a linear autoencoder, got a {explorer.variant}")
    units = np.concatenate([np.zeros((1, explorer.latent)), np.eye(explorer.latent)])
    origin, *ends = explorer.decode(units).astype(np.float64).reshape(len(units), -1)
    return np.array(ends) - origin


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A linear autoencoder on its way.

    Attributes:
        step: of the descent.
        encoder: A, [k, pixels].
        decoder: B, [pixels, k].
        error: E||x - x^||^2 over the images.
        angles: to the principal subspace, in degrees, the largest first.
    """

    step: int
    encoder: Float64[ndarray, "k pixels"]
    decoder: Float64[ndarray, "pixels k"]
    error: float
    angles: Float64[ndarray, "k"]


def descend(of: Scatter, k: int, steps: list[int], seed: int = 0) -> list[Snapshot]:
    """Descend E||x - BAx||^2 over A and B from a random start, with momentum; what it is like after some steps.

    The gradient over all images at once needs no image, only their covariance C:
    dE/dB = 2 (BA - I) C A',  dE/dA = 2 B'(BA - I) C.

    Raises:
        ValueError: k is not between 1 and the number of pixels, or the steps are not rising from 0 or above.
    """
    if not steps or steps[0] < 0 or any(low >= high for low, high in pairwise(steps)):
        raise ValueError(f"expected rising steps from 0 or above, got {steps}")
    goal, random = of.components(k), np.random.default_rng(seed)
    weights = [START * random.standard_normal(shape) for shape in (goal.shape, goal.T.shape)]
    speeds, found = [np.zeros_like(part) for part in weights], []
    for step in range(steps[-1] + 1):
        encoder, decoder = weights
        if step in steps:
            found.append(Snapshot(step, encoder, decoder, of.error(encoder, decoder), angles(decoder.T, goal)))
        wrong = (decoder @ encoder - np.eye(len(of.center))) @ of.covariance
        gradients = 2 * decoder.T @ wrong, 2 * wrong @ encoder.T
        speeds = [MOMENTUM * speed - RATE * each for speed, each in zip(speeds, gradients, strict=True)]
        weights = [part + speed for part, speed in zip(weights, speeds, strict=True)]
    return found

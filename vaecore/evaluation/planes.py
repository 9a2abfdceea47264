"""Planes of images: t-SNE and UMAP, whatever the model, and how well a plane keeps the neighbours that images have.

Nothing of vaecore is imported here: `outside` runs `laid_out` in a process of its own, which is not to wait for torch.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64
from numpy import ndarray

PERPLEXITIES = (5, 15, 30, 50, 100)
USUAL = 30  # the perplexity of a single plane
NEIGHBOURS = 15  # of UMAP's graph
UMAP = f"umap-{NEIGHBOURS}"  # its only plane
REDUCED = 50  # principal components that both start from
FEWEST = 3  # points that t-SNE and a score can be made of
ITERATIONS = 1000  # of t-SNE
TRUST_NEIGHBOURS = 10
VOTERS = 5
LARGEST = 1e15  # whose squares can be added in float32
RELATIVE = 1e-6  # of the largest number: what differs by less differs by rounding

Progress = Callable[[int], None]  # is told how many iterations are done


def spread(points: Float[ndarray, "n numbers"], of: str = "points", least: int = 2) -> Float[ndarray, "n numbers"]:
    """The points, if anything can be laid out or scored by them: what decides that everywhere.

    Native libraries crash, hang or take all memory where points have no variance or are no numbers.

    Raises:
        ValueError: there are fewer than `least`, they are all equal, or not all are finite numbers.
    """
    count = len(points)
    if count < least:
        raise ValueError(f"a map needs at least {least} {of}, got {count}")
    if points.shape[1] == 0:
        raise ValueError(f"a map needs {of} of at least one number, got none")
    unusable = ~(np.abs(points) < LARGEST).all(1)  # also of NaN
    if unusable.any():
        raise ValueError(f"a map needs finite numbers: of {count:,} {of} {unusable.sum():,} are not")
    if np.ptp(points, axis=0).max() <= RELATIVE * np.abs(points).max():
        raise ValueError(f"a map needs {of} that differ: all {count:,} are equal")
    return points


def tsne(
    pixels: Float32[ndarray, "n pixels"], perplexity: float = float(USUAL), progress: Progress | None = None
) -> Float32[ndarray, "n 2"]:
    """t-SNE of the images' first 50 principal components (van der Maaten & Hinton 2008), from a PCA start.

    The perplexity, about the number of neighbours that a point attends to, is lowered where the points are few; of
    images of a single pixel the start is random.

    Raises:
        ValueError: there are fewer than three images, or they are all equal, or not finite.
    """
    from sklearn.manifold import TSNE

    reduced = _reduced(spread(pixels, "images", FEWEST))
    start = "pca" if reduced.shape[1] > 1 else "random"
    perplexity = min(perplexity, (len(pixels) - 1) / 3)
    found = TSNE(2, perplexity=perplexity, init=start, random_state=0, max_iter=ITERATIONS, verbose=2 * bool(progress))
    with redirect_stdout(_Iterations(progress) if progress else sys.stdout):
        return found.fit_transform(reduced).astype(np.float32)


class _Iterations(StringIO):
    """Hears in what scikit-learn prints how far it is: it has no other way to say so."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress

    def write(self, text: str) -> int:
        """Tell the number of the iteration that a line reports."""
        if reported := re.search(r"Iteration (\d+)", text):
            self.progress(int(reported[1]))
        return len(text)


def umap(pixels: Float32[ndarray, "n pixels"]) -> Float32[ndarray, "n 2"]:
    """UMAP of the same components (McInnes, Healy & Melville 2018), by umap-learn, which is an extra: `vaecore[umap]`.

    Raises:
        ModuleNotFoundError: umap-learn is not installed.
        ValueError: there are fewer than three images, or they are all equal, or not finite.
    """
    from umap import UMAP  # pyright: ignore[reportMissingImports]  an extra

    reduced = _reduced(spread(pixels, "images", FEWEST))
    return np.asarray(UMAP(NEIGHBOURS, random_state=0, n_jobs=1).fit_transform(reduced), np.float32)


def planes_of(pixels: Float32[ndarray, "n pixels"]) -> dict[str, Float32[ndarray, "n 2"]]:
    """Every plane by its name: "tsne-5" to "tsne-100", and "umap-15" where umap-learn is at hand."""
    found = {f"tsne-{perplexity}": tsne(pixels, float(perplexity)) for perplexity in PERPLEXITIES}
    return found | ({UMAP: umap(pixels)} if find_spec("umap") else {})


def _reduced(pixels: Float32[ndarray, "n pixels"]) -> Float32[ndarray, "n components"]:
    from sklearn.decomposition import PCA

    return PCA(min(REDUCED, *pixels.shape), random_state=0).fit_transform(pixels)


# Scores


def distances(images: Float[ndarray, "n pixels"]) -> Float[ndarray, "n n"]:
    """How far images are from one another (Euclidean): the same for every plane that is scored against them.

    Raises:
        ValueError: there are fewer than three, or they are all equal, or not finite.
    """
    from sklearn.metrics import pairwise_distances

    return pairwise_distances(spread(images, least=FEWEST))


def trustworthiness(images: Float[ndarray, "n pixels"], codes: Float[ndarray, "n latent"]) -> float:
    """How far the 10 nearest neighbours of each code were neighbours as images, in [0, 1] (Venna & Kaski 2001).

    Raises:
        ValueError: there are fewer than three, or one side's are all equal, or not finite.
    """
    return float(trusted(images, codes).mean())


def trusted(images: Float[ndarray, "n pixels"], codes: Float[ndarray, "n latent"]) -> Float64[ndarray, "n"]:
    """What each code's neighbours add to the trustworthiness, which is the mean.

    Raises:
        ValueError: as `trustworthiness` does.
    """
    return _trusted(distances(images), codes)


def _trusted(apart: Float[ndarray, "n n"], codes: Float[ndarray, "n latent"]) -> Float64[ndarray, "n"]:
    """Of each i: 1 - 2 / (k (2n - 3k - 1)) sum_j max(0, r_ij - k), j the k nearest codes, r_ij their rank as images."""
    from sklearn.neighbors import NearestNeighbors

    n = len(apart)
    k = min(TRUST_NEIGHBOURS, (n - 1) // 2)
    nearest = NearestNeighbors(n_neighbors=k).fit(spread(codes, least=FEWEST)).kneighbors(return_distance=False)
    own = apart.copy()
    np.fill_diagonal(own, -np.inf)  # an image is no neighbour of its own, of however many it is equal to
    rank = np.empty((n, n), np.int64)
    np.put_along_axis(rank, own.argsort(1, kind="stable"), np.arange(n)[None], 1)
    beyond = np.maximum(0, np.take_along_axis(rank, nearest, 1) - k).sum(1)
    return 1 - 2 / (k * (2 * n - 3 * k - 1)) * beyond.astype(np.float64)


def transductive_neighbour_accuracy(codes: Float[ndarray, "n latent"], labels: Int64[ndarray, "n"]) -> float:
    """Share of points whose class is the majority of their 5 nearest among the others: leave-one-out.

    Raises:
        ValueError: there are fewer than two, they are all equal, or not finite.
    """
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=min(VOTERS, len(codes) - 1)).fit(spread(codes, "codes")).kneighbors()[1]
    votes = np.eye(labels.max() + 1)[labels[nearest]].sum(1)
    return float((votes.argmax(1) == labels).mean())


def plane_scores(
    apart: Float[ndarray, "n n"], plane: Float[ndarray, "n k"], labels: Int64[ndarray, "n"] | None
) -> dict[str, float]:
    """Trustworthiness against the images' distances, and with labels the transductive accuracy as "neighbours".

    Raises:
        ValueError: there are fewer than three, or they are all equal, or not finite.
    """
    scores = {"trustworthiness": float(_trusted(apart, plane).mean())}
    return scores if labels is None else scores | {"neighbours": transductive_neighbour_accuracy(plane, labels)}


# In a process of its own

BEGUN, DRAWN = 0.2, 0.95  # shares of a map's time that are over when t-SNE begins, and when it ends


def laid_out(
    arrays: Mapping[str, ndarray], report: Callable[[str, float], None]
) -> Iterator[tuple[str, float | ndarray]]:
    """Score the planes of `arrays`, and draw and score the t-SNE where there is none, and UMAP where it is at hand.

    `arrays` are "pixels", perhaps "labels", and planes by their names. Results are "tsne", "umap" and
    "scores.PLANE.SCORE".
    """
    pixels, labels = arrays["pixels"], arrays.get("labels")
    report("Scoring the planes", BEGUN)
    apart = distances(pixels)

    def scored(name: str, plane: ndarray) -> Iterator[tuple[str, float]]:
        for score, value in plane_scores(apart, plane, labels).items():
            yield f"scores.{name}.{score}", value

    for name in (name for name in arrays if name not in ("pixels", "labels")):
        yield from scored(name, arrays[name])
    if "tsne" not in arrays:
        report("Drawing the t-SNE", BEGUN)
        drawn = tsne(
            pixels, progress=lambda done: report("Drawing the t-SNE", BEGUN + (DRAWN - BEGUN) * done / ITERATIONS)
        )
        yield "tsne", drawn
        report("Scoring the t-SNE", DRAWN)
        yield from scored("tsne", drawn)
        if find_spec("umap"):
            report("Drawing the UMAP", DRAWN)
            drawn = umap(pixels)
            yield "umap", drawn
            yield from scored("umap", drawn)

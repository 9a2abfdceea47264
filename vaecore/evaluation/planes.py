"""Planes of a data set's own images, whatever the model: t-SNE at several perplexities, UMAP."""

from importlib.util import find_spec

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

PERPLEXITIES = (5, 15, 30, 50, 100)
USUAL = 30  # the perplexity of a single plane
NEIGHBOURS = 15  # of UMAP's graph
REDUCED = 50  # principal components that both start from


def tsne(pixels: Float32[ndarray, "n pixels"], perplexity: float = float(USUAL)) -> Float32[ndarray, "n 2"]:
    """t-SNE of the images' first 50 principal components (van der Maaten & Hinton 2008), from a PCA start.

    The perplexity, about the number of neighbours that a point attends to, is lowered where the points are few.
    """
    from sklearn.manifold import TSNE

    perplexity = min(perplexity, (len(pixels) - 1) / 3)
    return TSNE(2, perplexity=perplexity, init="pca", random_state=0).fit_transform(_reduced(pixels)).astype(np.float32)


def umap(pixels: Float32[ndarray, "n pixels"]) -> Float32[ndarray, "n 2"]:
    """UMAP of the same components (McInnes, Healy & Melville 2018), by umap-learn, which is an extra: `vaecore[umap]`.

    Raises:
        ModuleNotFoundError: umap-learn is not installed.
    """
    from umap import UMAP  # pyright: ignore[reportMissingImports]  an extra

    return np.asarray(UMAP(NEIGHBOURS, random_state=0, n_jobs=1).fit_transform(_reduced(pixels)), np.float32)


def planes_of(pixels: Float32[ndarray, "n pixels"]) -> dict[str, Float32[ndarray, "n 2"]]:
    """Every plane by its name: "tsne-5" to "tsne-100", and "umap-15" where umap-learn is at hand."""
    found = {f"tsne-{perplexity}": tsne(pixels, float(perplexity)) for perplexity in PERPLEXITIES}
    return found | ({f"umap-{NEIGHBOURS}": umap(pixels)} if find_spec("umap") else {})


def _reduced(pixels: Float32[ndarray, "n pixels"]) -> Float32[ndarray, "n components"]:
    from sklearn.decomposition import PCA

    return PCA(min(REDUCED, *pixels.shape), random_state=0).fit_transform(pixels)

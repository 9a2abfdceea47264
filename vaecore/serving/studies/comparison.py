"""A model beside PCA on the same images."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from vaecore import checkpoint
from vaecore.checkpoint import names
from vaecore.data import dataset
from vaecore.evaluation.reconstruction import code_quantiles, encode
from vaecore.recipes import find
from vaecore.serving.explorer import Explorer
from vaecore.serving.loading import load

LARGEST_PCA = 64


@dataclass(frozen=True, eq=False)
class Comparison:
    """A model beside PCA on the same images.

    Attributes:
        reconstructions: the model's, [n, c, h, w].
        baseline: PCA's.
        error_map: (x - x^)^2 per pixel, the model's.
        baseline_error_map: PCA's.
    """

    reconstructions: Float32[ndarray, "n c h w"]
    baseline: Float32[ndarray, "n c h w"]
    error_map: Float32[ndarray, "n c h w"]
    baseline_error_map: Float32[ndarray, "n c h w"]

    @cached_property
    def errors(self) -> Float32[ndarray, "n"]:
        """||x - x^||^2 per image, the model's."""
        return self.error_map.sum((1, 2, 3))

    @cached_property
    def baseline_errors(self) -> Float32[ndarray, "n"]:
        """||x - x^||^2 per image, PCA's."""
        return self.baseline_error_map.sum((1, 2, 3))

    @cached_property
    def mean(self) -> float:
        """The model's squared error, averaged over images."""
        return float(self.errors.mean(dtype=np.float64))

    @cached_property
    def baseline_mean(self) -> float:
        """PCA's squared error, averaged over images."""
        return float(self.baseline_errors.mean(dtype=np.float64))

    @cached_property
    def wins(self) -> int:
        """How many images the model reconstructs better."""
        return int((self.errors < self.baseline_errors).sum())

    @cached_property
    def baseline_wins(self) -> int:
        """How many images PCA reconstructs better."""
        return int((self.errors > self.baseline_errors).sum())


def compare(explorer: Explorer, pca: Explorer, images: ndarray, labels: ndarray | None = None) -> Comparison:
    """Reconstruct images by a model and by PCA; labels are used if the model is conditional.

    Raises:
        ValueError: images of the wrong shape, or no labels for a conditional model.
    """
    ours = explorer.reconstruct(images, explorer.told(labels))
    theirs = pca.reconstruct(images)
    return Comparison(ours, theirs, (images - ours) ** 2, (images - theirs) ** 2)


def baseline(explorer: Explorer, k: int) -> Explorer:
    """PCA with k components, fitted on the training images that the model was trained on.

    Raises:
        ValueError: k is below 1 or above the components at hand, or the data is not at hand and no PCA is shipped.
    """
    return principal_components(explorer.dataset).truncate(k)


@lru_cache(maxsize=8)
def principal_components(name: str, data_dir: str | Path | None = None) -> Explorer:
    """The PCA that ships for a data set, or one fitted on its training images, of up to 64 components.

    Raises:
        ValueError: none is shipped, and the data set cannot be had.
    """
    shipped = f"pca-{name}"
    if shipped in names():
        return load(shipped, device="cpu")
    images = dataset(name, "train", data_dir)
    fitted = find("pca-mnist").changed(dataset=name, latent=min(LARGEST_PCA, int(np.prod(images.shape))))
    recipe = replace(fitted, name=f"pca-{Path(name).stem}")
    model = checkpoint.build(recipe, images.shape, len(images.names))
    model.prepare(images.pixels)
    card = {"classes": list(images.names), "shape": list(images.shape), "codes": code_quantiles(encode(model, images))}
    return Explorer(model.eval(), recipe, card)

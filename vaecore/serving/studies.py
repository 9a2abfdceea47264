"""What a page asks of explorers: a comparison with PCA, quantiles, the manifold of a plane."""

from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from inspect import getsource
from pathlib import Path
from textwrap import dedent

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from vaecore import checkpoint
from vaecore.checkpoint import names
from vaecore.data import dataset
from vaecore.evaluation.reconstruction import code_quantiles, encode
from vaecore.models import MODELS, Autoencoder
from vaecore.recipes import find
from vaecore.serving.explorer import Explorer, load

EDGE = 0.02
LARGEST_PCA = 64
PERCENTS = 101
UNUSED = 0.05  # of the largest spread of a dimension's training codes


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
    ours = explorer.reconstruct(images, labels if "condition" in explorer.abilities else None)
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


def import_libraries() -> None:
    """Import what is heavy and is otherwise imported by the first call that needs it: a server has time for it."""
    import pypinyin  # noqa: F401
    import sklearn.neighbors  # noqa: F401
    import torchvision.datasets  # noqa: F401


def variants() -> list[dict[str, str]]:
    """Every variant of the package, for a table: name, summary, equation, source."""
    return [
        {
            "name": name,
            "summary": (model.__doc__ or "").split("\n")[0],
            "equation": model.equation,
            "source": model.source,
        }
        for name, model in MODELS.items()
    ]


@dataclass(frozen=True)
class Objective:
    """The code of what a model minimises: where it is, and its text."""

    place: str
    source: str


def objective(explorer: Explorer) -> Objective:
    """The very source of a model's objective, read from the class that defines it; of PCA, its closed form."""
    return _objective(type(explorer.model), "prepare" if explorer.variant == "pca" else "loss")


@cache
def _objective(model: type[Autoencoder], name: str) -> Objective:
    method = getattr(model, name)
    return Objective(f"{method.__module__}.{method.__qualname__}", dedent(getsource(method)).rstrip())

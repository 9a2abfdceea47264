"""What units look for and when they are on; what the layers of a stack keep."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32
from numpy import ndarray

from vaecore import checkpoint
from vaecore.evaluation.sparsity import sparseness
from vaecore.models import PCA
from vaecore.models.deterministic import DeterministicAutoencoder
from vaecore.models.stacked import StackedAutoencoder
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_images

ON = 0.1  # of the largest activity in an image's code: where a unit counts as on


def has_filters(explorer: Explorer) -> bool:
    """Whether the weights of a model's first layer are pictures: a deterministic autoencoder's, or PCA's components."""
    return isinstance(explorer.model, PCA | DeterministicAutoencoder)


def filters(explorer: Explorer) -> Float32[ndarray, "units c h w"]:
    """What each unit of the first layer looks for: its weights, as a picture. PCA's are its components.

    Raises:
        ValueError: the model has no first layer of this kind.
    """
    model = explorer.model
    if isinstance(model, PCA):
        weights = model.components
    elif isinstance(model, DeterministicAutoencoder):
        weights = model.encoder.linear[0].weight
    else:
        raise ValueError(f"{explorer.name}: expected a deterministic autoencoder or PCA, got a {explorer.variant}")
    return weights.detach().cpu().unflatten(1, explorer.shape).numpy()


@dataclass(frozen=True, eq=False)
class Activity:
    """Which units are on, for which images.

    Attributes:
        codes: [n, latent].
        mean: of each unit over the images, [latent].
        lifetime: sparseness of each unit over the images, [latent], from 0 (on alike for all) to 1 (for one).
        population: sparseness of each image's code, [n].
        size: of each unit the mean magnitude over the images, [latent].
        on: of each image's code the share that is on, [n]: above a tenth of the largest activity in it.
    """

    codes: Float32[ndarray, "n latent"]
    mean: Float32[ndarray, "latent"]
    lifetime: Float32[ndarray, "latent"]
    population: Float32[ndarray, "n"]
    size: Float32[ndarray, "latent"]
    on: Float32[ndarray, "n"]


def activity(explorer: Explorer, images: ndarray, labels: ndarray | None = None) -> Activity:
    """The activity of a model's code.

    Raises:
        ValueError: images of the wrong shape, or labels that a conditional model misses.
    """
    codes = torch.from_numpy(explorer.encode(images, labels))
    size = codes.abs()
    on = (size > ON * size.amax(1, keepdim=True)).float().mean(1)
    figures = codes.mean(0), sparseness(codes.T), sparseness(codes), size.mean(0), on
    return Activity(codes.numpy(), *(each.numpy() for each in figures))


def strength(filters: Float[ndarray, "units c h w"]) -> Float[ndarray, "units"]:
    """The squared length of each unit's weights."""
    return np.square(filters).sum((1, 2, 3))


def layers(explorer: Explorer, images: ndarray) -> list[Float32[ndarray, "n c h w"]]:
    """What the code of each layer of a stack reconstructs, the first layer's first.

    These are the layers as they were trained one by one, where the run's folder keeps them: tuned together, a layer
    can no longer be decoded without those above it. Else they are the model's own.

    Raises:
        ValueError: the model is no stack, or images of the wrong shape.
    """
    x = as_images(images, explorer.shape, explorer.name)
    stack = _layer_by_layer(explorer)
    found = []
    for depth in range(1, len(stack.widths) + 1):
        part = stack.first(depth)
        with torch.no_grad():
            found.append(part.likelihood(part.posterior(x.to(explorer.device)).mean).mean.cpu().numpy())
    return found


def _layer_by_layer(explorer: Explorer) -> StackedAutoencoder:
    if not isinstance(explorer.model, StackedAutoencoder):
        raise ValueError(f"{explorer.name}: expected a stacked autoencoder, got a {explorer.variant}")
    depth = len(explorer.model.widths)
    kept = explorer.folder / checkpoint.STAGES / f"layer-{depth}" if explorer.folder else None
    if kept is None or not (kept / checkpoint.WEIGHTS).exists():
        return explorer.model
    return _loaded(kept, (kept / checkpoint.WEIGHTS).stat().st_mtime).to(explorer.device)


@lru_cache(maxsize=4)
def _loaded(folder: Path, changed: float) -> StackedAutoencoder:
    """The stack in a folder, as it was when it was last `changed`."""
    stack, *_ = checkpoint.load(folder)
    assert isinstance(stack, StackedAutoencoder)
    return stack

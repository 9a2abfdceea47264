"""Noise on images, and what models restore of it."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from vaecore.corruption import KINDS, Corruption
from vaecore.evaluation import robustness
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_images

NOISES: tuple[Corruption, ...] = tuple(kind for kind in KINDS if kind != "none")


@dataclass(frozen=True, eq=False)
class Restoration:
    """What a model makes of damaged images.

    Attributes:
        corrupted: x~, [n, c, h, w]; with Gaussian noise it leaves [0, 1].
        restored: g(f(x~)).
        errors: ||x - g(f(x~))||^2 per image.
    """

    corrupted: Float32[ndarray, "n c h w"]
    restored: Float32[ndarray, "n c h w"]
    errors: Float32[ndarray, "n"]


def restore(
    explorer: Explorer, images: ndarray, kind: Corruption, level: float, seed: int = 0, labels: ndarray | None = None
) -> Restoration:
    """Damage images and let a model restore them; the same seed damages alike, whatever the model.

    Raises:
        ValueError: images of the wrong shape, an unknown kind of noise, a level out of range, or labels that a
            conditional model misses.
    """
    x = as_images(images, explorer.shape, explorer.name)
    noisy, restored = robustness.restore(explorer.model, x, kind, level, seed, explorer.label_of(labels, len(x)))
    return Restoration(noisy.numpy(), restored.numpy(), (x - restored).square().sum((1, 2, 3)).numpy())


def damage(images: ndarray, kind: Corruption, level: float, seed: int = 0) -> Float32[ndarray, "n c h w"]:
    """Damage images [n, c, h, w] as `restore` does.

    Raises:
        ValueError: an unknown kind of noise, or a level out of range.
    """
    return robustness.damage(torch.from_numpy(images), kind, level, seed).numpy()


def squared_errors(images: ndarray, others: ndarray) -> Float32[ndarray, "n"]:
    """||x - x~||^2 of each of two lists of images [n, c, h, w]."""
    return np.square(others - images).sum((1, 2, 3))


def damage_curve(
    images: ndarray, kind: Corruption, levels: tuple[float, ...], seed: int = 0
) -> Float32[ndarray, "levels"]:
    """Mean squared error of the damaged images themselves at each level of noise: where nothing is restored.

    Raises:
        ValueError: as `damage`.
    """
    return np.array([squared_errors(images, damage(images, kind, level, seed)).mean() for level in levels])


def error_curve(
    explorer: Explorer,
    images: ndarray,
    kind: Corruption,
    levels: tuple[float, ...],
    seed: int = 0,
    labels: ndarray | None = None,
) -> Float32[ndarray, "levels"]:
    """Mean squared error to the clean images at each level of noise.

    Raises:
        ValueError: as `restore`.
    """
    x = as_images(images, explorer.shape, explorer.name)
    label = explorer.label_of(labels, len(x))
    errors = robustness.robust_errors(explorer.model, x, kind, levels, seed, label)
    return errors.double().mean(1).float().numpy()

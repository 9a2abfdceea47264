"""What a model makes of damaged images."""

import torch
from jaxtyping import Float
from torch import Tensor

from vaecore.corruption import Corruption, corrupt
from vaecore.device import model_device
from vaecore.divergences import squared_error
from vaecore.models import Autoencoder
from vaecore.models.base import Images, Labels

CHUNK = 1000
LEVELS = (0.0, 0.1, 0.25, 0.5, 0.75)


def damage(x: Images, kind: Corruption, level: float, seed: int = 0) -> Images:
    """x~. The noise is drawn on the CPU: the same on every machine and for every model."""
    return corrupt(x, kind, level, torch.Generator().manual_seed(seed))[0]


@torch.no_grad()
def restore(
    model: Autoencoder, x: Images, kind: Corruption, level: float, seed: int = 0, label: Labels | None = None
) -> tuple[Images, Images]:
    """x~ and g(f(x~)), on the CPU."""
    noisy = damage(x, kind, level, seed)
    device = model_device(model)
    restored = []
    for first in range(0, max(len(x), 1), CHUNK):
        rows = slice(first, first + CHUNK)
        own = None if label is None or not model.classes else label[rows].to(device)
        restored.append(model.likelihood(model.posterior(noisy[rows].to(device), own).mean, own).mean.cpu())
    return noisy, torch.cat(restored)


def robust_errors(
    model: Autoencoder,
    x: Images,
    kind: Corruption,
    levels: tuple[float, ...] = LEVELS,
    seed: int = 0,
    label: Labels | None = None,
) -> Float[Tensor, "levels batch"]:
    """||x - g(f(x~))||^2 of every image at each level of noise: the squared error to the clean image."""
    return torch.stack([squared_error(x, restore(model, x, kind, level, seed, label)[1]) for level in levels])

"""How a code answers to small changes of an image: the Jacobian of the encoder's mean."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from vaecore.device import model_device
from vaecore.jacobians import jacobian
from vaecore.models import Autoencoder
from vaecore.models.base import Images, Labels

CHUNK = 20


def mean_jacobians(model: Autoencoder, x: Images, label: Labels | None = None) -> Float[Tensor, "batch latent pixels"]:
    """d mean(x) / dx of every image, the image as a row, on the CPU."""
    device, pieces = model_device(model), []
    for first in range(0, max(len(x), 1), CHUNK):
        rows = x[first : first + CHUNK].to(device)
        own = None if label is None or not model.classes else label[first : first + CHUNK].to(device)
        pieces.append(jacobian(_encoder(model, own), rows.flatten(1)).cpu())
    return torch.cat(pieces).detach()


def _encoder(model: Autoencoder, label: Labels | None) -> Callable[[Tensor], Tensor]:
    return lambda rows: model.posterior(rows.unflatten(1, model.shape), label).mean


def sensitivity(
    model: Autoencoder, x: Images, label: Labels | None = None
) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch values"]]:
    """Of every image the Frobenius norm ||J||_F, and the singular values, the largest first."""
    values = torch.linalg.svdvals(mean_jacobians(model, x, label))
    return values.square().sum(1).sqrt(), values

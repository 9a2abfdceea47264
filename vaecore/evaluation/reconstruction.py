"""Squared errors, and the codes that images are given."""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from vaecore.data import Examples
from vaecore.data.batches import present
from vaecore.device import model_device
from vaecore.divergences import squared_error
from vaecore.evaluation.intervals import drawn
from vaecore.models import Autoencoder

CHUNK = 1000
LARGEST_QUANTILE = 10_000
LEVELS = (0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.995)


def batches(model: Autoencoder, images: Examples, binarise: bool = False) -> Iterator[tuple[Tensor, Tensor | None]]:
    """(images in [0, 1] or texts, labels where there are any) in chunks, on the model's device."""
    device = model_device(model)
    for index in torch.arange(len(images)).split(CHUNK):
        rows = images.rows(index)
        label = None if rows.target is None else rows.target.to(device)
        yield present(rows.data.to(device), binarise), label


@torch.no_grad()
def encode(model: Autoencoder, images: Examples) -> Float[Tensor, "n latent"]:
    """The posterior's mean of every example, on the CPU."""
    return torch.cat([model.posterior(x, label).mean.cpu() for x, label in batches(model, images)])


@torch.no_grad()
def squared_errors(
    model: Autoencoder, images: Examples, codes: Float[Tensor, "n latent"] | None = None
) -> Float[Tensor, "n"]:
    """||x - x^||^2 of every image, on the CPU; x^ is the of the posterior's mean, or of codes that are known."""
    device, pieces = model_device(model), []
    known = (None,) * -(-len(images) // CHUNK) if codes is None else codes.split(CHUNK)
    for (x, label), code in zip(batches(model, images), known, strict=True):
        z = model.posterior(x, label).mean if code is None else code.to(device)
        pieces.append(squared_error(x, model.likelihood(z, label).mean).cpu())
    return torch.cat(pieces)


def mean_squared_error(model: Autoencoder, images: Examples) -> float:
    """The squared error, summed over pixels and averaged over images."""
    return float(squared_errors(model, images).double().mean())


@torch.no_grad()
def classification_error(model: Autoencoder, images: Examples) -> float:
    """Share of images whose class is not the one that the model's classifier finds most likely."""
    assert images.target is not None
    found = torch.cat([model.classify(x).argmax(1).cpu() for x, _ in batches(model, images)])
    return float((found != images.target).float().mean())


def code_quantiles(codes: Float[Tensor, "n latent"]) -> dict[str, Any]:
    """Quantiles of every latent dimension over 10,000 codes: where codes lie if no prior says so."""
    quantiles = codes[drawn(len(codes), LARGEST_QUANTILE)].quantile(torch.tensor(LEVELS), dim=0)
    return {"levels": list(LEVELS), "quantiles": [[round(v, 4) for v in row] for row in quantiles.tolist()]}

"""How strange an image is to a model: by its reconstruction, by the density of its code, by both."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import log

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image
from torch import Tensor

from vaecore.device import model_device
from vaecore.distributions import Factored
from vaecore.divergences import squared_error
from vaecore.evaluation.intervals import standard_error
from vaecore.models import Autoencoder
from vaecore.models.base import Images, Labels
from vaecore.models.variational import Variational

CHUNK = 1000

# Scores made of others: the name, those others, and the power of their deviations from the mean that is added.
COMBINED = (("both", ("reconstruction", "density"), 1), ("typicality", ("distortion", "rate"), 2))

Reference = Mapping[str, Sequence[float]]  # of each score the mean and the deviation


@torch.no_grad()
def anomaly_scores(
    model: Autoencoder,
    x: Images,
    label: Labels | None = None,
    reference: Reference | None = None,
    codes: Float[Tensor, "n latent"] | None = None,
) -> dict[str, Float[Tensor, "n"]]:
    """Scores of every image, the larger the stranger, on the CPU.

    reconstruction: ||x - g(f(x))||^2. density: -log p(z) at the code's mean, for models with a prior or a density on
    their codes. Of variational models, in nats, by one sample of the posterior: distortion, rate, elbo (minus it: the
    two added), and complexity, which is the elbo's less what the image takes as a PNG file (Serra et al. 2020).
    With a reference: both, which is reconstruction and density added, each in deviations from its mean; and
    typicality, which is the squares of distortion and rate added, likewise: too little of either is strange as well
    (Nalisnick et al. 2019).
    A deterministic model's codes need not be computed again where they are given; a posterior is more than its mean.
    """
    device, pieces = model_device(model), []
    generator = torch.Generator(device).manual_seed(0)
    for first in range(0, max(len(x), 1), CHUNK):
        rows = x[first : first + CHUNK].to(device)
        own = None if label is None else label[first : first + CHUNK].to(device)
        code = None if codes is None else codes[first : first + CHUNK].to(device)
        pieces.append({name: score.cpu() for name, score in _scores(model, rows, own, generator, code).items()})
    scores = {name: torch.cat([piece[name] for piece in pieces]) for name in pieces[0]}
    if "elbo" in scores:
        scores["complexity"] = scores["elbo"] - _png_nats(x)
    for name, parts, power in COMBINED:
        if reference is not None and all(part in scores and part in reference for part in parts):
            deviations = [(scores[part] - reference[part][0]) / reference[part][1] for part in parts]
            scores[name] = torch.stack(deviations).pow(power).sum(0)
    return scores


def _scores(
    model: Autoencoder,
    x: Images,
    label: Labels | None,
    generator: torch.Generator,
    code: Float[Tensor, "n latent"] | None = None,
) -> dict[str, Float[Tensor, "n"]]:
    known = code is not None and not isinstance(model, Variational)
    posterior = None if known else model.posterior(x, label)
    mean = code if posterior is None else posterior.mean
    assert mean is not None
    scores = {"reconstruction": squared_error(x, model.likelihood(mean, label).mean)}
    if "sample" in model.abilities:
        scores["density"] = -model.prior().log_prob(mean)
    if isinstance(model, Variational) and isinstance(posterior, Factored):
        z, log_posterior = posterior.rsample_with_log_prob((), generator)
        scores["distortion"] = -model.likelihood(z, label).log_prob(x)
        scores["rate"] = model.rates(posterior, z, log_posterior).sum(-1)
        scores["elbo"] = scores["distortion"] + scores["rate"]
    return scores


def _png_nats(x: Images) -> Float[Tensor, "n"]:
    """What each image takes as a PNG file, less what a black one of its size takes, in nats."""
    pixels = (x.clamp(0, 1) * 255).round().byte().movedim(1, -1).squeeze(-1).cpu().numpy()
    empty = _png_bytes(np.zeros_like(pixels[0])) if len(pixels) else 0
    return torch.tensor([8 * log(2) * (_png_bytes(image) - empty) for image in pixels])


def _png_bytes(image: UInt8[ndarray, "height width *channels"]) -> int:
    file = BytesIO()
    Image.fromarray(image).save(file, "png")
    return len(file.getbuffer())


def reference_of(scores: dict[str, Float[Tensor, "n"]]) -> dict[str, tuple[float, float]]:
    """Mean and deviation of each score of training images: what is normal. A deviation of zero is told as one."""
    return {
        name: (float(score.mean()), float(score.std(correction=0)) or 1.0)  # of one image, or of images all alike
        for name, score in scores.items()
    }


def auroc_error(normal: Float[Tensor, "n"], strange: Float[Tensor, "m"]) -> float:
    """The standard error of `auroc`: sqrt(var(V)/n + var(W)/m), V of each normal image the share of strange ones above
    it, W of each strange one the share of normal ones below. Source: DeLong, DeLong & Clarke-Pearson 1988.
    """  # noqa: D205
    low, high = normal.double().sort().values, strange.double().sort().values
    above = 1 - (torch.searchsorted(high, low) + torch.searchsorted(high, low, right=True)) / (2 * len(high))
    below = (torch.searchsorted(low, high) + torch.searchsorted(low, high, right=True)) / (2 * len(low))
    return float((standard_error(above).square() + standard_error(below).square()).sqrt())


def auroc(normal: Float[Tensor, "n"], strange: Float[Tensor, "m"]) -> float:
    """The probability that a strange image scores above a normal one; one half is chance (Mann & Whitney 1947)."""
    from sklearn.metrics import roc_auc_score

    truth = torch.cat([torch.zeros(len(normal)), torch.ones(len(strange))])
    return float(roc_auc_score(truth.numpy(), torch.cat([normal, strange]).numpy()))

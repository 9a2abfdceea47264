"""How strange an image is to a model: by its reconstruction, by the density of its code, by both."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from vaecore.device import model_device
from vaecore.divergences import squared_error
from vaecore.models import Autoencoder
from vaecore.models.base import Images, Labels

CHUNK = 1000

Reference = Mapping[str, Sequence[float]]  # of each score the mean and the deviation


@torch.no_grad()
def anomaly_scores(
    model: Autoencoder, x: Images, label: Labels | None = None, reference: Reference | None = None
) -> dict[str, Float[Tensor, "n"]]:
    """Scores of every image, the larger the stranger, on the CPU.

    reconstruction: ||x - g(f(x))||^2. density: -log p(z) at the code's mean, for models with a prior or a density on
    their codes. both: the two added, each less its mean over its deviation in the `reference`, if there is one.
    """
    device, pieces = model_device(model), []
    for first in range(0, max(len(x), 1), CHUNK):
        rows = x[first : first + CHUNK].to(device)
        own = None if label is None else label[first : first + CHUNK].to(device)
        z = model.posterior(rows, own).mean
        piece = [squared_error(rows, model.likelihood(z, own).mean)]
        if "sample" in model.abilities:
            piece.append(-model.prior().log_prob(z))
        pieces.append(torch.stack(piece, 1).cpu())
    names: list[str] = ["reconstruction", "density"]
    scores = dict(zip(names, torch.cat(pieces).unbind(1), strict=False))
    if reference is not None and "density" in scores:
        scores["both"] = torch.stack([(scores[name] - m) / s for name, (m, s) in reference.items()]).sum(0)
    return scores


def reference_of(scores: dict[str, Float[Tensor, "n"]]) -> dict[str, tuple[float, float]]:
    """Mean and deviation of each score of training images: what is normal. A deviation of zero is told as one."""
    return {
        name: (float(score.mean()), float(score.std(correction=0)) or 1.0)  # of one image, or of images all alike
        for name, score in scores.items()
    }


def auroc(normal: Float[Tensor, "n"], strange: Float[Tensor, "m"]) -> float:
    """The probability that a strange image scores above a normal one; one half is chance (Mann & Whitney 1947)."""
    from sklearn.metrics import roc_auc_score

    truth = torch.cat([torch.zeros(len(normal)), torch.ones(len(strange))])
    return float(roc_auc_score(truth.numpy(), torch.cat([normal, strange]).numpy()))

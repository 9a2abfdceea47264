"""Random codes of a model, of what it has: its prior, the density fitted on its codes, or codes of real images.

A prior is where the objective wants codes to lie, not where they lie: between them are holes, and what is decoded there
is no digit. Of a data set whose judge ships, it says whether draws are; where they are not, codes of real images are
drawn in their place.
"""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from vaecore.evaluation import judges
from vaecore.serving.explorer import Explorer

Source = Literal["prior", "density", "codes"]
JUDGE = "residual"  # the faster one; the other measures what came of it, see `tests/benchmarks/random_draws.py`
SURE = 0.9  # probability of a class
ENOUGH = 0.82  # sure draws, as a share of sure real images: more than the 0.8 that another judge is to find
TRIED = 2000  # draws: their share is known within 0.01


def source(explorer: Explorer, images: Float32[ndarray, "m c h w"] | None = None) -> Source:
    """What random codes are drawn from.

    The prior of a model that has a likelihood, the density of one on whose codes one was fitted; codes of real images
    where there is neither, or where a judge of the data set is not sure of enough of what is decoded. Real `images` say
    how sure it can be; without them it is taken to be sure of all.
    """
    if "sample" not in explorer.abilities:
        return "codes"
    found = judged(explorer, images)
    if found is not None and found < ENOUGH:
        return "codes"
    return "prior" if "likelihood" in explorer.abilities else "density"


@torch.no_grad()
def codes(
    explorer: Explorer, of: Source, n: int, seed: int, real: Float32[ndarray, "m latent"]
) -> Float32[ndarray, "n latent"]:
    """`n` random codes by a seed; those of real images are drawn from `real`, with repetition."""
    if of == "codes":
        return real[np.random.default_rng(seed).integers(len(real), size=n)]
    generator = torch.Generator(explorer.device).manual_seed(seed)
    return explorer.model.prior().rsample((n,), generator).cpu().numpy()


def judged(explorer: Explorer, images: Float32[ndarray, "m c h w"] | None = None) -> float | None:
    """The share of samples that a judge is sure of, divided by that of real images; None where no judge ships."""
    judge = judges.shipped(explorer.dataset.partition("/")[0], JUDGE, explorer.shape)
    if judge is None:
        return None
    draws = np.random.default_rng(0)
    labels = draws.integers(max(len(explorer.classes), 1), size=TRIED)
    real = 1.0 if images is None else sure(judge, images[draws.permutation(len(images))[:TRIED]])
    return sure(judge, explorer.sample(TRIED, explorer.told(labels), seed=0)) / max(real, 1 / TRIED)


def sure(judge: judges.Judge, images: Float32[ndarray, "n c h w"]) -> float:
    """The share of images that a judge puts into one class with a probability of 0.9 or more."""
    return float((judges.certainty(judge, torch.from_numpy(images.clip(0, 1))) >= SURE).double().mean())

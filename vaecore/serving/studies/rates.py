"""What a code costs and what it leaves unsaid, in nats; and families of models that put different prices on it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float64
from numpy import ndarray

from vaecore.evaluation.rates import rates_and_distortion
from vaecore.models.variational import Variational
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_images

IMAGES = 2000  # of those given, that the terms are averaged over


@dataclass(frozen=True, eq=False)
class Terms:
    """The two terms of minus the elbo, averaged over images. No beta, no free bits, no annealing is in them.

    Attributes:
        rates: what each group of latents costs, [groups]: log q(z|x) - log p(z), or its expectation where that is
            known. A group is one layer of a hierarchy, the one next to the image first, and one unit elsewhere.
        distortion: E_q[-log p(x|z)], by one sample an image.
        sizes: how many numbers each group has.
        images: how many the terms are averaged over.
    """

    rates: Float64[ndarray, "groups"]
    distortion: float
    sizes: tuple[int, ...]
    images: int

    @property
    def rate(self) -> float:
        """KL(q(z|x) || p(z)): of all groups together."""
        return float(self.rates.sum())

    @property
    def elbo(self) -> float:
        """Minus the distortion and the rate."""
        return -self.distortion - self.rate


def elbo_terms(explorer: Explorer, images: ndarray, labels: ndarray | None = None, seed: int = 0) -> Terms:
    """Rate and distortion over at most 2,000 of the images, which `seed` draws, as it does the codes.

    Pixels are binarised, once, where the model was trained on such: grey ones have no likelihood under it.

    Raises:
        ValueError: the model has no prior of its own, there are no images or they have the wrong shape, or labels that
            a conditional model misses.
    """
    if not isinstance(explorer.model, Variational):
        raise ValueError(
            f"{explorer.name}: expected a variational model, whose code has a rate; got {explorer.variant}"
        )
    x = as_images(images, explorer.shape, explorer.name)
    if len(x) == 0:
        raise ValueError(f"{explorer.name}: expected at least one image, got none")
    label = explorer.label_of(labels, len(x))
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(x), generator=generator)[:IMAGES]
    x, label = x[chosen], None if label is None else label[chosen]
    if explorer.recipe.training.binarise:
        x = (torch.rand(x.shape, generator=generator) < x).float()
    codes = torch.Generator(explorer.device).manual_seed(seed + 1)  # one seed would repeat what drew the pixels
    rates, distortions = (part.double().mean(0) for part in rates_and_distortion(explorer.model, x, label, codes))
    return Terms(rates.numpy(), float(distortions), explorer.model.groups, len(x))

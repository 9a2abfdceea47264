"""The levels of a hierarchy, one at a time: what the noise of each decides about an image, that of the others kept."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from numpy import ndarray
from torch import Tensor

from vaecore.models.hierarchical import HierarchicalVAE
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_codes, as_count, as_images


@dataclass(frozen=True, eq=False)
class Redrawn:
    """Images of a hierarchy whose noise was redrawn one level at a time.

    Attributes:
        origin: the image of the noise as it came, [c, h, w].
        images: for each level, from the top to the one next to the image, some redraws, [levels, n, c, h, w].
        changes: ||redrawn - origin||^2 of each level, averaged over the redraws, [levels].
    """

    origin: Float32[ndarray, "c h w"]
    images: Float32[ndarray, "levels n c h w"]
    changes: Float64[ndarray, "levels"]


def prior_noise(explorer: Explorer, temperature: float = 1.0, seed: int = 0) -> Float32[ndarray, "latent"]:
    """The noise of one draw from the prior, z_i = mean_i(z_{i+1}) + scale_i(z_{i+1}) * noise_i, times `temperature`.

    Raises:
        ValueError: the model is no hierarchy, or the temperature is below 0.
    """
    model = _hierarchy(explorer)
    return (_temperature(explorer, temperature) * _drawn((), model, seed)).numpy()


@torch.no_grad()
def noise_behind(explorer: Explorer, image: ndarray, label: int | None = None) -> Float32[ndarray, "latent"]:
    """The noise by which the prior draws the posterior mean of an image [c, h, w].

    Raises:
        ValueError: the model is no hierarchy, an image of the wrong shape, or a conditional model without a label.
    """
    model = _hierarchy(explorer)
    x = as_images(np.asarray(image)[None], explorer.shape, explorer.name).to(explorer.device)
    code = model.posterior(x, _labels(explorer, label)).mean
    return model.prior().noise_of(code)[0].cpu().numpy()


@torch.no_grad()
def noise_of(explorer: Explorer, codes: ndarray) -> Float32[ndarray, "n latent"]:
    """The noise by which the prior draws codes [n, latent].

    Raises:
        ValueError: the model is no hierarchy, or codes of another size.
    """
    model = _hierarchy(explorer)
    z = as_codes(codes, explorer.latent, explorer.name).to(explorer.device)
    return model.prior().noise_of(z).cpu().numpy()


@torch.no_grad()
def decode(explorer: Explorer, noise: ndarray, labels: ndarray | None = None) -> Float32[ndarray, "n c h w"]:
    """The images that rows of noise [n, latent] lead to.

    Raises:
        ValueError: the model is no hierarchy, noise of another size, or a conditional model without labels.
    """
    rows = as_codes(noise, explorer.latent, explorer.name).to(explorer.device)
    return explorer.decode(_hierarchy(explorer).prior().follow(rows).cpu().numpy(), labels)


def sizes(explorer: Explorer) -> tuple[int, ...]:
    """How many numbers each level has, that next to the image first.

    Raises:
        ValueError: the model is no hierarchy.
    """
    return _hierarchy(explorer).groups


@torch.no_grad()
def redraw(
    explorer: Explorer,
    noise: ndarray,
    count: int = 8,
    temperature: float = 1.0,
    seed: int = 0,
    label: int | None = None,
) -> Redrawn:
    """Redraw the noise [latent] of each level `count` times, times `temperature`, and keep that of all others.

    What lies below the level changes too, as the chain says: kept are the deviations from what is expected there.

    Raises:
        ValueError: the model is no hierarchy, noise of another size, a count below 1, a temperature below 0, or a
            conditional model without a label.
    """
    model, y = _hierarchy(explorer), _labels(explorer, label)
    count = as_count(count, f"{explorer.name}: count", least=1)
    kept = as_codes(np.asarray(noise)[None], explorer.latent, explorer.name)[0]
    fresh = _temperature(explorer, temperature) * _drawn((len(model.groups), count), model, seed)
    parts = [kept[None], *(_with_level(kept, fresh[level], level, model.groups) for level in _downwards(model))]
    rows = torch.cat(parts).to(explorer.device)
    z = model.prior().follow(rows)
    images = model.likelihood(z, None if y is None else y.expand(len(z))).mean.cpu()
    levels = images[1:].unflatten(0, (len(model.groups), count))
    changes = (levels - images[0]).double().square().sum((2, 3, 4)).mean(1)
    return Redrawn(images[0].numpy(), levels.numpy(), changes.numpy())


def _with_level(
    kept: Float[Tensor, "latent"], fresh: Float[Tensor, "count latent"], level: int, sizes: tuple[int, ...]
) -> Float[Tensor, "count latent"]:
    """The kept noise, with the fresh one in the place of one level, 0 being the one next to the image."""
    begin = sum(sizes[:level])
    rows = kept.repeat(len(fresh), 1)
    rows[:, begin : begin + sizes[level]] = fresh[:, begin : begin + sizes[level]]
    return rows


def _downwards(model: HierarchicalVAE) -> range:
    return range(len(model.groups) - 1, -1, -1)


def _drawn(shape: tuple[int, ...], model: HierarchicalVAE, seed: int) -> Float[Tensor, "*shape latent"]:
    """Noise that a seed draws on the CPU, the same on every machine; that of redraws comes after that of a start."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(model.latent, generator=generator)
    return torch.randn(*shape, model.latent, generator=generator) if shape else start


def _hierarchy(explorer: Explorer) -> HierarchicalVAE:
    if not isinstance(explorer.model, HierarchicalVAE):
        raise ValueError(f"{explorer.name}: expected a hierarchy of latents, got {explorer.variant}")
    return explorer.model


def _temperature(explorer: Explorer, temperature: float) -> float:
    if not 0 <= temperature < np.inf:
        raise ValueError(f"{explorer.name}: expected a temperature >= 0, got {temperature}")
    return temperature


def _labels(explorer: Explorer, label: int | None) -> Tensor | None:
    """The label of one image, on the model's device."""
    found = explorer.label_of(None if label is None else np.array([label]), 1)
    return None if found is None else found.to(explorer.device)

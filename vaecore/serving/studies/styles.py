"""What a conditional model keeps in its code once it is told the class: the style, in which it writes every class."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray
from torch import Tensor

from vaecore.data import Images, dataset
from vaecore.evaluation import features
from vaecore.models.variational import Variational
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_codes, as_images

SAMPLES = 16  # of an elbo; those of every class share their noise, so that their differences are sharper
CHUNK = 50  # images whose elbos are computed at once
PROBED, TESTED = 6000, 2000  # images, at most, that a probe of the label is fitted on and tested on


def in_every_class(explorer: Explorer, codes: ndarray) -> Float32[ndarray, "n classes c h w"]:
    """The same codes [n, latent], decoded as each of the classes.

    Raises:
        ValueError: the model is not conditional, or the codes are of another size.
    """
    _conditional(explorer)
    z = as_codes(codes, explorer.latent, explorer.name).numpy()
    classes = len(explorer.classes)
    labels = np.tile(np.arange(classes), len(z))
    return explorer.decode(z.repeat(classes, axis=0), labels).reshape(len(z), classes, *explorer.shape)


@torch.no_grad()
def prior_codes(explorer: Explorer, seeds: ndarray) -> Float32[ndarray, "n latent"]:
    """One code from the prior for each seed, always the same for the same seed.

    Raises:
        ValueError: the model is not conditional.
    """
    prior = _conditional(explorer).prior()
    draws = [prior.rsample((1,), torch.Generator(explorer.device).manual_seed(int(seed))) for seed in seeds]
    return torch.cat(draws).cpu().numpy()


def style_walk(
    explorer: Explorer, code: ndarray, dimension: int, deviations: ndarray
) -> Float32[ndarray, "steps latent"]:
    """A code [latent], one number of it moved to the prior's quantiles that lie so many deviations from its median.

    Raises:
        ValueError: a code of another size, or no such dimension.
    """
    if not 0 <= dimension < explorer.latent:
        raise ValueError(f"{explorer.name}: expected a dimension in 0..{explorer.latent - 1}, got {dimension}")
    z = as_codes(np.asarray(code)[None], explorer.latent, explorer.name).numpy()
    levels = torch.special.ndtr(torch.as_tensor(deviations, dtype=torch.float64)).numpy()
    moved = z.repeat(len(levels), axis=0)
    moved[:, dimension] = explorer.quantiles(levels)[:, dimension]
    return moved


def effects(explorer: Explorer) -> Float32[ndarray, "latent"]:
    """How much each number of a code changes a picture, from one deviation below the prior's median to one above it.

    The root mean square over pixels and classes, all other numbers at their medians; next to zero for a number that
    the model leaves unused.

    Raises:
        ValueError: the model is not conditional.
    """
    median = explorer.quantiles([0.5])[0]
    ends = np.array([-1.0, 1.0])
    codes = np.concatenate([style_walk(explorer, median, index, ends) for index in range(explorer.latent)])
    low, high = in_every_class(explorer, codes).reshape(explorer.latent, 2, -1).swapaxes(0, 1)
    return np.sqrt(np.square(high - low).mean(axis=1))


@torch.no_grad()
def class_elbos(
    explorer: Explorer, images: ndarray, samples: int = SAMPLES, seed: int = 0
) -> Float32[ndarray, "n classes"]:
    """elbo(x|y) = E_q[log p(x|z,y)] - KL(q(z|x,y) || p(z)) of every image and every class, in nats.

    The expectation is a mean over `samples` draws, the divergence is exact where it is known in closed form.

    Raises:
        ValueError: the model is not conditional, or images of another shape.
    """
    model = _conditional(explorer)
    x = as_images(images, explorer.shape, explorer.name)
    rows = [part.to(explorer.device) for part in x.split(CHUNK)] if len(x) else []
    found = [
        torch.stack([_elbo(model, part, label, samples, seed) for label in range(len(explorer.classes))], 1)
        for part in rows
    ]
    return torch.cat([torch.empty(0, len(explorer.classes)), *(part.cpu() for part in found)]).numpy()


def _elbo(model: Variational, x: Tensor, label: int, samples: int, seed: int) -> Tensor:
    labels = torch.full((len(x),), label, device=x.device)
    generator = torch.Generator(x.device).manual_seed(seed)
    posterior = model.posterior(x, labels)
    z, log_posterior = posterior.rsample_with_log_prob((samples,), generator)
    rate = torch.stack([model.rates(posterior, *draw).sum(-1) for draw in zip(z, log_posterior, strict=True)])
    return (model.likelihood(z, labels).log_prob(x) - rate).mean(0)


def class_posterior(elbos: ndarray) -> Float32[ndarray, "*images classes"]:
    """exp(elbo(x|y)) / sum_y' exp(elbo(x|y')): p(y|x) with p(y) uniform, were each bound tight.

    Each bound lies below log p(x|y) by KL(q(z|x,y) || p(z|x,y)), which differs from class to class.
    """
    shares = np.exp(elbos - elbos.max(axis=-1, keepdims=True, initial=-np.inf))
    return (shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class LabelLeft:
    """How well a linear probe reads the class from a model's codes of images it was not fitted on.

    Attributes:
        accuracy: share of the test images whose class it names.
        chance: share of the commonest class among them: what always naming that would give.
        probed: images that the probe was fitted on.
        tested: images that it was tested on.
    """

    accuracy: float
    chance: float
    probed: int
    tested: int


def label_left(explorer: Explorer) -> LabelLeft:
    """Probe a model's own codes, the posterior's means, for the class; a conditional model is told it as ever.

    Raises:
        ValueError: the model's data set cannot be had, or has no labels or only one.
    """
    train = _some(dataset(explorer.dataset, "train"), PROBED)
    test = _some(dataset(explorer.dataset, "test"), TESTED)
    if train.labels is None or test.labels is None or len(np.unique(train.labels)) < 2:
        raise ValueError(f"the images of {explorer.dataset} have no classes for a probe to tell apart")
    codes = features.scaled(*(torch.from_numpy(_codes(explorer, part)) for part in (train, test)))
    error = features.probe_error(codes[0], train.labels, codes[1], test.labels)
    chance = np.bincount(test.labels).max() / len(test)
    return LabelLeft(1 - error, float(chance), len(train), len(test))


def _some(images: Images, count: int) -> Images:
    """At most `count` of the images, drawn evenly and always the same: files often come class by class."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    return images.rows(order[:count])


def _codes(explorer: Explorer, images: Images) -> ndarray:
    return explorer.encode(images.images, explorer.told(images.labels))


def _conditional(explorer: Explorer) -> Variational:
    if "condition" not in explorer.abilities or not isinstance(explorer.model, Variational):
        raise ValueError(f"{explorer.name} is not conditional: expected a model that is told the class")
    return explorer.model

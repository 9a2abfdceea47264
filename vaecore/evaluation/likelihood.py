"""The evidence log p(x), bounded from below by one sample of q(z|x), or by many, and estimated in a plane of codes."""

from collections.abc import Iterator
from math import log, prod
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from vaecore import data
from vaecore.data.batches import present
from vaecore.device import model_device, onednn_products
from vaecore.distributions import Factored
from vaecore.evaluation import adaptive
from vaecore.evaluation.intervals import drawn, rounded, standard_error
from vaecore.evaluation.rates import one_code_each, rates_and_distortion
from vaecore.models import Autoencoder
from vaecore.models.base import Codes, Images, Labels
from vaecore.models.variational import Variational

BOUNDS = (1, 5, 50, 500, 5000)
PLANE = 2  # numbers of a code up to which draws of the prior, too, find where an image has mass
RISING = 1000  # test images on which the bound is seen to rise
BUDGET = {"cpu": 2**25, "cuda": 2**32, "mps": 2**30}
COPIES = 6  # of a layer's output that are alive at once in the worst line of a likelihood


def log_weights(
    model: Autoencoder, x: Images, label: Labels | None, samples: int, generator: torch.Generator | None = None
) -> Float[Tensor, "samples batch"]:
    """log w_i = log p(x|z_i) + log p(z_i) - log q(z_i|x), z_i ~ q(z|x), in nats."""
    posterior = model.posterior(x, label)
    assert isinstance(posterior, Factored)
    z, log_posterior = posterior.rsample_with_log_prob((samples,), generator)  # a flow is dear, and inexact, to undo
    return model.likelihood(z, label).log_prob(x) + model.prior().log_prob(z) - log_posterior.sum(-1)


def log_likelihood(
    model: Autoencoder, x: Images, label: Labels | None, samples: int, generator: torch.Generator | None = None
) -> Float[Tensor, "batch"]:
    """log p(x), in nats, estimated by so many importance samples: in expectation a lower bound.

    By `importance_bound`, whose samples all come from q(z|x). But in two dimensions or one these miss by nats, for
    they look at one mode: there the samples are of a mixture of q, the prior and what was found on the way; see
    `adaptive.log_mean_weight`.
    """
    return (_within_a_plane if model.latent <= PLANE else importance_bound)(model, x, label, samples, generator)


@torch.no_grad()
def importance_bound(
    model: Autoencoder, x: Images, label: Labels | None, samples: int, generator: torch.Generator | None = None
) -> Float[Tensor, "batch"]:
    """log 1/K sum_i w_i, z_i ~ q(z|x), in nats: in expectation a lower bound that rises to log p(x) with K.

    Images and samples go to the model's device in pieces that fit there; the running log-sum-exp is kept in float64.
    Source: Burda, Grosse & Salakhutdinov 2016, equation 8.
    """
    total = torch.full((len(x),), -torch.inf, dtype=torch.float64)
    for rows, draws in _pieces(len(x), samples, _widest(model), model_device(model)):
        log_w = _piece(model, x, label, rows, draws, generator)
        total[rows] = torch.logaddexp(total[rows], log_w.cpu().double().logsumexp(0))
    return (total - log(samples)).float()


@torch.no_grad()
def _within_a_plane(
    model: Autoencoder, x: Images, label: Labels | None, samples: int, generator: torch.Generator | None
) -> Float[Tensor, "batch"]:
    """All samples of an image stay at hand, so that each round knows those before it."""
    device, width = model_device(model), max(_widest(model), adaptive.CENTRES)
    found, most = torch.empty(len(x)), max(1, BUDGET[device.type] // (4 * width * COPIES))
    together = max(1, most // samples)
    for first in range(0, len(x), together):
        rows = slice(first, first + together)
        here, own = x[rows].to(device), None if label is None else label[rows].to(device)
        posterior, prior = model.posterior(here, own), model.prior()
        assert isinstance(posterior, Factored)
        assert isinstance(prior, Factored)

        def log_joint(z: Codes, x: Images = here, label: Labels | None = own, prior: Factored = prior) -> Tensor:
            parts = z.split(max(1, most // len(x)))
            return torch.cat([model.likelihood(z, label).log_prob(x) + prior.log_prob(z) for z in parts])

        found[rows] = adaptive.log_mean_weight(posterior, prior, log_joint, samples, generator).float().cpu()
    return found


@torch.no_grad()
def elbo(
    model: Autoencoder, x: Images, label: Labels | None, generator: torch.Generator | None = None
) -> Float[Tensor, "batch"]:
    """E_q[log w] by one sample per image, in nats: unbiased for the evidence lower bound."""
    pieces = _pieces(len(x), 1, _widest(model), model_device(model))
    bounds = [_piece(model, x, label, rows, 1, generator)[0].cpu() for rows, _ in pieces]
    return torch.cat(bounds) if bounds else torch.empty(0)


def _piece(
    model: Autoencoder, x: Images, label: Labels | None, rows: slice, draws: int, generator: torch.Generator | None
) -> Float[Tensor, "draws rows"]:
    device = model_device(model)
    return log_weights(model, x[rows].to(device), None if label is None else label[rows].to(device), draws, generator)


def _widest(model: Autoencoder) -> int:
    """How many numbers the largest layer has for one code."""
    maps = (
        width * prod(-(-side // 2**halvings) for side in model.shape[1:])
        for halvings, width in enumerate(getattr(model.settings, "channels", ()), start=1)
        if "text" not in model.abilities  # whose channels are narrower than its softmax
    )
    return max(model.pixels, *model.settings.hidden, *maps, 1)


def _pieces(images: int, samples: int, width: int, device: torch.device) -> Iterator[tuple[slice, int]]:
    """(rows, draws) that cover all images with `samples` draws each, `rows * draws * width` within the budget."""
    largest = max(1, BUDGET[device.type] // (4 * width * COPIES))
    draws = min(samples, largest)
    rows = max(1, largest // draws)
    for first in range(0, images, rows):
        for done in range(0, samples, draws):
            yield slice(first, min(first + rows, images)), min(draws, samples - done)


class Nats(NamedTuple):
    """Where the nats of a variational model go, of every test image by one sample.

    Attributes:
        grey: whether there is no likelihood, but a bound made of cross-entropies: a Bernoulli model's of pixels
            between 0 and 1.
        rates: by group of latents.
        distortion: -E_q[log p(x|z)].
        codes: one draw of every posterior; in a hierarchy, the noise that the prior would have had to draw.
    """

    grey: bool
    rates: Float[Tensor, "n groups"]
    distortion: Float[Tensor, "n"]
    codes: Float[Tensor, "n latent"]


def measure_nats(model: Variational, test: data.Examples, binarise: bool, seed: int) -> Nats:
    """With draws of its own, so that they are the same however many samples a likelihood has."""
    x, label, generator = _protocol(model, test, binarise, seed, draws=3)
    rates, distortion = rates_and_distortion(model, x, label, generator)
    grey = model.settings.likelihood == "bernoulli" and not bool(((x == 0) | (x == 1)).all())
    return Nats(grey, rates, distortion, one_code_each(model, x, label, generator))


@onednn_products()
def measure_likelihood(
    model: Variational, test: data.Examples, binarise: bool, samples: int, seed: int
) -> Float64[Tensor, "n"]:
    """log p(x) of every test image, in nats, by importance samples.

    Their seed is not that of the pixels, which would draw the codes that fit the pixels that were drawn.
    """
    x, label, generator = _protocol(model, test, binarise, seed)
    return log_likelihood(model, x, label, samples, generator).double()


def measure_bounds(model: Variational, test: data.Examples, binarise: bool, seed: int) -> dict[str, Any]:
    """The bound as samples of q(z|x) are added, each with draws of its own, on some of the test images.

    Never falls in expectation: Burda, Grosse & Salakhutdinov 2016, theorem 1.
    """
    x, label, generator = _protocol(model, test, binarise, seed, draws=2)
    some = drawn(len(x), RISING)
    x, label = x[some], None if label is None else label[some]
    bounds = [importance_bound(model, x, label, k, generator).double() for k in BOUNDS]
    return {
        "images": len(x),
        "samples": list(BOUNDS),
        "bound": rounded(torch.stack(bounds).mean(1)),
        "error": rounded(standard_error(torch.stack(bounds, 1))),
        "error_of_the_rise": rounded(standard_error(torch.stack(bounds, 1).diff(dim=1))),
    }


def _protocol(
    model: Variational, test: data.Examples, binarise: bool, seed: int, draws: int = 1
) -> tuple[Images, Labels | None, torch.Generator]:
    """Pixels, labels where the model takes them, and what draws the codes."""
    generator = torch.Generator(model_device(model)).manual_seed(seed + draws)
    return presented(test, binarise, seed), test.target if model.classes else None, generator


def presented(images: data.Examples, binarise: bool, seed: int) -> Images:
    """The pixels, binarised once if asked for; drawn on the CPU: the same on every machine."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return present(images.data, binarise)

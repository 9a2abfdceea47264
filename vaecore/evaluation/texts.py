"""What a text model is measured by: bits per character, what its codes carry, what it writes."""

from collections.abc import Callable
from functools import cache
from itertools import chain
from math import log, sqrt
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int32, Int64
from torch import Tensor

from vaecore.data.couplets import FORM
from vaecore.data.text import Texts, parts, to_strings
from vaecore.device import model_device
from vaecore.distributions import Gaussian
from vaecore.evaluation.latent import spherical
from vaecore.evaluation.likelihood import log_likelihood
from vaecore.evaluation.rates import active_units, aggregate_divergence, collapse, rates_and_distortion
from vaecore.models import Autoencoder
from vaecore.models.text import TextVAE

CHUNK = 1000
SAMPLES, TEMPERATURE = 1000, 0.8
PAIRS, STEPS = 500, 11
WRITTEN = ("distinct_1", "distinct_2", "copies", "half_copies", "tonal_agreement")  # of samples, and of real texts
LEVEL, OBLIQUE = "level", "oblique"
CONTRASTS = ((1, 3), (6, 8), (1, 6), (3, 8))  # characters of a couplet that are of different tones


def evaluate_texts(model: TextVAE, train: Texts, test: Texts, samples: int, seed: int) -> dict[str, Any]:
    """Metrics by name, measured on the test texts.

    bits_per_character: -log2 p(x), by `samples` importance samples of every text, over all characters; an unknown
    one costs its token and then as much as each of the others in Unicode. log_likelihood, elbo, rate, distortion,
    rates, collapse, active_units, aggregate_divergence: as of images, in nats per text. mutual_information: between
    texts and codes, in nats, at most the logarithm of the number of texts. exact_reconstruction, characters_right:
    shares of texts and of characters that come back from the posterior's mean, the likeliest character at every step.
    distinct_1, distinct_2, copies, half_copies, tonal_agreement: of 1,000 samples at temperature 0.8, each with the
    same of 1,000 test texts as real_...; the last two where the texts are couplets. path_changes, path_nearer: of the
    texts on eleven steps between the codes of 500 pairs of test texts, see `path`; without a pair there are none.
    """
    generator = torch.Generator(model_device(model)).manual_seed(seed + 1)
    x = test.points
    likelihood = log_likelihood(model, x, None, samples, generator).double()
    lengths = (x != 0).sum(1)
    bits = -likelihood.sum() / lengths.sum() / log(2)
    off = -likelihood / log(2) - bits * lengths
    rates, distortion = rates_and_distortion(model, x, None, generator)
    exact, right = restored(model, x)
    several = len(x) > 1
    return {
        "bits_per_character": float(bits),
        "bits_per_character_error": float(off.std(correction=int(several)) / sqrt(len(x)) / lengths.double().mean()),
        "log_likelihood": float(likelihood.mean()),
        "log_likelihood_error": float(likelihood.std(correction=0)) / sqrt(len(x)),
        "elbo": -float((rates.sum(1) + distortion).double().mean()),
        "rate": float(rates.double().sum(1).mean()),
        "distortion": float(distortion.double().mean()),
        "rates": [round(rate, 4) for rate in rates.double().mean(0).tolist()],
        "collapse": [round(share, 4) for share in collapse(rates).tolist()],
        "active_units": int(active_units(model, x).sum()),
        "mutual_information": mutual_information(model, x, generator),
        "aggregate_divergence": aggregate_divergence(model, x, None, generator),
        "exact_reconstruction": exact,
        "characters_right": right,
        **written(model, train, test, generator),
        **(path(model, x[: 2 * PAIRS]) if several else {}),
    }


@torch.no_grad()
def _likeliest(model: TextVAE, z: Float[Tensor, "n latent"]) -> Int32[Tensor, "n length"]:
    return model.likeliest(z.to(model_device(model))).cpu()


@torch.no_grad()
def _means(model: Autoencoder, x: Int32[Tensor, "n length"]) -> Float[Tensor, "n latent"]:
    return torch.cat([model.posterior(rows.to(model_device(model))).mean.cpu() for rows in x.split(CHUNK)])


def restored(model: Autoencoder, x: Int32[Tensor, "n length"]) -> tuple[float, float]:
    """The shares of texts and of characters that come back as they were."""
    assert isinstance(model, TextVAE)
    same = _likeliest(model, _means(model, x)) == x
    return float(same.all(1).double().mean()), float(same[x != 0].double().mean())


@torch.no_grad()
def mutual_information(model: TextVAE, x: Int32[Tensor, "n length"], generator: torch.Generator | None = None) -> float:
    """E[log q(z|x) - log 1/n sum_j q(z|x_j)] in nats, z ~ q(z|x): what a code tells of which text it is the code of.

    A lower bound in expectation, which cannot exceed log n. Source: Hoffman & Johnson 2016; Chen et al. 2018.
    """
    posteriors = [model.posterior(rows.to(model_device(model))) for rows in x.split(CHUNK)]
    mean, scale = (torch.cat([getattr(q, key).double() for q in posteriors]) for key in ("location", "scale"))
    precision = scale**-2
    linear, volume = mean * precision, (mean.square() * precision / 2 + scale.log()).sum(1)
    total = 0.0
    for rows in torch.arange(len(x), device=mean.device).split(CHUNK):
        z = Gaussian(mean[rows], scale[rows]).rsample((), generator)
        every = z @ linear.T - z.square() @ precision.T / 2 - volume  # log q(z|x_j), up to what all j share
        total += float((every.gather(1, rows[:, None])[:, 0] - every.logsumexp(1)).sum())
    return total / len(x) + log(len(x))


def written(model: TextVAE, train: Texts, test: Texts, generator: torch.Generator | None = None) -> dict[str, float]:
    """How varied, how much its own and how regular it is what the model writes, beside as many real texts."""
    z = model.prior().rsample((SAMPLES,), generator)
    with torch.no_grad():
        samples = to_strings(model.likelihood(z).sample(generator, TEMPERATURE).cpu())
    real = to_strings(test.points[:SAMPLES])
    known = to_strings(train.points)
    metrics: dict[str, float] = {}
    measures: dict[str, Callable[[list[str]], float]] = {
        "distinct_1": lambda texts: distinct(texts, 1),
        "distinct_2": lambda texts: distinct(texts, 2),
        "copies": lambda texts: sum(text in whole for text in texts) / len(texts),
    }
    whole = frozenset(known)
    if train.form:
        halves = frozenset(chain.from_iterable(parts(text, train.form) for text in known))
        measures["half_copies"] = lambda texts: (
            sum(any(part in halves for part in parts(text, train.form)) for text in texts) / len(texts)
        )
    if train.form == FORM:
        measures["tonal_agreement"] = tonal_agreement
    for name, measure in measures.items():
        metrics |= {name: measure(samples), f"real_{name}": measure(real)}
    return metrics


def distinct(texts: list[str], n: int) -> float:
    """The share of all runs of n characters inside a text that are different ones (Li et al. 2016)."""
    runs = [text[i : i + n] for text in texts for i in range(len(text) - n + 1)]
    return len(set(runs)) / max(1, len(runs))


@cache
def tone(character: str) -> str | None:
    """ "level" for the first and second tone of today's Mandarin, "oblique" for the others; None where it has none.

    Today's tones are not the Tang's: the entering tone, which was oblique, is spread over all of them.
    """  # noqa: D210
    from pypinyin import Style, lazy_pinyin

    (spelled,) = lazy_pinyin(character, style=Style.TONE3) or ("",)
    return {"1": LEVEL, "2": LEVEL, "3": OBLIQUE, "4": OBLIQUE}.get(spelled[-1:])


def tonal_agreement(couplets: list[str]) -> float:
    """The share of five rules that couplets keep: tones alternate in and between the lines, and the last is level.

    In each line the second and the fourth character are of different tones; so are the second ones of the two lines,
    and the fourth ones; the last character of all is level. A half is chance. Rules about a character without a tone
    are not counted.
    """
    kept: list[bool] = []
    for couplet in couplets:
        tones = [tone(character) for character in couplet]
        kept += [tones[a] != tones[b] for a, b in CONTRASTS if len(tones) > b and tones[a] and tones[b]]
        kept += [tones[-1] == LEVEL] if tones and tones[-1] else []
    return sum(kept) / max(1, len(kept))


def path(model: TextVAE, x: Int32[Tensor, "n length"]) -> dict[str, float]:
    """Of eleven texts on the spherical way between the codes of two, for pairs of texts.

    path_changes: the share of steps at which the text changes. path_nearer: the mean, over the steps that are nearer
    to one end, of the characters shared with that end's text less those shared with the other's. path_nearer_least:
    the least of these steps' means.
    """
    means = _means(model, x[: len(x) // 2 * 2]).unflatten(0, (2, -1))
    share = np.linspace(0, 1, STEPS, dtype=np.float32)[:, None]
    ways = [spherical(a, b, share) for a, b in zip(*means.numpy(), strict=True)]
    z = torch.from_numpy(np.stack(ways, 1))
    texts = _likeliest(model, z.flatten(0, 1)).unflatten(0, (STEPS, -1))
    change = (texts[1:] != texts[:-1]).any(-1)
    ends = x[: len(x) // 2 * 2].unflatten(0, (2, -1))
    ahead = shared(texts, ends[0]) - shared(texts, ends[1])
    sign = torch.arange(STEPS // 2, -STEPS // 2, -1).sign()
    inner = (sign[:, None] * ahead).double().mean(1)[sign != 0]
    return {
        "path_changes": float(change.double().mean()),
        "path_nearer": float(inner.mean()),
        "path_nearer_least": float(inner.min()),
    }


def shared(a: Int32[Tensor, "... length"], b: Int32[Tensor, "... length"]) -> Int64[Tensor, "..."]:
    """How many characters stand at the same place in both."""
    return ((a == b) & (a != 0)).sum(-1)


def nearest(x: Int32[Tensor, "n length"], known: Int32[Tensor, "m length"]) -> tuple[Tensor, Tensor]:
    """Of each text the row of the one among `known` that shares most characters with it, and how many those are."""
    best = [shared(row, known).max(0) for row in x]
    return torch.stack([each.indices for each in best]), torch.stack([each.values for each in best])

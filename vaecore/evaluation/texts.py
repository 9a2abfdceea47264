"""What a text model is measured by: bits per character, what its codes carry, what it writes."""

from collections.abc import Callable
from functools import cache
from itertools import chain
from math import log
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int32, Int64
from torch import Tensor

from vaecore.data.couplets import FORM
from vaecore.data.text import Texts, parts, to_strings
from vaecore.device import model_device
from vaecore.distributions import Gaussian
from vaecore.evaluation.intervals import averaged, drawn, jackknifed, listed, standard_error
from vaecore.evaluation.latent import spherical
from vaecore.evaluation.likelihood import log_likelihood
from vaecore.evaluation.rates import (
    aggregate_divergence,
    one_code_each,
    posterior_means,
    rates_and_distortion,
    silent,
    varies,
)
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
    groups, distortion = (part.double() for part in rates_and_distortion(model, x, None, generator))
    exact, right = restored(model, x)
    several = drawn(len(x), 2 * PAIRS)
    return {
        **per_character("bits_per_character", -likelihood / log(2), lengths(x)),
        **averaged("log_likelihood", likelihood),
        **averaged("elbo", -(groups.sum(1) + distortion)),
        **averaged("rate", groups.sum(1)),
        **averaged("distortion", distortion),
        **listed("rates", groups),
        **listed("collapse", silent(groups).double()),
        **jackknifed("active_units", lambda means: varies(means).double().sum(), posterior_means(model, x)),
        **averaged("mutual_information", mutual_information(model, x, generator)),
        **jackknifed("aggregate_divergence", aggregate_divergence, one_code_each(model, x, None, generator)),
        **averaged("exact_reconstruction", exact.double()),
        **per_character("characters_right", right.double(), lengths(x)),
        **written(model, train, test, generator),
        **(path(model, x[several]) if len(several) > 1 else {}),
    }


def lengths(x: Int32[Tensor, "n length"]) -> Int64[Tensor, "n"]:
    """How many characters each text has."""
    return (x != 0).sum(1)


def per_character(
    name: str, totals: Float[Tensor, "n"] | Int64[Tensor, "n"], characters: Int64[Tensor, "n"]
) -> dict[str, float]:
    """The sum over texts of what their characters add up to, over all characters, and its standard error.

    Texts are drawn, not characters: sqrt(var(t_i - mean l_i) / n) / mean l. Source: Cochran 1977, chapter 6, of ratios.
    """
    ratio = totals.double().sum() / characters.sum()
    error = standard_error(totals - ratio * characters) / characters.double().mean()
    return {name: float(ratio)} | ({f"{name}_error": float(error)} if len(totals) > 1 else {})


@torch.no_grad()
def _likeliest(model: TextVAE, z: Float[Tensor, "n latent"]) -> Int32[Tensor, "n length"]:
    return model.likeliest(z.to(model_device(model))).cpu()


@torch.no_grad()
def _means(model: Autoencoder, x: Int32[Tensor, "n length"]) -> Float[Tensor, "n latent"]:
    return torch.cat([model.posterior(rows.to(model_device(model))).mean.cpu() for rows in x.split(CHUNK)])


def restored(model: Autoencoder, x: Int32[Tensor, "n length"]) -> tuple[Bool[Tensor, "n"], Int64[Tensor, "n"]]:
    """Which texts come back as they were, and how many characters of each."""
    assert isinstance(model, TextVAE)
    same = _likeliest(model, _means(model, x)) == x
    return same.all(1), (same & (x != 0)).sum(1)


@torch.no_grad()
def mutual_information(
    model: TextVAE, x: Int32[Tensor, "n length"], generator: torch.Generator | None = None
) -> Float[Tensor, "n"]:
    """log q(z|x) - log 1/n sum_j q(z|x_j) in nats, z ~ q(z|x): what a code tells of which text it is the code of.

    Its mean is a lower bound in expectation, which cannot exceed log n.
    Source: Hoffman & Johnson 2016; Chen et al. 2018.
    """
    posteriors = [model.posterior(rows.to(model_device(model))) for rows in x.split(CHUNK)]
    mean, scale = (torch.cat([getattr(q, key).double() for q in posteriors]) for key in ("location", "scale"))
    precision = scale**-2
    linear, volume = mean * precision, (mean.square() * precision / 2 + scale.log()).sum(1)
    found = []
    for rows in torch.arange(len(x), device=mean.device).split(CHUNK):
        z = Gaussian(mean[rows], scale[rows]).rsample((), generator)
        every = z @ linear.T - z.square() @ precision.T / 2 - volume  # log q(z|x_j), up to what all j share
        found.append((every.gather(1, rows[:, None])[:, 0] - every.logsumexp(1)).cpu())
    return torch.cat(found) + log(len(x))


def written(model: TextVAE, train: Texts, test: Texts, generator: torch.Generator | None = None) -> dict[str, float]:
    """How varied, how much its own and how regular it is what the model writes, beside as many real texts."""
    z = model.prior().rsample((SAMPLES,), generator)
    with torch.no_grad():
        samples = to_strings(model.likelihood(z).sample(generator, TEMPERATURE).cpu())
    real = to_strings(test.points[drawn(len(test), SAMPLES)])
    known = to_strings(train.points)
    whole = frozenset(known)
    measures: dict[str, Callable[[list[str]], float]] = {
        "distinct_1": lambda texts: distinct(texts, 1),
        "distinct_2": lambda texts: distinct(texts, 2),
        "copies": lambda texts: sum(text in whole for text in texts) / len(texts),
    }
    if train.form:
        halves = frozenset(chain.from_iterable(parts(text, train.form) for text in known))
        measures["half_copies"] = lambda texts: (
            sum(any(part in halves for part in parts(text, train.form)) for text in texts) / len(texts)
        )
    if train.form == FORM:
        measures["tonal_agreement"] = tonal_agreement
    metrics: dict[str, float] = {}
    for name, measure in measures.items():
        metrics |= _of_strings(name, measure, samples) | _of_strings(f"real_{name}", measure, real)
    return metrics


def _of_strings(name: str, measure: Callable[[list[str]], float], texts: list[str]) -> dict[str, float]:
    """A figure of some texts, and its standard error by leaving groups of them out."""

    def of_rows(rows: Tensor) -> Tensor:
        return torch.tensor(measure([texts[row] for row in rows.tolist()]), dtype=torch.float64)

    return jackknifed(name, of_rows, torch.arange(len(texts)))


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
    inner = (sign[:, None] * ahead).double()[sign != 0]
    return (
        averaged("path_changes", change.double().mean(0))
        | averaged("path_nearer", inner.mean(0))
        | jackknifed("path_nearer_least", lambda pairs: pairs.mean(0).min(), inner.T)
    )


def shared(a: Int32[Tensor, "... length"], b: Int32[Tensor, "... length"]) -> Int64[Tensor, "..."]:
    """How many characters stand at the same place in both."""
    return ((a == b) & (a != 0)).sum(-1)


def nearest(x: Int32[Tensor, "n length"], known: Int32[Tensor, "m length"]) -> tuple[Tensor, Tensor]:
    """Of each text the row of the one among `known` that shares most characters with it, and how many those are."""
    best = [shared(row, known).max(0) for row in x]
    return torch.stack([each.indices for each in best]), torch.stack([each.values for each in best])

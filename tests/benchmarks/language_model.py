"""What a code is worth: `couplets-tang` beside the same network without a latent, a plain language model.

`python tests/benchmarks/language_model.py` trains the latter for as long as the former was and prints the bits per
character of both on the test couplets. Every code is zero, so that only the characters before are left to go by; its
own remedies against over-fitting are tried beside the recipe's, as the hidden characters are there for the code's sake.
They are chosen on couplets that are held out of training; with the best it is trained anew on all, as the former was.
"""

import argparse
import tempfile
from collections.abc import Mapping
from math import log
from pathlib import Path

import torch

import vaecore
from vaecore.data import dataset, held_out
from vaecore.data.text import Texts
from vaecore.device import best_device
from vaecore.distributions import Gaussian
from vaecore.evaluation.likelihood import log_likelihood
from vaecore.models import MODELS
from vaecore.models.text import TextVAE
from vaecore.recipes import find
from vaecore.runs import Run
from vaecore.texts import TextDistribution
from vaecore.training import fit

REMEDIES = ({"word_dropout": 0.2, "dropout": 0.1}, {"dropout": 0.1}, {"dropout": 0.2})  # the first are the recipe's
BAR = 0.1  # bits per character


class LanguageModel(TextVAE):
    """p(x) = prod_t p(x_t | x_1, ..., x_{t-1}): the text model with a code of zeros, which nothing is read into."""

    def posterior(self, x: torch.Tensor, label: torch.Tensor | None = None) -> Gaussian:
        """The prior: the rate is nothing."""
        prior = self.prior()
        return Gaussian(prior.location.expand(len(x), -1), prior.scale.expand(len(x), -1))

    def likelihood(self, z: torch.Tensor, label: torch.Tensor | None = None) -> TextDistribution:
        """p(x), whatever the code."""
        return super().likelihood(torch.zeros_like(z))


def bits(model: TextVAE, texts: Texts, samples: int) -> float:
    """Bits per character of texts that were not trained on."""
    generator = torch.Generator(next(model.parameters()).device).manual_seed(1)
    total = log_likelihood(model, texts.data, None, samples, generator).double().sum()
    return float(-total / (texts.data != 0).sum() / log(2))


def language_model(remedies: Mapping[str, float], epochs: int, texts: Texts, device: torch.device) -> TextVAE:
    """A language model of the texts."""
    changes = {"word_dropout": 0.0, "free_bits": 0.0, "epochs": epochs, "store": "float32"} | remedies
    recipe, none = find("couplets-tang").changed(**changes), texts.rows(torch.arange(0))
    with tempfile.TemporaryDirectory() as folder:
        model, seconds = fit(Run(recipe, texts, none, Path(folder)), device)
    assert isinstance(model, TextVAE)
    print(f"language model, {remedies}, of {len(texts):,} couplets: {seconds:.0f} s")
    return model


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=find("couplets-tang").training.epochs)
    parser.add_argument("--samples", type=int, default=500, help="importance samples of couplets-tang")
    parsed = parser.parse_args()
    device = best_device()
    train, test = (dataset("couplets", split) for split in ("train", "test"))
    rest, held = held_out("couplets", train)
    assert isinstance(test, Texts)
    assert isinstance(rest, Texts)
    assert isinstance(held, Texts)
    MODELS["text"] = LanguageModel
    found = [bits(language_model(remedies, parsed.epochs, rest, device), held, 1) for remedies in REMEDIES]
    for remedies, value in zip(REMEDIES, found, strict=True):
        print(f"held-out couplets, {remedies}: {value:.4f} bits per character")
    best = REMEDIES[found.index(min(found))]
    plain = bits(language_model(best, parsed.epochs, train, device), test, 1)
    print(f"test couplets, {best}: {plain:.4f} bits per character")
    MODELS["text"] = TextVAE
    model = vaecore.load("couplets-tang", device=device.type).model
    assert isinstance(model, TextVAE)
    own = bits(model, test, parsed.samples)
    verdict = "met" if own <= plain + BAR else "MISSED"
    print(f"couplets-tang: {own:.4f} bits per character, {own - plain:+.4f}   bar {BAR:+}   {verdict}")


if __name__ == "__main__":
    main()

"""What a code is worth: `couplets-tang` beside the same network without a latent, a plain language model.

`python tests/benchmarks/language_model.py` trains the latter for as long as the former was and prints the bits per
character of both on the test couplets. Every code is zero, so that only the characters before are left to go by; its
own remedies against over-fitting are tried beside the recipe's, as the hidden characters are there for the code's sake.
"""

import argparse
import tempfile
from math import log
from pathlib import Path

import torch

import vaecore
from vaecore.data import dataset
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


def bits(model: TextVAE, test: Texts, samples: int) -> float:
    """Bits per character of the test split."""
    generator = torch.Generator(next(model.parameters()).device).manual_seed(1)
    total = log_likelihood(model, test.pixels, None, samples, generator).double().sum()
    return float(-total / (test.pixels != 0).sum() / log(2))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=find("couplets-tang").training.epochs)
    parser.add_argument("--samples", type=int, default=500, help="importance samples of couplets-tang")
    parsed = parser.parse_args()
    device = best_device()
    train, test = (dataset("couplets", split) for split in ("train", "test"))
    assert isinstance(test, Texts)
    MODELS["text"] = LanguageModel
    found = []
    for remedies in REMEDIES:
        changes = {"word_dropout": 0.0, "free_bits": 0.0, "epochs": parsed.epochs, "store": "float32"} | remedies
        recipe = find("couplets-tang").changed(**changes)
        with tempfile.TemporaryDirectory() as folder:
            model, seconds = fit(Run(recipe, train, test, Path(folder)), device)
        assert isinstance(model, TextVAE)
        found.append(bits(model, test, 1))
        print(f"language model, {remedies}: {found[-1]:.4f} bits per character, {seconds:.0f} s")
    MODELS["text"] = TextVAE
    model = vaecore.load("couplets-tang", device=device.type).model
    assert isinstance(model, TextVAE)
    own = bits(model, test, parsed.samples)
    verdict = "met" if own <= min(found) + BAR else "MISSED"
    print(f"couplets-tang: {own:.4f} bits per character, {own - min(found):+.4f}   bar {BAR:+}   {verdict}")


if __name__ == "__main__":
    main()

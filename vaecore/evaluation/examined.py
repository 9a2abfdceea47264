"""What is measured: a model and images, what several measures need of them, and what each asks for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from numpy import ndarray
from torch import Tensor

from vaecore.data import Examples, Images, Texts
from vaecore.data.batches import present
from vaecore.device import model_device
from vaecore.evaluation.features import scaled
from vaecore.evaluation.figures import Figure
from vaecore.evaluation.generation import Classifier, classifier, features_and_classes
from vaecore.evaluation.likelihood import Nats, measure_nats
from vaecore.evaluation.reconstruction import encode, squared_errors
from vaecore.evaluation.texts import evaluate_texts
from vaecore.models import Autoencoder
from vaecore.models.text import TextVAE
from vaecore.models.variational import Variational

Metrics = dict[str, Any]
Asks = dict[str, "int | Callable[[Examined], int]"]


@dataclass(frozen=True, eq=False)
class Examined:
    """A model, and what it is measured on; what several measures need is computed once, when the first asks for it."""

    model: Autoencoder
    train: Examples
    test: Examples
    binarise: bool
    folder: Path
    samples: int = 1000
    seed: int = 0
    strangers: Images | None = None

    @cached_property
    def codes(self) -> Float[Tensor, "n latent"]:
        """Of the test images."""
        return encode(self.model, self.test)

    @cached_property
    def train_codes(self) -> Float[Tensor, "n latent"]:
        """Of the training images."""
        return encode(self.model, self.train)

    @cached_property
    def errors(self) -> Float[Tensor, "n"]:
        """The squared error of every test image."""
        return squared_errors(self.model, self.test, self.codes)

    @property
    def labels(self) -> tuple[Int64[ndarray, "n"], Int64[ndarray, "m"]]:
        """Of the training and of the test images, where there are any."""
        assert self.train.labels is not None
        assert self.test.labels is not None
        return self.train.labels, self.test.labels

    @cached_property
    def class_sizes(self) -> Int64[ndarray, "classes"]:
        """How many training images each class has that is among them."""
        return np.unique([] if self.train.labels is None else self.train.labels, return_counts=True)[1]

    @cached_property
    def scaled_codes(self) -> tuple[Float32[ndarray, "n latent"], Float32[ndarray, "m latent"]]:
        """Training and test codes as a probe sees them."""
        return scaled(self.train_codes, self.codes)

    @cached_property
    def scaled_pixels(self) -> tuple[Float32[ndarray, "n pixels"], Float32[ndarray, "m pixels"]]:
        """Training and test images, likewise."""
        train, test = (present(images.data).flatten(1) for images in (self.train, self.test))
        return scaled(train, test)

    @cached_property
    def nats(self) -> Nats:
        """Of a variational model, by the same samples."""
        assert isinstance(self.model, Variational)
        return measure_nats(self.model, self.test, self.binarise, self.samples, self.seed)

    @cached_property
    def judge(self) -> Classifier:
        """A classifier that never saw the model."""
        assert isinstance(self.train, Images)
        return classifier(self.train, self.folder, model_device(self.model))

    @cached_property
    def seen(self) -> tuple[Float[Tensor, "n features"], Int64[Tensor, "n"]]:
        """The judge's features and decisions of the test images."""
        return features_and_classes(self.judge, present(self.test.data))

    @cached_property
    def conditional_samples(self) -> tuple[Float[Tensor, "n features"], Int64[Tensor, "n"]]:
        """The judge's features and decisions of a sample for each test image, of its class."""
        return features_and_classes(self.judge, _conditional_samples(self.model, self.test, self.seed))

    @cached_property
    def texts(self) -> Metrics:
        """All that is measured of a model of texts."""
        assert isinstance(self.model, TextVAE)
        assert isinstance(self.train, Texts)
        assert isinstance(self.test, Texts)
        return evaluate_texts(self.model, self.train, self.test, self.samples, self.seed)


QUANTITIES: dict[str, Callable[[Examined], int]] = {  # what a measure can ask for, and how much of it there is
    "test images": lambda on: len(on.test),
    "different test images": lambda on: _different(on.test.data),
    "test texts": lambda on: len(on.test),
    "training images": lambda on: len(on.train),
    "training images of each class": lambda on: int(on.class_sizes.min()),
    "classes among the training images": lambda on: len(on.class_sizes),
    "different training codes": lambda on: _different(on.train_codes),
    "pixels on each side": lambda on: min(on.test.shape[1:]),
    "numbers in a code": lambda on: on.model.latent,
    "units that are ever on": lambda on: int((on.codes != 0).any(0).sum()),
}


@dataclass(frozen=True, eq=False)
class Measure:
    """Figures that are measured together.

    Attributes:
        figures: the figures; of those that are in no table and on no page, the names alone.
        measure: what gives them.
        asks: the least of each quantity without which they would say nothing, or could not be computed.
        of: which models they are of, whatever the images.
    """

    figures: tuple[Figure | str, ...]
    measure: Callable[[Examined], Metrics]
    asks: Asks = field(default_factory=dict)
    of: Callable[[Examined], bool] = lambda on: True

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of its figures."""
        return tuple(each if isinstance(each, str) else each.key for each in self.figures)

    def lacking(self, on: Examined) -> str:
        """What is needed and is not there, as in "5 test images, got 1"; nothing where all is."""
        for quantity, asked in self.asks.items():
            least, there = asked(on) if callable(asked) else asked, QUANTITIES[quantity](on)
            if there < least:
                return f"{least} {quantity}, got {there}"
        return ""


def more_than_latent(on: Examined) -> int:
    """One more than the numbers of a code, without which a covariance of codes cannot be inverted."""
    return on.model.latent + 1


@torch.no_grad()
def _conditional_samples(model: Autoencoder, test: Examples, seed: int) -> Float[Tensor, "n channels height width"]:
    assert test.target is not None
    device, prior = model_device(model), model.prior()
    generator = torch.Generator(device).manual_seed(seed)
    parts = [
        model.likelihood(prior.rsample((len(label),), generator), label.to(device)).mean.cpu()
        for label in test.target.split(1000)
    ]
    return torch.cat(parts)


def _different(rows: Tensor) -> int:
    """How many of some rows are different ones."""
    return len({hash(row.tobytes()) for row in rows.numpy()})

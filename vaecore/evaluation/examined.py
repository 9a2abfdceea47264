"""What is measured: a model and images, what several measures need of them, and what each asks for."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from numpy import ndarray
from torch import Tensor

from vaecore.data import Examples, Images, Texts
from vaecore.data.batches import present
from vaecore.device import model_device
from vaecore.evaluation.evidence import integrable, log_evidence
from vaecore.evaluation.features import scaled
from vaecore.evaluation.figures import Figure
from vaecore.evaluation.intervals import Metrics, drawn
from vaecore.evaluation.judges import Judge, Seen, judges, look
from vaecore.evaluation.likelihood import Nats, measure_likelihood, measure_nats, presented
from vaecore.evaluation.reconstruction import encode, squared_errors
from vaecore.evaluation.texts import evaluate_texts
from vaecore.models import Autoencoder
from vaecore.models.text import TextVAE
from vaecore.models.variational import Variational

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
    training_strangers: Images | None = None

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
        """Of a variational model, by one sample."""
        assert isinstance(self.model, Variational)
        return measure_nats(self.model, self.test, self.binarise, self.seed)

    @cached_property
    def likelihoods(self) -> Float64[Tensor, "n"]:
        """log p(x) of every test image, or the bound on grey pixels, in nats."""
        assert isinstance(self.model, Variational)
        if self.integrals is not None:
            return self.integrals
        return measure_likelihood(self.model, self.test, self.binarise, self.samples, self.seed)

    @cached_property
    def integrals(self) -> Float64[Tensor, "n"] | None:
        """The same by the integral over all codes, where there are so few latents that it can be taken."""
        if not integrable(self.model):
            return None
        label = self.test.target if self.model.classes else None
        with suppress(ValueError):  # of posteriors too narrow for any lattice
            return log_evidence(self.model, presented(self.test, self.binarise, self.seed), label).double()
        return None

    @cached_property
    def judges(self) -> dict[str, Judge]:
        """Two classifiers that never saw the model."""
        assert isinstance(self.train, Images)
        return judges(self.train, self.folder, model_device(self.model))

    def seen(self, images: Float[Tensor, "n channels height width"]) -> dict[str, Seen]:
        """The features and decisions of each judge, of some images."""
        return {name: look(judge, images) for name, judge in self.judges.items()}

    @cached_property
    def seen_test(self) -> dict[str, Seen]:
        """Of the test images."""
        return self.seen(present(self.test.data))

    @cached_property
    def real_images(self) -> Float[Tensor, "n channels height width"]:
        """As many training images, drawn: what no sample can be better than."""
        return present(self.train.data[drawn(len(self.train), len(self.test))])

    @cached_property
    def conditional_images(self) -> Float[Tensor, "n channels height width"]:
        """A sample for each test image, of its class."""
        return conditional_images(self.model, self.test, self.seed)

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
def conditional_images(model: Autoencoder, test: Examples, seed: int) -> Float[Tensor, "n channels height width"]:
    """The mean image of a draw of the prior for each label of a test split."""
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

"""What codes are good for, to a classifier that sees nothing else: linear probes, with all labels or with few."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64
from numpy import ndarray
from torch import Tensor

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

DRAWS = 10
TOLERANCE, ITERATIONS = 1e-6, 1000  # at scikit-learn's own 1e-4 the error is a tenth of a point off
FEW = (100, 1000)
HELD_OUT = 10_000  # training codes, at most a sixth, on which a probe's decay is chosen
CHOSEN_ON = 15_000  # training codes that candidates are fitted on
DECAYS = (1e-5, 1e-4, 1e-3)  # lambda in mean cross-entropy + lambda/2 ||W||^2, on scaled codes
DECAY_OF_FEW = 1e-2  # chosen on held-out training images


def scaled(
    train: Float[Tensor, "n latent"], test: Float[Tensor, "m latent"]
) -> tuple[Float32[ndarray, "n latent"], Float32[ndarray, "m latent"]]:
    """Codes around zero, divided by the one number that makes a dimension's mean variance one on `train`."""
    center = train.mean(0)
    scale = (train - center).square().mean().sqrt().clamp(min=1e-12)
    return ((train - center) / scale).numpy(), ((test - center) / scale).numpy()


def probe_error(
    train: Float32[ndarray, "n latent"],
    train_labels: Int64[ndarray, "n"],
    test: Float32[ndarray, "m latent"],
    test_labels: Int64[ndarray, "m"],
) -> float:
    """Share of `test` that softmax regression on `train` gets wrong.

    Its L2 decay is the best of three on a sixth of `train`, at most 10,000, which are then fitted with the rest; the
    largest of three, which is the safest, where that rest is of one class.

    Raises:
        ValueError: `train` is of one class.
    """
    order = np.random.default_rng(0).permutation(len(train))  # files often come class by class
    train, train_labels = train[order], train_labels[order]
    held = max(1, min(HELD_OUT, len(train) // 6))
    rest = slice(0, min(CHOSEN_ON, len(train) - held))
    decay = DECAYS[-1]
    if len(np.unique(train_labels[rest])) > 1:
        wrong = [
            1 - _probe(decay, train[rest], train_labels[rest]).score(train[-held:], train_labels[-held:])
            for decay in DECAYS
        ]
        decay = DECAYS[int(np.argmin(wrong))]
    return float(1 - _probe(decay, train, train_labels).score(test, test_labels))


def few_label_errors(
    train: Float32[ndarray, "n latent"],
    train_labels: Int64[ndarray, "n"],
    test: Float32[ndarray, "m latent"],
    test_labels: Int64[ndarray, "m"],
    labels: int,
) -> Bool[ndarray, "draws m"]:
    """What the probe gets wrong with `labels` labels, the same number of each class, for each of ten seeded draws.

    Raises:
        ValueError: a class has too few examples.
    """
    probes = (_probe(DECAY_OF_FEW, train[chosen], train_labels[chosen]) for chosen in _draws(train_labels, labels))
    return np.stack([probe.predict(test) != test_labels for probe in probes])


def _draws(labels: Int64[ndarray, "n"], count: int) -> Iterator[Int64[ndarray, "count"]]:
    classes, sizes = np.unique(labels, return_counts=True)
    each = count // len(classes)
    if not 1 <= each <= sizes.min():
        raise ValueError(f"expected between 1 and {sizes.min()} labels of each class, got {each}")
    for seed in range(DRAWS):
        generator = np.random.default_rng(seed)
        yield np.concatenate([generator.choice(np.flatnonzero(labels == c), each, replace=False) for c in classes])


def _probe(decay: float, codes: Float32[ndarray, "n latent"], labels: Int64[ndarray, "n"]) -> "LogisticRegression":
    from sklearn.linear_model import LogisticRegression  # here: a page that never probes need not wait for the library

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # at the last iteration a probe is as good as it gets
        warnings.simplefilter("ignore", RuntimeWarning)  # and so it is where rounding hides the way down
        shared = {"tol": TOLERANCE, "max_iter": ITERATIONS, "solver": "newton-cg"}  # the quickest of its solvers here
        return LogisticRegression(C=1 / (decay * len(codes)), **shared).fit(codes, labels)

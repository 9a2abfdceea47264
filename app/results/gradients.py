"""Gradients of E_q[log p(x|z)] by sampling, and the gradient itself; each result kept."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.results import divergences, ellipses, posteriors
from app.session.state import find
from vaecore import lessons, serving
from vaecore.lessons import Drawn, Ellipse, Exact

MODEL = divergences.MODEL
COUNTS = (1, 2, 5, 10, 20, 50, 100)  # samples of an estimate
ASKED = (1, 10, 100, 1000, 10_000)  # the same, as far as the chart goes
ESTIMATES = 200
SAMPLES = ESTIMATES * max(COUNTS)
WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of q, in the encoder's scales
KINDS = {"means": slice(0, 2), "log scales": slice(2, 4)}
SEEDS = 1000
ERROR = 0.1  # of the gradient's length, that an estimate may be off by


class Spread(NamedTuple):
    """One way to estimate a gradient.

    Attributes:
        points: estimates, [n, 2].
        mean: of these.
        variance: of a one-sample estimate, summed over both numbers, exactly.
        measured: the same of the estimates, times their samples.
        needed: samples for an error of a tenth of the gradient's length.
    """

    points: np.ndarray
    mean: np.ndarray
    variance: float
    measured: float
    needed: float


def rows() -> list[int]:
    """Return the row of the first test digit of each class."""
    labels = divergences.images().labels
    assert labels is not None
    return [int(np.flatnonzero(labels == label)[0]) for label in range(len(divergences.images().names))]


def q_of(row: int, width: float) -> Ellipse:
    """Return the encoder's q of a digit, its scales so many times as wide."""
    q = posteriors.encoder(divergences.subject(row), divergences.images())
    return Ellipse(q.mean, width * q.scale)


def truth(row: int) -> serving.posterior.TruePosterior:
    """Return the posterior of a digit."""
    return posteriors.truth(divergences.subject(row), divergences.images())


@st.cache_resource(show_spinner=False, max_entries=128)
def exact(row: int, width: float) -> Exact:
    """Return the gradient without a sample."""
    return lessons.exact(find(MODEL).explorer, divergences.shown(row), *q_of(row, width))


@st.cache_resource(show_spinner=False, max_entries=16)
def drawn(row: int, width: float, seed: int) -> Drawn:
    """Return estimates of one sample each, enough for all `COUNTS`; the baseline is E_q[log p(x|z)]."""
    baseline = exact(row, width).value
    return lessons.drawn(find(MODEL).explorer, divergences.shown(row), *q_of(row, width), baseline, SAMPLES, seed)


def gradient(row: int, width: float, kind: str) -> np.ndarray:
    """Return the exact gradient by both means, or by both log scales."""
    return exact(row, width).gradient[KINDS[kind]]


def spreads(row: int, width: float, kind: str, count: int, seed: int) -> dict[str, Spread]:
    """Return estimates by every estimator, of so many samples each."""
    part, of = KINDS[kind], exact(row, width)
    found = {}
    for name in lessons.ESTIMATORS:
        points = drawn(row, width, seed).averaged(name, count)[:ESTIMATES, part]
        measured = float(count * points.var(0, ddof=1).sum())
        found[name] = Spread(
            points, points.mean(0), of.variance(name, part), measured, of.samples_for(name, part, ERROR)
        )
    return found


def measured(row: int, width: float, kind: str, seed: int) -> dict[str, np.ndarray]:
    """Return the measured variance of estimates of each of `COUNTS` samples, by every estimator."""
    return {
        name: np.array(
            [
                drawn(row, width, seed).averaged(name, count)[:ESTIMATES, KINDS[kind]].var(0, ddof=1).sum()
                for count in COUNTS
            ]
        )
        for name in lessons.ESTIMATORS
    }


def window(row: int, q: Ellipse) -> tuple[tuple[float, float], float]:
    """Return the middle of a square around the posterior and q, and half its side."""
    return ellipses.window(truth(row), [q], False)


def first_noise(row: int, width: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first sample z and the eps that it was made of."""
    q, z = q_of(row, width), drawn(row, width, seed).codes[0].astype(np.float64)
    return z, (z - q.mean) / q.scale


def arrows(row: int, width: float, seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first samples [n, 2] and the slope of log p(x|z) at each: the pathwise estimates for the means."""
    found = drawn(row, width, seed)
    return found.codes[:count], found.gradients["pathwise"][:count, :2]

"""One Gaussian q in the place of a mixture p, and in the place of true posteriors; each result kept."""

from typing import NamedTuple, get_args

import numpy as np
import streamlit as st

from app.results import ellipses, posteriors
from app.results.data import Pictures, pictures
from app.results.ellipses import Slider
from app.results.posteriors import Subject
from app.session.state import find
from vaecore import lessons, serving
from vaecore.lessons import Descent, Direction, Ellipse, Mixture, Parts

MIXTURES = {
    "two apart": Mixture((0.5, 0.5), (-2.0, 2.0), (0.6, 0.6)),
    "two near": Mixture((0.5, 0.5), (-1.0, 1.0), (0.6, 0.6)),
    "three, uneven": Mixture((0.5, 0.3, 0.2), (-2.5, 0.8, 3.2), (0.5, 0.8, 0.4)),
}
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
MEANS = Slider(-5.0, 5.0, 0.05)
SCALES = Slider(0.1, 4.0, 0.05)
START = (1.0, 0.7)  # mean and scale of q, at first
STEPS = 60
COLUMNS, ROWS = 81, 61  # of the landscape
DEEP = 5.0  # nats above its least value that the landscape tells apart
DRAWN = np.linspace(-6, 6, 481)
BENT, DATA, MODEL = 8, "digits", "vae-digits-2"
SAME = 1e-3  # nats between two minima of one height
SHOWN = 10  # samples in a row


class Q(NamedTuple):
    """A Gaussian on the line."""

    mean: float
    scale: float


class Row(NamedTuple):
    """A Gaussian and both its divergences from p."""

    q: Q
    forward: float
    reverse: float


class Landscape(NamedTuple):
    """A divergence over the means and the scales of q; what lies deep below the rest is told apart."""

    means: np.ndarray
    scales: np.ndarray
    values: np.ndarray
    top: float


@st.cache_data(show_spinner=False, max_entries=512)
def descent(name: str, start: Q, direction: Direction) -> Descent:
    """Return the descent of a divergence from a start."""
    return lessons.descend(MIXTURES[name], *start, direction, STEPS)


@st.cache_data(show_spinner=False)
def landscape(name: str, direction: Direction) -> Landscape:
    """Return the landscape that the descent goes down."""
    means = np.linspace(MEANS.low, MEANS.high, COLUMNS)
    scales = np.geomspace(SCALES.low, SCALES.high, ROWS)
    values = lessons.landscape(MIXTURES[name], means, np.log(scales), direction)
    top = float(values.min()) + DEEP
    return Landscape(means, scales, np.minimum(values, top), top)


def parts(name: str, q: Q, direction: Direction) -> Parts:
    """Return a divergence by its terms."""
    return lessons.parts(MIXTURES[name], *q, direction)


def row(name: str, q: Q) -> Row:
    """Return a Gaussian with both divergences."""
    return Row(q, *(parts(name, q, direction).divergence for direction in DIRECTIONS))


def moments(name: str) -> Q:
    """Return the Gaussian of p's own mean and scale, which is nearest by KL(p || q)."""
    return Q(MIXTURES[name].mean, MIXTURES[name].scale)


@st.cache_data(show_spinner=False)
def ends(name: str) -> list[Q]:
    """Return the minima of KL(q || p), the least first."""
    return [Q(*end) for end in lessons.ends(MIXTURES[name])]


def at(path: Descent, step: int) -> Q:
    """Return q after some steps."""
    return Q(float(path.means[step]), float(path.scales[step]))


def density(q: Q) -> np.ndarray:
    """Return q over `DRAWN`."""
    return lessons.density(*q, DRAWN)


def reach(name: str, q: Q) -> lessons.Reach:
    """Return how much of q is spilt and how much of p is missed."""
    return lessons.reach(MIXTURES[name], *q, DRAWN)


def nearest_end(name: str, q: Q) -> int:
    """Return which of the minima of KL(q || p) is nearest."""
    return int(np.argmin([abs(end.mean - q.mean) for end in ends(name)]))


def is_least(name: str, end: int) -> bool:
    """Return whether none of the minima of KL(q || p) is lower than one."""
    values = [row(name, each).reverse for each in ends(name)]
    return values[end] < min(values) + SAME


def within(value: float, ends: Slider) -> float:
    """Return a value on the steps of a slider and within its ends."""
    inside = min(max(ends.low, value), ends.high)  # in this order: what is no number is low
    return round(min(max(ends.low, round(inside / ends.step) * ends.step), ends.high), 6)


class Fits(NamedTuple):
    """Two ellipses in the place of a true posterior, and both divergences of each, in nats."""

    covering: Ellipse
    seeking: Ellipse
    forward: tuple[float, float]
    reverse: tuple[float, float]


def images() -> Pictures:
    """Return the test digits."""
    return pictures(find(MODEL), DATA)


@st.cache_data(show_spinner="Looking for posteriors that no ellipse can be ...")
def bent() -> list[int]:
    """Return the rows of the digits whose posteriors bend most."""
    found = images()
    binary = np.stack([serving.posterior.binarised(image) for image in found.images])
    return lessons.most_bent(find(MODEL).explorer, binary, BENT).tolist()


def subject(row: int) -> Subject:
    """Return which picture it is: black and white, for the likelihood is one of such."""
    return Subject(find(MODEL), images().source, row, True)


def fits(row: int) -> tuple[serving.posterior.TruePosterior, Fits]:
    """Return a digit's posterior and the best q by either divergence."""
    of, best = posteriors.truth(subject(row), images()), posteriors.best(subject(row), images())
    covering, seeking = lessons.covering(of), Ellipse(best.mean, best.scale)
    other = posteriors.by_hand(
        subject(row), ellipses.Ellipse(*covering.mean.tolist(), *np.log(covering.scale).tolist()), images()
    )
    forward = lessons.forward_divergence(of, covering), lessons.forward_divergence(of, seeking)
    return of, Fits(covering, seeking, forward, (posteriors.gap(of, other), posteriors.gap(of, best)))


def shown(row: int) -> np.ndarray:
    """Return a digit as the model is asked about it, [c, h, w]."""
    return posteriors.picture(subject(row), images())


def widths(found: Fits) -> float:
    """Return how many times as large the covering ellipse is as the seeking one."""
    return found.covering.area / found.seeking.area


def window(of: serving.posterior.TruePosterior, found: Fits) -> tuple[tuple[float, float], float]:
    """Return the middle of a square around all that is shown, and half its side."""
    return ellipses.window(of, [found.covering, found.seeking], False)


def samples(row: int, of: serving.posterior.TruePosterior, found: Fits, seed: int) -> list[np.ndarray]:
    """Return pictures decoded from the posterior, from the covering ellipse and from the seeking one."""
    noise = np.random.default_rng(seed).standard_normal((SHOWN, 2))
    codes = [lessons.sampled(of, SHOWN, seed), *(q.mean + q.scale * noise for q in (found.covering, found.seeking))]
    return [find(MODEL).explorer.decode(part) for part in codes]

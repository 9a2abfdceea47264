"""The true posterior of one picture, and every q that is set beside it; each result kept."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.results.data import Pictures, Source
from app.results.directions import own_label
from app.results.ellipses import BEYOND, PLANE, Ellipse, Window
from app.session.state import Model, find
from vaecore import serving
from vaecore.serving import Explorer

RESOLVED = 0.01  # nats: what a grid may be wrong by before the page says so


class Subject(NamedTuple):
    """One picture under one model: what every result is kept by."""

    model: Model
    source: Source
    row: int
    binary: bool


class Draws(NamedTuple):
    """Samples of a q: their codes [n, 2], their shares of all weight, and how many they are worth."""

    codes: np.ndarray
    weights: np.ndarray
    effective: float


class Verdict(NamedTuple):
    """Whose a gap is, in nats: the shape's, which no ellipse can close, and the rest, the encoder's."""

    gap: float
    shape: float
    encoder: float


@st.cache_data(show_spinner=False, max_entries=16)
def at_hand(names: tuple[str, ...], dataset: str) -> list[str]:
    """Return the models named whose posterior can be seen whole, those of a data set first."""
    own = {name: find(name).explorer for name in names}
    return sorted(
        (name for name in names if serving.posterior.in_plane(own[name])), key=lambda name: own[name].dataset != dataset
    )


def unfamiliar(own: Explorer, binary: bool) -> bool:
    """Tell whether a model learned grey pixels and is shown binary ones."""
    return binary and not own.recipe.training.binarise


def is_grey(own: Explorer, subject: Subject) -> bool:
    """Tell whether grey pixels meet a likelihood of binary ones."""
    return serving.posterior.wants_binary(own) and not subject.binary


def is_coarse(of: serving.posterior.TruePosterior) -> bool:
    """Tell whether a grid was given up before it resolved the posterior."""
    return of.error > RESOLVED


def picture(subject: Subject, found: Pictures) -> np.ndarray:
    """Return the picture as the model is shown it, [c, h, w]."""
    image = found.images[subject.row]
    return serving.posterior.binarised(image) if subject.binary else image


def truth(subject: Subject, found: Pictures) -> serving.posterior.TruePosterior:
    """Return the true posterior and the evidence."""
    return _truth(subject, found)


@st.cache_resource(show_spinner="Integrating over the plane ...", max_entries=64)
def _truth(subject: Subject, _found: Pictures) -> serving.posterior.TruePosterior:
    return serving.posterior.true_posterior(subject.model.explorer, picture(subject, _found), label_of(subject, _found))


@st.cache_resource(show_spinner=False, max_entries=64)
def encoder(subject: Subject, _found: Pictures) -> serving.posterior.Approximation:
    """Return the encoder's q."""
    return serving.posterior.encoder_posterior(
        subject.model.explorer, picture(subject, _found), label_of(subject, _found)
    )


@st.cache_resource(show_spinner="Looking for the best ellipse ...", max_entries=64)
def best(subject: Subject, _found: Pictures) -> serving.posterior.Approximation:
    """Return the ellipse whose elbo is highest, sought from the encoder's q and from the truth's mode."""
    own, q = subject.model.explorer, encoder(subject, _found)
    starts = [(q.mean, q.scale), (truth(subject, _found).mode, q.scale)]
    return serving.posterior.best_gaussian(own, picture(subject, _found), starts, label_of(subject, _found))


@st.cache_resource(show_spinner=False, max_entries=256)
def by_hand(subject: Subject, ellipse: Ellipse, _found: Pictures) -> serving.posterior.Approximation:
    """Return an ellipse of one's own."""
    mean, scale = np.array(ellipse[:2]), np.exp(ellipse[2:])
    own = subject.model.explorer
    return serving.posterior.gaussian_posterior(own, picture(subject, _found), mean, scale, label_of(subject, _found))


def label_of(subject: Subject, found: Pictures) -> int | None:
    """Return the picture's class for a conditional model, None for any other."""
    return own_label(subject.model.explorer, found, subject.row)


def joints(subject: Subject, window: Window, found: Pictures) -> list[serving.posterior.Lattice]:
    """Return log p(x, z) around a window, and over the plane."""
    (across, up), half = window
    close, plane = (BEYOND * half, (across, up)), (2 * PLANE, (0.0, 0.0))
    return [_joint(subject, middle, reach, found) for reach, middle in sorted((close, plane))]


@st.cache_resource(show_spinner="Looking at the plane ...", max_entries=64)
def _joint(subject: Subject, middle: tuple[float, float], half: float, _found: Pictures) -> serving.posterior.Lattice:
    own = subject.model.explorer
    return serving.posterior.joint_lattice(own, picture(subject, _found), middle, half, label_of(subject, _found))


def units(q: serving.posterior.Approximation, count: int) -> np.ndarray:
    """Return the draws of N(0, I) behind the first samples of a Gaussian q, the same behind every other's."""
    return (q.codes[:count] - q.mean) / q.scale


def decoded(subject: Subject, q: serving.posterior.Approximation, found: Pictures) -> np.ndarray:
    """Return the picture at the mean of a q, [c, h, w]."""
    label = label_of(subject, found)
    return subject.model.explorer.decode(q.mean[None], None if label is None else np.array([label]))[0]


def gap(of: serving.posterior.TruePosterior, q: serving.posterior.Approximation) -> float:
    """Return KL(q || p(z|x)) = log p(x) - elbo, in nats."""
    return of.log_evidence - q.elbo


def gain(q: serving.posterior.Approximation, other: serving.posterior.Approximation) -> float:
    """Return by how much one bound lies above another."""
    return q.elbo - other.elbo


def verdict(
    of: serving.posterior.TruePosterior,
    q: serving.posterior.Approximation,
    best_ellipse: serving.posterior.Approximation,
) -> Verdict:
    """Return whose a gap is; what is written with two digits adds up."""
    whole, shape = (round(gap(of, each), 2) + 0.0 for each in (q, best_ellipse))
    return Verdict(whole, shape, whole - shape)


def draws(q: serving.posterior.Approximation, count: int) -> Draws:
    """Return the first samples of a q with their weights."""
    weights, effective = serving.posterior.importance(q.log_weights[:count])
    return Draws(q.codes[:count], weights, effective)

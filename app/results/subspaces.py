"""PCA and the linear autoencoder on the digits: a descent from any start, and the model that ships."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.results.data import pictures
from app.session.state import find
from vaecore import lessons
from vaecore.lessons import Scatter, Snapshot

SHIPPED, PCA, DATA = "linear-digits-8", "pca-digits", "digits"
STEPS = (
    0,
    1,
    2,
    3,
    4,
    6,
    8,
    10,
    13,
    16,
    20,
    25,
    32,
    40,
    50,
    63,
    80,
    100,
    126,
    160,
    200,
    250,
    320,
    400,
    500,
    640,
    800,
    1000,
)
SEEDS = 1000
FOUND = 1.0  # degrees: below it two subspaces are one, to the eye


class Shipped(NamedTuple):
    """The trained model beside PCA: its largest angle, and both errors over the test images, from its card."""

    angle: float
    error: float
    pca_error: float


class Pair(NamedTuple):
    """Pictures of the directions [k, 1, h, w]: PCA's, the decoder's own, and PCA's projected on the decoder's span."""

    components: np.ndarray
    columns: np.ndarray
    turned: np.ndarray


@st.cache_resource(show_spinner="Reading the digits ...")
def scatter() -> Scatter:
    """Return the mean and the covariance of the training digits."""
    return lessons.training_scatter(DATA)


def latent() -> int:
    """Return the size of the code, that of the model that ships."""
    return find(SHIPPED).explorer.latent


@st.cache_resource(show_spinner=False, max_entries=64)
def descent(seed: int) -> list[Snapshot]:
    """Return a linear autoencoder after each of `STEPS`, from the start that a seed draws."""
    return lessons.descend_linear(scatter(), latent(), list(STEPS), seed)


def least() -> float:
    """Return the least error that any linear code of this size can have: the sum of the eigenvalues left out."""
    return scatter().least(latent())


def angles(path: list[Snapshot]) -> np.ndarray:
    """Return the angles after each step, [k, steps]."""
    return np.array([each.angles for each in path]).T


def errors(path: list[Snapshot]) -> np.ndarray:
    """Return the error after each step."""
    return np.array([each.error for each in path])


def found_at(path: list[Snapshot]) -> int | None:
    """Return the first of the steps at which the subspace is found, None where it never is."""
    return next((each.step for each in path if each.angles[0] < FOUND), None)


def pair(now: Snapshot) -> Pair:
    """Return the directions of PCA and of a decoder, of length one."""
    shape = find(SHIPPED).explorer.shape
    components = scatter().components(latent())
    columns = lessons.unit_rows(now.decoder.T)
    turned = lessons.rotated(columns, components)
    return Pair(*(rows.reshape(-1, *shape) for rows in (components, columns, turned)))


def likeness(now: Snapshot) -> float:
    """Return how like the columns are to PCA's components: the mean of each one's largest |cosine| with any."""
    return lessons.likeness(now.decoder.T, scatter().components(latent()))


def reconstructions(now: Snapshot, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return images [n, c, h, w] as PCA gives them back, and as a linear autoencoder on its way does."""
    of, components = scatter(), scatter().components(latent())
    return of.through(components, components.T, images), of.through(now.encoder, now.decoder, images)


def test_images(count: int) -> np.ndarray:
    """Return the first test digits."""
    return pictures(find(SHIPPED), DATA).images[:count]


def shipped() -> Shipped:
    """Return what became of the model that ships: trained by batches, measured on the test images."""
    own, pca = (find(name).explorer for name in (SHIPPED, PCA))
    metrics = own.card["metrics"]
    apart = lessons.angles(lessons.directions(own), lessons.directions(pca.truncate(own.latent)))
    return Shipped(float(apart[0]), metrics["squared_error"], metrics["pca_squared_error"])

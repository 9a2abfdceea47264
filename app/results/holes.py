"""Codes of an autoencoder and of a VAE, what is drawn among them, and how well that stands for them; all kept."""

import statistics
from typing import NamedTuple

import numpy as np
import streamlit as st

from app.results import latents
from app.session.state import find, model_names
from vaecore.lessons import Codes, Fit

WAYS = {
    "prior": "N(0, I)",
    "fitted": "a fitted Gaussian",
    "box": "evenly",
    "around": "around a place",
}
MEASURED = ("prior", "fitted", "box")
SHOWN = 10  # draws that are decoded
SEEDS = 1000
FARTHEST = 1e6  # that a place in an address may be
PRECISION = 2  # digits of a place in the address
DATA = ("mnist", "fashion-mnist", "digits")


class Pair(NamedTuple):
    """The models that a lesson sets side by side."""

    autoencoder: str
    variational: str


WIDE = Pair("ae-mnist-30", "vae-mnist-20")  # whose draws show the difference at once; no map could show their codes


class Draw(NamedTuple):
    """Codes drawn [n, 2], what they decode to, and how far each is from the nearest code, in usual distances."""

    codes: np.ndarray
    images: np.ndarray
    distances: np.ndarray


def pairs() -> dict[str, Pair]:
    """Return the data sets of which both models are at hand, with their names."""
    names = model_names()
    found = {data: Pair(f"ae-{data}-2", f"vae-{data}-2") for data in DATA}
    return {data: pair for data, pair in found.items() if pair.autoencoder in names and pair.variational in names}


def wide() -> Pair | None:
    """Return the two models of long codes, if they are at hand."""
    return WIDE if set(WIDE) <= set(model_names()) else None


@st.cache_data(show_spinner=False, max_entries=64)
def decoded_from_prior(name: str, seed: int) -> np.ndarray:
    """Draw codes from N(0, I), whatever the model's own prior is, and decode them."""
    own = find(name).explorer
    return own.decode(np.random.default_rng(seed).standard_normal((SHOWN, own.latent), np.float32))


@st.cache_resource(show_spinner="Gathering the codes ...", max_entries=8)
def codes(name: str) -> Codes:
    """Return the codes of the test images that a model keeps with its map: no data set is needed."""
    return Codes(latents.kept_codes(find(name))[0])


def labels(name: str) -> np.ndarray | None:
    """Return the classes of these images."""
    return latents.kept_codes(find(name))[1]


@st.cache_data(show_spinner=False, max_entries=64)
def draw(name: str, way: str, seed: int, place: tuple[float, float]) -> Draw:
    """Draw some codes and decode them."""
    found, own = codes(name), find(name).explorer
    drawn = found.drawn(SHOWN, way, seed, np.array(place))
    return Draw(drawn, own.decode(drawn.astype(np.float32)), found.distances(drawn) / found.usual)


@st.cache_data(show_spinner=False, max_entries=8)
def fits(name: str) -> dict[str, Fit]:
    """Return how well draws of every way stand for one half of the codes, and how well the other half does: "real"."""
    every = codes(name).codes
    half, others = Codes(every[::2]), every[1::2]
    found = {way: half.fit(half.drawn(len(others), way)) for way in MEASURED}
    return found | {"real": half.fit(others)}


def median(draw: Draw) -> float:
    """Return the median distance of some draws from the nearest code, in usual distances."""
    return statistics.median(draw.distances.tolist())


def deepest(name: str) -> tuple[float, float]:
    """Return the middle of the largest hole among a model's codes."""
    return rounded(codes(name).deepest)


def rounded(place: np.ndarray | tuple[float, float]) -> tuple[float, float]:
    """Return a place as the address holds it."""
    return round(float(place[0]), PRECISION), round(float(place[1]), PRECISION)


def parse(text: str | None) -> tuple[float, float] | None:
    """Read a place; None where there is none."""
    try:
        numbers = [float(word) for word in (text or "").split()]
    except ValueError:
        return None
    return rounded((numbers[0], numbers[1])) if len(numbers) == 2 and (np.abs(numbers) < FARTHEST).all() else None


def share_of_prior(name: str) -> float:
    """Return the share of the codes within the prior's two scales."""
    return codes(name).within(2.0)


def window(name: str, draw: Draw) -> tuple[tuple[float, float], float]:
    """Return the middle of a square around the codes and the draws, and half its side."""
    low, high = codes(name).box
    corners = np.concatenate([low[None], high[None], draw.codes, [[-2, -2], [2, 2]]])
    first, last = corners.min(0), corners.max(0)
    middle = (first + last) / 2
    return (float(middle[0]), float(middle[1])), float(1.08 * (last - first).max() / 2)

"""Codes of a model: those of its map, those at quantiles, and what they decode to; each result kept."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from app.session import progress
from app.session.state import Model
from vaecore import serving

STAND_INS = 2000
PERCENTS = 101
MIDDLE = 50
DIGITS = 6  # that a quantile has: few to send, the same on both sides


def latent_map(model: Model) -> serving.maps.LatentMap:
    """Return the model's map of its own test images, which the explorer keeps; a bar says how far it is until then."""
    with progress.bar() as report:
        return serving.maps.latent_map(model.explorer, report)


def kept_codes(model: Model) -> tuple[np.ndarray, np.ndarray | None]:
    """Return codes and labels of test images where a map keeps them, codes at random quantiles otherwise."""
    try:
        kept = latent_map(model)
    except ValueError:
        own = model.explorer
        percents = np.random.default_rng(0).integers(1, PERCENTS - 1, (STAND_INS, own.latent))
        return codes_at(model, percents), np.arange(STAND_INS) % max(len(own.classes), 1)
    drawn = serving.maps.chosen_rows(len(kept.codes), STAND_INS)
    return kept.codes[drawn], None if kept.labels is None else kept.labels[drawn]


@st.cache_resource(show_spinner=False, max_entries=64)
def quantiles(model: Model) -> np.ndarray:
    """Return the code at 0, 1, ..., 100 percent of each latent dimension, [101, latent], as the page has it."""
    return np.vectorize(lambda value: float(f"{value:.{DIGITS}g}"))(serving.codes.percentiles(model.explorer))


def codes_at(model: Model, percents: np.ndarray) -> np.ndarray:
    """Return the codes [n, latent] at percents [n, latent] of the prior (or of the training codes).

    Between two whole percents the code is on the line between theirs.
    """
    table, columns = quantiles(model), np.arange(percents.shape[1])
    below = np.floor(percents).astype(int)
    above = np.minimum(below + 1, PERCENTS - 1)
    share = percents - below
    return ((1 - share) * table[below, columns] + share * table[above, columns]).astype(np.float32)


def decoded_at(model: Model, percents: Mapping[int, float], label: int | None) -> np.ndarray:
    """Return the image [c, h, w] of the code at some percents, the other dimensions in the middle."""
    own = model.explorer
    places = np.full((1, own.latent), float(MIDDLE))
    places[0, list(percents)] = list(percents.values())
    return own.decode(codes_at(model, places), None if label is None else np.array([label]))[0]


def used_first(model: Model) -> list[int]:
    """Return the dimensions in their order, those that the model leaves unused at the end."""
    return serving.codes.used_first(model.explorer)


@st.cache_resource(show_spinner="Decoding the manifold ...", max_entries=64)
def manifold(model: Model, side: int, label: int | None) -> np.ndarray:
    """Return the images over a grid of a 2-D model's quantiles, [side, side, c, h, w]."""
    return serving.codes.manifold(model.explorer, side, label)

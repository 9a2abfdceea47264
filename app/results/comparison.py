"""A model beside PCA: the error of every test image by both; kept."""

from dataclasses import dataclass
from math import prod

import numpy as np
import streamlit as st

from app.results.data import Pictures, Source
from app.session.state import Model, find, model_names
from vaecore import serving
from vaecore.serving import Explorer

LARGEST_BASELINE = 64  # components, where no PCA is shipped that says how many it has


@dataclass(frozen=True)
class Scores:
    """The squared error of every image, by a model and by its baseline."""

    errors: np.ndarray
    baseline_errors: np.ndarray
    mean: float
    baseline_mean: float
    wins: int
    baseline_wins: int


@st.cache_resource(show_spinner="Fitting the principal components ...", max_entries=64)
def baseline(model: Model, k: int) -> Explorer:
    """Return the PCA of the data that the model was trained on, cut to k components."""
    return serving.comparison.baseline(model.explorer, k)


def largest_baseline(model: Model) -> int:
    """Return how many components the PCA beside a model can have."""
    own = model.explorer
    shipped = f"pca-{own.dataset}"
    if shipped in model_names():
        return find(shipped).explorer.latent
    return min(LARGEST_BASELINE, prod(own.shape))


def scores(model: Model, found: Pictures, k: int) -> Scores:
    """Return each test image's error."""
    return _scores(model, found.source, k, found)


@st.cache_resource(show_spinner="Reconstructing every test image ...", max_entries=64)
def _scores(model: Model, source: Source, k: int, _found: Pictures) -> Scores:
    """Keep the errors without the reconstructions, which would fill the memory; the source stands for its images."""
    del source
    whole = serving.comparison.compare(model.explorer, baseline(model, k), _found.images, _found.labels)
    return Scores(whole.errors, whole.baseline_errors, whole.mean, whole.baseline_mean, whole.wins, whole.baseline_wins)

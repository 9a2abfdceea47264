"""What explorers compute for the pages, each result kept until its model or its images change."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import progress
from app.components.blobs import BLOBS
from app.results import recipes
from app.state import Model, Pictures, Source, explorer, find, model_names
from vaecore import serving
from vaecore.serving import Explorer, Exported, LatentMap

LARGEST_BASELINE = 64  # components, where no PCA is shipped that says how many it has
STAND_INS = 2000
PERCENTS = 101
MIDDLE = 50
DIGITS = 6  # that a quantile has: few to send, the same on both sides


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
    return serving.baseline(explorer(model), k)


def largest_baseline(model: Model) -> int:
    """Return how many components the PCA beside a model can have."""
    own = explorer(model)
    shipped = f"pca-{own.dataset}"
    if shipped in model_names():
        return explorer(find(shipped)).latent
    return min(LARGEST_BASELINE, int(np.prod(own.shape)))


def scores(model: Model, found: Pictures, k: int) -> Scores:
    """Return each test image's error."""
    return _scores(model, found.source, k, found)


@st.cache_resource(show_spinner="Reconstructing every test image ...", max_entries=64)
def _scores(model: Model, source: Source, k: int, _found: Pictures) -> Scores:
    """Keep the errors without the reconstructions, which would fill the memory; the source stands for its images."""
    del source
    whole = serving.compare(explorer(model), baseline(model, k), _found.images, _found.labels)
    return Scores(whole.errors, whole.baseline_errors, whole.mean, whole.baseline_mean, whole.wins, whole.baseline_wins)


def latent_map(model: Model) -> LatentMap:
    """Return the model's map of its own test images, which the explorer keeps; a bar says how far it is until then."""
    with progress.bar() as report:
        return serving.latent_map(explorer(model), report)


def kept_codes(model: Model) -> tuple[np.ndarray, np.ndarray | None]:
    """Return codes and labels of test images where a map keeps them, codes at random quantiles otherwise."""
    try:
        kept = latent_map(model)
    except ValueError:
        own = explorer(model)
        percents = np.random.default_rng(0).integers(1, PERCENTS - 1, (STAND_INS, own.latent))
        return codes_at(model, percents), np.arange(STAND_INS) % max(len(own.classes), 1)
    return kept.codes[:STAND_INS], None if kept.labels is None else kept.labels[:STAND_INS]


@st.cache_data(ttl=5, show_spinner=False)
def standings(measure: str) -> list[serving.Score]:
    """Return the figures of every pretrained model that has this measure, the best first."""
    return serving.scores(measure)


@st.cache_data(show_spinner=False)
def variants() -> list[dict[str, str]]:
    """Return the equation and the source of every kind of model."""
    return serving.variants()


@st.cache_resource(show_spinner=False, max_entries=64)
def quantiles(model: Model) -> np.ndarray:
    """Return the code at 0, 1, ..., 100 percent of each latent dimension, [101, latent], as the page has it."""
    return np.vectorize(lambda value: float(f"{value:.{DIGITS}g}"))(serving.percentiles(explorer(model)))


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
    own = explorer(model)
    places = np.full((1, own.latent), float(MIDDLE))
    places[0, list(percents)] = list(percents.values())
    return own.decode(codes_at(model, places), None if label is None else np.array([label]))[0]


def decoder(model: Model) -> Exported | None:
    """Return the decoder for the page to run; None where it cannot, or where no address holds its weights."""
    return served(_decoder(model), "decoder", model) if BLOBS.served else None


def served(exported: Exported | None, maker: str, model: Model) -> Exported | None:
    """Have the address of networks say how another copy of the server makes them."""
    if exported is not None:
        BLOBS.recipes[exported.digest] = recipes.write(maker, model)
    return exported


@st.cache_resource(show_spinner=False, max_entries=64)
def _decoder(model: Model) -> Exported | None:
    return explorer(model).exported("decoder")


def can_leave(model: Model) -> bool:
    """Return whether a page of its own can run the model."""
    return "text" not in explorer(model).abilities and _decoder(model) is not None


@st.cache_data(show_spinner=False, max_entries=16)  # a download is made where no page is drawn
def page_of(model: Model) -> bytes:
    """Return the model as one HTML file."""
    return serving.take_away(explorer(model)).encode()


def encoder(model: Model) -> Exported | None:
    """Return the encoder for the page to run; None where it cannot, or where no address holds its weights."""
    return served(_encoder(model), "encoder", model) if BLOBS.served else None


@st.cache_resource(show_spinner=False, max_entries=64)
def _encoder(model: Model) -> Exported | None:
    return explorer(model).exported("encoder")


@st.cache_data(show_spinner=False, max_entries=64)
def kin(model: Model) -> list[str]:
    """Return the other models with codes of as many numbers, of the same data set and kind of label."""
    own = explorer(model)
    others = ((name, explorer(find(name))) for name in model_names() if name != own.name)
    return [
        name
        for name, each in others
        if (each.latent, each.dataset) == (own.latent, own.dataset)
        and ("condition" in each.abilities) <= ("condition" in own.abilities)
    ]


def used_first(model: Model) -> list[int]:
    """Return the dimensions in their order, those that the model leaves unused at the end."""
    return serving.used_first(explorer(model))


@st.cache_resource(show_spinner="Decoding the manifold ...", max_entries=64)
def manifold(model: Model, side: int, label: int | None) -> np.ndarray:
    """Return the images over a grid of a 2-D model's quantiles, [side, side, c, h, w]."""
    return serving.manifold(explorer(model), side, label)

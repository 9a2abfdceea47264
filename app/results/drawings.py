"""What a model makes of a drawing, packed as in an address; kept."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.results import exports, latents
from app.session.blobs import BLOBS
from app.session.state import Model
from vaecore import serving

ENDS = [0, -1]  # of a table of quantiles


@dataclass(frozen=True, eq=False)
class Guess:
    """What a model takes an image for.

    Attributes:
        label: of the largest elbo.
        probabilities: p(y|x) as the elbos have it, for every class.
    """

    label: int
    probabilities: np.ndarray


@st.cache_data(show_spinner=False, max_entries=256)
def drawn(model: Model, text: str) -> np.ndarray:
    """Return a packed drawing as the model is shown it, [c, h, w]."""
    return serving.drawings.drawing(serving.drawings.unpack_drawing(text), model.explorer.shape)


@st.cache_data(show_spinner=False, max_entries=256)
def guess(model: Model, text: str) -> Guess:
    """Return what a conditional model takes a packed drawing for."""
    elbos = serving.styles.class_elbos(model.explorer, drawn(model, text)[None])[0]
    return Guess(int(elbos.argmax()), serving.styles.class_posterior(elbos))


@st.cache_data(show_spinner=False, max_entries=256)
def answer(model: Model, text: str, label: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return a packed drawing's code [latent] and reconstruction [c, h, w]."""
    own, labels = model.explorer, None if label is None else np.array([label])
    codes = own.encode(drawn(model, text)[None], labels)
    return codes[0], own.decode(codes, labels)[0]


def reach(model: Model) -> float:
    """Return the largest number that is usual in a code, of either sign."""
    return float(np.abs(latents.quantiles(model)[ENDS]).max())


def projection(model: Model) -> serving.Exported | None:
    """Return the projection on the two axes of the map of PCA, for the page to run; None where it cannot be had."""
    return exports.served(_projection(model), "projection", model) if BLOBS.served else None


@st.cache_resource(show_spinner=False, max_entries=64)
def _projection(model: Model) -> serving.Exported | None:
    try:
        return serving.comparison.baseline(model.explorer, 2).exported("encoder")
    except ValueError:  # no such PCA ships, and the images are not at hand
        return None

"""What there is: figures of every model, variants, and the kin of a model; kept."""

import streamlit as st

from app.session.state import Model, find, model_names
from vaecore import serving


@st.cache_data(ttl=5, show_spinner=False)
def standings(measure: str) -> list[serving.scores.Score]:
    """Return the figures of every pretrained model that has this measure, the best first."""
    return serving.scores.scores(measure)


@st.cache_data(show_spinner=False)
def variants() -> list[dict[str, str]]:
    """Return the equation and the source of every kind of model."""
    return serving.objectives.variants()


@st.cache_data(show_spinner=False, max_entries=64)
def kin(model: Model) -> list[str]:
    """Return the other models with codes of as many numbers, of the same data set and kind of label."""
    own = model.explorer
    others = ((name, find(name).explorer) for name in model_names() if name != own.name)
    return [
        name
        for name, each in others
        if (each.latent, each.dataset) == (own.latent, own.dataset)
        and ("condition" in each.abilities) <= ("condition" in own.abilities)
    ]

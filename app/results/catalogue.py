"""What there is: models by data set and kind, figures of every model, variants, and the kin of a model."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

import streamlit as st

from app.session.state import Model, default_model, find, model_names, own_images
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


def by_set(models: Iterable[Model]) -> dict[str, list[Model]]:
    """Return models by data set, that of the default model first; each from simple to rich."""
    return _by_set(tuple(models), default_model())


@lru_cache(maxsize=16)  # every run of every page asks
def _by_set(models: tuple[Model, ...], default: str | None) -> dict[str, list[Model]]:
    order = [variant["name"] for variant in variants()]
    ranked = sorted(models, key=lambda model: (order.index(model.explorer.variant), model.explorer.latent))
    first = base(find(default)) if default else ""
    names = sorted({base(model) for model in ranked}, key=lambda name: (name != first, name))
    return {name: [model for model in ranked if base(model) == name] for name in names}


def by_kind(models: Iterable[Model]) -> list[tuple[str, list[Model]]]:
    """Return models that are in order by their kind."""
    return _by_kind(tuple(models))


@lru_cache(maxsize=64)
def _by_kind(models: tuple[Model, ...]) -> list[tuple[str, list[Model]]]:
    return [(kind, list(found)) for kind, found in groupby(models, key=lambda model: model.explorer.variant)]


def base(model: Model) -> str:
    """Return a model's data set, be it the whole of it or one of its classes."""
    return base_of(own_images(model.explorer))


def base_of(data: str) -> str:
    """Return the data set that a class is of, or else what it is itself."""
    whole = data.partition("/")[0]
    return whole if whole in serving.DATASETS else data

"""What codes cost and what they leave unsaid, and families of models that differ in beta; each result kept."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.results.data import Pictures, Source
from app.session.state import Model, find, model_names
from vaecore import serving
from vaecore.serving import Explorer

SILENT = 0.01  # nats: below it a unit is collapsed
SILENT_LEVEL = 0.1  # nats: the same of a whole level
RATED = "likelihood"  # the ability of models whose code has a rate


@dataclass(frozen=True, eq=False)
class Member:
    """One model of a family: its beta, and what it was measured to pay."""

    beta: float
    model: Model
    terms: serving.rates.Terms


def terms(model: Model, found: Pictures) -> serving.rates.Terms:
    """Return a model's rate and distortion on the images."""
    return _terms(model, found.source, found.maker, found)


@st.cache_resource(show_spinner="Measuring rate and distortion ...", max_entries=128)
def _terms(model: Model, source: Source, maker: str, _found: Pictures) -> serving.rates.Terms:
    del source, maker  # they stand for the images
    own = model.explorer
    return serving.rates.elbo_terms(own, _found.images, own.told(_found.labels))


def family(model: Model) -> dict[float, str]:
    """Return the models that differ from one in beta alone, itself among them, by their beta; empty for one alone."""
    return _family(model, tuple(model_names()))


@st.cache_data(show_spinner=False, ttl=60, max_entries=64)
def _family(model: Model, names: tuple[str, ...]) -> dict[float, str]:
    del names  # a new one may be kin
    return serving.relatives.family(model.explorer)


@st.cache_data(show_spinner=False, ttl=60)
def families() -> list[dict[float, str]]:
    """Return every family of the pretrained models."""
    return serving.relatives.families()


def members(kin: dict[float, str], found: Pictures) -> list[Member]:
    """Measure every model of a family on the same images, by rising beta."""
    models = {beta: find(place) for beta, place in kin.items()}
    return [Member(beta, model, terms(model, found)) for beta, model in models.items()]


def best(shown: list[Member]) -> Member:
    """Return the member with the highest elbo."""
    return max(shown, key=lambda member: member.terms.elbo)


def cheapest(shown: list[Member], beta: float) -> tuple[Member, float]:
    """Return the member of the least distortion + beta * rate, and that sum."""
    sums = [member.terms.distortion + beta * member.terms.rate for member in shown]
    place = int(np.argmin(sums))
    return shown[place], sums[place]


def undercut(shown: list[Member], chosen: Member) -> tuple[float, float] | None:
    """Return the beta of the member that pays least at the chosen one's price, and by how much less.

    None where that is the chosen one itself, as it should be: it was trained for this price.
    """
    least, paid = cheapest(shown, chosen.beta)
    own = chosen.terms.distortion + chosen.beta * chosen.terms.rate
    return None if least is chosen else (least.beta, own - paid)


def sorted_units(found: serving.rates.Terms) -> tuple[np.ndarray, np.ndarray]:
    """Return the units by falling rate, counted from 0, and their rates."""
    order = np.argsort(-found.rates, kind="stable")
    return order, found.rates[order]


def layered(found: serving.rates.Terms) -> bool:
    """Tell whether a group is a layer of a hierarchy: a layer of one number is no unit either."""
    return any(size > 1 for size in found.sizes)


def collapsed(found: serving.rates.Terms, least: float) -> int:
    """Return how many groups cost less."""
    return int((found.rates < least).sum())


def reconstructions(model: Model, found: Pictures, rows: np.ndarray) -> np.ndarray:
    """Return what a model makes of the images at some rows."""
    own = model.explorer
    labels = None if found.labels is None else own.told(found.labels[rows])
    return own.reconstruct(found.images[rows], labels)


def samples(model: Model, count: int, seed: int) -> np.ndarray:
    """Return images decoded from the prior, of one class after the other for a conditional model."""
    own = model.explorer
    labels = np.arange(count) % max(len(own.classes), 1)
    return own.sample(count, own.told(labels), seed=seed)


def is_rated(own: Explorer) -> bool:
    """Tell whether a model's code has a rate."""
    return RATED in own.abilities


def member_of(shown: list[Member], own: Explorer) -> Member:
    """Return the member that is the chosen model: a family has one for each beta."""
    return next(member for member in shown if member.beta == beta_of(own))


def beta_of(own: Explorer) -> float:
    """Return the price at which a model was trained to buy a nat of rate."""
    return getattr(own.recipe.settings, "beta", 1.0)


def coordinates(shown: list[Member]) -> tuple[np.ndarray, np.ndarray]:
    """Return the rate and the distortion of every member."""
    return (
        np.array([member.terms.rate for member in shown]),
        np.array([member.terms.distortion for member in shown]),
    )


def dearest(shown: list[Member]) -> float:
    """Return the rate of the dearest unit of all members: one scale for all."""
    return max(dearest_of(member.terms) for member in shown)


def dearest_of(found: serving.rates.Terms) -> float:
    """Return the rate of the dearest unit; of a code of none but collapsed ones, the threshold."""
    return max(float(found.rates.max()), SILENT)


def spokesman(kin: dict[float, str]) -> tuple[str, str]:
    """Return the member that opens a family, that of the shortest name, and the span of beta in words."""
    return min(kin.values(), key=len), f"β from {min(kin):g} to {max(kin):g}"

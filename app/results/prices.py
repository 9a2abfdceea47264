"""One family of models that differ in the price of a nat of rate; what a lesson shows of each."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.results import rates
from app.results.data import Pictures, pictures
from app.results.rates import SILENT, Member
from app.session.state import find

FEWEST = 3  # models along beta: of fewer there is no curve


class Exchange(NamedTuple):
    """What two models along beta pay: the nats of distortion that each nat of rate saves, and whether it is fair.

    Two minima of distortion + beta * rate exchange at a rate between their betas.
    """

    low: float
    high: float
    rate: float

    @property
    def fair(self) -> bool:
        """Whether that lies between the two betas."""
        return self.low <= self.rate <= self.high


@st.cache_data(show_spinner=False, ttl=60)
def kin() -> dict[float, str]:
    """Return the largest family at hand, by rising beta; nothing where none has enough members."""
    return next((found for found in rates.families() if len(found) >= FEWEST), {})


def images(family: dict[float, str]) -> Pictures:
    """Return the test images of a family's data set, or what its model decodes where they cannot be had."""
    model = find(rates.spokesman(family)[0])
    return pictures(model, model.explorer.dataset)


def members(family: dict[float, str]) -> list[Member]:
    """Measure the family."""
    return rates.members(family, images(family))


def active(member: Member) -> int:
    """Return how many units are not collapsed."""
    return len(member.terms.rates) - rates.collapsed(member.terms, SILENT)


def exchange(shown: list[Member], chosen: Member) -> Exchange | None:
    """Return what the chosen model and the next cheaper price exchange; None for the lowest beta."""
    place = shown.index(chosen)
    if place == 0:
        return None
    before = shown[place - 1]
    saved = before.terms.rate - chosen.terms.rate
    paid = chosen.terms.distortion - before.terms.distortion
    return Exchange(before.beta, chosen.beta, paid / saved) if saved > 0 else None


def ordered(member: Member) -> tuple[list[int], np.ndarray]:
    """Return a model's units by falling rate, counted from 0, and their rates."""
    order, values = rates.sorted_units(member.terms)
    return order.tolist(), values

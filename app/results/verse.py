"""What a model of texts writes, and what is said of it; each result kept until its model or its texts change."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import streamlit as st

import vaecore
from app.results import latents
from app.results.data import RETRY, Source, source_of
from app.results.rates import SILENT
from app.session.state import Model
from vaecore import serving

DRAWS = 10_000  # draws of a code that can be asked for by their number
LOWEST, HIGHEST = 1, 99  # percents that a draw is made of
STEPS = 11  # texts on the way between two
LATIN = "\u024f"  # the last character that every machine can show
FAMILIAR = ("白日依山盡，黃河入海流。", "千山鳥飛絕，萬徑人蹤滅。")  # couplets that a reader may know by heart


class Step(NamedTuple):
    """A text on the way: its characters, each with whether it is A's and whether B's; and how many are."""

    text: str
    of_a: list[bool]
    of_b: list[bool]

    @property
    def counts(self) -> tuple[int, int]:
        """How many characters it shares with A and with B."""
        return sum(self.of_a), sum(self.of_b)


class Measured(NamedTuple):
    """What the code of a model costs and carries; None where a card does not say."""

    rates: np.ndarray
    order: list[int]
    alive: int
    bits: float | None

    @property
    def rate(self) -> float:
        """KL(q(z|x) || p(z)), in nats a text."""
        return float(self.rates.sum())

    @property
    def ordered(self) -> np.ndarray:
        """The rates, the highest first."""
        return self.rates[self.order]

    @property
    def dearest(self) -> float:
        """The highest of the rates."""
        return float(self.rates.max())


class Reach(NamedTuple):
    """How many characters change while a slider goes from end to end, the mean over dimensions in use and over others.

    None where there are none of a kind.
    """

    alive: float | None
    others: float | None


def explorer(model: Model) -> serving.texts.TextExplorer:
    """Return a model of texts; ValueError says that it is one of images, or why it cannot be had."""
    own = model.explorer
    if "text" not in own.abilities:
        raise ValueError(f"{own.name} is a model of images: this page writes with models of texts")
    return cast(serving.texts.TextExplorer, own)


# The code


def home(model: Model, draw: int) -> np.ndarray:
    """Return the code of a numbered draw, as whole percents of the prior, [latent]."""
    return np.random.default_rng(draw).integers(LOWEST, HIGHEST + 1, explorer(model).latent)


def code_at(model: Model, draw: int, moved: Mapping[int, float]) -> np.ndarray:
    """Return the code [latent] of a draw with some dimensions at other percents."""
    places = home(model, draw).astype(float)
    known = {index: percent for index, percent in moved.items() if index < len(places)}
    places[list(known)] = list(known.values())
    return latents.codes_at(model, places[None])[0]


def write(model: Model, code: np.ndarray, temperature: float, seed: int) -> str:
    """Return the text of a code: at temperature 0 the likeliest character at every step."""
    return explorer(model).decode(code[None], temperature=temperature, seed=seed)[0]


@st.cache_data(show_spinner=False, max_entries=64)
def telling(model: Model) -> str | None:
    """Return a character that a model writes and a machine may have no font for; None where all are Latin."""
    return next((character for text in draws(model, 1, 0.0, 0) for character in text if character > LATIN), None)


@st.cache_data(show_spinner=False, max_entries=256)
def draws(model: Model, count: int, temperature: float, seed: int) -> list[str]:
    """Return texts of codes from the prior."""
    return explorer(model).sample(count, temperature=temperature, seed=seed)


# The data


@st.cache_resource(show_spinner="Reading the texts ...", max_entries=8)
def _texts(source: Source, split: str) -> Any:  # noqa: ANN401  a data set of texts, which is no page's to look into
    found = vaecore.dataset(source.place, split=split)
    _read().add(source)
    return found


@st.cache_resource(show_spinner=False)
def _read() -> set[Source]:
    """Return the data sets that have been read since the server began."""
    return set()


@st.cache_data(ttl=RETRY, show_spinner=False)
def trouble(source: Source) -> str:
    """Return why the texts of a data set cannot be had, or nothing."""
    try:
        for split in ("train", "test"):
            _texts(source, split)
    except ValueError as error:
        _read().add(source)
        return str(error)
    return ""


def source(model: Model) -> Source:
    """Return the data set of a model, as it now is."""
    return source_of(explorer(model).dataset)


def is_read(of: Source) -> bool:
    """Tell whether a data set is there without a wait, or known not to be."""
    return of in _read()


def tests(model: Model) -> list[str]:
    """Return the texts of the test split; empty where they cannot be had."""
    of = source(model)
    return [] if trouble(of) else _texts(of, "test").texts


def nearest(model: Model, texts: Sequence[str]) -> list[serving.texts.Neighbour | None]:
    """Return the training text that shares most characters with each text; None where there is none to be had."""
    of = source(model)
    if not is_read(of) or trouble(of):
        return [None] * len(texts)
    return [_nearest(model, of, text) for text in texts]


@st.cache_data(show_spinner=False, max_entries=4096)
def _nearest(model: Model, of: Source, text: str) -> serving.texts.Neighbour | None:
    return explorer(model).nearest([text], among=_texts(of, "train"))[0] if text else None


# What it costs


@st.cache_data(show_spinner="Measuring the rate of every dimension ...", max_entries=64)
def measured(model: Model) -> Measured:
    """Return what a model's code costs, the dearest dimensions first; ValueError says why that is not known."""
    own = explorer(model)
    rates, metrics = serving.verses.unit_rates(own), own.card.get("metrics", {})
    alive = int(metrics.get("active_units", (rates >= SILENT).sum()))
    order = np.argsort(-rates, kind="stable").tolist()
    return Measured(rates, order, alive, metrics.get("bits_per_character"))


def order(model: Model) -> list[int]:
    """Return the dimensions, the most used first."""
    try:
        return measured(model).order
    except ValueError:
        return latents.used_first(model)


@st.cache_data(show_spinner=False, max_entries=256)
def reach(model: Model, draw: int) -> Reach:
    """Return what the sliders change at a draw."""
    changes, found = serving.verses.reach(explorer(model), code_at(model, draw, {})), measured(model)
    alive, others = changes[found.order[: found.alive]], changes[found.order[found.alive :]]
    return Reach(*(float(each.mean()) if len(each) else None for each in (alive, others)))


@st.cache_data(ttl=60, show_spinner=False)
def untreated() -> dict[str, str]:
    """Return pretrained models, each with the one that differs from it in the remedies against collapse alone."""
    return serving.relatives.untreated()


# The way between two texts


@st.cache_data(show_spinner=False, max_entries=512)
def encode(model: Model, text: str) -> np.ndarray:
    """Return the code of a text; ValueError says in a sentence why it cannot be read."""
    return explorer(model).encode([text])[0]


@st.cache_data(show_spinner=False, max_entries=256)
def way(model: Model, a: str, b: str, code_a: np.ndarray, code_b: np.ndarray) -> list[Step]:
    """Return the texts on the way from one code to another, with what they share with the texts of both."""
    own = explorer(model)
    texts = own.decode(own.interpolate(code_a, code_b, STEPS))
    return [Step(text, *(serving.verses.shared(text, end, own.form) for end in (a, b))) for text in texts]

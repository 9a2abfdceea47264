"""The test images that a page works on, loaded once for all visitors; the model's own where there are none."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

import vaecore
from app.results import latents
from app.results.brought import READER
from app.session import state
from app.session.plain import flat
from app.session.state import (
    LONGEST,
    WIDEST,
    Model,
    changed,
    chosen,
    data_path,
    find,
    images,
    model_names,
    size,
    unknown,
)
from vaecore import serving
from vaecore.serving import Explorer, Texts

RETRY = 60  # seconds before a data set that could not be had is asked for again


class Source(NamedTuple):
    """A data set's name or path, when that was last written, and why it could not be had, if it could not.

    One's own has the path that vaecore reads: one visitor's is another than another's of that name.
    """

    place: str
    changed: float = 0.0
    trouble: str = ""
    path: str = ""


@dataclass(frozen=True)
class Pictures:
    """The test images that a page works on; where their source is in trouble, those that `maker` decoded instead.

    What is one's own has a note on how it was read.
    """

    images: np.ndarray
    labels: np.ndarray | None
    names: tuple[str, ...]
    source: Source
    maker: str = ""
    note: str = ""


def chosen_pictures() -> Pictures:
    """Return the images chosen in the sidebar."""
    return pictures(chosen(), images())


def pictures(model: Model, data: str) -> Pictures:
    """Return the test images of a data set, or the model's own where its data set cannot be had.

    Raises:
        ValueError: the data set is not the model's and cannot be had, or the model cannot read its images.
    """
    own, source = model.explorer, _source(data)
    if source.trouble and state.data_name(data) != state.own_images(own):
        raise ValueError(source.trouble)
    found = _stand_in(model, source) if source.trouble else _data_set(source)
    _check_readable(own, found)
    return found


def images_of(data: str) -> Pictures:
    """Return the test images of a data set.

    Raises:
        ValueError: it cannot be had.
    """
    source = _source(data)
    if source.trouble:
        raise ValueError(source.trouble)
    return _data_set(source)


def _source(data: str) -> Source:
    source = source_of(data)
    return source._replace(trouble=_trouble(source))


def source_of(data: str) -> Source:
    """Return the key of a data set as it now is, before anyone has tried to read it."""
    path = _data_path(data)
    return Source(data) if path is None else Source(data, changed(path), path=state.data_place(data))


def _data_path(data: str) -> Path | None:
    """Return the path of images of one's own; a data set's whole name is never one, that of a class of it may be."""
    return None if data in serving.DATASETS else data_path(data)


@st.cache_data(ttl=RETRY, max_entries=256, show_spinner=False)
def _trouble(source: Source) -> str:
    """Return why a data set cannot be had, or nothing; remembered, for a network takes its time to fail."""
    try:
        _data_set(source)
    except ValueError as error:
        return str(error)
    return ""


@st.cache_resource(show_spinner="Reading the images ...", max_entries=8)
def _data_set(source: Source) -> Pictures:
    found: Any = _named(source) if not source.path else READER.read(source.path, _path_of(source)).test
    if isinstance(found, Texts):
        raise ValueError(f"{flat(state.data_name(source.place), LONGEST)} holds texts: this page shows images")
    return Pictures(found.images, found.labels, tuple(found.names), source, note=found.note)


def _named(source: Source) -> Any:  # noqa: ANN401  images or texts
    base, slash, only = source.place.partition("/")  # "mnist/3" is what MNIST has of one class
    if base not in serving.DATASETS or (slash and not only):
        raise ValueError(unknown("data set", source.place))
    found = vaecore.dataset(base, split="test")
    return found.of_class(only) if only else found


def _path_of(source: Source) -> Path:
    return serving.shelf.located(serving.rules.parsed(source.path)[0])


@st.cache_resource(show_spinner="Decoding the model's own images ...", max_entries=32)
def _stand_in(model: Model, source: Source) -> Pictures:
    """Decode the test codes that a model keeps with its map, or its quantiles: images to work on without data.

    A wide code's map keeps no codes, and independent quantiles of a thousand units make no image: the principal
    components of the data stand in for it.
    """
    baseline = f"pca-{model.explorer.dataset}"
    if model.explorer.latent > WIDEST and baseline in model_names():
        model = find(baseline)
    own = model.explorer
    codes, labels = latents.kept_codes(model)
    images = np.clip(own.decode(codes, own.told(labels)), 0, 1)
    return Pictures(images, labels, tuple(own.classes), source, own.name)


def _check_readable(own: Explorer, found: Pictures) -> None:
    shape, data = found.images.shape[1:], found.source.place
    if shape != tuple(own.shape):
        raise ValueError(f"{own.name} reads images of {size(own.shape)}; those of {data} are {size(shape)}.")
    if "condition" in own.abilities and (found.labels is None or found.names != tuple(own.classes)):
        raise ValueError(
            f"{own.name} needs one of its own {len(own.classes)} classes with every image; {data} has none or others."
        )

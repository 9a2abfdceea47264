"""What the pages share: the chosen model and images, each loaded once for all visitors."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

import vaecore
from app.plain import flat
from app.server.options import OPTIONS
from vaecore import serving
from vaecore.serving import Explorer, Images, Texts, text_names

FAVOURITE = "vae-mnist-2"  # its codes can be seen, its prior can be sampled
DATA_SETS = {"digits": (1, 8, 8), "mnist": (1, 28, 28), "fashion-mnist": (1, 28, 28)}  # the shape of their images
WIDEST = 64  # numbers of a code that can be shown as a plane or turned by hand
LONGEST = 80  # characters of a name that a sentence says
RETRY = 60  # seconds before a data set that could not be had is asked for again


class Model(NamedTuple):
    """A model's name or a run's folder, and when that was last written: the key of all that is cached for it."""

    place: str
    changed: float = 0.0


class Source(NamedTuple):
    """A data set's name or path, when that was last written, and why it could not be had, if it could not."""

    place: str
    changed: float = 0.0
    trouble: str = ""


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


@st.cache_data(ttl=5, show_spinner=False)
def model_names() -> list[str]:
    """Return the pretrained models of images at hand: what these pages show is made of pixels."""
    return sorted(set(vaecore.names()) - set(text_names()))


@st.cache_data(ttl=5, show_spinner=False)
def text_model_names() -> list[str]:
    """Return the pretrained models of texts."""
    return text_names()


def default_model() -> str | None:
    """Return the model that a first visit opens."""
    names = model_names()
    return FAVOURITE if FAVOURITE in names else next(iter(names), None)


def find(place: str) -> Model:
    """Return the key of a pretrained model or of a run's folder as it now is.

    Raises:
        ValueError: there is neither.
    """
    if place in model_names() or place in text_model_names():
        return Model(place)
    path = own_path(place)
    if path is None:
        raise ValueError(unknown("model", place))
    return Model(place, _changed(path))


def own_path(place: str) -> Path | None:
    """Return the path of a file or a folder, None where there is none: on a public server none is ever looked for."""
    if OPTIONS.public or not place.strip():
        return None
    try:
        path = Path(place).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # a name that is too long, a home of nobody, a NUL
        return None


def unknown(kind: str, name: str) -> str:
    """Say that there is nothing of a name, whether or not something of that name lies on the disk."""
    return f"no {kind} is called “{flat(name, LONGEST)}”"


def _changed(path: Path) -> float:
    """Return when a file, or anything in a folder, was last written."""
    try:
        parts = (path, *path.iterdir()) if path.is_dir() else (path,)
        return max(part.stat().st_mtime for part in parts)
    except OSError:
        return 0.0


@st.cache_resource(show_spinner=False, max_entries=96)
def explorer(model: Model) -> Explorer:
    """Return a model; ValueError says in a sentence why it cannot be had."""
    return vaecore.load(model.place)


def chosen() -> tuple[Model, Explorer]:
    """Return the model chosen in the sidebar, on any page and in any fragment."""
    model = find(st.session_state["model"])
    return model, explorer(model)


def chosen_pictures() -> Pictures:
    """Return the images chosen in the sidebar."""
    return pictures(chosen()[0], st.session_state["data"])


def pictures(model: Model, data: str) -> Pictures:
    """Return the test images of a data set, or the model's own where its data set cannot be had.

    Raises:
        ValueError: the data set is not the model's and cannot be had, or the model cannot read its images.
    """
    own, source = explorer(model), _source(data)
    if source.trouble and data != own.dataset:
        raise ValueError(source.trouble)
    found = _stand_in(model, source) if source.trouble else _data_set(source)
    _check_readable(own, found)
    return found


def _source(data: str) -> Source:
    source = source_of(data)
    return source._replace(trouble=_trouble(source))


def source_of(data: str) -> Source:
    """Return the key of a data set as it now is, before anyone has tried to read it."""
    path = _data_path(data)
    return Source(data, 0.0 if path is None else _changed(path))


def _data_path(data: str) -> Path | None:
    """Return the path of images of one's own; a data set's whole name is never one, that of a class of it may be."""
    return None if data in serving.DATASETS else own_path(data)


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
    path = _data_path(source.place)
    found = _named(source.place) if path is None else vaecore.dataset(path, split="test")
    if isinstance(found, Texts):
        raise ValueError(f"{flat(source.place, LONGEST)} holds texts: this page shows images")
    return Pictures(found.images, found.labels, tuple(found.names), source, note=found.note)


def _named(data: str) -> Images:
    """Return the test split of "mnist", or what it has of one class for "mnist/3"."""
    base, slash, only = data.partition("/")
    if base not in serving.DATASETS or (slash and not only):
        raise ValueError(unknown("data set", data))
    whole = vaecore.dataset(base, split="test")
    return whole.of_class(only) if only else whole


@st.cache_resource(show_spinner="Decoding the model's own images ...", max_entries=32)
def _stand_in(model: Model, source: Source) -> Pictures:
    """Decode the test codes that a model keeps with its map, or its quantiles: images to work on without data.

    A wide code's map keeps no codes, and independent quantiles of a thousand units make no image: the principal
    components of the data stand in for it.
    """
    from app import results  # which computes on what this module loads

    baseline = f"pca-{explorer(model).dataset}"
    if explorer(model).latent > WIDEST and baseline in model_names():
        model = find(baseline)
    own = explorer(model)
    codes, labels = results.kept_codes(model)
    images = np.clip(own.decode(codes, own_labels(own, labels)), 0, 1)
    return Pictures(images, labels, tuple(own.classes), source, own.name)


def _check_readable(own: Explorer, found: Pictures) -> None:
    shape, data = found.images.shape[1:], found.source.place
    if shape != tuple(own.shape):
        raise ValueError(f"{own.name} reads images of {size(own.shape)}; those of {data} are {size(shape)}.")
    if "condition" in own.abilities and (found.labels is None or found.names != tuple(own.classes)):
        raise ValueError(
            f"{own.name} needs one of its own {len(own.classes)} classes with every image; {data} has none or others."
        )


def own_labels(own: Explorer, labels: np.ndarray | None) -> np.ndarray | None:
    """Return the labels for a conditional model, None for one that takes no labels."""
    return labels if "condition" in own.abilities else None


def size(shape: Sequence[int]) -> str:
    """Write [c, h, w] as people say it."""
    channels, height, width = shape
    return f"{height} × {width} pixels" + (" in colour" if channels == 3 else "")


def keep_valid(key: str, options: Container[Any], default: object) -> None:
    """Put a control back to its default where its value is not among the options any more.

    Streamlit does so on the server, but the browser and the URL would go on showing what no longer is there.
    """
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state[key] = default

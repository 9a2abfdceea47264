"""What the pages share: the chosen model and images, each loaded once for all visitors."""

from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

import vaecore
from app.server.options import OPTIONS
from app.session.plain import flat
from vaecore import serving
from vaecore.serving import Explorer

FAVOURITE = "vae-mnist-2"  # its codes can be seen, its prior can be sampled
WIDEST = 64  # numbers of a code that can be shown as a plane or turned by hand
LONGEST = 80  # characters of a name that a sentence says


class Model(NamedTuple):
    """A model's name or a run's folder, and when that was last written: the key of all that is cached for it."""

    place: str
    changed: float = 0.0

    @property
    def explorer(self) -> Explorer:
        """The model itself, loaded once for all visitors; ValueError says in a sentence why it cannot be had."""
        return _loaded(self)


@st.cache_resource(show_spinner=False, max_entries=96)
def _loaded(model: Model) -> Explorer:
    return vaecore.load(model.place)


@st.cache_data(ttl=5, show_spinner=False)
def model_names() -> list[str]:
    """Return the pretrained models of images at hand: what these pages show is made of pixels."""
    return sorted(set(vaecore.names()) - set(serving.texts.text_names()))


@st.cache_data(ttl=5, show_spinner=False)
def text_model_names() -> list[str]:
    """Return the pretrained models of texts."""
    return serving.texts.text_names()


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
    return Model(place, changed(path))


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


def changed(path: Path) -> float:
    """Return when a file, or anything in a folder, was last written."""
    try:
        parts = (path, *path.iterdir()) if path.is_dir() else (path,)
        return max(part.stat().st_mtime for part in parts)
    except OSError:
        return 0.0


def chosen() -> Model:
    """Return the model chosen in the sidebar, on any page and in any fragment."""
    return find(st.session_state["model"])


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

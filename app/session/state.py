"""What the pages share: the chosen model and images, each loaded once for all visitors."""

from collections.abc import Container, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

import vaecore
from app.server import visits
from app.server.brought import STORE, Upload
from app.server.options import OPTIONS
from app.session.plain import flat
from vaecore import jobs, serving
from vaecore.serving import Explorer

FAVOURITE = "vae-mnist-2"  # its codes can be seen, its prior can be sampled
WIDEST = 64  # numbers of a code that can be shown as a plane or turned by hand
STAND_IN = "stand-in"  # keys of the session
AT = "at epoch"
LONGEST = 80  # characters of a name that a sentence says


class Model(NamedTuple):
    """What a model is found by: the key of all that is cached for it.

    Attributes:
        place: its name, or the folder of a run.
        changed: when that was last written.
        folder: of a run that has a name: one visitor's is another than another's of that name.
        at: the epoch after which it is looked at; None at its end.
    """

    place: str
    changed: float = 0.0
    folder: str = ""
    at: int | None = None

    @property
    def explorer(self) -> Explorer:
        """The model itself, loaded once for all visitors; ValueError says in a sentence why it cannot be had."""
        return _loaded(self) if self.at is None else _at_epoch(self)


class StandIn(NamedTuple):
    """What a page shows in place of the chosen model: its name, its own images or "" for the chosen ones, and why."""

    model: str
    images: str
    why: str


@st.cache_resource(show_spinner=False, max_entries=128)
def _loaded(model: Model) -> Explorer:
    return vaecore.load(model.folder or model.place)


@st.cache_resource(show_spinner=False, max_entries=32)
def _at_epoch(model: Model) -> Explorer:
    return vaecore.load(model.folder or model.place, at=model.at)


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
    if (run := own_run(place)) is not None:
        return run
    path = own_path(place)
    if path is None:
        raise ValueError(unknown("model", place))
    return Model(place, changed(path))


def own_run(name: str) -> Model | None:
    """Return the finished run of that name among the visitor's own; None where there is none."""
    with suppress(ValueError):
        job = jobs.find(name, visits.owner())
        if job.trained:
            return Model(name, changed(Path(job.folder)), job.folder)
    return None


def at_epoch(model: Model, epoch: int) -> Model:
    """Return a model as it was after an epoch of which it has a snapshot."""
    place = serving.loading.snapshot(model.folder or model.place, epoch)
    return model._replace(at=epoch, changed=changed(place))


def own_runs() -> list[Model]:
    """Return the visitor's own finished runs of images that can be opened."""
    found = [own_run(job.name) for job in jobs.present(visits.owner())]
    return [model for model in found if model is not None and _opens(model)]


def _opens(model: Model) -> bool:
    try:
        return "text" not in model.explorer.abilities
    except ValueError:
        return False


def own_path(place: str) -> Path | None:
    """Return the path of a file or a folder, None where there is none: on a public server none is ever looked for."""
    if OPTIONS.public or not place.strip():
        return None
    try:
        path = Path(place).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # a name that is too long, a home of nobody, a NUL
        return None


def data_path(place: str) -> Path | None:
    """Return the path of a data set of one's own, without the rule by which it is split; None where there is none.

    It is a set that the visitor brought, by its name or path; on a server of one's own any that lies on the disk.
    """
    found = upload(place)
    if found is not None:
        return found.path
    return None if OPTIONS.public else _on_disk(str(serving.rules.parsed(place)[0]))


def _on_disk(name: str) -> Path | None:
    kept = own_path(str(serving.shelf.located(name))) if name in serving.shelf.names() else None
    return own_path(name) or kept


def upload(place: str) -> Upload | None:
    """Return what the visitor brought, by its name or path, with a rule behind it or without."""
    base, mark, _ = place.rpartition(serving.rules.MARK)
    owner = visits.owner()
    return STORE.find(owner, place) or (STORE.find(owner, base) if mark else None)


def uploads() -> list[str]:
    """Return the names of what the visitor brought, and on a server of one's own of what is kept."""
    return [*(each.name for each in STORE.all(visits.owner())), *([] if OPTIONS.public else serving.shelf.names())]


def data_place(name: str) -> str:
    """Return what vaecore calls a data set: what the visitor brought has a path, and its name is of this server."""
    found = upload(name)
    return name if found is None else str(found.path) + name.removeprefix(found.name).removeprefix(str(found.path))


def data_name(place: str) -> str:
    """Return what a page calls a data set: the inverse."""
    found = upload(place)
    if found is not None:
        return found.name + place.removeprefix(str(found.path)).removeprefix(found.name)
    return place


def bare_name(place: str) -> str:
    """Return what a program calls a data set, whoever runs it: what the visitor brought lies beside it there."""
    found = upload(place)
    return place if found is None else data_name(place).replace(found.name, found.path.name)


def own_images(own: Explorer) -> str:
    """Return the name of the data set that a model was trained on."""
    return data_name(own.dataset)


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
    """Return the model that a page shows, in any fragment too: the one chosen in the sidebar, or what stands in.

    A page with a slider of epochs shows it as it was after that which is chosen there.
    """
    found = st.session_state.get(STAND_IN)
    model, epoch = find(found.model if found else st.session_state["model"]), st.session_state.get(AT)
    return model if epoch is None or found else at_epoch(model, epoch)


def images() -> str:
    """Return the name or the place of the images that go with it."""
    found = st.session_state.get(STAND_IN)
    return found.images if found and found.images else st.session_state["data"]


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

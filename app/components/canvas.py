"""A canvas to draw on: read by the model while it is drawn; the strokes stay in the session and in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.components.files import register
from app.components.heard import heard
from app.markup import strips
from app.session.blobs import BLOBS
from vaecore import serving

DRAWING = "drawing"  # of the session and the address: the pages that show one drawing show the same one
LONGEST = 4000  # characters of a drawing that an address carries past every proxy
_canvas = register("drawing_canvas", "canvas")


@dataclass(frozen=True)
class Reader:
    """What reads a drawing.

    Attributes:
        model: its name, by which the maps on the same page know it.
        shape: of the images that it reads, [c, h, w].
        latent: how many numbers its code has.
        reach: the largest of them that is usual, to scale their bars by.
        networks: "encoder" and "decoder", and "projection" on a map of PCA; None for what the page cannot run.
        classes: of which it is told one; none of a model that is not conditional.
        label: the class that it is told; None while there is nothing.
        chosen: whether somebody chose that class, for this drawing and whatever becomes of it.
        answer: what the server makes of the strokes that there are, code and picture.
    """

    model: str
    shape: Sequence[int]
    latent: int
    reach: float
    networks: Mapping[str, serving.Exported | None]
    classes: Sequence[str]
    label: int | None
    chosen: bool
    answer: tuple[np.ndarray, np.ndarray] | None


def kept(key: str = DRAWING) -> str:
    """Return what is on a canvas, packed, nothing where it is empty or cannot be read, which is said.

    A component's state is lost with its page: the session keeps the drawing, the address does too.
    """
    said = heard(_component(key), "strokes", list)
    try:
        if said is not None:
            st.session_state[key] = serving.drawings.pack_drawing(_strokes(said))
    except ValueError as error:
        st.warning(strips.sentence(f"{error}: the canvas is empty"), icon=":material/draw:")
        st.session_state[key] = ""
    packed = st.session_state.setdefault(key, st.query_params.get(key, ""))
    try:
        serving.drawings.unpack_drawing(packed)
    except ValueError:
        st.caption("The drawing in the address was cut short: the canvas is empty.")
        packed = st.session_state[key] = ""
    return packed


def _strokes(said: list) -> list[np.ndarray]:
    try:
        return [np.array(stroke, dtype=np.float64).reshape(len(stroke), -1) for stroke in said if len(stroke)]
    except (ArithmeticError, TypeError, ValueError):
        raise ValueError("a drawing: expected strokes of points, got something else") from None


def forget(key: str = DRAWING) -> None:
    """Let the address say nothing of a drawing, on a page that does not show it; the session keeps it."""
    st.query_params.pop(key, None)


def canvas(hint: str, reader: Reader, packed: str, key: str = DRAWING) -> None:
    """Draw the canvas with a packed drawing, and beside it what a model makes of what is on it, at every move."""
    if 0 < len(packed) <= LONGEST:
        st.query_params[key] = packed
    else:
        forget(key)
    answer = reader.answer
    data = {
        "strokes": [stroke.tolist() for stroke in serving.drawings.unpack_drawing(packed)],
        "hint": hint,
        "model": reader.model,
        "shape": list(reader.shape),
        "latent": reader.latent,
        "reach": reader.reach,
        "networks": {name: exported and _only(exported) for name, exported in reader.networks.items()},
        "weights": {name: exported and _address(exported) for name, exported in reader.networks.items()},
        "classes": list(reader.classes),
        "told": reader.label,
        "chosen": reader.chosen,
        "answer": None if answer is None else {"code": answer[0].tolist(), "picture": answer[1].ravel().tolist()},
    }
    _canvas(data=data, key=_component(key), on_strokes_change=lambda: None)


def _component(key: str) -> str:
    return f"{key} canvas"


def _only(exported: serving.Exported) -> object:
    (network,) = exported.networks.values()
    return network


def _address(exported: serving.Exported) -> str:
    return BLOBS.put_weights(exported)

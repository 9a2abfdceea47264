"""A drawing on any page: the canvas, what the model makes of it as it is drawn, the class that it is told."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components import canvas
from app.components.canvas import Reader
from app.results import drawings, exports
from app.results.drawings import Guess
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore.serving import Explorer

HINT = "Draw here with the mouse, a pen or a finger"
SAY = "let the model say"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawing as a model is shown it [c, h, w]; of a conditional model, its guess, and the class that it is told."""

    image: np.ndarray
    label: int | None
    guess: Guess | None


def draw(
    model: Model,
    choice: DeltaGenerator | None,
    paper: DeltaGenerator,
    map_too: bool = False,
    key: str = canvas.DRAWING,
    hint: str = HINT,
) -> Drawn | None:
    """Draw the choice of the class in one place and the canvas in another; return what is drawn, None for nothing.

    Without a place for the choice the model says the class. ``map_too`` lets the page find the drawing on the map of
    PCA as well.
    """
    own, text = model.explorer, canvas.kept(key)
    conditional = "condition" in own.abilities
    guess = drawings.guess(model, text) if text and conditional else None
    label = None if guess is None else guess.label
    if conditional and choice is not None:
        with choice:
            label = choose_class(own, guess)
    known = label is not None or not conditional
    networks = {"encoder": exports.encoder(model), "decoder": exports.decoder(model)}
    if map_too:
        networks["projection"] = drawings.projection(model)
    answer = drawings.answer(model, text, label) if text and known else None
    reach = drawings.reach(model)
    with paper:
        classes, chosen = (
            own.classes if conditional else (),
            choice is not None and st.session_state.get("said") not in (None, SAY),
        )
        reader = Reader(own.name, own.shape, own.latent, reach, networks, classes, label, chosen, answer)
        canvas.canvas(hint, reader, text, key)
    return Drawn(drawings.drawn(model, text), label, guess) if text else None


def choose_class(own: Explorer, guess: Guess | None) -> int | None:
    """Draw the choice of what is drawn; return the class, None where the model is to say it and there is nothing."""
    options = (SAY, *own.classes)
    state.keep_valid("said", options, SAY)
    name = st.pills(
        "It is a", options, default=SAY, required=True, wrap=True, key="said", bind="query-params", format_func=plain
    )
    if name != SAY:
        return own.classes.index(name)
    return None if guess is None else guess.label

"""Where a style comes from: the class and the number of a test image, a drawing, or the prior."""

import numpy as np
import streamlit as st

from app.components import canvas
from app.controls import choices, drawing, sidebar
from app.figures import sprites
from app.markup import exhibits
from app.markup.exhibits import Ballot
from app.results import conditional
from app.results.conditional import Style
from app.results.data import Pictures
from app.results.drawings import Guess
from app.session.plain import plain
from app.session.state import Model
from vaecore.serving import Explorer

IMAGE, DRAWING, PRIOR = WAYS = ("a test image", "a drawing", "the prior")


def choose(model: Model, found: Pictures) -> Style | None:
    """Draw the choice of a style; return it, None while nothing is drawn."""
    way = choices.one("Take the style from", WAYS, "from", IMAGE)
    if way == DRAWING:
        return choose_drawing(model, found)
    canvas.forget()
    return choose_image(model, found) if way == IMAGE else choose_draw(model)


def choose_image(model: Model, found: Pictures) -> Style:
    """Draw the choice of a test image."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return conditional.of_image(model, found, sidebar.one_image(found, (130, 150)))


def choose_draw(model: Model) -> Style:
    """Draw the choice of a style of the prior."""
    last = conditional.SEEDS - 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input("Style", 0, last, 0, key="style", bind="query-params", width=150)
        st.button("Draw a style", icon=":material/casino:", on_click=sidebar.redraw, args=("style", 0, last))
    return conditional.of_prior(model, seed)


def choose_drawing(model: Model, found: Pictures) -> Style | None:
    """Draw the canvas and the choice of what is drawn; return its style, None while there is nothing."""
    own = model.explorer
    left, right = st.columns([1.6, 1], gap="medium")
    drawn = drawing.draw(model, right, left)
    with right:
        if drawn is None or drawn.guess is None or drawn.label is None:
            st.caption("Nothing is drawn yet: the model reads every stroke while it is drawn.")
            return None
        st.html(exhibits.ballots([ballot(own, drawn.image, drawn.guess)]))
        st.caption(about_guess(model, found))
    return conditional.of_drawing(model, drawn.image, drawn.label)


def ballot(own: Explorer, image: np.ndarray, guess: Guess) -> Ballot:
    """Return what the model takes a drawing for."""
    return Ballot(
        "What the model takes it for",
        sprites.pixels(image[None])[0],
        f"{own.classes[guess.label]} is likeliest",
        None,
        [
            (name, float(share), sprites.class_color(label))
            for label, (name, share) in enumerate(zip(own.classes, guess.probabilities, strict=True))
        ],
    )


def about_guess(model: Model, found: Pictures) -> str:
    """Say what the probabilities are, and how far they can be trusted."""
    own = model.explorer
    share, count = conditional.trust(model, found)
    kind = "decoded" if found.source.trouble else "test"
    return (
        f"Bars: p(y|x) with every class equally likely beforehand, taken as proportional to exp(elbo(x|y)). That is an "
        "approximation, and can be too sure: an elbo lies below log p(x|y), by more in one class than in another, and "
        f"a few nats decide. The likeliest class is the right one for {share:.0%} of {count} {kind} images of "
        f"{plain(found.source.place)}; how you write, {plain(own.name)} has never seen."
    )

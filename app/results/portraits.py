"""A picture of every model, by the model."""

import numpy as np
import streamlit as st

from app.figures import sprites
from app.markup import strips
from app.results import latents, units
from app.session import state
from app.session.state import Model

SIDE = 8  # images along each side
MANIFOLD_SIDE = 16  # the same, of a whole plane
LARGEST_SIDE = 10  # where each class has its column


@st.cache_data(show_spinner="Drawing the models ...", max_entries=64)
def portrait(model: Model) -> bytes:
    """Return a model's picture as PNG: its manifold, samples or filters, or what it makes of real codes."""
    own = model.explorer
    columns = SIDE
    if own.latent == 2 and "condition" not in own.abilities:
        images = latents.manifold(model, SIDE, None).reshape(-1, *own.shape)
    elif "sample" in own.abilities:
        columns = min(len(own.classes), LARGEST_SIDE) if "condition" in own.abilities else SIDE
        labels = np.arange(columns * columns) % columns
        images = own.sample(columns * columns, own.told(labels), seed=1)
    elif own.latent > state.WIDEST:
        return filters(model)
    else:
        images = own.decode(latents.kept_codes(model)[0][: SIDE * SIDE])
    cells = sprites.enlarge(sprites.pixels(images), strips.CELL)
    return sprites.png(sprites.sheet(cells, columns, strips.GAP), effort=1)  # fifty of them, before the server answers


def filters(model: Model) -> bytes:
    """Return what a wide model's strongest units look for: its codes are not drawn by hand."""
    strongest = units.strongest(model, SIDE * SIDE)
    cells = sprites.enlarge(sprites.signed(strongest, sprites.reach(strongest)), strips.CELL)
    return sprites.png(sprites.sheet(cells, SIDE, strips.GAP), effort=1)


@st.cache_data(show_spinner=False, max_entries=64)
def manifold(model: Model, label: int | None) -> bytes:
    """Return the whole plane of a code of two numbers as PNG, for a conditional model that of a class."""
    grid = latents.manifold(model, MANIFOLD_SIDE, label)
    cells = sprites.enlarge(sprites.pixels(grid.reshape(-1, *grid.shape[2:])), strips.CELL)
    return sprites.png(sprites.sheet(cells, MANIFOLD_SIDE, strips.GAP))

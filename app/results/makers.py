"""What pages fetch, made by its recipe: any copy of the server answers for what is made of what ships with it.

What is made of anybody's own model has no recipe: only the server that showed it has it, under its hash.
"""

import inspect
from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from app.figures import sprites
from app.results import drawings, exports, layouts, paths, portraits, recipes, tiles
from app.results.recipes import Recipe
from app.session.blobs import BLOBS
from app.session.state import Model
from vaecore import serving

BYTES, PICTURE = "application/octet-stream", "image/png"
MAP_COLUMNS, GROUND_COLUMNS = 100, 50  # images in a row of the sheet of the maps, and of that under the paths
TILE = "tile-"
PICTURES = ("portrait", "manifold", "images", "ground-images", *(f"{TILE}{key}" for key in tiles.PICTURES))
Made = tuple[bytes, str]


def _found(made: bytes | None, media_type: str) -> Made:
    if made is None:
        raise ValueError("nothing to make it of")
    return made, media_type


def _weights(export: Callable[[Model], serving.Exported | None]) -> Callable[[Model], Made]:
    def make(model: Model) -> Made:
        exported = export(model)
        return _found(exported and exported.weights, BYTES)

    return make


def _laid(model: Model) -> layouts.Layout:
    return layouts.layout(model, model.explorer.dataset)


def _sheet(model: Model, index: np.ndarray, columns: int) -> Made:
    sheet = layouts.sheet(model, model.explorer.dataset, index, columns)
    return _found(sheet and sheet[0], PICTURE)


def _manifold(model: Model, label: int | None = None) -> Made:
    own = model.explorer
    told = range(len(own.classes)) if "condition" in own.abilities else (None,)
    return _found(portraits.manifold(model, label) if own.latent == 2 and label in told else None, PICTURE)


def _tile(key: str, model: Model) -> Made:
    return _found(tiles.picture(key, model), PICTURE)


def _points(model: Model, across: int, up: int, shown: int) -> Made:
    laid, data = _laid(model), model.explorer.dataset
    names = layouts.beside(laid)
    if max(across, up) >= laid.codes.shape[1] or shown >= 2 ** len(names):
        return _found(None, BYTES)
    spread = layouts.spread(laid, across, up)
    places = layouts.places(laid, layouts.view(model, data, laid, across, up), [names[i] for i in bits(shown)])
    return sprites.packed([*places.values(), *([] if spread is None else [spread])]), BYTES


def bits(number: int) -> list[int]:
    """Return the places of the ones of a number, by which a recipe says which of some parts are meant."""
    return [i for i in range(number.bit_length()) if number >> i & 1]


MAKERS: dict[str, Callable[..., Made]] = {
    "portrait": lambda model: (portraits.portrait(model), PICTURE),
    "manifold": _manifold,
    "decoder": _weights(exports.decoder),
    "descent": _weights(exports.descent),
    "encoder": _weights(exports.encoder),
    "projection": _weights(drawings.projection),
    "points": _points,
    "rows": lambda model: (sprites.packed(layouts.rows(_laid(model))), BYTES),
    "codes": lambda model: (sprites.packed([_laid(model).codes]), BYTES),
    "images": lambda model: _sheet(model, _laid(model).index, MAP_COLUMNS),
    "ground": lambda model: (sprites.packed([paths.ground(model).places]), BYTES),
    "ground-images": lambda model: _sheet(model, paths.ground(model).laid.index, GROUND_COLUMNS),
    **{f"{TILE}{key}": partial(_tile, key) for key in tiles.PICTURES},
}


def keep(data: bytes, maker: str, model: Model, *numbers: int | None) -> str:
    """Keep what a maker made of a model and some numbers, and return its address."""
    media_type = PICTURE if maker in PICTURES else BYTES
    return BLOBS.put(data, media_type, recipe=recipes.write(maker, model, *numbers))


def hold(data: bytes, maker: str) -> str:
    """Keep what is made of other images than the model's own, and so by no recipe; return its address."""
    return BLOBS.put(data, PICTURE if maker in PICTURES else BYTES)


def again(text: str) -> Made | None:
    """Return what a recipe makes; None where it makes nothing."""
    recipe = recipes.read(text)
    if recipe is None or recipe.maker not in MAKERS:
        return None
    try:
        inspect.signature(MAKERS[recipe.maker]).bind(recipe.model, *recipe.numbers)
    except TypeError:  # too few numbers, or too many
        return None
    try:
        return _again(recipe)
    except ValueError:
        return None


@st.cache_resource(show_spinner=False, max_entries=1)
def _again(recipe: Recipe) -> Made:
    """Make it in a function that Streamlit keeps: no visitor is there to see the spinners of those that it calls."""
    data, media_type = MAKERS[recipe.maker](recipe.model, *recipe.numbers)
    BLOBS.put(data, media_type)
    return data, media_type

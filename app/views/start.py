"""Start: what people come to do, a click away; below it every model, by data set and kind."""

from collections.abc import Iterator
from html import escape

import streamlit as st

from app.markup import gallery, strips
from app.pages import opening
from app.results import catalogue, makers, portraits, tiles, verse
from app.session import state
from app.session.blobs import BLOBS
from app.session.plain import flat
from app.session.state import Model
from vaecore import serving

COUPLETS, SEED = 2, 3  # on a tile


def drawn() -> Iterator[tuple[str, str, str, str]]:
    """Yield each tile whose model is at hand: its title, its sentence, its address, and what is seen."""
    known = {*state.model_names(), *state.text_model_names()}
    for key, tile in tiles.TILES.items():
        if not tile.model:
            _, kind, said = tiles.DRAWINGS[key]
            source = BLOBS.inline(tiles.drawing(key), kind)
            yield tile.title, tile.text, gallery.address(tile.page), strips.sheet_tag(source, said)
        elif tile.model in known:
            chooser = "verse" if tile.page == "verse" else "model"
            where = gallery.address(tile.page, **{chooser: tile.model})
            yield tile.title, tile.text, where, seen(key, tile, state.find(tile.model))


def seen(key: str, tile: tiles.Tile, model: Model) -> str:
    """Return what a model shows on its tile, as HTML: a picture, or what it writes."""
    if "text" in model.explorer.abilities:
        lines = "<br>".join(map(escape, verse.draws(model, COUPLETS, 0.0, SEED)))
        return f'<q lang="zh-Hant">{lines}</q>'
    picture = tiles.picture(key, model)
    maker = "portrait" if picture is None else f"{makers.TILE}{key}"
    source = makers.keep(portraits.portrait(model) if picture is None else picture, maker, model)
    return strips.sheet_tag(source, f"{tile.title}: made by {tile.model}")


def card(kind: str, models: list[Model]) -> gallery.Kind:
    """Return the card of one kind: a picture by its first model, and all of them with their sizes and errors."""
    picture = makers.keep(portraits.portrait(models[0]), "portrait", models[0])
    return gallery.Kind(kind, models[0].explorer.summary, picture, [entry(model) for model in models])


def entry(model: Model) -> gallery.Entry:
    """Return a model's line, which opens the page that shows what it is for."""
    own = model.explorer
    figures = dict(serving.scores.labelled(own.card["metrics"]))
    error = figures.get("squared error")
    facts = [f"{own.latent} numbers", *([f"error {error}"] if error else [])]
    where = gallery.address(opening(own), model=model.place)
    return gallery.Entry(flat(own.name), where, " · ".join(facts))


def group(name: str, models: list[Model]) -> gallery.Group:
    """Return the fold of one data set, with a card for each kind."""
    size = state.size(models[0].explorer.shape)
    return gallery.Group(name, size, [card(kind, found) for kind, found in catalogue.by_kind(models)])


st.title("What does an autoencoder keep?")
strips.lead("A network squeezes a picture into a few numbers and paints it back. Choose what to try first.")
st.html(gallery.tiles(drawn()))
models = dict.fromkeys([*map(state.find, state.model_names()), state.find(st.session_state["model"])])
st.html(gallery.gallery(group(name, found) for name, found in catalogue.by_set(models).items()))
st.caption(
    "The error of a model is squared, summed over the pixels of an image, which are in [0, 1], and averaged over test "
    "images."
)
with st.expander("The equations behind the models", icon=":material/function:"):
    st.html(strips.variants(catalogue.variants()))

"""Start: every model with a picture that it made, its card, and the pages that open it."""

from html import escape

import streamlit as st

from app.markup import strips
from app.pages import PAGES, file_of, opening
from app.results import catalogue, makers, portraits
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving
from vaecore.serving import Explorer


def card(model: Model) -> None:
    """Draw one model: picture, words, numbers, and the pages that open it."""
    own = model.explorer
    picture = strips.sheet_tag(makers.keep(portraits.portrait(model), "portrait", model), f"A picture by {own.name}")
    st.html(
        f'<div class="vc-card">{picture}'
        f"<div><h4>{escape(own.name)}</h4>{strips.words(own.summary)}{strips.facts(numbers(own))}</div></div>"
    )
    st.space("stretch")
    with st.container(horizontal=True, gap="xsmall"):
        for name in opening(own):
            st.page_link(
                file_of(name),
                label=name.capitalize(),
                icon=f":material/{PAGES[name].icon}:",
                query_params={"model": model.place},
            )


def numbers(own: Explorer) -> list[tuple[str, str]]:
    """Return what the card measured, after the sizes."""
    measured = serving.scores.labelled(own.card["metrics"]).items()
    found = [(label, text.replace("-", strips.MINUS)) for label, text in measured]
    split = serving.scores.split(own.card)
    if found and split != "test":
        found.append(("measured on", f"{split} images"))
    return [("code", f"{own.latent} numbers"), ("weights", f"{own.card['parameters']:,}"), *found]


def grouped() -> dict[str, list[Model]]:
    """Return the models by data set, the chosen model's first, each group from simple to rich."""
    order = [variant["name"] for variant in catalogue.variants()]
    chosen = state.chosen()
    models = dict.fromkeys([*map(state.find, state.model_names()), chosen])
    own = {model: model.explorer for model in models}
    ranked = sorted(own, key=lambda model: (order.index(own[model].variant), own[model].latent))
    sets = sorted({each.dataset for each in own.values()}, key=lambda data: (data != own[chosen].dataset, data))
    return {data: [model for model in ranked if own[model].dataset == data] for data in sets}


st.title("What does an autoencoder keep?")
strips.lead(
    "Every picture below was drawn by a model from a handful of numbers. Open one and try to break it: "
    "move its code, walk between two images, or set it against PCA."
)
for data, models in grouped().items():
    st.subheader(f"{plain(data)} · {state.size(models[0].explorer.shape)}")
    grid = st.grid("auto", min_column_width=225, gap="small")
    for model in models:
        with grid.container(border=True, height="stretch"):
            card(model)
st.caption(
    "Squared error is summed over the pixels of an image, pixels in [0, 1], and averaged over the test images, unless "
    "a card names others."
)
with st.expander("The equations behind the models", icon=":material/function:"):
    st.html(strips.variants(catalogue.variants()))

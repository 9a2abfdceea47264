"""Networks for the page to run, and the page that is taken away; each kept."""

from dataclasses import replace

import streamlit as st

from app.results import recipes
from app.session.blobs import BLOBS
from app.session.state import Model
from vaecore import serving


def decoder(model: Model) -> serving.Exported | None:
    """Return the decoder for the page to run; None where it cannot, or where no address holds its weights."""
    return served(_decoder(model), "decoder", model) if BLOBS.served else None


@st.cache_resource(show_spinner=False, max_entries=64)
def _decoder(model: Model) -> serving.Exported | None:
    return model.explorer.exported("decoder")


def descent(model: Model) -> serving.Exported | None:
    """Return a hierarchy's way from the noise of its levels to the picture; None where the page cannot run it."""
    return served(_descent(model), "descent", model) if BLOBS.served else None


@st.cache_resource(show_spinner=False, max_entries=16)
def _descent(model: Model) -> serving.Exported | None:
    found = model.explorer.exported("descent")
    return found and replace(found, networks={"decoder": found.networks["descent"]})


def encoder(model: Model) -> serving.Exported | None:
    """Return the encoder for the page to run; None where it cannot, or where no address holds its weights."""
    return served(_encoder(model), "encoder", model) if BLOBS.served else None


@st.cache_resource(show_spinner=False, max_entries=64)
def _encoder(model: Model) -> serving.Exported | None:
    return model.explorer.exported("encoder")


def served(exported: serving.Exported | None, maker: str, model: Model) -> serving.Exported | None:
    """Have the address of networks say how another copy of the server makes them."""
    if exported is not None:
        BLOBS.recipes[exported.digest] = recipes.write(maker, model)
    return exported


def can_leave(model: Model) -> bool:
    """Return whether a page of its own can run the model."""
    return "text" not in model.explorer.abilities and _decoder(model) is not None


@st.cache_data(show_spinner=False, max_entries=16)  # a download is made where no page is drawn
def page_of(model: Model) -> bytes:
    """Return the model as one HTML file."""
    return serving.takeaway.take_away(model.explorer).encode()

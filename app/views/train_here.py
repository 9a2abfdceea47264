"""Train here: an autoencoder that learns in the page, in front of the class."""

import streamlit as st

from app.components.trainer import settings, trainer
from app.controls import behind
from app.markup import strips
from app.results import sheets


@st.fragment
def page() -> None:
    """Draw what trains; what is chosen there reruns no more than this."""
    trainer(sheets.offered(settings().get("set", "")))


st.title("Train here")
strips.lead(
    "Press Play: a network learns before your eyes. What does it learn first? Turn back the time, and try another way.",
    (),
)
page()
behind.compute(
    "made = serving.sheets.sheet('digits')  # what the page trains on, and what PCA leaves of it",
    "print(made.training, made.test, made.errors)",
)

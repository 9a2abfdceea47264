"""Train here: an autoencoder that learns in the page, in front of the class."""

import streamlit as st

from app.components.trainer import settings, trainer
from app.controls import behind
from app.markup import strips
from app.results import sheets
from vaecore import serving


@st.fragment
def page() -> None:
    """Draw what trains; what is chosen there reruns no more than this."""
    known = settings()
    offered = sheets.offered(known.get("set", ""))
    trainer(offered)
    own = next((each for each in offered if each.name == known.get("set")), offered[0])
    if own.sheet is not None or own.name == serving.trainer.DRAWN:
        st.download_button(
            "A page to take away", lambda: sheets.page_of(own.name, known), f"train-{own.name}.html", "text/html",
            icon=":material/download:", on_click="ignore",
            help="One HTML file that trains as it is set here, without a network. It holds the images of the set, but "
            "no drawings.",
        )  # fmt: skip


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

"""Train here: an autoencoder that learns in the page, in front of the class."""

import streamlit as st

from app.components.trainer import begin, settings, trainer
from app.controls import behind, uploading
from app.markup import strips
from app.pages import file_of
from app.results import sheets
from app.server.options import OPTIONS
from vaecore import serving


@st.fragment
def page() -> None:
    """Draw what trains; what is chosen there reruns no more than this."""
    place = st.container()
    with st.expander("Your own pictures", icon=":material/upload:", key="own pictures"):
        brought = uploading.drop()
        if brought is not None:
            begin(sheets.called(brought.name))
        chosen = sheets.own(settings().get("set", ""))
        if chosen is not None:
            try:
                uploading.show(chosen)
            except ValueError as error:
                st.warning(strips.sentence(str(error)), icon=":material/info:")
    with place:
        known = settings()
        offered = sheets.offered(known.get("set", ""))
        trainer(offered)
        take(next((each.name for each in offered if each.name == known.get("set")), offered[0].name), known)


def take(name: str, known: dict[str, str]) -> None:
    """Offer a page to take away that trains as it is set here; a set of the visitor's own is taken with its model."""
    if name in serving.trainer.TITLES and (name == serving.trainer.DRAWN or serving.sheets.at_hand(name)):
        st.download_button(
            "A page to take away", lambda: sheets.page_of(name, known), f"train-{name}.html", "text/html",
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
if OPTIONS.trainings:
    st.page_link(file_of("train"), label="“Train”: larger networks, on the server", icon=":material/arrow_forward:")
behind.compute(
    "made = serving.sheets.sheet('digits')  # what the page trains on, and what PCA leaves of it",
    "print(made.training, made.test, made.errors)",
)

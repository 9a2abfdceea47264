"""Train here: an autoencoder that learns in the page, in front of the class."""

import streamlit as st

from app.components.trainer import begin, settings, trainer
from app.controls import behind, uploading
from app.markup import strips
from app.pages import file_of
from app.results import sheets
from app.server.options import OPTIONS


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
        trainer(sheets.offered(settings().get("set", "")))


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

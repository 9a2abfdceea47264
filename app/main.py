"""The router: pages, their addresses, and the model that they all look at."""

from pathlib import Path

import streamlit as st

from app import chooser, state

HERE = Path(__file__).parent

# The icon is a file of ours: a Material icon would be fetched from Google's servers.
st.set_page_config(page_title="Autoencoder explorer", page_icon=HERE / "icon.svg", layout="wide")
state.preload()
st.html(HERE / "style.css")
st.logo(HERE / "icon.svg", size="large")
start = st.Page("views/start.py", title="Start", icon=":material/home:", default=True)
reconstruct = st.Page("views/reconstruct.py", title="Reconstruct", icon=":material/compare:")
latent_map = st.Page("views/map.py", title="Map", icon=":material/scatter_plot:")
interpolate = st.Page("views/interpolate.py", title="Interpolate", icon=":material/linear_scale:")
generate = st.Page("views/generate.py", title="Generate", icon=":material/tune:")
page = st.navigation([start, reconstruct, latent_map, interpolate, generate], position="top")
if chooser.show(needs_images=page in (reconstruct, interpolate)):
    page.run()

"""The router: pages, their addresses, and the model that they all look at."""

from pathlib import Path

import streamlit as st

from app import address, chooser, hiding, lesson, texts
from app.server import scripts, startup

HERE = Path(__file__).parent

# The icon is a file of ours: a Material icon would be fetched from Google's servers.
st.set_page_config(page_title="Autoencoder explorer", page_icon=HERE / "icon.svg", layout="wide")
address.tidy()
startup.preload()
st.html(HERE / "style.css")
scripts.run(scripts.HISTORY)
hiding.apply()
st.logo(HERE / "icon.svg", size="large")
start = st.Page("views/start.py", title="Start", default=True)
latent_map = st.Page("views/map.py", title="Map")
generate = st.Page("views/generate.py", title="Generate")
reconstruct = st.Page("views/reconstruct.py", title="Reconstruct")
interpolate = st.Page("views/interpolate.py", title="Interpolate")
corrupt = st.Page("views/corrupt.py", title="Corrupt")
features = st.Page("views/features.py", title="Features")
sensitivity = st.Page("views/sensitivity.py", title="Sensitivity")
stack = st.Page("views/stack.py", title="Stack")
anomaly = st.Page("views/anomaly.py", title="Anomaly")
rate = st.Page("views/rate.py", title="Rate and distortion")
hierarchy = st.Page("views/hierarchy.py", title="Hierarchy")
conditional = st.Page("views/conditional.py", title="Conditional")
posterior = st.Page("views/posterior.py", title="Posterior")
scores = st.Page("views/scores.py", title="Scores")
verse = st.Page("views/verse.py", title="Verse")
lessons = [st.Page(f"lessons/{name}.py", title=title) for name, title in lesson.TITLES.items()]
pages = {
    "": [start],
    "Pictures": [reconstruct, latent_map, interpolate, generate, conditional],
    "Codes": [corrupt, features, sensitivity, stack, anomaly],
    "Probability": [posterior, rate, hierarchy, scores],
    "Texts": [verse],
    "Lessons": lessons,
}
page = st.navigation(pages, position="top")
if page in (corrupt, features, sensitivity, stack, anomaly, rate, hierarchy, scores, *lessons):
    scripts.run(scripts.early_library())
# A lesson chooses its model itself, the page of texts among others, the anomaly page its images.
if page in lessons:
    chooser.keep()
    lesson.contents(lessons)
    page.run()
elif page == verse:
    chooser.keep()
    if texts.show():
        page.run()
elif chooser.show(needs_images=page not in (start, latent_map, generate, anomaly, scores)):
    page.run()

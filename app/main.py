"""The router: pages, their addresses, and the model that they all look at."""

from pathlib import Path

import streamlit as st

from app.controls import sidebar, texts
from app.lessons import frame
from app.pages import LESSONS, PAGES, file_of, in_groups
from app.server import scripts, startup
from app.session import address, hiding, presenting
from vaecore.serving import browser

STATIC = Path(__file__).parent / "static"

# The icon is a file of ours: a Material icon would be fetched from Google's servers.
st.set_page_config(page_title="Autoencoder explorer", page_icon=STATIC / "icon.svg", layout="wide")
address.tidy()
startup.preload()
startup.import_circles()
st.html(browser.TOKENS)
st.html(STATIC / "style.css")
st.html(STATIC / "view.css")
scripts.run(scripts.HISTORY)
scripts.run(scripts.LINKS)
scripts.run(scripts.WORDS)
scripts.run(scripts.FOLDERS)
scripts.run(scripts.VIEW)
hiding.apply()
presenting.apply()
st.logo(STATIC / "icon.svg", size="large")
drawn = {
    name: st.Page(file_of(name), title=row.title, url_path=name, default=name == "start")
    for name, row in (PAGES | LESSONS).items()
}
lessons = [drawn[name] for name in LESSONS]
menu = {group: [drawn[name] for name in names] for group, names in in_groups(PAGES).items()} | {"Lessons": lessons}
page = st.navigation(menu, position="top", expanded=True)  # on a phone it is a list, of which nothing is folded
chosen = PAGES.get(page.url_path or "start")  # none of a lesson
if chosen is None:  # a lesson chooses its model itself, the page of texts among others
    sidebar.keep()
    frame.contents(lessons)
    page.run()
elif chosen.needs == "nothing":
    sidebar.keep()
    page.run()
elif chosen.needs == "texts":
    sidebar.keep()
    if texts.show():
        page.run()
elif sidebar.show(chosen):
    page.run()

"""What is seen of the runs: their loss, their reconstructions and their codes as epochs end; stop, resume, delete."""

from html import escape

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components.plot import plot
from app.controls import choices, sidebar
from app.figures import curves, sprites
from app.figures.curves import Term
from app.figures.marks import Axis, Chart, Dots, columns
from app.markup import gallery, strips
from app.pages import PAGES
from app.results import trainings
from app.server import visits
from app.server.brought import bare
from app.session.plain import flat
from app.session.state import Model
from vaecore import jobs

PERIOD = 0.7  # seconds between two looks at a run that goes on
HEIGHT = 270
BEGUN = "begun run"  # key of the session: the name of a run that is to be shown
ACTIVE = ("waiting", "running", "stopping", "measuring")
SAYS = {
    "stopped": "stopped; it can go on where it was",
    "killed": "ended by something else, such as a restart of the machine; it can go on where it was",
    "stopping": "ending after its last epoch",
    "measuring": "finished, and measured now on images that it was not trained on; it can be opened",
}


def show() -> None:
    """Draw the visitor's runs, if there are any, anew as long as one goes on."""
    active = any(job.state in ACTIVE for job in jobs.list(visits.owner()))
    st.fragment(_runs, run_every=PERIOD if active else None)(active)


def _runs(was_active: bool) -> None:
    found = {job.name: job for job in reversed(jobs.list(visits.owner()))}
    if not found:
        return
    if was_active and not any(job.state in ACTIVE for job in found.values()):
        st.rerun()  # nothing is left to look at again, and again
    if begun := st.session_state.pop(BEGUN, ""):
        st.session_state["run"] = begun
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        job = found[choices.one("Your runs", list(found), "run")]
        _buttons(job)
    done = jobs.progress(job)
    _say(job, done)
    model = trainings.newest(job)
    if job.trained and model is not None:
        _links(job)
        _figures(model)
    left, right = st.columns([1.25, 1], gap="medium")
    if done.rows:
        with left:
            plot(curves.loss(terms(done), done.epochs, HEIGHT), "loss")
    if model is not None and "text" not in model.explorer.abilities:
        _learned(model, right)


def _say(job: jobs.Job, done: jobs.Progress) -> None:
    """Write where a run is, in a sentence, and how much of it is done."""
    said = SAYS.get(job.state, job.state)
    if job.state == "waiting":
        said = f"waiting for {_ahead(job)}"
    elif job.state == "failed":
        said = f"ended: {bare(job.failed)}"
    elif job.state == "running" and not done.rows:
        said = "starting"
    elif job.state == "running" and done.seconds_left:
        said = f"running, {minutes(done.seconds_left)} left"
    share = min(1.0, len(done.rows) / max(1, done.epochs))
    if job.state == "finished":
        said = f"finished, {flat(job.recipe)} in {minutes(done.rows[-1]['seconds'])}" if done.rows else "finished"
    count = f"epoch {len(done.rows):,} of {done.epochs:,}" if done.epochs else ""
    st.html(
        f'<p class="vc-run" role="status"><span>{escape(flat(said))}</span><em>{count}</em></p>'
        f'<div class="vc-done"><i style="width:{share:.1%}"></i></div>'
    )


def _ahead(job: jobs.Job) -> str:
    """Say how many runs are begun before one that waits."""
    names = [(each.owner, each.name) for each in jobs.waiting()]
    count = names.index((job.owner, job.name)) if (job.owner, job.name) in names else 0
    return f"its turn: {count} before it" if count else "its turn: it is next"


def minutes(seconds: float) -> str:
    """Write a time as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def _buttons(job: jobs.Job) -> None:
    if job.state in ("waiting", "running", "measuring"):
        st.button("Stop", icon=":material/stop:", on_click=_do, args=("stop", job.name))
    if job.state in ("stopped", "killed", "failed"):
        st.button("Resume", icon=":material/play_arrow:", on_click=_do, args=("resume", job.name))
    with st.popover("Delete", icon=":material/delete:"):
        st.button("Delete the run and all that it kept", on_click=_do, args=("delete", job.name))


def _do(what: str, name: str) -> None:
    """Do what a button says, unless the run has come to another state since it was drawn."""
    try:
        job = jobs.find(name, visits.owner())
        {"stop": jobs.stop, "resume": jobs.resume, "delete": jobs.delete}[what](job)
    except ValueError as error:
        st.toast(strips.sentence(str(error)))


def terms(done: jobs.Progress) -> list[Term]:
    """Return the terms of the last stage's loss, on images that are held out and on those that are trained on."""
    stage = done.rows[-1].get("stage")
    rows = [row for row in done.rows if row.get("stage") == stage]
    return [
        Term(name, np.array([row[part][name] for row in rows]), part == "train" and "validation" in rows[0])
        for part in ("validation", "train")
        if part in rows[-1]
        for name in rows[-1][part]
    ]


def _learned(model: Model, place: DeltaGenerator) -> None:
    try:
        seen = trainings.learned(model)
    except ValueError as error:
        st.caption(strips.sentence(str(error)))
        return
    with place:
        plot(codes(seen, model.explorer.latent), "codes")
    after = "" if model.at is None else f"after epoch {model.at}"
    st.html(
        strips.row("Test images", sprites.pixels(seen.images), (), "x")
        + strips.row("Reconstructions", sprites.pixels(seen.rebuilt), (), "reconstruction", after)
    )


def codes(seen: trainings.Learned, latent: int) -> Chart:
    """Return the map of the codes, in the colours of their classes."""
    labels = np.zeros(len(seen.codes), int) if seen.labels is None else seen.labels
    colors = [sprites.class_color(label) for label in labels]
    across, up = ("first principal axis", "second") if latent > 2 else ("z₁", "z₂")
    dots = Dots(*columns(seen.codes), colors, 5.0, opacity=0.8, ringed=False)
    return Chart((dots,), Axis(across, grid=False), Axis(up, grid=False), HEIGHT, equal=True)


def _figures(model: Model) -> None:
    """Draw what was measured of a run on images that it was not trained on, once it was."""
    own = model.explorer
    if "evaluation" in own.card:
        with st.expander("What it measured"):
            st.html(strips.facts(sidebar.figures(own)))


def _links(job: jobs.Job) -> None:
    """Draw a link to every page that shows the run."""
    model = trainings.newest(job)
    assert model is not None
    own = model.explorer
    texts = "text" in own.abilities
    needs, key = (("texts",), "verse") if texts else (("images", "model", "images of its own"), "model")
    shown = [(name, page) for name, page in PAGES.items() if page.needs in needs]
    links = "".join(
        f'<li><a class="vc-link" href="{escape(gallery.address(name, **{key: job.name}), quote=True)}" target="_self">'
        f"{escape(page.title)}</a></li>"
        for name, page in shown
        if name not in ("start", "scores") and page.shows(own)
    )
    st.html(f'<nav class="vc-opens" aria-label="Open the run on a page"><span>Open it on</span><ul>{links}</ul></nav>')

"""Train: a run of one's own, from its settings to its codes."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.controls import behind, uploading
from app.markup import strips
from app.pages import file_of
from app.results import trainings
from app.server import visits
from app.server.options import OPTIONS
from app.session import state
from app.views.train import form, watching
from vaecore import jobs


def program(recipe: str, changes: Mapping[str, Any]) -> None:
    """Show the program that starts the same run."""
    shown = {name: state.bare_name(value) if name == "dataset" else value for name, value in changes.items()}
    said = "".join(f", {name}={value!r}" for name, value in shown.items())
    behind.compute(
        f"job = vaecore.jobs.start({recipe!r}{said})",
        "for row in vaecore.jobs.watch(job):",
        "    print(row)",
        "explorer = vaecore.load(job.folder)",
    )


def measure(recipe: str, changes: Mapping[str, Any], kind: trainings.Kind) -> None:
    """Draw the button that starts, that which measures how long it takes, and the number of parameters.

    Raises:
        ValueError: what cannot be trained here.
    """
    count = trainings.parameters(recipe, kind.shape, kind.classes, trainings.written(changes))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if st.button("Start", icon=":material/play_arrow:"):
            job = jobs.start(recipe, owner=visits.owner(), shared=OPTIONS.public, **changes)  # type: ignore[arg-type]
            st.session_state[watching.BEGUN] = job.name
            st.rerun()  # what is above the form shows the run
        asked = st.button(
            "How long?", icon=":material/timer:", type="tertiary", help="Takes a few steps of it, here and now."
        )
        place = st.empty()
    said = f"**{count:,}** parameters"
    if asked:
        with place, st.spinner("Taking a few steps ..."):
            took = trainings.estimate(recipe, trainings.written(changes))
        said += f", about **{watching.minutes(took.seconds)}** for {took.epochs:,} epochs"
    place.markdown(said)


@st.fragment
def next_run() -> None:
    """Draw the form of the next run."""
    st.subheader("A new run", anchor=False)
    brought = uploading.drop()
    if brought is not None:
        st.session_state["on"] = brought.name
    try:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            on = form.data()
            kind = trainings.kind_of(on)
            recipe = form.recipe(jobs.recipes_for(on, kind.shape, kind.classes > 0, kind.texts))
        start = st.container()
        if state.data_path(on) is not None:
            uploading.show(on)
        changes = form.settings(recipe) | jobs.dataset_of(recipe, state.data_place(on))
        with start:
            measure(recipe, changes, kind)
    except (OSError, ValueError) as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    program(recipe, changes)


st.title("Train")
if OPTIONS.trainings:
    strips.lead(
        "Press Start, and watch the codes find their places while the loss falls. Then give the code one number more, "
        "or a wider layer: what changes, and what does it cost?",
        (),
    )
    watching.show()
    next_run()
    if OPTIONS.public:
        st.caption("Your runs are yours alone, take turns with those of others, and go some minutes after you leave.")
else:
    strips.lead("This server trains nothing. A network learns in your own browser instead.", ())
    st.page_link(file_of("train_here"), label="Open “Train here”", icon=":material/arrow_forward:")
    st.info(
        "Whoever runs this server allows N trainings at once by `--training N`. On a machine of your own this page, or "
        "the command below, trains whatever you like.",
        icon=":material/info:",
    )
    st.code("vaecore train vae-digits-2 --set latent=3", "bash")

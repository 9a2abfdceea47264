"""Scores: every model's figures beside those of the papers, from the cards."""

import streamlit as st

from app.controls import choices
from app.figures import charts, curves
from app.figures.curves import Standing
from app.markup import strips
from app.results import catalogue
from vaecore import serving


def standing(score: serving.scores.Score) -> Standing:
    """Return a model's line in the chart."""
    return Standing(score.model, score.value, score.error or 0.0, score.published and score.published.value)


def row(score: serving.scores.Score, form: str) -> dict[str, str]:
    """Return a model's line in the table."""
    error = f" ± {form.format(score.error)}" if score.error is not None else ""
    seeds = (
        f"{form.format(score.seeds[0])} ± {form.format(score.seeds[1])}, {score.seeds[2]} seeds" if score.seeds else ""
    )
    paper = score.published
    return {
        "model": score.model,
        "variant": score.variant,
        "ours": form.format(score.value) + error,
        "over seeds": seeds,
        "published": form.format(paper.value) if paper else "",
        "where": "; ".join(filter(None, (paper.source, paper.difference))) if paper else "",
        "our protocol": score.protocol,
        "command": score.command,
    }


st.title("Scores")
strips.lead("What was measured, beside what was published. Take likelihood, and follow the papers from top to bottom.")
measure = choices.one("Measure", list(serving.scores.RANKED), "measure", "likelihood")
found, shown = catalogue.standings(measure), serving.scores.RANKED[measure][0]
if found:
    st.caption(shown.caption)
    title = shown.title.replace("-log", f"{strips.MINUS}log")
    chart = curves.standings([standing(score) for score in found], title, shown.form.strip("{:}"))
    st.plotly_chart(chart, config=charts.STILL, key="standings")
    st.dataframe([row(score, shown.form) for score in found], hide_index=True, key="table")
    st.caption(
        "The bars are two standard errors over the test images. Every figure is of the weights that are shipped; "
        "the command beside it measures it again."
    )
else:
    st.info(
        "No model here has been measured so yet. `vaecore evaluate NAME --write` keeps a model's figures in its card.",
        icon=":material/straighten:",
    )

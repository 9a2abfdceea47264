"""Scores: every model's figures beside those of the papers, from the cards."""

import streamlit as st

from app.controls import choices
from app.figures import charts, curves
from app.figures.curves import Standing
from app.markup import strips
from app.results import catalogue
from vaecore import serving

CAPTIONS = {
    "likelihood": (
        "Less is better. Only figures of one protocol can be compared: thresholded pixels, the static set or grey "
        "ones give other numbers, and so do fewer importance samples, whose bound is looser."
    ),
    "grey pixels": (
        "Less is better, but none of these is a likelihood: a Bernoulli has no probability for grey. They compare "
        "models of one data set with each other, and with nothing in a paper."
    ),
    "squared error": "Less is better: summed over the pixels of an image, averaged over the test images.",
    "neighbours": "More is better: how often the nearest training codes are of the same class.",
    "conditional": (
        "More is better, up to what the judge itself gets right on real images. A model that only draws the mean "
        "of each class gets all of it: coverage, in the last column, says how much of the real variety is there."
    ),
    "verse": (
        "Less is better: what a character of the test couplets costs, by importance samples of each. A model may write "
        "well whose code says nothing: see the rates on Verse."
    ),
    "strangers": (
        "More is better, one half is guessing: MNIST's models are shown Fashion-MNIST and the other way round. "
        "Choosing the best score in hindsight flatters: the page Anomaly shows each by itself."
    ),
}


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
measure = choices.one("Measure", list(serving.scores.MEASURES), "measure", "likelihood")
found, shown = catalogue.standings(measure), serving.scores.MEASURES[measure]
if found:
    st.caption(CAPTIONS[measure])
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

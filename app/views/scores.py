"""Scores: every model's figures beside those of the papers, from the cards."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from app.components.plot import plot
from app.controls import choices
from app.figures import curves
from app.figures.curves import Standing
from app.markup import strips
from app.results import catalogue
from vaecore import serving


def standing(score: serving.scores.Score) -> Standing:
    """Return a model's line in the chart."""
    return Standing(score.model, score.value, score.error or 0.0, score.published and score.published.value)


def table(scores: Sequence[serving.scores.Score], form: str) -> str:
    """Return the models' figures as a table whose texts wrap; what qualifies a figure stands below it."""
    head = "".join(f"<th>{title}</th>" for title in ("model", "ours", "published", "how ours was measured"))
    body = "".join(_row(each, form) for each in scores)
    return f'<table class="vc-ledger"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(score: serving.scores.Score, form: str) -> str:
    error = f" ± {form.format(score.error)}" if score.error is not None else ""
    seeds = ""
    if score.seeds:
        mean, deviation, count = score.seeds
        seeds = f"{form.format(mean)} ± {form.format(deviation)} over {count} seeds"
    paper = score.published
    where = "; ".join(filter(None, (paper.source, paper.difference))) if paper else ""
    cells = (
        (score.model, score.variant),
        (form.format(score.value) + error, seeds),
        (form.format(paper.value) if paper else "", where),
        (score.protocol, score.command),
    )
    return f"<tr>{''.join(_cell(*each) for each in cells)}</tr>"


def _cell(said: str, below: str) -> str:
    """Return a cell: what it says, and in small what qualifies it."""
    return f"<td>{escape(said)}<small>{escape(below)}</small></td>"


st.title("All scores")
strips.lead(
    "What every model here scores, beside what its paper reports. Choose “likelihood” and read the chart from top to "
    "bottom: which models come close to their papers?"
)
measure = choices.one("Measure", list(serving.scores.RANKED), "measure", "likelihood")
found, shown = catalogue.standings(measure), serving.scores.RANKED[measure][0]
if found:
    st.html(strips.caption(shown.caption))
    title = shown.title.replace("-log", f"{strips.MINUS}log")
    chart = curves.standings([standing(score) for score in found], title, shown.form.strip("{:}"))
    plot(chart, "standings")
    st.html(table(found, shown.form))
    st.caption(
        "The bars are two standard errors over the test images. Every figure is of the weights that are shipped; "
        "the command in its row measures it again."
    )
else:
    st.info(
        "No model here has been measured so yet. `vaecore evaluate NAME --write` keeps a model's figures in its card.",
        icon=":material/straighten:",
    )

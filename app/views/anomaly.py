"""Anomaly: images that the model has never seen the like of, and whether its scores tell."""

import numpy as np
import streamlit as st

from app.controls import behind, choices
from app.figures import charts, curves, sprites
from app.figures.charts import Group
from app.markup import strips
from app.results import picks, strangers
from app.results.strangers import Mix
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving
from vaecore.serving import Explorer

SCORES = {  # its formula, and what to know about it
    "reconstruction": (
        "squared error",
        "**Reconstruction** asks whether the model can draw the image, ‖x − g(f(x))‖². It is blind to strangers that "
        "are simple: few strokes are easily drawn, seen or not, and a strong model draws what it has never met.",
    ),
    "density": (
        "−log p(z), nats",
        "**Density** asks whether the code lies where codes usually lie, −log p(z). It is blind to strangers whose "
        "code lands in the middle: nothing ever told the encoder to put them elsewhere.",
    ),
    "both": (
        "deviations from the training images' mean",
        "**Both** adds the two, each in deviations from its mean over the training images.",
    ),
    "distortion": (
        "−log p(x|z), nats",
        "**Distortion** asks what the image costs once its code is known. Like the reconstruction it is blind to "
        "strangers that are simple, and it counts in the units of the pixel's likelihood.",
    ),
    "rate": (
        "KL(q(z|x) ‖ p(z)), nats",
        "**Rate** asks how far the posterior has to leave the prior. It is blind to strangers that the encoder finds "
        "ordinary.",
    ),
    "elbo": (
        "minus the elbo, nats",
        "**Elbo** is distortion and rate added: what a likelihood says. It is blind to simple strangers: to a model of "
        "clothes a digit is likelier than clothes (Nalisnick et al. 2019).",
    ),
    "complexity": (
        "nats above those of a PNG file",
        "**Complexity** takes off what any picture of its kind costs, by the size of its PNG file (Serra et al. 2020). "
        "It is blind where that file says more of the pixels than the model does.",
    ),
    "typicality": (
        "squared deviations from the training images' mean",
        "**Typicality** asks whether distortion and rate are what they usually are: too little of either is strange "
        "as well. It is blind to strangers that cost just as much as the real thing.",
    ),
}
NAMES = {"normal": "normal", "unseen": "never seen"}
SYMMETRIC = ("upside down", "mirrored")
INVERTED, GUESSING, SURE = 0.45, 0.6, 0.95  # areas under the curve


def choose_kind(own: Explorer) -> str:
    """Draw the choice of what stands for the unseen."""
    kinds = strangers.kinds(own, st.session_state["data"])
    state.keep_valid("unseen", kinds, kinds[0])
    return st.selectbox(
        "Never seen", kinds, key="unseen", bind="query-params", width=220,
        help="Other data sets, other classes, or the model's own test images altered. Choose other images at the "
        "left, by name or by path, and they can stand for the unseen too.",
    )  # fmt: skip


def choose_score(mixed: Mix) -> str:
    """Draw the choice of a score."""
    names = [name for name in SCORES if name in mixed.scores]
    default = "both" if "both" in names else names[0]
    return choices.one("Score", names, "score", default, wrap=True)


def ranking(model: Model, mixed: Mix, score: str, count: int) -> str:
    """Return both ends of the ranking: the images, marked as what they are, and where the model errs."""
    ends = [picks.ranked(mixed.scores[score], count, strangest) for strangest in (True, False)]
    maps = [strangers.error_maps(model, mixed, rows) for rows in ends]
    top = sprites.top_of(*maps)
    titles = (
        ("The strangest", "largest score first", "error"),
        ("The most normal", "smallest first", "reconstruction"),
    )
    return "".join(
        strips.row(
            title, sprites.pixels(mixed.images[rows]), captions(mixed, score, rows), variable, note,
            marks=marks(mixed, rows),
        )
        + strips.row("Where it errs", sprites.heat(part, top), (), "x", "squared error")
        for (title, note, variable), rows, part in zip(titles, ends, maps, strict=True)
    ) + strips.legend(top)  # fmt: skip


def marks(mixed: Mix, rows: np.ndarray) -> list[str]:
    """Return what each image really is."""
    return ["unseen" if unseen else "normal" for unseen in mixed.unseen[rows]]


def captions(mixed: Mix, score: str, rows: np.ndarray, alike: bool = False) -> list[str]:
    """Write what each image really is, unless all are alike in that, its class and its score."""
    scores = [f"{value:.1f}".replace("-", strips.MINUS) for value in mixed.scores[score][rows]]
    really = [""] * len(rows) if alike else marks(mixed, rows)
    parts = zip(really, (mixed.classes[row] for row in rows), scores, strict=True)
    return ["\n".join(part for part in each if part) for each in parts]


def areas(mixed: Mix) -> None:
    """Write the area under the curve of every score."""
    with st.container(horizontal=True, gap="medium"):
        for name, curve in mixed.rocs.items():
            st.metric(f"Area by {name}", f"{curve.area:.3f}", width="content")


def judgement(area: float, kind: str) -> str:
    """Say in a sentence what an area means."""
    if area < INVERTED:
        return (
            f"Below one half: by this score, {plain(kind)} images look more normal to the model than those it was "
            "trained on. A small score is no proof that an image is known."
        )
    if area < GUESSING:
        return "Hardly better than guessing: this score cannot tell the two apart."
    if area < SURE:
        return "Better than guessing, but each catch has its price in false alarms."
    return "Almost every stranger gives itself away here; do not count on it for another kind."


def outcome(caught: serving.strangers.Alarm, percent: int) -> str:
    """Say what the threshold finds and whom it suspects wrongly."""
    return (
        f"With at most **{percent}%** false alarms, **{caught.found:,} of the {caught.unseen:,}** images never seen "
        f"are found, and {caught.wrong:,} of the {caught.normal:,} normal ones are flagged wrongly."
    )


def mistakes(mixed: Mix, score: str, threshold: float, count: int) -> str:
    """Return the images that the threshold takes for what they are not."""
    titles = (("Slipped through", "unseen, not flagged", "error"), ("Flagged wrongly", "normal, flagged", "z"))
    return "".join(
        strips.row(title, sprites.pixels(mixed.images[rows]), captions(mixed, score, rows, True), variable, note)
        if len(rows)
        else strips.heading(title, variable, "none at this threshold")
        for (title, note, variable), rows in zip(
            titles, strangers.errors_of(mixed, score, threshold, count), strict=True
        )
    )


def telling(mixed: Mix, score: str, kind: str, count: int) -> None:
    """Draw how well the score tells the two apart, and what a threshold does."""
    st.subheader("Can the score tell?")
    areas(mixed)
    st.caption(
        f"{judgement(mixed.rocs[score].area, kind)} The area under the curve is the probability that an image never "
        "seen scores above a normal one; one half is guessing. Over "
        f"{int((~mixed.unseen).sum()):,} normal and {int(mixed.unseen.sum()):,} unseen images: a card's figure, over "
        "all of them, differs a little."
    )
    left, right = st.columns([1, 2.2], gap="medium", vertical_alignment="center")
    percent = left.slider(
        "False alarms accepted", 0, 50, 5, format="%d%%", key="alarms", bind="query-params",
        help="In percent of the normal images that are flagged wrongly: where the threshold lies.",
    )  # fmt: skip
    caught = strangers.alarm(mixed, score, percent)
    right.markdown(outcome(caught, percent))
    left, right = st.columns([1.35, 1], gap="medium")
    groups = [
        Group(name, strangers.values(mixed, score, kind == "unseen"), color)
        for (kind, name), color in zip(NAMES.items(), ("reconstruction", "error"), strict=True)
    ]
    histogram = charts.histogram(groups, SCORES[score][0], "share of each", at={"threshold": caught.threshold})
    left.plotly_chart(histogram, config=charts.STILL, key="scores")
    curve, stand = mixed.rocs[score], (caught.share_wrong, caught.share_found)
    figure = curves.roc(curve.false_positives, curve.true_positives, curve.area, stand)
    right.plotly_chart(figure, config=charts.STILL, key="roc")
    st.html(mistakes(mixed, score, caught.threshold, count))


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    own = model.explorer
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = choose_kind(own)
        try:
            mixed = strangers.mix(model, kind)
            score = choose_score(mixed)
            count = st.slider("Images", 4, 16, 10, key="images", bind="query-params", width=150)
        except ValueError as error:
            st.warning(
                f"{strips.sentence(str(error))} Until then nothing can be said of “{plain(kind)}”: what is normal and "
                "what is not, only real images tell.",
                icon=":material/cloud_off:",
            )
            return
    st.html(ranking(model, mixed, score, count))
    telling(mixed, score, kind, count)
    with st.expander("What these scores are blind to", icon=":material/visibility_off:"):
        for name in mixed.scores:
            st.markdown(SCORES[name][1])
        st.markdown(about(own, kind))
    known = kind in strangers.kinds(own, own.dataset)
    labels = ", each.labels" if "condition" in own.abilities else ""
    behind.show(
        f"strange = serving.strangers.unseen(explorer, {kind!r}, seed=1)"
        if known
        else f"strange = vaecore.dataset({kind!r})",
        f"scores = [serving.strangers.anomaly(explorer, each.images{labels})[{score!r}] for each in (tests, strange)]",
        "print(serving.strangers.roc(*scores).area)  # of all test images; the page draws 1,000 of each",
        data=own.dataset,
    )


def about(own: Explorer, kind: str) -> str:
    """Say what was mixed."""
    alike = " Some of these hardly differ from what is known: a 0 is a 0 either way." if kind in SYMMETRIC else ""
    return (
        f"**Normal** are test images of {plain(own.dataset)}, the data set of the model's training, at most "
        f"{strangers.OF_EACH:,} of them and as many never seen, drawn once.{alike}"
    )


st.title("Anomaly")
strips.lead(
    "A model knows only what it was trained on. Choose what it has never seen and how many false alarms you accept: "
    "who is caught, and who slips through among the most normal?"
)
page()

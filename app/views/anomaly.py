"""Anomaly: images that the model has never seen the like of, and whether its scores tell."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from app.components.plot import plot
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


class Score(NamedTuple):
    """What a score asks of an image, what it is blind to, and what it means if strangers score lower; its axis."""

    axis: str
    asks: str
    blind: str
    backwards: str


SCORES = {
    "reconstruction": Score(
        "squared error",
        "How badly does the model rebuild the image? It is the squared error, $‖x − g(f(x))‖²$.",
        "simple strangers: a few strokes are easily rebuilt, seen or not; a strong model rebuilds what it never met",
        "the strangers are easier to rebuild than the model's own kind of image",
    ),
    "density": Score(
        "−log p(z), nats",
        "Is the code where codes usually are? It is $−log p(z)$, large where their density is low.",
        "strangers whose code lands in the middle: nothing ever told the encoder to put them elsewhere",
        "the strangers' codes lie in a more crowded place than those of the model's own kind of image",
    ),
    "both": Score(
        "deviations from the training images' mean",
        "Reconstruction and density, added: each in deviations from its mean over the training images.",
        "strangers that are easily rebuilt, from a code where codes usually are",
        "the strangers are easier to rebuild, or their codes more usual, than the model's own kind of image",
    ),
    "distortion": Score(
        "−log p(x|z), nats",
        "What does the image cost once its code is known? It is the distortion, $−log p(x|z)$.",
        "simple strangers, as the reconstruction is; it counts in the units of the pixels' likelihood",
        "the strangers are cheaper to rebuild than the model's own kind of image",
    ),
    "rate": Score(
        "KL(q(z|x) ‖ p(z)), nats",
        "What does the code itself cost? It is the rate, $KL(q(z|x) ‖ p(z))$: how far the posterior is from the prior.",
        "strangers that the encoder finds ordinary",
        "the encoder says less about the strangers than about the model's own kind of image",
    ),
    "elbo": Score(
        "minus the elbo, nats",
        "What does the image cost, all in all? It is minus the elbo: distortion and rate, added.",
        "simple strangers: to a model of clothes a digit is likelier than clothes (Nalisnick et al. 2019)",
        "the strangers cost less, and so are likelier to the model, than its own kind of image",
    ),
    "complexity": Score(
        "nats above those of a PNG file",
        "How many nats does the model need beyond a PNG file of the image? What any picture of its kind costs is taken "
        "off minus the elbo (Serra et al. 2020).",
        "strangers for which a PNG file is large, whatever the model makes of them",
        "a PNG file needs so much for the strangers that little is left for the model to pay",
    ),
    "typicality": Score(
        "squared deviations from the training images' mean",
        "Are distortion and rate what they usually are? Too little of either is strange as well.",
        "strangers that cost just as much as the real thing",
        "the strangers' costs are more usual than those of the model's own kind of image",
    ),
}
NAMES = {"normal": "normal", "unseen": "never seen"}
SYMMETRIC = ("upside down", "mirrored")
INVERTED, GUESSING, SURE = 0.5, 0.6, 0.95  # areas under the curve


def choose_kind(own: Explorer) -> str:
    """Draw the choice of what stands for the unseen."""
    kinds = strangers.kinds(own, state.images())
    state.keep_valid("unseen", kinds, kinds[0])
    return st.selectbox(
        "Never seen", kinds, key="unseen", bind="query-params", width=220,
        help="Other data sets, other classes, or the model's own test images altered. Choose other images at the "
        "left, by name or by path, and they can stand for the unseen too.",
    )  # fmt: skip


def choose_score(own: Explorer, mixed: Mix) -> str:
    """Draw the choice of a score; at first it is the one that the card says was best on training images."""
    names = [name for name in SCORES if name in mixed.scores]
    best = serving.strangers.best_score(own)
    default = best.score if best and best.score in names else "both" if "both" in names else names[0]
    return choices.one("Score", names, "score", default, wrap=True)


def explained(own: Explorer, mixed: Mix, score: str) -> str:
    """Return what the score asks, why the page opens on it if it does, and what it is worth here, in plain words."""
    best, said = serving.strangers.best_score(own), SCORES[score].asks
    if best and best.score == score:
        said += (
            f" The page opens on it because it was the best on training images: beside "
            f"{best.strangers} its AUROC was {best.area:.3f}, says the card."
        )
    area = mixed.rocs[score].area
    note = f"Worse than guessing: AUROC {area:.2f}. By this score {SCORES[score].backwards}." if area < INVERTED else ""
    return strips.caption(said) + (f'<p class="vc-note" role="note">{escape(note)}</p>' if note else "")


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


def areas(own: Explorer, mixed: Mix, score: str) -> str:
    """Return the area under the curve of every score: here, and where the card chose among them."""
    names = [name for name in SCORES if name in mixed.rocs]
    figures = {name: own.card["metrics"].get(f"auroc_{name}_training") for name in names}
    rows = [("these images", "error", [f"{mixed.rocs[name].area:.3f}" for name in names])]
    if any(figures.values()):
        rows.append(
            ("training images, by the card", "x", ["" if each is None else f"{each:.3f}" for each in figures.values()])
        )
    return strips.table("AUROC", names, rows, names.index(score))


def worse(mixed: Mix) -> str:
    """Say which scores are worse than guessing here, if any are."""
    names = [name for name in SCORES if name in mixed.rocs and mixed.rocs[name].area < INVERTED]
    return f", and here {' and '.join(names)} do{'es' * (len(names) == 1)} worse than that" if names else ""


def judgement(area: float, kind: str) -> str:
    """Say in a sentence what an area means."""
    if area < INVERTED:
        return (
            f"Worse than guessing: by this score, {plain(kind)} images look more normal to the model than those it was "
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


def telling(own: Explorer, mixed: Mix, score: str, kind: str, count: int) -> None:
    """Draw how well the score tells the two apart, and what a threshold does."""
    st.subheader("Can the score tell?")
    st.html(areas(own, mixed, score))
    st.caption(
        f"{judgement(mixed.rocs[score].area, kind)} AUROC is the probability that an image never seen scores above a "
        f"normal one; 0.5 is guessing{worse(mixed)}. It is over {int((~mixed.unseen).sum()):,} normal and "
        f"{int(mixed.unseen.sum()):,} unseen images."
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
    histogram = charts.histogram(groups, SCORES[score].axis, "share of each", at={"threshold": caught.threshold})
    with left:
        plot(histogram, "scores")
    curve, stand = mixed.rocs[score], (caught.share_wrong, caught.share_found)
    figure = curves.roc(curve.false_positives, curve.true_positives, curve.area, stand)
    with right:
        plot(figure, "roc")
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
            score = choose_score(own, mixed)
            count = st.slider("Images", 4, 16, 10, key="images", bind="query-params", width=150)
        except ValueError as error:
            st.warning(
                f"{strips.sentence(str(error))} Until then nothing can be said of “{plain(kind)}”: what is normal and "
                "what is not, only real images tell.",
                icon=":material/cloud_off:",
            )
            return
    st.html(explained(own, mixed, score))
    st.html(ranking(model, mixed, score, count))
    telling(own, mixed, score, kind, count)
    with st.expander("What these scores are blind to", icon=":material/visibility_off:"):
        for name in mixed.scores:
            st.markdown(f"**{name.capitalize()}**: {SCORES[name].blind}.")
        st.markdown(about(own, kind))
    known = kind in strangers.kinds(own, state.own_images(own))
    labels = ", each.labels" if "condition" in own.abilities else ""
    behind.show(
        f"strange = serving.strangers.unseen(explorer, {kind!r}, seed=1)"
        if known
        else f"strange = vaecore.dataset({kind!r})",
        f"scores = [serving.strangers.anomaly(explorer, each.images{labels})[{score!r}] for each in (tests, strange)]",
        "print(serving.strangers.roc(*scores).area)  # of all test images; the page draws 1,000 of each",
        data=state.own_images(own),
    )


def about(own: Explorer, kind: str) -> str:
    """Say what was mixed."""
    alike = " Some of these hardly differ from what is known: a 0 is a 0 either way." if kind in SYMMETRIC else ""
    return (
        f"**Normal** are test images of {plain(state.own_images(own))}, the data set of the model's training, at most "
        f"{strangers.OF_EACH:,} of them and as many never seen, drawn once.{alike}"
    )


st.title("Spot the stranger")
strips.lead(
    "A model knows only what it was trained on. Show it something that it has never seen: does a score put the "
    "strangers first, and which of them slip in among the most normal?"
)
page()

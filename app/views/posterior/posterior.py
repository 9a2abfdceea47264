"""Posterior: the true p(z|x) of one picture, the ellipse that stands in for it, and what that costs."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.components.ellipse import Density, Hand, Outline, Samples, ellipse
from app.controls import behind, choices, sidebar
from app.figures import sprites
from app.markup import exhibits, strips
from app.markup.exhibits import Exhibit
from app.results import ellipses, exports, posteriors
from app.results.data import Pictures, chosen_pictures
from app.results.ellipses import Slider
from app.results.posteriors import Subject
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from app.views.posterior import steering
from vaecore import serving
from vaecore.serving import Explorer

COUNTS = (10, 50, 200, 500)  # samples that can be drawn and weighed
FAINT = 1000  # samples of a posterior that is no ellipse
HAND, ENCODER, BEST = "your q", "the encoder's q", "the best ellipse"


class Shown(NamedTuple):
    """A density in the true posterior's place: its name, itself, and its colour."""

    name: str
    q: serving.posterior.Approximation
    variable: str


def choose_image(model: Model, found: Pictures) -> Subject:
    """Draw the picture's choosers beside it; return which picture it is."""
    own = model.explorer
    frame, control = st.columns([1, 2.2], vertical_alignment="center", wrap=False)
    with control:
        row = sidebar.one_image(found)
    binary = serving.posterior.wants_binary(own) and st.toggle(
        "Binarise the picture", True, key="binarise", bind="query-params",
        help="The likelihood is one of black and white pixels: each is drawn once, with its grey value as its "
        "probability. Of grey pixels it makes a cross-entropy, which is no likelihood.",
    )  # fmt: skip
    subject = Subject(model, found.source, row, binary)
    shown = sprites.pixels(posteriors.picture(subject, found)[None])[0]
    frame.html(f'<div class="vc-frame" style="--width:9rem">{strips.picture_tag(shown, "The picture")}</div>')
    return subject


def gather(subject: Subject, found: Pictures, ends: list[Slider]) -> tuple[list[Shown], Hand]:
    """Draw the controls; return every q, the one that is looked at last, and the ellipse by hand.

    The encoder's is looked at until the sliders are moved.
    """
    best, own = posteriors.best(subject, found), posteriors.encoder(subject, found)
    start = ellipses.nearest(own, ends)
    ellipse = steering.steer(subject, start, ellipses.nearest(best, ends), ends)
    shown = [Shown(BEST, best, "baseline"), Shown(ENCODER, own, "reconstruction")]
    moved = ellipse != start
    if moved:
        shown.append(Shown(HAND, posteriors.by_hand(subject, ellipse, found), "twin"))
    return shown, Hand(HAND, "twin", ellipse, moved)


def written(value: float) -> str:
    """Write nats, or a coordinate."""
    return f"{value:.2f}".replace("-", strips.MINUS)


def numbers(of: serving.posterior.TruePosterior, shown: list[Shown], grey: bool, count: int) -> None:
    """Write the evidence, and what the q that is looked at makes of it, beside the encoder's."""
    name, q, _ = shown[-1]
    gain = posteriors.gain(q, shown[1].q) if name == HAND else None
    elbo, gap = (None, None) if gain is None else (f"{gain:+.2f} beside the encoder's", f"{-gain:+.2f}")
    with st.container(horizontal=True, gap="large"):
        st.metric(
            "grey bound, nats" if grey else "log p(x), nats", written(of.log_evidence), width="content",
            help="The sum of p(x|z) p(z) over a grid of codes that is fine where they are likely.",
        )  # fmt: skip
        st.metric(f"elbo of {name}", written(q.elbo), elbo, width="content")
        st.metric(
            "gap = KL(q ‖ p(z|x))", written(posteriors.gap(of, q)), gap, delta_color="inverse", width="content",
            help="log p(x) − elbo is the divergence of q from the true posterior, in nats.",
        )  # fmt: skip
        effective = posteriors.draws(q, count).effective
        st.metric(
            f"effective samples of {count}", f"{effective:.1f}", width="content",
            help="1 / Σ w²: how many samples of the true posterior the weighted samples of q are worth.",
        )  # fmt: skip


def draw_map(
    of: serving.posterior.TruePosterior,
    subject: Subject,
    found: Pictures,
    shown: list[Shown],
    hand: Hand,
    count: int,
    whole: bool,
) -> None:
    """Draw the truth, every q to scale with its samples by weight, and the ellipse that is dragged."""
    across, up, values = ellipses.thinned(of)
    still = [each for each in shown if each.name != HAND]
    outlines = [
        Outline(each.name, each.q.mean, each.q.scale, each.variable, dashed=each.name == BEST)
        for each in still
        if each.q.is_gaussian
    ]
    outlines += [Outline("p(z)", np.zeros(2), np.ones(2), "x", dashed=True)] if whole else []
    own = shown[1]
    samples = [] if own.q.is_gaussian else [Samples(own.q.codes[:FAINT], None, own.variable)]
    if not hand.moved:
        drawn = posteriors.draws(own.q, count)
        samples.append(Samples(drawn.codes, drawn.weights, own.variable))
    window = ellipses.window(of, [each.q for each in shown], whole)
    ellipse(
        Density(across, up, values, ellipses.levels(of)),
        window,
        outlines,
        samples,
        hand,
        posteriors.units(shown[0].q, count),
        (
            "nats, the grey bound" if posteriors.is_grey(state.chosen().explorer, subject) else "nats, log p(x)",
            of.log_evidence,
        ),
        posteriors.joints(subject, window, found),
        exports.decoder(subject.model),
        posteriors.label_of(subject, found),
        state.chosen().explorer.shape,
        steering.keep,
    )


def gallery(subject: Subject, found: Pictures, shown: list[Shown]) -> str:
    """Return the picture as it was, and what stands at the mean of every q."""
    original = sprites.pixels(found.images[subject.row : subject.row + 1])[0]
    cards = [Exhibit("Decoded" if found.source.trouble else "Original", original, f"row {subject.row}")]
    for each in reversed(shown):
        cell = sprites.pixels(posteriors.decoded(subject, each.q, found)[None])[0]
        place = f"z = ({written(each.q.mean[0])}, {written(each.q.mean[1])})"
        cards.append(Exhibit(f"Mean of {each.name}", cell, place, each.variable))
    return exhibits.gallery(cards)


def bounds(of: serving.posterior.TruePosterior, shown: list[Shown], count: int) -> str:
    """Return every bound of every q."""
    ks = [k for k in shown[0].q.bounds if k > 1]
    rows = [
        (
            name,
            variable,
            [
                written(q.elbo),
                *(f"{written(q.bounds[k][0])} ± {q.bounds[k][1]:.2f}" for k in ks),
                written(posteriors.gap(of, q)),
                f"{posteriors.draws(q, count).effective:.1f}",
            ],
        )
        for name, q, variable in reversed(shown)
    ]
    return strips.table("in nats", ("elbo", *(f"k = {k}" for k in ks), "gap", "effective"), rows)


def conclude(of: serving.posterior.TruePosterior, shown: list[Shown]) -> None:
    """Say whose the encoder's gap is."""
    said, kind = posteriors.verdict(of, shown[1].q, shown[0].q), "ellipse" if shown[1].q.is_gaussian else "flow"
    rest = f" The other **{said.encoder:.2f}** are lost because the encoder's {kind} lies elsewhere."
    st.markdown(
        f"The encoder's {kind} misses the truth by **{said.gap:.2f} nats**. An ellipse misses it by "
        f"**{said.shape:.2f}** at best: so much does its shape cost.{rest if said.encoder > 0 else ''}"
    )


def doubts(own: Explorer, subject: Subject, of: serving.posterior.TruePosterior, shown: list[Shown]) -> None:
    """Say how the numbers were found, and what is to be doubted."""
    said = []
    if posteriors.unfamiliar(own, subject.binary):
        said.append(f"{plain(own.name)} learned from grey pixels: binary ones are strange to its encoder.")
    if posteriors.is_grey(own, subject):
        said.append(
            "Of grey pixels this likelihood makes a cross-entropy: the bound is called grey, as it compares with no "
            "log p(x), and the cloud is proportional to exp(−cross-entropy) p(z)."
        )
    if posteriors.is_coarse(of):
        said.append(f"The grid does not resolve this posterior: its evidence may be off by {of.error:.2f} nats.")
    said.append(
        "The evidence and an ellipse's elbo are sums over grids; a flow's elbo and all bounds at k > 1 are means over "
        f"{len(shown[1].q.codes):,} samples in groups of k, with their standard errors. "
        "A larger k closes the gap and moves no q."
    )
    st.caption("  \n".join(said))


def again(subject: Subject, found: Pictures, hand: Hand) -> None:
    """Show the program that integrates over the plane and judges the q that is looked at."""
    image = f"tests.images[{subject.row}]"
    number = posteriors.label_of(subject, found)
    label = "" if number is None else f", label={number}"
    q = f"serving.posterior.encoder_posterior(explorer, image{label})"
    if hand.moved:
        mean, scale = (f"np.array([{a:g}, {b:g}])" for a, b in (hand.at[:2], hand.at[2:]))
        q = f"serving.posterior.gaussian_posterior(explorer, image, {mean}, np.exp({scale}){label})"
    behind.show(
        f"image = serving.posterior.binarised({image})" if subject.binary else f"image = {image}",
        f"truth = serving.posterior.true_posterior(explorer, image{label})",
        f"q = {q}",
        "print(truth.log_evidence, q.elbo, truth.log_evidence - q.elbo)",
    )


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    own = model.explorer
    found = chosen_pictures()
    left, right = st.columns([1, 1.5], gap="large")
    with right.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        count = choices.one("Samples of q", COUNTS, "drawn", COUNTS[1])
        whole = st.toggle("The whole plane", key="plane", bind="query-params")
    try:
        with left:
            with st.container(border=True):
                subject = choose_image(model, found)
            of = posteriors.truth(subject, found)
            ends = ellipses.sliders(of, [each(subject, found) for each in (posteriors.encoder, posteriors.best)], whole)
            st.markdown("**Move q**", help="Or drag it on the map.")
            shown, hand = gather(subject, found, ends)
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    with right:
        draw_map(of, subject, found, shown, hand, count, whole)
        st.caption(
            "Violet: the true posterior; its lines hold 39% and 86% of it, as an ellipse does at 1 and 2 scales. "
            "Axes are equal, all is to scale."
        )
    numbers(of, shown, posteriors.is_grey(own, subject), count)
    left, right = st.columns([1, 1.5], gap="large")
    left.html(gallery(subject, found, shown))
    with right:
        conclude(of, shown)
        st.html(bounds(of, shown, count))
        doubts(own, subject, of, shown)
    again(subject, found, hand)


st.title("Codes that fit a picture")
strips.lead(
    "Which codes could have made this picture? The violet cloud is the true answer, the posterior; the ellipse is the "
    "encoder's guess. Drag the dot to where the cloud is thickest: how much of the gap closes, and what is left "
    "because an ellipse cannot bend?"
)
page()

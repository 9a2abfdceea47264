"""Forward and reverse KL: one Gaussian in the place of several modes, by hand, by descent, and of a real posterior."""

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind, choices, sidebar
from app.controls.player import fragment, player
from app.figures import fields, sketches, sprites
from app.figures.charts import Series
from app.figures.fields import Outline
from app.lessons import frame
from app.markup import formulas, strips
from app.markup.formulas import Term, number
from app.results import divergences, ellipses
from app.results.divergences import DRAWN, MEANS, MIXTURES, SCALES, STEPS, Q
from vaecore import serving
from vaecore.lessons import Direction

KEY, MAP = "steps", "divergence-landscape"
WORDS: dict[Direction, str] = {"forward": "KL(p ‖ q)", "reverse": "KL(q ‖ p)"}
COLOURS: dict[Direction, str] = {"forward": "reconstruction", "reverse": "twin"}


def move(q: Q) -> None:
    """Put the sliders at a Gaussian, before any step."""
    st.session_state["mean"] = divergences.within(q.mean, MEANS)
    st.session_state["scale"] = divergences.within(q.scale, SCALES)
    st.session_state[KEY] = 0


def choose() -> tuple[str, Direction, Q, int]:
    """Draw the controls; return the mixture, the divergence, where q starts, and the steps that it takes."""
    with st.container(horizontal=True, gap="large"):
        name = choices.one("p is", list(MIXTURES), "p", "two apart")
        direction: Direction = choices.one(
            "Descend", divergences.DIRECTIONS, "kl", "reverse",
            help="Forward: KL(p ‖ q), p first. Reverse: KL(q ‖ p), q first, as in the elbo.",
        )  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        mean = st.slider("Mean of q", *MEANS[:2], divergences.START[0], MEANS.step, key="mean", bind="query-params")
        scale = st.slider(
            "Scale of q", *SCALES[:2], divergences.START[1], SCALES.step, key="scale", bind="query-params"
        )
    with right:
        step = player(KEY, "Steps of gradient descent from there", range(STEPS + 1))
    return name, direction, Q(mean, scale), step


def plots(name: str, direction: Direction, start: Q, step: int) -> Q:
    """Draw p and q, and the landscape that q descends; return q where it is now."""
    path, variable = divergences.descent(name, start, direction), COLOURS[direction]
    now = divergences.at(path, step)
    left, right = st.columns(2, gap="large")
    shown = [Series("q(z)", DRAWN, divergences.density(now), variable)]
    if step:
        shown.insert(0, Series("where q started", DRAWN, divergences.density(start), "x"))
    with left:
        plot(sketches.densities(DRAWN, MIXTURES[name].density(DRAWN), shown, 330), "densities")
    with right:
        land = divergences.landscape(name, direction)
        ends = divergences.ends(name) if direction == "reverse" else [divergences.moments(name)]
        way = path.means[: step + 1], path.scales[: step + 1]
        figure = sketches.landscape(land.means, land.scales, land.values, way, ends, variable)
        plot(figure, MAP, lambda mean, scale: move(Q(mean, scale)))
        st.caption(f"{WORDS[direction]}, deep where the colour is strong. Click: q starts there.")
    return now


def equation(name: str, direction: Direction, q: Q) -> str:
    """Return the divergence as the sum of its terms now."""
    found = divergences.parts(name, q, direction)
    whole = Term(WORDS[direction], number(found.divergence), COLOURS[direction], "nats")
    if found.offset is None or found.spread is None or found.log_width is None:
        return formulas.formula(
            [
                whole, "=", Term("−E log p(z)", number(found.cross_entropy), "z", "over q: dear where p is nothing"),
                "−", Term("log s√2πe", number(found.entropy), "spread", "the entropy of q: its width pays"),
            ]
        )  # fmt: skip
    return formulas.formula(
        [
            whole, "=", Term("(E z − m)² / 2s²", number(found.offset), "mean", "how far q's mean is from p's"),
            "+", Term("Var z / 2s²", number(found.spread), "z", "p's variance, in q's"),
            "+", Term("log s√2π", number(found.log_width), "spread", "q's width costs"),
            "−", Term("H(p)", number(found.entropy), "x", "p's entropy, whatever q is"),
        ]
    )  # fmt: skip


def answers(name: str, now: Q) -> None:
    """Write q beside the answers that need no descent."""
    moments, ends = divergences.moments(name), divergences.ends(name)
    rows = [("q now", "z", now), ("p's own mean and scale", "reconstruction", moments)]
    rows += [(f"minimum of ${WORDS['reverse']}$", "twin", end) for end in ends]
    found = [(title, variable, divergences.row(name, q)) for title, variable, q in rows]
    st.html(
        strips.table(
            "",
            ("mean", "scale", *(f"${words}$" for words in WORDS.values())),
            [
                (title, variable, [number(value) for value in (*each.q, each.forward, each.reverse)])
                for title, variable, each in found
            ],
        )
    )
    with st.container(horizontal=True, gap="small"):
        st.button("Start at p's mean and scale", icon=":material/target:", on_click=move, args=(moments,))
        st.button("Start at a mode", icon=":material/hiking:", on_click=move, args=(ends[0],))


def conclusion(name: str, direction: Direction, now: Q, step: int) -> str:
    """Say what q does with p as it is now."""
    found, row = divergences.reach(name, now), divergences.row(name, now)
    said = (
        f"q lays **{found.spilt:.0%}** of itself where p has next to nothing, and **{found.missed:.0%}** of p lies "
        f"beyond its two scales: KL(p ‖ q) is **{number(row.forward)}**, KL(q ‖ p) **{number(row.reverse)}** nats. "
    )
    if direction == "forward":
        goal = divergences.moments(name)
        return said + (
            f"Forward KL asks q to be wherever p is. It has one minimum, p's own mean {number(goal.mean)} and scale "
            f"{number(goal.scale)}: after {step} steps q is {number(abs(now.mean - goal.mean))} and "
            f"{number(abs(now.scale - goal.scale))} from them."
        )
    ends, nearest = divergences.ends(name), divergences.nearest_end(name, now)
    many = f"{len(ends)} minima" if len(ends) > 1 else "one minimum"
    return said + (
        f"Reverse KL asks q to be only where p is. Here it has {many}; after {step} steps q is "
        f"{number(abs(now.mean - ends[nearest].mean))} from the one at {number(ends[nearest].mean)}, "
        f"{'as low as any' if divergences.is_least(name, nearest) else 'not the lowest: where q starts decides'}."
    )


@st.fragment
def posterior() -> None:
    """Draw the same on real posteriors."""
    st.subheader("The same on a real posterior")
    st.markdown(
        f"{divergences.MODEL} is asked which codes could have made a digit. These are the test digits whose answers an "
        "ellipse covers worst:"
    )
    rows = divergences.bent()
    places = [str(place + 1) for place in range(len(rows))]
    cells = sprites.pixels(np.stack([divergences.shown(row) for row in rows]))
    st.html(strips.row("Black and white", cells, places, "x", "as the likelihood wants them"))
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        digit = choices.one("Digit", places, "digit", wrap=True)
        seed = st.number_input("Samples", 0, 999, 0, key="draw", bind="query-params", width=130)
        st.button("Draw again", icon=":material/casino:", on_click=sidebar.redraw, args=("draw", 0, 999))
    row = rows[places.index(digit)]
    of, fits = divergences.fits(row)
    real_fits(of, fits)
    titles = (("From p(z|x)", "z"), ("From the wide q", COLOURS["forward"]), ("From the narrow q", COLOURS["reverse"]))
    drawn = divergences.samples(row, of, fits, seed)
    st.html(
        "".join(
            strips.row(title, sprites.pixels(images), (), variable, "samples, decoded")
            for (title, variable), images in zip(titles, drawn, strict=True)
        )
    )
    frame.saw(real(fits))
    show_real_program(row, seed)


def real_fits(of: serving.posterior.TruePosterior, fits: divergences.Fits) -> None:
    """Draw both ellipses on the true posterior, and what each pays by either divergence."""
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        outlines = [
            Outline("least KL(p ‖ q)", *fits.covering, COLOURS["forward"]),
            Outline("least KL(q ‖ p)", *fits.seeking, COLOURS["reverse"]),
        ]
        figure = fields.posterior(
            ellipses.thinned(of), ellipses.levels(of), outlines, [], divergences.window(of, fits), 430
        )
        plot(figure, "real")
    with right:
        table = [
            ("least $KL(p ‖ q)$", COLOURS["forward"], [number(value) for value in (fits.forward[0], fits.reverse[0])]),
            ("least $KL(q ‖ p)$", COLOURS["reverse"], [number(value) for value in (fits.forward[1], fits.reverse[1])]),
        ]
        st.html(strips.table("nats", [f"${words}$" for words in WORDS.values()], table))
        st.caption(
            "Violet: p(z|x) on a grid; its lines hold 39% and 86% of it, as an ellipse does at 1 and 2 scales. "
            "Axes are equal. KL(p ‖ q) is least at the posterior's own moments, KL(q ‖ p) where the elbo is highest."
        )


def real(fits: divergences.Fits) -> str:
    """Say what both ellipses do with a real posterior."""
    wider = divergences.widths(fits)
    return (
        f"The q of least KL(p ‖ q) has the posterior's own mean and scale; it is **{wider:.1f} times** as large as the "
        f"q of least KL(q ‖ p), which an encoder is trained towards. That one pays **{number(fits.forward[1])} nats** "
        f"by the other measure for what it does not cover; the wide one pays **{number(fits.reverse[0])} nats** for "
        "codes that could not have made this digit."
    )


def show_real_program(row: int, seed: int) -> None:
    """Show the program that fits a real posterior by either divergence."""
    behind.show(
        f"image = serving.posterior.binarised(tests.images[{row}])",
        "truth = serving.posterior.true_posterior(explorer, image)",
        "encoder, covering = serving.posterior.encoder_posterior(explorer, image), lessons.covering(truth)",
        "starts = [(each, encoder.scale) for each in (encoder.mean, truth.mode)]",
        "best = serving.posterior.best_gaussian(explorer, image, starts)",
        "wide = serving.posterior.gaussian_posterior(explorer, image, covering.mean, covering.scale)",
        "forward = [lessons.forward_divergence(truth, lessons.Ellipse(q.mean, q.scale)) for q in (wide, best)]",
        "print(*forward, *(truth.log_evidence - q.elbo for q in (wide, best)))  # KL(p || q), then KL(q || p)",
        f"images = explorer.decode(lessons.sampled(truth, {divergences.SHOWN}, {seed}))",
        data=divergences.DATA,
        model=divergences.MODEL,
    )


def show_program(name: str, direction: Direction, start: Q, step: int) -> None:
    """Show the program that descends from where q starts."""
    p = MIXTURES[name]
    behind.compute(
        f"p = lessons.Mixture({p.weights}, {p.means}, {p.scales})",
        f"path = lessons.descend(p, {start.mean}, {start.scale}, {direction!r}, {step})",
        f"q = float(path.means[-1]), float(path.scales[-1])  # after {step} steps",
        'print(*q, *(lessons.parts(p, *q, each).divergence for each in ("forward", "reverse")))',
        "print(*lessons.ends(p))  # the minima of KL(q || p), the least first",
    )


def page() -> None:
    """Draw the lesson's own part; a step reruns no more than this."""
    with st.container(border=True):
        name, direction, start, step = choose()
    now = plots(name, direction, start, step)
    st.html(equation(name, direction, now))
    answers(name, now)
    frame.saw(conclusion(name, direction, now, step))
    show_program(name, direction, start, step)


frame.begin("divergence", (divergences.MODEL,))
if frame.at_hand(divergences.MODEL):
    fragment(page, KEY)
    posterior()

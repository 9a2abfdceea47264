"""The reparameterisation trick: one gradient, two ways to estimate it, and what the second saves."""

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind, choices, sidebar
from app.figures import fields, sketches, sprites
from app.figures.charts import Series
from app.figures.fields import Cloud, Outline
from app.lessons import frame
from app.markup import formulas, strips
from app.markup.formulas import Term, number
from app.results import divergences, ellipses, gradients
from app.results.gradients import COUNTS, KINDS, WIDTHS, Spread

TITLES = {"score": "Score function", "baseline": "With a baseline", "pathwise": "Pathwise"}
NOTES = {
    "score": "$log p(x|z) · ∇ log q(z)$",
    "baseline": "$(log p(x|z) − b) · ∇ log q(z)$",
    "pathwise": "$∇ log p(x|z)$, through $z$",
}
COLOURS = {"score": "x", "baseline": "baseline", "pathwise": "reconstruction"}
ARROWS = 16  # slopes on the map, at most
LONG = 0.08  # of the window's side: each of them


def choose() -> tuple[int, float, str, int, int]:
    """Draw the controls; return the digit's row, the width of q, whose gradient, samples of an estimate, and seed."""
    rows = gradients.rows()
    names = list(divergences.images().names)
    frame, controls = st.columns([0.17, 1], gap="medium", vertical_alignment="center")
    with controls:
        with st.container(horizontal=True, gap="large"):
            digit = choices.one("Digit", names, "digit", names[3], wrap=True)
            kind = choices.one("Gradient by the", list(KINDS), "by", "means")
        left, middle, right = st.columns([1, 1, 1], gap="medium", vertical_alignment="bottom")
        count = left.select_slider("Samples of an estimate", COUNTS, 1, key="samples", bind="query-params")
        width = middle.select_slider("Width of q, in the encoder's", WIDTHS, 1.0, key="width", bind="query-params")
        with right.container(horizontal=True, vertical_alignment="bottom"):
            last = gradients.SEEDS - 1
            seed = st.number_input("Noise", 0, last, 0, key="noise", bind="query-params", width=110)
            st.button("Draw again", icon=":material/casino:", on_click=sidebar.redraw, args=("noise", 0, last))
    row = rows[names.index(digit)]
    picture = sprites.pixels(divergences.shown(row)[None])[0]
    frame.html(f'<div class="vc-frame" style="--width:7rem">{strips.picture_tag(picture, "The digit")}</div>')
    return row, width, kind, count, seed


def clouds(found: dict[str, Spread], gradient: np.ndarray, count: int) -> None:
    """Draw the estimates of every way, each on its own scale."""
    for column, (name, spread) in zip(st.columns(3, gap="medium"), found.items(), strict=True):
        with column:
            st.html(strips.heading(TITLES[name], COLOURS[name], NOTES[name]))
            figure = sketches.cloud(spread.points, gradient, COLOURS[name])
            plot(figure, f"cloud {name}")
    st.caption(
        f"A dot is one estimate from {count} sample{'s' * (count > 1)}, the red arrow the gradient itself. Each chart "
        "has a scale of its own, which one dot in fifty may leave: the shorter the arrow, the noisier the estimates."
    )


def maps(row: int, width: float, kind: str, count: int, seed: int) -> None:
    """Draw where the samples are and how the likelihood slopes there; and the variances."""
    q, left_right = gradients.q_of(row, width), st.columns(2, gap="large")
    of, window = gradients.truth(row), gradients.window(row, q)
    places, slopes = gradients.arrows(row, width, seed, ARROWS)
    with left_right[0]:
        st.html(strips.heading("Samples of $q$", "reconstruction", "and which way $log p(x|z)$ rises at each"))
        figure = fields.posterior(
            ellipses.thinned(of), ellipses.levels(of), [Outline("q(z)", *q, "twin")],
            [Cloud(f"{len(places)} samples", places, "reconstruction")], window, 360,
        )  # fmt: skip
        plot(sketches.slopes(figure, places, slopes, LONG * 2 * window[1], "error"), "samples-map")
    with left_right[1]:
        st.html(strips.heading("Variance of an estimate", "error", "lines: exact; dots: of 200 estimates"))
        exact, axis = gradients.spreads(row, width, kind, count, seed), np.array(gradients.ASKED)
        dots = gradients.measured(row, width, kind, seed)
        figure = sketches.variances(
            [Series(TITLES[name], axis, each.variance / axis, COLOURS[name]) for name, each in exact.items()],
            [Series(name, np.array(COUNTS), values, COLOURS[name]) for name, values in dots.items()],
            count,
            exact["pathwise"].variance,
            360,
        )
        plot(figure, "variances")


def pair(values: np.ndarray) -> str:
    """Write two numbers."""
    return f"({number(values[0])}, {number(values[1])})"


def equation(row: int, width: float, seed: int) -> str:
    """Return the trick itself, with its first sample."""
    q, (z, noise) = gradients.q_of(row, width), gradients.first_noise(row, width, seed)
    return formulas.formula(
        [
            Term("z", pair(z), "z", "a sample"), "=",
            Term("m", pair(q.mean), "mean", "a gradient passes through"), "+",
            Term("s", pair(q.scale), "spread", "through this as well"), "⊙",
            Term("ε", pair(noise), "x", "noise of N(0, I): nothing passes"),
        ]
    )  # fmt: skip


def table(found: dict[str, Spread], gradient: np.ndarray, count: int) -> str:
    """Return the means of the estimates beside the gradient, and what each costs."""
    rows = [("exact, by quadrature", "error", [*map(number, gradient), "", ""])]
    rows += [
        (
            TITLES[name].lower(),
            COLOURS[name],
            [*map(number, each.mean), number(np.sqrt(each.variance / count)), f"{np.ceil(each.needed):,.0f}"],
        )
        for name, each in found.items()
    ]
    return strips.table(
        "mean of 200 estimates", ("slope $∂₁$", "slope $∂₂$", "deviation of one", "samples for 10%"), rows
    )


def conclusion(row: int, width: float, kind: str, found: dict[str, Spread]) -> str:
    """Say what each way costs here."""
    of = gradients.exact(row, width)
    score, baseline, path = (found[name].variance for name in TITLES)
    best = (
        f"The path of z brings the rest: **{score / path:,.0f} times** less variance than the score function, "
        f"**{baseline / path:.1f} times** less than with the baseline."
        if path <= baseline
        else f"Here the pathwise estimate has {path / baseline:.1f} times the variance of the score function with its "
        "baseline: where log p(x|z) is steep and crooked over q, its slope says little of its mean."
    )
    return (
        f"All three have the same expectation (both integrals agree to {of.mismatch:.0e}): none is wrong, they differ "
        f"in noise. By the {kind}, the score function multiplies ∇ log q by log p(x|z), here about "
        f"**{number(of.value, 1)}** nats whatever z is; taking that off as a baseline leaves "
        f"**{score / baseline:,.0f} times** less variance. {best} The score function asks only for values of "
        "log p(x|z); the path asks for its derivative, and for a q that can be written as m + s ⊙ ε."
    )


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    with st.container(border=True):
        row, width, kind, count, seed = choose()
    found, gradient = gradients.spreads(row, width, kind, count, seed), gradients.gradient(row, width, kind)
    clouds(found, gradient, count)
    st.html(equation(row, width, seed))
    st.html(table(found, gradient, count))
    maps(row, width, kind, count, seed)
    frame.saw(conclusion(row, width, kind, found))
    show_program(row, width, kind, count, seed)


def show_program(row: int, width: float, kind: str, count: int, seed: int) -> None:
    """Show the program that estimates the gradient by every way, and integrates it."""
    part = f"{KINDS[kind].start}:{KINDS[kind].stop}"
    behind.show(
        f"image = serving.posterior.binarised(tests.images[{row}])",
        "q = serving.posterior.encoder_posterior(explorer, image)",
        f"exact = lessons.exact(explorer, image, q.mean, {width} * q.scale)",
        f"print(*exact.gradient[{part}])  # by the {kind}",
        f"drawn = lessons.drawn(explorer, image, q.mean, {width} * q.scale, exact.value, {gradients.SAMPLES}, {seed})",
        "for name in lessons.ESTIMATORS:",
        f"    points = drawn.averaged(name, {count})[:{gradients.ESTIMATES}, {part}]",
        f"    print(name, *points.mean(0), np.sqrt(exact.variances[name][{part}].sum() / {count}))",
        data=divergences.DATA,
        model=gradients.MODEL,
    )


frame.begin("reparameterisation", (gradients.MODEL,))
if frame.at_hand(gradients.MODEL):
    page()

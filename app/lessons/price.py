"""What the rate buys: models that differ in the price of a nat, and a guess before the dearest is shown."""

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind
from app.figures import sprites, tradeoffs
from app.lessons import frame
from app.markup import formulas, strips
from app.markup.formulas import Term, number
from app.results import picks, prices, rates
from app.results.data import Pictures
from app.results.rates import Member
from app.session.plain import plain

SHOWN = 10  # images in a row


def choose(family: dict[float, str], units: int) -> tuple[float, int | None, int]:
    """Draw the controls; return beta, the guess if there is one, and the seed of the pictures."""
    betas, dearest = list(family), max(family)
    left, right = st.columns([1.2, 1], gap="large", vertical_alignment="bottom")
    with left:
        beta = st.select_slider("β, the price of a nat of rate", betas, 1.0 if 1.0 in family else betas[0],
            key="price", bind="query-params",
        )  # fmt: skip
    with right:
        guess = st.segmented_control(
            f"Your guess: at β = {dearest:g}, how many of {units} units stay in use?",
            [str(count) for count in range(units + 1)], key="guess", bind="query-params", wrap=True,
        )  # fmt: skip
    seed = st.number_input("Pictures", 0, 9999, 0, key="pictures", bind="query-params", width=130)
    return beta, None if guess is None else int(guess), seed


def plots(shown: list[Member], chosen: Member) -> None:
    """Draw the curve of rate and distortion, and what each unit costs."""
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        rate, distortion = rates.coordinates(shown)
        figure = tradeoffs.plane([each.beta for each in shown], rate, distortion, shown.index(chosen), 380)
        plot(figure, "plane")
    with right:
        order, values = prices.ordered(chosen)
        names = [strips.subscript("z", index) for index in order]
        count = prices.active(chosen)
        st.html(strips.heading("What each unit costs", "z", f"{count} of {len(order)} units are in use"))
        figure = tradeoffs.units(names, values, rates.SILENT, rates.dearest(shown), 320)
        plot(figure, "units")


def equation(member: Member) -> str:
    """Return the objective of the chosen model, and the elbo that all share."""
    terms = member.terms
    return formulas.formula(
        [
            Term("objective", number(terms.distortion + member.beta * terms.rate), "", "what training made small"),
            "=",
            Term("−E log p(x|z)", number(terms.distortion), "reconstruction", "the distortion"),
            "+",
            Term("β", f"{member.beta:g}", "error", "the price"),
            "·",
            Term("KL(q(z|x) ‖ p(z))", number(terms.rate), "z", "the rate, of all units"),
        ]
    )


def gallery(shown: list[Member], chosen: Member, found: Pictures, seed: int) -> str:
    """Return the same images as the chosen model and both ends of the family give them back."""
    rows = picks.draw(np.arange(len(found.images)), SHOWN, seed)
    title = "Decoded" if found.source.trouble else "Originals"
    parts = [strips.row(title, sprites.pixels(found.images[rows]), (), "x", "test images")]
    ends = {member.beta: member for member in (shown[0], chosen, shown[-1])}
    for beta, member in sorted(ends.items()):
        images = sprites.pixels(rates.reconstructions(member.model, found, rows))
        variable, note = ("reconstruction", "chosen") if member is chosen else ("x", "")
        note = f"rate {number(member.terms.rate, 1)} nats{', ' * bool(note)}{note}"
        parts.append(strips.row(f"β = {beta:g}", images, (), variable, note))
    return "".join(parts)


def conclusion(shown: list[Member], chosen: Member) -> str:
    """Say what the rate of the chosen model buys."""
    first, best = shown[0], rates.best(shown)
    said = (
        f"At β = {chosen.beta:g} a code costs **{number(chosen.terms.rate, 1)} nats** and uses "
        f"**{prices.active(chosen)}** units; what it leaves unsaid costs **{number(chosen.terms.distortion, 1)}**. "
    )
    if chosen is not first:
        said += (
            f"Beside β = {first.beta:g} it saves {number(first.terms.rate - chosen.terms.rate, 1)} nats of rate and "
            f"pays {number(chosen.terms.distortion - first.terms.distortion, 1)} nats of distortion. "
        )
    found = prices.exchange(shown, chosen)
    if found is not None:
        fair = "as minima must" if found.fair else "outside: training found no minimum, or other images than these"
        said += (
            f"The last step along the curve, from β = {found.low:g}, gave up **{number(found.rate)} nats** of "
            f"distortion for each nat of rate, {'between the two prices, ' if found.fair else ''}{fair}. "
        )
    return said + (
        f"The elbo charges one nat for a nat, so it is highest near β = 1: of these at β = {best.beta:g}, "
        f"{number(best.terms.elbo, 1)} nats."
    )


def verdict(guess: int, dearest: Member) -> str:
    """Say how good the guess was."""
    truth = prices.active(dearest)
    units = len(dearest.terms.rates)
    if guess == truth:
        return f"**{truth} of {units}**, as you said: at β = {dearest.beta:g} the others are not worth their price."
    return (
        f"You said {guess}; at β = {dearest.beta:g} **{truth} of {units}** units stay in use. The others say less than "
        f"{rates.SILENT:g} nats: switching them off costs next to nothing."
    )


@st.fragment
def page(family: dict[float, str]) -> None:
    """Draw the page; a control reruns no more than this."""
    found, whole = prices.images(family), prices.members(family)
    dearest = whole[-1]
    with st.container(border=True):
        beta, guess, seed = choose(family, len(dearest.terms.rates))
        if guess is None:
            st.caption(f"β = {dearest.beta:g} stays behind the curtain until you have guessed: follow the bars first.")
        else:
            st.markdown(verdict(guess, dearest))
    shown = whole if guess is not None else whole[:-1]
    chosen = next((member for member in shown if member.beta == beta), shown[-1])
    if chosen.beta != beta:
        st.info(f"Guess first: until then this is β = {chosen.beta:g}.", icon=":material/help:")
    plots(shown, chosen)
    st.html(equation(chosen))
    st.html(gallery(shown, chosen, found, seed))
    if found.source.trouble:
        st.caption(
            f"{strips.sentence(found.source.trouble)} These images are decoded by {plain(found.maker)}, which flatters "
            "it."
        )
    frame.saw(conclusion(shown, chosen))
    behind.show(
        "terms = serving.rates.elbo_terms(explorer, tests.images)",
        "print(terms.rate, terms.distortion, terms.elbo)  # nats",
        f"print((terms.rates >= {rates.SILENT}).sum())  # units in use",
        "kin = serving.relatives.family(explorer)  # by beta, the names of models that differ in nothing else",
        data=found.source.place,
        model=chosen.model.place,
    )


models = prices.kin()
frame.begin("price", tuple(models.values())[:1])
if models:
    page(models)
else:
    frame.at_hand("beta-vae-mnist-10")

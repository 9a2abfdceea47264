"""Rate and distortion: what a code costs and what it leaves unsaid, model by model along beta."""

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind, sidebar
from app.figures import sprites, tradeoffs
from app.markup import strips
from app.results import picks, rates
from app.results.data import Pictures, chosen_pictures
from app.results.rates import Member
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving
from vaecore.serving import Explorer

SHOWN = 10  # images in a row


def choose_beta(model: Model) -> dict[float, str]:
    """Draw the choice of beta, which is one of the model; return the family, empty for a model that has none."""
    own = model.explorer
    kin = rates.family(model)
    if kin:
        # The model in the address says it already: a second parameter could contradict it.
        st.session_state["beta"] = rates.beta_of(own)
        st.segmented_control(
            "β, the price of a nat of rate", list(kin), format_func="{:g}".format, required=True,
            key="beta", on_change=take, args=(kin,), help="Each β is a model of its own: the same networks and images.",
        )  # fmt: skip
    return kin


def take(kin: dict[float, str]) -> None:
    """Choose the family's model of the chosen beta; its siblings read the same images, so these stay."""
    if st.session_state["beta"] in kin:
        st.session_state["model"] = kin[st.session_state["beta"]]


def plane(shown: list[Member], chosen: Member, found: Pictures) -> None:
    """Draw the plane of rate and distortion, and the chosen model's numbers beside it."""
    chart, numbers = st.columns([2.4, 1], gap="large", vertical_alignment="center")
    rate, distortion = rates.coordinates(shown)
    figure = tradeoffs.plane([member.beta for member in shown], rate, distortion, shown.index(chosen))
    with chart:
        plot(figure, "plane")
    with numbers:
        totals(chosen.terms)
        best = rates.best(shown)
        st.caption(
            f"{price(shown, chosen)} The highest elbo is that of β = {best.beta:g}: {nats(best.terms.elbo)} nats. "
            f"{about(chosen.terms, found)}"
        )


def price(shown: list[Member], chosen: Member) -> str:
    """Say what the line of slope -beta shows: whether training found the least that can be paid at this price."""
    goal = (
        f"On the dashed line of slope −{chosen.beta:g} all pay the same distortion + β · rate. That sum was to be as "
        "small as can be, so the line should only touch the curve:"
    )
    less = rates.undercut(shown, chosen)
    if less is None:
        return f"{goal} no model lies below it."
    beta, amount = less
    return (
        f"{goal} here β = {beta:g} lies below it by {amount:.2f} nats, so training found no minimum, or one that these "
        "images do not share."
    )


def totals(terms: serving.rates.Terms) -> None:
    """Write rate, distortion and their sum."""
    with st.container(horizontal=True, gap="medium"):
        st.metric("Rate", nats(terms.rate), width="content")
        st.metric("Distortion", nats(terms.distortion), width="content")
        st.metric("elbo", nats(terms.elbo), width="content", help="Minus the rate and the distortion.")


def nats(value: float) -> str:
    """Write a number of nats."""
    return f"{value:.2f}".replace("-", strips.MINUS)


def about(terms: serving.rates.Terms, found: Pictures) -> str:
    """Say on what was measured."""
    kind = "images that a model decoded, which flatter it" if found.source.trouble else "test images"
    return f"Measured over {terms.images:,} {kind}, in nats an image."


def units(member: Member, top: float, variable: str) -> None:
    """Draw what each unit of a model costs, the dearest first."""
    order, values = rates.sorted_units(member.terms)
    st.html(strips.heading(f"β = {member.beta:g}", variable, silence(member.terms)))
    bars(order, values, top, f"units {member.beta:g}")


def bars(order: np.ndarray, values: np.ndarray, top: float, key: str) -> None:
    """Draw units as bars."""
    names = [strips.subscript("z", int(index)) for index in order]
    plot(tradeoffs.units(names, values, rates.SILENT, top), key)


def silence(terms: serving.rates.Terms) -> str:
    """Say how many units are collapsed."""
    silent, count = rates.collapsed(terms, rates.SILENT), len(terms.rates)
    return f"{silent or 'none'} of {count} units {'is' if silent < 2 else 'are'} collapsed"


def by_unit(shown: list[Member], chosen: Member) -> None:
    """Draw the units of every model on one scale."""
    st.subheader("What each unit costs")
    grid = st.grid("auto", min_column_width=250, gap="medium")
    top = rates.dearest(shown)
    for member in shown:
        with grid.container():
            units(member, top, variable(member, chosen))
    st.caption(
        f"KL(q(z\u2009|\u2009x) ‖ p(z)) of each unit, the dearest first. A unit is collapsed below {rates.SILENT:g} "
        "nats: its posterior is the prior whatever the image, and the decoder hears noise."
    )


def variable(member: Member, chosen: Member) -> str:
    """Return the variable whose colour a model has: the chosen one stands out."""
    return "reconstruction" if member is chosen else "x"


@st.fragment
def pictures(kin: dict[float, str]) -> None:
    """Draw the same images as every model gives them back, and what each draws by itself."""
    found = chosen_pictures()
    shown = rates.members(kin, found)
    chosen = rates.member_of(shown, state.chosen().explorer)
    st.subheader("The same images, at every price")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input("Seed", 0, 9999, 0, key="seed", bind="query-params", width=110)
        st.button("Draw again", icon=":material/casino:", on_click=redraw)
    rows = picks.draw(np.arange(len(found.images)), SHOWN, seed)
    title = "Decoded" if found.source.trouble else "Originals"
    parts = [strips.row(title, sprites.pixels(found.images[rows]), titles(found, rows), "x", "class, row")]
    for member in shown:
        images = sprites.pixels(rates.reconstructions(member.model, found, rows))
        note = f"distortion {nats(member.terms.distortion)}"
        parts.append(strips.row(f"β = {member.beta:g}", images, (), variable(member, chosen), note))
    st.html("".join(parts))
    st.subheader("Samples from the prior")
    drawn = [(member, sprites.pixels(rates.samples(member.model, SHOWN, seed))) for member in shown]
    st.html(
        "".join(
            strips.row(f"β = {member.beta:g}", images, (), variable(member, chosen), f"rate {nats(member.terms.rate)}")
            for member, images in drawn
        )
    )
    st.caption("The posterior's mean, decoded; and codes that the same seed draws from N(0, I) for every model.")


def titles(found: Pictures, rows: np.ndarray) -> list[str]:
    """Write the class and the row of each image."""
    if found.labels is None:
        return [str(row) for row in rows]
    return [f"{found.names[found.labels[row]]}\n{row}" for row in rows]


def redraw() -> None:
    """Take the next seed."""
    st.session_state["seed"] = (st.session_state["seed"] + 1) % 10000


def along_beta(kin: dict[float, str], own: Explorer) -> None:
    """Draw a family."""
    found = chosen_pictures()
    shown = rates.members(kin, found)
    chosen = rates.member_of(shown, own)
    plane(shown, chosen, found)
    by_unit(shown, chosen)
    pictures(kin)


def alone(model: Model) -> None:
    """Draw what the code of a model without a family costs, and offer models that have one."""
    own = model.explorer
    found = chosen_pictures()
    terms = rates.terms(model, found)
    left, right = st.columns([1.6, 1], gap="large", vertical_alignment="center")
    with left:
        if rates.layered(terms):
            by_level(terms)
        else:
            st.html(strips.heading(own.name, "reconstruction", silence(terms)))
            order, values = rates.sorted_units(terms)
            bars(order, values, rates.dearest_of(terms), "units")
    with right:
        totals(terms)
        st.caption(about(terms, found))
    invite(f"{own.name} stands alone: no other model differs from it in β only, so there is no curve to draw.")


def by_level(terms: serving.rates.Terms) -> None:
    """Draw what each layer of a hierarchy costs, from the top."""
    names = [strips.subscript("z", index) for index in reversed(range(len(terms.sizes)))]
    plot(tradeoffs.levels(names, terms.rates[::-1], rates.SILENT_LEVEL), "layers")
    silent, count = rates.collapsed(terms, rates.SILENT_LEVEL), len(terms.sizes)
    st.caption(
        f"{silent or 'None'} of {count} layers {'is' if silent < 2 else 'are'} collapsed, that is below "
        f"{rates.SILENT_LEVEL:g} nats. The layer at the bottom stands next to the image."
    )


def invite(reason: str) -> None:
    """Say why the page has nothing, or little, to show of a model, and offer those of which it has."""
    st.info(plain(reason), icon=":material/show_chart:")
    found = rates.families()
    if not found:
        st.markdown(
            "No family is at hand yet: `vaecore train beta-vae-digits-4 --set beta=1 --out runs/beta-1`, and the same "
            "with another β beside it, make one in a minute."
        )
        return
    st.markdown("These differ in β alone:")
    with st.container(horizontal=True):
        for kin in found:
            name, span = rates.spokesman(kin)
            st.button(
                f"{plain(name)} · {span}",
                icon=":material/show_chart:",
                on_click=sidebar.open_model,
                args=(name,),
                key=name,
            )


st.title("Short code or sharp picture")
strips.lead(
    "A code costs nats, and so does what it leaves unsaid. Raise β, the price of the code, step by step: which "
    "numbers of the code fall silent first, and what do the pictures lose?"
)
chosen = state.chosen()
own = chosen.explorer
if family := choose_beta(chosen):
    along_beta(family, own)
else:
    alone(chosen)
behind.show(
    f"terms = serving.rates.elbo_terms(explorer, tests.images{behind.labels(own, '')})",
    "print(terms.rate, terms.distortion)",
)

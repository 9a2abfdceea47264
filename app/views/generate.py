"""Generate: turn the numbers of a code by hand, see the whole manifold, draw samples."""

import numpy as np
import streamlit as st

from app import figures, results, state, strips
from app.results import MIDDLE
from app.state import Model
from vaecore import serving
from vaecore.serving import Explorer

FIRST = 12  # sliders before "more"
DENSITIES = ("the mixture fitted on them", "N(0, I)")
SIDE = 16  # images along each side of the manifold


def choose_label(own: Explorer) -> int | None:
    """Return the class that a conditional model draws, None for the others."""
    if "condition" not in own.abilities:
        return None
    name = st.segmented_control(
        "Class", own.classes, default=own.classes[min(3, len(own.classes) - 1)], required=True,
        key="label", bind="query-params",
    )  # fmt: skip
    return own.classes.index(name)


def sliders(model: Model, latent: int) -> np.ndarray:
    """Draw a slider per dimension, the unused last, in percent of the prior; return the percents [latent]."""
    order = results.used_first(model) if latent > 2 else list(range(latent))
    above = st.container()  # the toggle stands below the sliders, but a link may have set it: it is asked first
    if latent > state.WIDEST:
        st.caption(f"The first {FIRST} of {latent:,} units; the others stay at their medians.")
        order = order[:FIRST]
    elif latent > FIRST and not st.toggle(f"All {latent} dimensions", key="all", bind="query-params"):
        order = order[:FIRST]
    percents = np.full(latent, MIDDLE)
    with above, st.grid(1 if latent <= 2 else 3, min_column_width=150, gap=("xsmall", "medium")):
        for index in order:
            percents[index] = st.slider(
                strips.subscript("z", index), 1, 99, MIDDLE, format="%d %%", key=f"z{index + 1}", bind="query-params"
            )  # fmt: skip
    return percents


def buttons(latent: int) -> None:
    """Draw what moves every slider at once."""
    with st.container(horizontal=True, gap="small"):
        st.button("Random", icon=":material/casino:", on_click=randomise, args=(latent,))
        st.button("Reset", icon=":material/restart_alt:", on_click=reset, args=(latent,))


def randomise(latent: int) -> None:
    """Put every slider at an even draw, which is a draw from the prior."""
    if FIRST < latent <= state.WIDEST:
        st.session_state["all"] = True
    for index, percent in enumerate(np.random.default_rng().integers(1, 100, latent)):
        st.session_state[f"z{index + 1}"] = int(percent)


def reset(latent: int) -> None:
    """Put every slider in the middle."""
    for index in range(latent):
        st.session_state[f"z{index + 1}"] = MIDDLE


def decoded(own: Explorer, code: np.ndarray, label: int | None) -> str:
    """Return the decoded code as a large picture with its numbers under it."""
    labels = None if label is None else np.array([label])
    picture = figures.pixels(own.decode(code[None], labels))[0]
    numbers = ", ".join(f"{value:.2f}" for value in code[:FIRST])
    rest = " ..." if len(code) > FIRST else ""
    return (
        f'<div class="vc-frame">{strips.picture_tag(picture, "The decoded image")}</div>'
        f'<p class="vc-code">z = ({numbers}{rest})</p>'
    )


@st.cache_data(show_spinner=False, max_entries=64)
def manifold_address(model: Model, label: int | None) -> str:
    """Return the address of the manifold's picture."""
    grid = results.manifold(model, SIDE, label)
    cells = figures.enlarge(figures.pixels(grid.reshape(-1, *grid.shape[2:])), strips.CELL)
    return strips.address(figures.sheet(cells, SIDE, strips.GAP), shared=True)


def plane(model: Model, percents: np.ndarray, label: int | None) -> str:
    """Return the manifold with a mark where the sliders point."""
    tag = strips.sheet_tag(manifold_address(model, label), "The manifold")
    across, up = results.place_on_manifold(percents, SIDE)
    return f'<div class="vc-frame" style="--width:26rem">{tag}<i style="left:{across:.1%};bottom:{up:.1%}"></i></div>'


@st.fragment
def by_hand() -> None:
    """Draw the sliders and what they decode to."""
    model, own = state.chosen()
    flat = own.latent == 2
    label = choose_label(own)
    columns = st.columns([1.2, 1, 1.3] if flat else [2.2, 1], gap="large")
    with columns[0]:
        percents = sliders(model, own.latent)
        buttons(own.latent)
    code = results.codes_at(model, percents[None])[0]
    columns[1].container(key="decoded").html(decoded(own, code, label))
    if flat:
        with columns[2]:
            st.html(plane(model, percents, label))
            spread = "prior" if own.standard_prior else "training codes"
            st.caption(f"The whole plane, evenly over the {spread}; the mark is where the sliders point.")


def choose_density() -> str:
    """Return where the codes of an autoencoder without a prior are drawn from."""
    return st.segmented_control(
        "Draw codes from", DENSITIES, default=DENSITIES[0], required=True, key="density", bind="query-params",
        help="This model's objective says nothing of where codes lie: a mixture of Gaussians was fitted on them "
        "afterwards. Draw from N(0, I) instead, as if it were a VAE, and see why that was needed.",
    )  # fmt: skip


def renew() -> None:
    """Take the next seed."""
    st.session_state["draw"] = (st.session_state["draw"] + 1) % 10000


@st.fragment
def samples() -> None:
    """Draw codes from the prior and decode them."""
    _, own = state.chosen()
    st.subheader("Random samples")
    if "sample" not in own.abilities:
        st.info(
            f"{own.name} has no prior: nothing says which codes are likely, so it cannot be sampled. "
            "The sliders above walk through the codes of its training images instead.",
            icon=":material/info:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        temperature = st.slider("Temperature", 0.0, 1.5, 1.0, 0.05, key="temperature", bind="query-params", width=260)
        seed = st.number_input("Seed", 0, 9999, 0, key="draw", bind="query-params", width=140)
        st.button("Draw again", icon=":material/casino:", on_click=renew)
    labels = np.repeat(np.arange(len(own.classes)), 4).reshape(-1, 4).T.ravel()
    count = len(labels) if "condition" in own.abilities else 40
    if "likelihood" in own.abilities or choose_density() == DENSITIES[0]:
        images = own.sample(count, state.own_labels(own, labels), temperature=temperature, seed=seed)
    else:
        images = serving.without_density(own, count, temperature, seed)
    columns = len(own.classes) if "condition" in own.abilities else 10
    cells = figures.enlarge(figures.pixels(images), strips.CELL)
    st.html(strips.picture_tag(figures.sheet(cells, columns, strips.GAP), "Random samples"))


st.title("Generate")
strips.lead(
    "Each slider is one number of the code, from its rare low values to its rare high ones. "
    "Move one at a time and name what it changes."
)
by_hand()
samples()

"""Generate: turn the numbers of a code by hand, see the whole manifold, draw samples."""

import numpy as np
import streamlit as st

from app.components import sliders
from app.components.sliders import Beside, Plane, Stand
from app.controls import behind, choices, sidebar
from app.figures import sprites
from app.markup import strips
from app.results import catalogue, exports, latents, makers, portraits
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving

FIRST = 12  # sliders before "more"
DENSITIES = ("the mixture fitted on them", "N(0, I)")


def shown(model: Model, latent: int) -> list[int]:
    """Return the dimensions that get a slider, the unused ones last; draw the toggle that asks for all of them."""
    order = latents.used_first(model) if latent > 2 else list(range(latent))
    if latent > state.WIDEST:
        st.caption(f"The first {FIRST} of {latent:,} units; the others stay at their medians.")
    elif latent <= FIRST or st.toggle(f"All {latent} dimensions", key="all", bind="query-params"):
        return order
    return order[:FIRST]


def plane(model: Model, label: int | None) -> Plane | None:
    """Return the manifold of a 2-D model, to drag a mark over."""
    own = model.explorer
    if own.latent != 2:
        return None
    spread = "prior" if own.standard_prior else "training codes"
    said = f"The whole plane, evenly over the {spread}: drag the mark over it."
    address = makers.keep(portraits.manifold(model, label), "manifold", model, label)
    return Plane(address, portraits.MANIFOLD_SIDE, said)


def choose_beside(model: Model) -> list[Beside]:
    """Draw the choice of models that decode the same percents; those of as many dimensions and the same images."""
    kin = catalogue.kin(model)
    if not kin or exports.decoder(model) is None:
        return []
    names = st.multiselect(
        "The same code through", kin, key="through", bind="query-params", max_selections=4,
        placeholder="other models of as many numbers",
        help="The same percents of every model's own prior, or of its training codes.",
    )  # fmt: skip
    return [
        Beside(name, decoder, latents.quantiles(each), "condition" in each.explorer.abilities)
        for name, each in ((name, state.find(name)) for name in names)
        if (decoder := exports.decoder(each)) is not None
    ]


@st.fragment
def by_hand() -> None:
    """Draw the sliders and what they decode to."""
    model = state.chosen()
    own = model.explorer
    order = shown(model, own.latent)
    movable = range(own.latent) if own.latent <= state.WIDEST else order
    classes = own.classes if "condition" in own.abilities else ()
    at = sliders.stand(movable, classes)
    names = [strips.subscript("z", index) for index in order]
    decoder = exports.decoder(model)
    picture = latents.decoded_at(model, at.percents, at.label) if sliders.needs_picture(decoder) else None
    sliders.sliders(
        latents.quantiles(model), order, movable, names, classes, own.shape, decoder, picture,
        plane(model, at.label), choose_beside(model),
    )  # fmt: skip
    again(at)


def again(at: Stand) -> None:
    """Show the program that decodes where the sliders stand, and draws samples."""
    label = "" if at.label is None else f", np.array([{at.label}])"
    levels = {index: percent / 100 for index, percent in sorted(at.percents.items())}
    behind.show(
        "levels = np.full(explorer.latent, 0.5)  # of the prior, or of the training codes: 0 to 1",
        *(f"levels[{index}] = {level:g}" for index, level in levels.items()),
        "code = explorer.quantiles(levels).diagonal()[None]",
        f"image = explorer.decode(code{label})",
        images=False,
    )


def choose_density() -> str:
    """Return where the codes of an autoencoder without a prior are drawn from."""
    return choices.one(
        "Draw codes from", DENSITIES, "density",
        help="This model's objective says nothing of where codes lie: a mixture of Gaussians was fitted on them "
        "afterwards. Draw from N(0, I) instead, as if it were a VAE, and see why that was needed.",
    )  # fmt: skip


def renew() -> None:
    """Take the next seed."""
    st.session_state["draw"] = (st.session_state["draw"] + 1) % 10000


@st.fragment
def samples() -> None:
    """Draw codes from the prior and decode them."""
    own = state.chosen().explorer
    st.subheader("Random samples")
    if "sample" not in own.abilities:
        st.info(
            f"{plain(own.name)} has no prior: nothing says which codes are likely, so it cannot be sampled. "
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
        images = own.sample(count, own.told(labels), temperature=temperature, seed=seed)
    else:
        images = serving.codes.without_density(own, count, temperature, seed)
    columns = len(own.classes) if "condition" in own.abilities else 10
    cells = sprites.enlarge(sprites.pixels(images), strips.CELL)
    st.html(strips.picture_tag(sprites.sheet(cells, columns, strips.GAP), "Random samples"))


st.title("Generate")
strips.lead(
    "Each slider is one number of the code, from its rare low values to its rare high ones. "
    "Drag one slowly and name what it changes."
)
by_hand()
samples()
sidebar.offer_page(state.chosen())

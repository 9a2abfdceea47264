"""Generate: turn the numbers of a code by hand, see the whole manifold, draw samples."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.components import sliders
from app.components.sliders import Beside, Plane, Stand
from app.controls import behind, choices, scrubber, sidebar
from app.figures import sprites
from app.markup import strips
from app.results import catalogue, exports, latents, levels, makers, portraits, walks
from app.results.data import pictures
from app.results.walks import Walk
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving

FIRST = 12  # sliders before "more"
DENSITIES = ("the mixture fitted on them", "N(0, I)")
MIDDLE, SOME, IMAGE = "the middle", sliders.SOME, "a test image"
DRAWS = {
    "prior": "draws a code from the prior.",
    "density": "draws a code from the density that was fitted on the training images' codes: this model has no prior.",
    "codes": "takes the code of a training image: {}.",
}


@dataclass(frozen=True)
class Base:
    """What sliders start from: its code, its name for the address, its class, and the program that finds it."""

    code: np.ndarray | None
    word: str
    told: str | None = None
    program: str = ""


def shown(model: Model, latent: int) -> list[int]:
    """Return the dimensions that get a slider, the unused ones last; draw the toggle that asks for all of them."""
    order = latents.used_first(model) if latent > 2 else list(range(latent))
    if latent <= FIRST or (
        latent <= state.WIDEST and st.toggle(f"All {latent} dimensions", key="all", bind="query-params")
    ):
        return order
    return order[:FIRST]


def choose_way(model: Model) -> str:
    """Return what the sliders move."""
    ways = walks.ways(model)
    if len(ways) == 1:
        return ways[0]
    return choices.one(
        "Sliders along", ways, "walk",
        help="Where the numbers of a code go together, one of them alone means little: its principal directions are "
        "the ways in which codes of real images differ, the largest first.",
    )  # fmt: skip


def choose_base(model: Model, way: str) -> Base:
    """Return what the sliders start from: a draw, a test image, or the middle of every number."""
    own = model.explorer
    options = [MIDDLE, SOME, IMAGE] if way == walks.SINGLE else [SOME, IMAGE]
    chosen = choices.one("Start from", options if walks.known(model) else [MIDDLE], sliders.BASE)
    if chosen == MIDDLE:
        return Base(None, "middle")
    if chosen == SOME:
        seed = sliders.choose_draw()
        drawing = f"serving.draws.codes(explorer, {walks.source(model)!r}, 1, {seed}, real)[0]"
        return Base(walks.drawn(model, seed), f"draw {seed}", program=drawing)
    found = pictures(model, own.dataset)
    row = sidebar.one_image(found, (110, 150))
    labels = None if found.labels is None else found.labels[row : row + 1]
    told = own.told(labels)
    code = own.encode(found.images[row : row + 1], told)[0]
    encoding = f"explorer.encode({behind.image(row)}{behind.labels(own, f'[{row} : {row + 1}]')})[0]"
    return Base(code, f"image {row}", None if told is None else own.classes[told[0]], encoding)


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
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        way = choose_way(model)
        try:
            base = choose_base(model, way)
        except ValueError as error:
            st.warning(strips.sentence(str(error)), icon=":material/info:")
            return
        single = way == walks.SINGLE
        beside = choose_beside(model) if single else []
        order = shown(model, own.latent) if single else []
    walk, names, groups = walk_of(model, way, base, order)
    classes = own.classes if "condition" in own.abilities else ()
    sliders.begin(walk, base.told)
    at = sliders.stand(walk, classes)
    decoder = exports.descent(model) if walk.noise else exports.decoder(model)
    picture = walks.decoded(model, walk, at.percents, at.label) if sliders.needs_picture(decoder) else None
    sliders.sliders(
        walk, order or list(walk.home), names, classes, own.shape, decoder, picture,
        plane(model, at.label), beside, groups,
    )  # fmt: skip
    if walks.known(model):
        st.caption(f"Random {drawing_of(model)}")
    again(model, way, base, at)


def walk_of(model: Model, way: str, base: Base, order: list[int]) -> tuple[Walk, list[str], list[str]]:
    """Return what is moved, the names of the sliders that are shown, and the headings that they stand under."""
    own = model.explorer
    if way == walks.SINGLE:
        movable = range(own.latent) if own.latent <= state.WIDEST else order
        walk = walks.along_numbers(model, movable, base.code, base.word)
        return walk, [levels.number(model, index) for index in order], []
    assert base.code is not None  # such a walk begins somewhere
    walk = walks.along_axes(model, way, base.code, base.word)
    if way == walks.PRINCIPAL:
        return walk, [f"direction {index + 1}" for index in walk.home], []
    owners = walks.axes(model, way).levels
    names = [f"noise {level + 1}.{owners[:index].count(level) + 1}" for index, level in enumerate(owners)]
    return walk, names, [levels.title(model, level) for level in owners]


def drawing_of(model: Model) -> str:
    """Say what a random code is."""
    source = walks.source(model)
    has_prior = "sample" in model.explorer.abilities
    why = "too few draws of its prior are clearly of one class" if has_prior else "this model has no prior"
    return DRAWS[source].format(why)


def again(model: Model, way: str, base: Base, at: Stand) -> None:
    """Show the program that decodes where the sliders stand, and draws samples."""
    label = "" if at.label is None else f", np.array([{at.label}])"
    percents = dict(sorted(at.percents.items()))
    if way == walks.SINGLE and base.code is None:
        behind.show(
            "levels = np.full(explorer.latent, 0.5)  # of the prior, or of the training codes: 0 to 1",
            *(f"levels[{index}] = {percent / 100:g}" for index, percent in percents.items()),
            "code = explorer.quantiles(levels).diagonal()[None]",
            f"image = explorer.decode(code{label})",
            images=False,
        )
        return
    real, noise = "real = serving.axes.training_codes(explorer)", way == walks.LEVELS
    axes = {
        walks.SINGLE: "serving.axes.numbers(explorer)",
        walks.PRINCIPAL: f"serving.axes.principal(real, {walks.DIRECTIONS})",
        walks.LEVELS: f"serving.axes.of_levels(explorer, real, {walks.a_level(model) if noise else 0})",
    }
    behind.show(
        real, f"base = {base.program}",
        *(["base = serving.levels.noise_of(explorer, base[None])[0]"] if noise else []),
        f"axes = {axes[way]}",
        f"code = axes.moved(base, {percents})[None]  # in percent",
        f"image = serving.levels.decode(explorer, code{label})" if noise else f"image = explorer.decode(code{label})",
        data=state.own_images(model.explorer) if "tests" in base.program else "", images=False,
    )  # fmt: skip


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
        st.button("Draw again", icon=":material/casino:", key="again", on_click=renew)
    labels = np.repeat(np.arange(len(own.classes)), 4).reshape(-1, 4).T.ravel()
    count = len(labels) if "condition" in own.abilities else 40
    if "likelihood" in own.abilities or choose_density() == DENSITIES[0]:
        images = own.sample(count, own.told(labels), temperature=temperature, seed=seed)
    else:
        images = serving.codes.without_density(own, count, temperature, seed)
    columns = len(own.classes) if "condition" in own.abilities else 10
    cells = sprites.enlarge(sprites.pixels(images), strips.CELL)
    st.html(strips.picture_tag(sprites.sheet(cells, columns, strips.GAP), "Random samples"))


st.title("Pictures from sliders")
strips.lead(
    "Each slider moves the code one way, from rare low values to rare high ones. "
    "Drag one slowly and name what it changes."
)
scrubber.show()
by_hand()
samples()
sidebar.offer_page(state.chosen())

"""Why an autoencoder cannot be sampled and a VAE can: where codes are, and where a density says that they are."""

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind, choices, sidebar
from app.figures import sketches, sprites
from app.lessons import frame
from app.markup import formulas, strips
from app.markup.formulas import Term, number
from app.results import holes, latents
from app.results.holes import WAYS, Draw, Pair
from app.session.state import find

PLACES = {"autoencoder": "ae", "variational": "vae"}  # parameters of the URL
TITLES = {"autoencoder": "Autoencoder", "variational": "VAE"}
COLOURS = {"autoencoder": "baseline", "variational": "twin"}
FAR = 5.0  # usual distances: beyond them there is no code near


def choose(pairs: dict[str, Pair]) -> tuple[Pair, str, int]:
    """Draw the controls; return the models, the way to draw, and the seed."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        data = choices.one("Models of", list(pairs), "models", on_change=forget)
        way = choices.one(
            "Draw codes from", list(WAYS.values()), "sampled", WAYS["prior"], wrap=True,
            help="A click on a map draws around that place, which at first is the middle of its largest hole.",
        )  # fmt: skip
        seed = st.number_input("Seed", 0, holes.SEEDS - 1, 0, key="again", bind="query-params", width=110)
        st.button("Draw again", icon=":material/casino:", on_click=sidebar.redraw, args=("again", 0, holes.SEEDS - 1))
    return pairs[data], next(key for key, name in WAYS.items() if name == way), seed


def forget() -> None:
    """Drop the places, which are of other codes."""
    for key in PLACES.values():
        st.query_params.pop(key, None)


def place_of(kind: str, name: str) -> tuple[float, float]:
    """Return the place that the address names, or the middle of the largest hole."""
    return holes.parse(st.query_params.get(PLACES[kind])) or holes.deepest(name)


def take_press(kind: str, x: float, y: float) -> None:
    """Draw around the place that was pressed."""
    place = holes.parse(f"{x:.4g} {y:.4g}")
    if place is not None:
        st.query_params[PLACES[kind]] = " ".join(f"{value:g}" for value in place)
        st.session_state["sampled"] = WAYS["around"]


def draw_map(kind: str, name: str, way: str, draw: Draw) -> None:
    """Draw a model's codes, the density that is drawn from, and the draws."""
    found = holes.codes(name)
    ellipses = [("N(0, I)", np.zeros(2), np.eye(2), "z")]
    if way == "fitted":
        ellipses.append(("fitted", found.mean, found.covariance, "baseline"))
    figure = sketches.codes(found.codes, holes.labels(name), draw.codes, ellipses, holes.window(name, draw))
    plot(figure, f"map {kind}", lambda x, y: take_press(kind, x, y))


def contrast(wide: Pair, seed: int) -> str:
    """Return what two models of long codes make of draws from N(0, I), and why the page goes on with short ones."""
    rows = [
        strips.row(
            title, sprites.pixels(holes.decoded_from_prior(name, seed)), (), colour,
            f"{find(name).explorer.latent} numbers, drawn",
        )
        for title, name, colour in zip(TITLES.values(), wide, COLOURS.values(), strict=True)
    ]  # fmt: skip
    return "".join(rows) + strips.caption(
        f"{wide.autoencoder} and {wide.variational}, every number of their codes out of N(0, I). Below are codes of "
        "two numbers, which a map can show."
    )


def row(kind: str, draw: Draw) -> str:
    """Return what the draws decode to, with the distance of each from the nearest code."""
    captions = [f"{index + 1}\n× {number(value, 1)}" for index, value in enumerate(draw.distances)]
    return strips.row(
        TITLES[kind], sprites.pixels(draw.images), captions, COLOURS[kind], "× the usual distance to the next code",
        best=[value <= FAR for value in draw.distances],
    )  # fmt: skip


def equation(name: str) -> str:
    """Return how far the codes as a whole are from the prior, by the terms of the divergence."""
    found = holes.codes(name).mismatch
    return formulas.formula(
        [
            Term("KL", number(found.nats), "z", "of N(m, S) from N(0, I), nats"), "= ½ (",
            Term("mᵀm", number(found.offset), "mean", "off zero"), "+",
            Term("tr S", number(found.spread), "spread", "how wide"), "−",
            Term("log det S", number(found.log_volume), "spread", "how large"),
            f"− {found.latent} )",
        ]
    )  # fmt: skip


def table(pair: Pair) -> str:
    """Return how well draws of every way stand for the codes of both models."""
    both = [holes.fits(name) for name in pair]
    ways = {way: WAYS[way] for way in holes.MEASURED} | {"real": "codes of other test images"}
    columns = [f"{title}: {what}" for title in TITLES.values() for what in ("in a hole", "codes reached")]
    rows = [
        (
            name,
            "x" if way == "real" else "z",
            [f"{value:.0%}" for fits in both for value in (fits[way].outside, fits[way].covered)],
        )
        for way, name in ways.items()
    ]
    return strips.table("draws from", columns, rows)


def conclusion(pair: Pair, way: str, draws: dict[str, Draw]) -> str:
    """Say where these draws are, and how far each way comes."""
    near = {kind: number(holes.median(draw), 1) for kind, draw in draws.items()}
    whence = "around a place" if way == "around" else f"from {WAYS[way]}" if way != "box" else "evenly where codes are"
    plain, variational = (holes.fits(name) for name in pair)
    shares = [holes.share_of_prior(name) for name in pair]
    nats = [holes.codes(name).mismatch.nats for name in pair]
    return (
        f"Drawn {whence}, half of the codes above are further than **{near['autoencoder']}** usual distances from any "
        f"test image's code in the autoencoder, and than **{near['variational']}** in the VAE.\n\n"
        f"**{shares[0]:.0%}** of the autoencoder's codes lie within two scales of N(0, I), of the VAE's "
        f"**{shares[1]:.0%}**: so draws from N(0, I) reach {plain['prior'].covered:.0%} of the codes of the one and "
        f"{variational['prior'].covered:.0%} of the other's. Nothing in the autoencoder's objective says where codes "
        f"lie ({number(nats[0], 1)} nats from the prior as a whole); the VAE pays for every nat, and stays at "
        f"{number(nats[1])}.\n\nA Gaussian fitted on the codes afterwards is the rescue: it reaches "
        f"**{plain['fitted'].covered:.0%}** of the autoencoder's codes, and **{plain['fitted'].outside:.0%}** of its "
        f"draws fall into holes between them; of the VAE's prior {variational['prior'].outside:.0%} do, and of real "
        f"codes {plain['real'].outside:.0%} and {variational['real'].outside:.0%}."
    )


@st.fragment
def page(pairs: dict[str, Pair]) -> None:
    """Draw the page; a control reruns no more than this. What it is about stands first: what both models draw."""
    first = st.container()
    with st.container(border=True):
        pair, way, seed = choose(pairs)
    models = pair._asdict()
    draws = {kind: holes.draw(name, way, seed, place_of(kind, name)) for kind, name in models.items()}
    if wide := holes.wide():
        first.html(contrast(wide, seed))
    for (kind, name), column in zip(models.items(), st.columns(2, gap="large"), strict=True):
        with column:
            st.html(strips.heading(TITLES[kind], COLOURS[kind], name))
            draw_map(kind, name, way, draws[kind])
            st.html(equation(name))
    st.html("".join(row(kind, draw) for kind, draw in draws.items()))
    st.html(table(pair))
    st.caption(
        "In a hole: further from every code than 95 of 100 codes are from the next. Reached: codes with a draw as near "
        "as their fifth neighbour. Both against one half of the codes, with as many draws as the other half has."
    )
    frame.saw(conclusion(pair, way, draws))
    show_program(pair, way, seed)


def show_program(pair: Pair, way: str, seed: int) -> None:
    """Show the program that draws from both models and says how well that stands for their codes."""
    places = [list(place_of(kind, name)) for kind, name in pair._asdict().items()]
    behind.show(
        f"for own, place in zip([vaecore.load({pair.autoencoder!r}), explorer], {places}):",
        f"    codes = lessons.Codes(serving.maps.latent_map(own).codes[:{latents.STAND_INS}])  # of test images",
        f"    drawn = codes.drawn({holes.SHOWN}, {way!r}, {seed}, np.array(place))",
        "    images = own.decode(drawn.astype(np.float32))",
        "    half, others = lessons.Codes(codes.codes[::2]), codes.codes[1::2]",
        "    print(codes.mismatch.nats, *codes.distances(drawn) / codes.usual)",
        "    print(half.fit(half.drawn(len(others), 'prior')))",
        f"for name in {tuple(holes.wide() or ())}:  # the rows at the top of the page",
        "    wide = vaecore.load(name)",
        f"    codes = np.random.default_rng({seed}).standard_normal(({holes.SHOWN}, wide.latent), np.float32)",
        "    images = wide.decode(codes)",
        images=False,
        model=pair.variational,
    )


found = holes.pairs()
frame.begin("sampling", next(iter(found.values()), ()))
if found:
    page(found)
else:
    frame.at_hand("ae-mnist-2", "vae-mnist-2")

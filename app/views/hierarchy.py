"""Hierarchy: what each level of latents decides, found out by redrawing its noise and keeping that of all others."""

import streamlit as st

from app.components.plot import plot
from app.controls import behind, choices
from app.figures import sprites, tradeoffs
from app.markup import exhibits, strips
from app.markup.exhibits import Exhibit
from app.results import levels, picks, rates
from app.results.data import Pictures, chosen_pictures
from app.session import state
from app.session.state import Model
from vaecore import serving
from vaecore.serving import Explorer

STARTS = ("a draw of the prior", "a test image")


def choose_noise() -> tuple[float, int]:
    """Draw the choice of the noise; return its temperature and its seed."""
    temperature = st.slider(
        "Temperature", 0.0, 1.5, 1.0, 0.05, key="temperature", bind="query-params", width=260,
        help="All noise that is drawn is multiplied by it; that of a test image is found, not drawn.",
    )  # fmt: skip
    seed = st.number_input("Seed", 0, 9999, 0, key="seed", bind="query-params", width=110)
    st.button("Draw again", icon=":material/casino:", on_click=redraw)
    return temperature, seed


def redraw() -> None:
    """Take the next seed."""
    st.session_state["seed"] = (st.session_state["seed"] + 1) % 10000


def choose_class(own: Explorer) -> int | None:
    """Return the class that a conditional model draws, None for the others."""
    if "condition" not in own.abilities:
        return None
    state.keep_valid("label", own.classes, own.classes[0])
    name = st.selectbox("Class", own.classes, key="label", bind="query-params", width=110)
    return own.classes.index(name)


def choose_image(found: Pictures) -> int | None:
    """Draw the choice of an image; return its row, or None where the class has none."""
    names = ["any", *found.names] if found.labels is not None else ["any"]
    state.keep_valid("of", names, "any")
    name = st.selectbox("Class", names, key="of", bind="query-params", width=110)
    rows = picks.members(found.labels, names.index(name) - 1 if name != "any" else None, len(found.images))
    if len(rows) == 0:
        return None
    state.keep_valid("which", range(1, len(rows) + 1), 1)
    number = st.number_input(f"Which, of {len(rows):,}", 1, len(rows), 1, key="which", bind="query-params", width=130)
    return int(rows[number - 1])


def begin(model: Model, found: Pictures) -> tuple[serving.levels.Redrawn, list[Exhibit]] | None:
    """Draw the controls; return the redraws and what they start from, or None where there is no such image."""
    own = model.explorer
    start = choices.one("Start from", STARTS, "start")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if start == STARTS[0]:
            label, (temperature, seed) = choose_class(own), choose_noise()
            redrawn = levels.from_prior(model, label, temperature, seed)
            return redrawn, [Exhibit("The start", sprites.pixels(redrawn.origin[None])[0], "drawn from the prior", "z")]
        row, (temperature, seed) = choose_image(found), choose_noise()
    if row is None:
        return None
    redrawn = levels.from_image(model, found, row, temperature, seed)
    return redrawn, [
        Exhibit("The image", sprites.pixels(found.images[row][None])[0], f"row {row}"),
        Exhibit("The start", sprites.pixels(redrawn.origin[None])[0], "its code, decoded", "z"),
    ]


def rows(redrawn: serving.levels.Redrawn, terms: serving.rates.Terms) -> str:
    """Return a row of pictures for each level, the top first: only its own noise is redrawn."""
    silent = levels.silent(terms)
    return "".join(
        strips.row(
            name(level, terms), sprites.pixels(images), (), "x" if quiet else "z",
            f"{counted(size)}, change {change:.2f}{', collapsed' if quiet else ''}",
        )
        for (level, size, _), images, change, quiet in zip(
            levels.downwards(terms), redrawn.images, redrawn.changes, silent, strict=True
        )
    )  # fmt: skip


def name(level: int, terms: serving.rates.Terms) -> str:
    """Name a level by its variable and its place."""
    places = {len(terms.sizes) - 1: ", the top", 0: ", by the image"}
    return strips.subscript("z", level) + places.get(level, "")


def counted(size: int) -> str:
    """Write how many numbers a level has."""
    return f"{size} number{'s' if size > 1 else ''}"


def costs(own: Explorer, terms: serving.rates.Terms, found: Pictures) -> None:
    """Draw what each level costs, and say which are collapsed."""
    st.markdown("**What each level costs**")
    names = [strips.subscript("z", level) for level, _, _ in levels.downwards(terms)]
    plot(tradeoffs.levels(names, terms.rates[::-1], rates.SILENT_LEVEL), "costs")
    st.caption(f"{verdict(terms)} {measured(terms, found)}{about_order(own)}")


def verdict(terms: serving.rates.Terms) -> str:
    """Say which levels are collapsed."""
    silent = [strips.subscript("z", level) for level, _, rate in levels.downwards(terms) if rate < rates.SILENT_LEVEL]
    if not silent:
        return f"No level is collapsed: each carries {rates.SILENT_LEVEL:g} nats or more."
    return (
        f"{', '.join(silent)} {'is' if len(silent) == 1 else 'are'} **collapsed**, below {rates.SILENT_LEVEL:g} nats: "
        "the image says nothing about it there, and its row above hardly changes."
    )


def measured(terms: serving.rates.Terms, found: Pictures) -> str:
    """Say on what the rates were measured."""
    kind = "decoded images" if found.source.trouble else "test images"
    return f"Rates over {terms.images:,} {kind}."


def about_order(own: Explorer) -> str:
    """Warn that the split between levels is no divergence where the posterior climbs and the prior descends."""
    if own.variant != "hierarchical":
        return ""
    return (
        " This posterior climbs from the image, so a level's share can even fall below zero; only the sum is a "
        "divergence."
    )


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    own = model.explorer
    found = chosen_pictures()
    pictures, control = st.columns([1, 2.2], gap="medium", vertical_alignment="center")
    with control:
        begun = begin(model, found)
    if begun is None:
        st.info("There is no image of this class here; choose another.", icon=":material/info:")
        return
    redrawn, starts = begun
    pictures.html(exhibits.gallery(starts))
    terms = rates.terms(model, found)
    left, right = st.columns([2.3, 1], gap="large")
    with left:
        st.html(rows(redrawn, terms))
        st.caption(
            "In each row the noise of one level is redrawn and that of all others is the start's. What lies below the "
            "level follows it. Change: the squared difference to the start, summed over the pixels, as the row's mean."
        )
    with right:
        costs(own, terms, found)
    again(own, starts, found)


def again(own: Explorer, starts: list[Exhibit], found: Pictures) -> None:
    """Show the program that redraws the levels."""
    temperature, seed = st.session_state["temperature"], st.session_state["seed"]
    label = ""
    noise = f"serving.levels.prior_noise(explorer, {temperature}, {seed})"
    if len(starts) > 1:
        row = int(starts[0].note.removeprefix("row "))
        label = f", label={int(found.labels[row])}" if found.labels is not None and "condition" in own.abilities else ""
        noise = f"serving.levels.noise_behind(explorer, tests.images[{row}]{label})"
    elif "condition" in own.abilities:
        label = f", label={own.classes.index(st.session_state['label'])}"
    behind.show(
        f"noise = {noise}",
        f"redrawn = serving.levels.redraw(explorer, noise, temperature={temperature}, seed={seed}{label})",
        "print(redrawn.changes)  # by level, that next to the image first",
    )


st.title("Levels of a code")
strips.lead(
    "This code has levels: each is drawn around what the one above it says. Draw one level anew and keep the noise of "
    "all others: which row changes the digit itself, and which only the handwriting?"
)
page()

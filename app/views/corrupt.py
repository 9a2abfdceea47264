"""Corrupt: damaged images, and what each model makes of them."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind, choices
from app.figures import charts, sprites
from app.figures.charts import Series
from app.figures.marks import Axis
from app.markup import strips
from app.results import comparison, picks, restorations
from app.results.data import Pictures, chosen_pictures
from app.results.restorations import LEVELS, Side
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore import serving

MEANING: dict[serving.noise.Corruption, str] = {
    "masking": "share of pixels put out",
    "gaussian": "standard deviation per pixel",
    "salt and pepper": "share of pixels black or white",
}


def choose_noise() -> tuple[serving.noise.Corruption, float]:
    """Draw the choice of the damage."""
    with st.container(horizontal=True, gap="medium"):
        kind: serving.noise.Corruption = choices.one("Noise", list(MEANING), "noise", "masking")
        level = st.slider(
            "Level", LEVELS[0], LEVELS[-1], 0.5, LEVELS[1], key="level", bind="query-params", width=320,
            help="; ".join(f"{name}: {meaning}" for name, meaning in MEANING.items()),
        )  # fmt: skip
    return kind, level


def choose_images(model: Model, found: Pictures) -> tuple[int, int, np.ndarray]:
    """Draw the other choices: PCA's size, and which images; return it, the seed and the rows."""
    names = ["any", *found.names] if found.labels is not None else ["any"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Class", names, key="of", bind="query-params", width=110)
        count = st.slider("Images", 4, 16, 10, key="images", bind="query-params", width=150)
        largest = comparison.largest_baseline(model)
        k = st.slider(
            "PCA components", 1, max(largest, 2), min(model.explorer.latent, largest),
            key="k", bind="query-params", width=165, disabled=largest == 1,
        )  # fmt: skip
        seed = st.number_input(
            "Seed", 0, 9999, 0, key="seed", bind="query-params", width=90, help="Of the images and of the noise."
        )
        st.button("Draw again", icon=":material/casino:", on_click=redraw)
    rows = picks.members(found.labels, names.index(name) - 1 if name != "any" else None, len(found.images))
    return min(k, largest), seed, picks.draw(rows, count, seed)


def redraw() -> None:
    """Take the next seed."""
    st.session_state["seed"] = (st.session_state["seed"] + 1) % 10000


def rows_of(
    who: Sequence[Side], found: Pictures, rows: np.ndarray, kind: serving.noise.Corruption, level: float, seed: int
) -> str:
    """Return the originals, the damaged images, and what every side makes of them."""
    images, labels = found.images[rows], None if found.labels is None else found.labels[rows]
    made = restorations.attempts(who, images, labels, kind, level, seed)
    names = [f"{found.names[label]}\n" for label in labels] if labels is not None else [""] * len(rows)
    titles = [f"{name}{row}" for name, row in zip(names, rows, strict=True)]
    title = "Decoded" if found.source.trouble else "Originals"
    damage = f"{kind} {level:.2f}"
    return (
        strips.row(title, sprites.pixels(images), titles, "x", "class, row" if labels is not None else "row")
        + strips.row("Corrupted", sprites.pixels(made.corrupted), written(made.corrupted_errors), "error", damage)
        + "".join(
            strips.row(side.name, sprites.pixels(restored), written(errors), side.variable, side.training, best)
            for side, restored, errors, best in zip(who, made.restored, made.errors, made.best.tolist(), strict=True)
        )
    )


def written(errors: Sequence[float] | np.ndarray) -> list[str]:
    """Write squared errors, the large ones without the digits that nobody reads."""
    return [f"{error:.1f}" if error < 100 else f"{error:.0f}" for error in errors]


def errors_by_level(who: Sequence[Side], found: Pictures, kind: serving.noise.Corruption, level: float) -> None:
    """Draw how the errors grow with the noise, and the numbers beside."""
    curves = restorations.curves(who, found, kind)
    untouched = restorations.untouched(found.source, kind, found)
    series = [
        Series(side.name, np.array(LEVELS), curve, side.variable) for side, curve in zip(who, curves, strict=True)
    ]
    damaged = Series("left as it is", np.array(LEVELS), untouched, "x")
    levels = restorations.tabled(level)
    chart, table = st.columns([1.25, 1], gap="large", vertical_alignment="center")
    across = Axis(f"level: {MEANING[kind]}", grid=False)
    with chart:
        plot(charts.lines(series, across, "mean squared error", level, damaged, form=".1f"), "curves")
    table.html(
        strips.table(
            "at level",
            [f"{each:.2f}" for each in levels],
            [
                (each.name, each.variable, written(restorations.at_levels(each.y, levels)))
                for each in (*series, damaged)
            ],
            levels.index(level),
        )
    )


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    own = model.explorer
    found = chosen_pictures()
    kind, level = choose_noise()
    k, seed, rows = choose_images(model, found)
    if len(rows) == 0:
        st.info("There is no such image here; choose another class.")
        return
    who = restorations.sides(model, k)
    st.html(rows_of(who, found, rows, kind, level, seed))
    st.caption(
        "Under each picture: its squared error to the clean image, summed over the pixels; the best attempt in bold. "
        "Every model is shown the same damage. Pixels below black or above white are drawn as these."
    )
    st.subheader("Errors over the noise")
    errors_by_level(who, found, kind, level)
    st.caption(about_curves(found))
    behind.show(
        f"rows = {rows.tolist()}",
        f"made = serving.noise.restore(explorer, tests.images[rows], {kind!r}, {level}, {seed}{behind.labels(own)})",
        "print(made.errors)",
    )


def about_curves(found: Pictures) -> str:
    """Say what the curves were measured on."""
    count = min(restorations.COUNT, len(found.images))
    if found.source.trouble:
        return f"Over {count} images that {plain(found.maker)} decoded, so its own errors are flattered."
    return f"Over {count} test images, drawn and damaged alike for every model, whatever is chosen above."


st.title("Noise and repair")
strips.lead(
    "Damage the images and see who repairs them. Turn the level up until you cannot read the digits yourself: "
    "can a model that saw noise in training still read them?"
)
page()

"""Features: what the units of a model look for, and which of them fire, beside those of another model."""

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind, choices, sidebar
from app.figures import charts, sprites
from app.figures.charts import Group, Series
from app.figures.marks import Axis
from app.markup import strips
from app.results import units
from app.results.data import Pictures, chosen_pictures
from app.results.units import Order, Units
from app.session import state
from app.session.state import Model
from vaecore import serving

COLUMNS = 10  # of a sheet
GAP = 4  # pixels: filters are pale at their edges and would run into each other
VARIABLES = ("reconstruction", "twin")  # whose colours the model and the one beside it have


def choose_beside(model: Model) -> list[Model]:
    """Return the model and the one that is chosen to stand beside it, if there is any."""
    names = units.others(model)
    if not names:
        return [model]
    state.keep_valid("other", names, names[0])
    return [model, state.find(st.selectbox("Beside", names, key="other", bind="query-params", width=220))]


def choose_sheet(shown: list[Units]) -> tuple[Order, int]:
    """Draw the choice of the units to show."""
    order = choices.one(
        "Show first", shown[0].orders, "units",
        help="Selective: on for a few images only, by lifetime sparseness. Strong: of large weights.",
    )  # fmt: skip
    count = units.sheets(*shown)
    if count == 1:
        return order, 1
    state.keep_valid("sheet", range(1, count + 1), 1)
    number = st.number_input(f"Sheet, of {count}", 1, count, 1, key="sheet", bind="query-params", width=150)
    return order, number


def sheet(shown: Units, variable: str, order: Order, number: int) -> None:
    """Draw one sheet of filters under the model's name."""
    filters = units.on_sheet(shown, order, number)
    top = sprites.reach(filters)
    cells = sprites.enlarge(sprites.signed(filters, top), strips.CELL)
    picture = strips.picture_tag(sprites.sheet(cells, COLUMNS, GAP), f"Filters of {shown.name}")
    said = {"random": "drawn at random"}.get(order, f"{order if order in shown.orders else 'strong'} first")
    st.html(
        strips.heading(shown.name, variable, f"{len(filters)} of {len(shown.filters):,} units, {said}")
        + f'<div class="vc-flush">{picture}{strips.signed_legend(top, "weight of a pixel")}</div>'
    )


def activities(shown: list[Units]) -> None:
    """Draw how active the units are on the average, and the numbers."""
    chart, table = st.columns([1.25, 1], gap="large", vertical_alignment="center")
    groups = [Group(each.name, each.mean, variable) for each, variable in zip(shown, VARIABLES, strict=False)]
    wanted = {f"wanted: {each.wanted:g}": each.wanted for each in shown if each.wanted is not None}
    with chart:
        plot(charts.histogram(groups, "mean activity of a unit", "share of units", at=wanted), "activity")
    measures = [
        ("mean activity", [written(each.mean.mean(), 3) for each in shown]),
        ("lifetime sparseness", [f"{each.lifetime.mean():.3f}" for each in shown]),
        ("population sparseness", [f"{each.population:.3f}" for each in shown]),
        ("units on", [f"{each.on:.1%}" for each in shown]),
    ]
    table.html(
        strips.table("mean over all", [each.name for each in shown], [(name, "z", row) for name, row in measures])
    )


def choose_image(found: Pictures) -> int:
    """Draw the choice of one image; return its row."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return sidebar.one_image(found, (110, 160))


def fired(models: list[Model], shown: list[Units], image: np.ndarray) -> None:
    """Draw the units that fire most for an image, and how the code falls off."""
    series = []
    for model, each, variable in zip(models, shown, VARIABLES, strict=False):
        firing = units.firing(model, image)
        series.append(Series(each.name, firing.places, firing.profile, variable))
        note = f"{firing.on:,} of {len(firing.profile):,} on"
        if not each.shallow:
            st.html(strips.heading(each.name, variable, f"{note}; they lie above the first layer, so have no picture"))
            continue
        filters = each.filters[firing.top]
        captions = [f"{unit}\n{written(value)}" for unit, value in zip(firing.top, firing.values, strict=True)]
        st.html(strips.row(each.name, sprites.signed(filters, sprites.reach(filters)), captions, variable, note))
    st.caption("Under each filter: the number of the unit, and its activity. Below: the whole code, sorted.")
    across = Axis("units, most active first, in percent", grid=False)
    plot(charts.lines(series, across, "share of the largest", height=250), "profile")


def written(value: float, digits: int = 2) -> str:
    """Write an activity."""
    return f"{value:.{digits}f}".replace("-", strips.MINUS)


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    found = chosen_pictures()
    with st.container(horizontal=True, gap="medium"):
        models = choose_beside(model)
        shown = [units.units(each, found) for each in models]
        order, number = choose_sheet(shown)
    for column, each, variable in zip(st.columns(2, gap="large"), shown, VARIABLES, strict=False):
        with column:
            sheet(each, variable, order, number)
    st.subheader("How often they are on")
    activities(shown)
    st.caption(about(found))
    st.subheader("Which of them fire for one image")
    one, many = st.columns([1, 5], gap="medium")
    with many:
        row = choose_image(found)
    picture = strips.picture_tag(sprites.pixels(found.images[row : row + 1])[0], "The image")
    one.html(f'<div class="vc-frame" style="--width:8rem">{picture}</div>')
    fired(models, shown, found.images[row])
    behind.show(
        "filters = serving.units.filters(explorer)  # of the first layer's units",
        f"active = serving.units.activity(explorer, {behind.image(row)})",
        "print(np.argsort(-abs(active.codes[0]))[:10])  # the units that fire most",
    )


def about(found: Pictures) -> str:
    """Say what was counted, and on what."""
    kind = "decoded images" if found.source.trouble else "test images"
    return (
        f"Over {min(units.IMAGES, len(found.images)):,} {kind}. Sparseness is 0 where all are equally active and 1 "
        "where one is alone: of a unit over its life among the images, of an image over the population of units. "
        f"A unit is on above {serving.units.ON:.0%} of the most active one in the same code."
    )


st.title("What each unit sees")
strips.lead(
    "Each small picture is what one unit looks for: red where it wants light, blue where it wants dark. "
    "In which model do you recognise strokes, and how many units does it take to show one digit?"
)
page()

"""Interpolate: paths from one code to another, on the map of the real codes and as film strips."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.components.paths import Board, Film, Mark, Told, paths
from app.controls import behind, choices, scrubber
from app.figures import sprites
from app.markup import strips
from app.results import exports, layouts, makers
from app.results import paths as computed
from app.results.data import chosen_pictures
from app.results.paths import Ends, Ground, Kind, Way
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from app.views.interpolate import ends
from app.views.interpolate.ends import End
from vaecore.serving import Explorer

WAYS: dict[Kind, tuple[str, str]] = {
    "linear": ("Straight", "a line through the codes"),
    "spherical": ("Spherical", "an arc that keeps the length"),
    "data": ("Through the data", "from neighbour to neighbour"),
}
AS_A = "as A"
DOWNLOAD_SIDE = 112  # pixels per frame of the PNG
FILM_SIDE, FILM_PACE = 280, 120  # pixels per frame of the GIF, milliseconds that it is shown


def find_ground(model: Model) -> Ground | None:
    """Return the real codes of a model; None where they cannot be had, which is said."""
    try:
        return computed.ground(model)
    except ValueError as error:
        st.info(
            f"The paths are without a map of real images, and what is near them is not known. "
            f"{strips.sentence(str(error))}",
            icon=":material/info:",
        )
        return None


def choose_label(own: Explorer, label: int | None) -> Told:
    """Draw the choice of the class that a conditional model is told along the way; ``label`` is A's own."""
    if "condition" not in own.abilities:
        return Told(None, follows=False)
    carried = "The code carries the style, the label carries the class."
    told = choices.one("Draw every step", [AS_A, *own.classes], "told", help=carried)
    return Told((label or 0) if told == AS_A else own.classes.index(told), follows=told == AS_A)


def films(model: Model, of: Ends, steps: int, told: Told) -> list[Film]:
    """Return the three paths."""
    made = []
    for kind, (title, note) in WAYS.items():
        try:
            made.append(Film(kind, title, note, computed.way(model, of, kind, steps, told.label)))
        except ValueError as error:
            made.append(Film(kind, title, note, None, strips.spoken(str(error))))
    return made


def look_first(made: Sequence[Film]) -> list[Film]:
    """Draw the choice of the path that is looked at; return all, that one first."""
    titles = [film.title for film in made]
    title = choices.one("Look at the path", titles, "path")
    return sorted(made, key=lambda film: film.title != title)


def board(model: Model, of: Ground | None) -> Board | None:
    """Return the real codes as the page draws them."""
    own = model.explorer
    if of is None:
        return None
    sheet = layouts.sheet(model, own.dataset, of.laid.index, makers.GROUND_COLUMNS)
    address = None if sheet is None else makers.keep(sheet[0], "ground-images", model)
    points = makers.keep(sprites.packed([of.places]), "ground", model)
    return Board(of, own.classes, points, address, makers.GROUND_COLUMNS, made=sheet is not None and sheet[1])


def downloads(name: str, shown: Sequence[Film], of: Ground | None) -> None:
    """Offer what is shown: the first path as a film, all of them as strips and as numbers."""
    ways: dict[Kind, Way] = {film.kind: film.way for film in shown if film.way is not None}
    first = next(iter(ways.values()))
    cells = np.concatenate([ways[kind].cells for kind in WAYS if kind in ways])
    with st.container(horizontal=True):
        st.download_button(
            "Film as GIF", lambda: sprites.gif(sprites.enlarge(first.cells, FILM_SIDE), FILM_PACE),
            f"{name}-{next(iter(ways))}.gif", "image/gif", icon=":material/movie:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Strips as PNG",
            lambda: sprites.png(
                sprites.sheet(sprites.enlarge(cells, DOWNLOAD_SIDE), len(first.cells), 4 * strips.GAP)
            ),
            f"{name}.png", "image/png", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Codes as CSV", lambda: computed.table(ways, of), f"{name}.csv", "text/csv",
            icon=":material/table_view:", on_click="ignore",
        )  # fmt: skip


def explain(own: Explorer, told: Told, of: Ground | None) -> None:
    """Say what the numbers mean."""
    said = []
    if told.label is not None:
        said.append(
            f"Every step is drawn as “{plain(own.classes[told.label])}”: a conditional model takes the class from its "
            "label, so what changes along the way is the style. Choose another class above."
        )
    if of is not None:
        count, data = f"{len(of.laid.index):,}", plain(state.own_images(own))
        said.append(
            f"The real codes are those of {count} test images of {data}. Neighbours are those within "
            f"{of.around.radius:.2g} of a step: half of the images have ten others so near. Density sums real codes by "
            "a Gaussian of which that is two deviations, over the sum that is usual at a test image: where it falls, "
            "the path crosses a place that no image has."
        )
        said.append(
            "Each place of the map is a code."
            if of.free
            else f"The map shows the two principal components of the {own.latent} numbers: what is near on it may be "
            "far apart, so distances are those of the whole codes."
        )
    if said:
        st.caption(" ".join(said))


@st.fragment
def page() -> None:
    """Draw the ends and the ways between them."""
    model = state.chosen()
    own = model.explorer
    found = chosen_pictures()
    of = find_ground(model)
    both: list[End] = []
    with st.container(border=True), st.grid(2, min_column_width=300, gap="medium"):
        for end in ends.BOTH:
            with st.container():
                both.append(ends.choose(model, found, of, end))
    a, b = both
    between = Ends(tuple(a.code.tolist()), tuple(b.code.tolist()))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.button("Two others", icon=":material/casino:", on_click=ends.shuffle, args=(found,))
        steps = st.slider("Steps", 5, 17, 11, key="steps", bind="query-params", width=170)
        told = choose_label(own, a.label)
        shown = look_first(films(model, between, steps, told))
    paths(
        shown, (Mark(a.title, a.code), Mark(b.title, b.code)), steps, own.shape, told, board(model, of),
        exports.decoder(model), ends.take,
    )  # fmt: skip
    explain(own, told, of)
    downloads("-".join([own.name, *(str(end.row) for end in both if end.row is not None)]), shown, of)
    again(own, both, shown[0], steps, told)


def again(own: Explorer, both: Sequence[End], looked_at: Film, steps: int, told: Told) -> None:
    """Show the program that walks the path that is looked at."""
    label = "" if told.label is None else f", labels=np.full({steps}, {told.label})"
    behind.show(
        *(f"{name} = {source(own, end)}" for name, end in zip(ends.BOTH, both, strict=True)),
        f"codes = explorer.interpolate(a, b, {steps}, path={looked_at.kind!r})",
        f"images = explorer.decode(codes{label})",
    )


def source(own: Explorer, end: End) -> str:
    """Write where the code of an end comes from."""
    if end.row is None:
        return f"np.array({[float(f'{value:.5g}') for value in end.code.tolist()]}, dtype=np.float32)"
    label = f", {behind.image(end.row, 'labels')}" if "condition" in own.abilities else ""
    return f"explorer.encode({behind.image(end.row)}{label})[0]"


st.title("Walk between pictures")
strips.lead(
    "Walk from one image to another through the codes. Then drag A and B on the map below until the straight path "
    "crosses a hole: what does the model draw where there is no image?"
)
scrubber.show()
page()

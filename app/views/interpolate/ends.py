"""The two ends of a path, each a test image, a drawing, or a place of the map."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.components import canvas
from app.controls import choices, drawing
from app.figures import sprites
from app.markup import strips
from app.results import paths, picks
from app.results.data import Pictures
from app.results.paths import Ground
from app.session import state
from app.session.address import whole
from app.session.plain import plain
from app.session.state import Model
from vaecore.serving import Explorer

TEST, DRAWING, MAP = "Test set", "Drawing", "Map"
BOTH = {"a": 0.3, "b": 0.8}  # the ends, and where among the classes each is at first
DIGITS = 4  # of a place in the address
FARTHEST = 1e6  # that a place in an address may be


@dataclass(frozen=True, eq=False)
class End:
    """An end of a path.

    Attributes:
        title: what it is, in words.
        code: [latent].
        label: its class, as far as it is known.
        cell: its picture, RGB.
        row: of the test set, where it was taken from there.
    """

    title: str
    code: np.ndarray
    label: int | None
    cell: np.ndarray
    row: int | None = None


def choose(model: Model, found: Pictures, of: Ground | None, end: str) -> End:
    """Draw the choice of an end beside its picture."""
    own = model.explorer
    ways = (TEST, DRAWING) if of is None else (TEST, DRAWING, MAP)
    recall(end)
    frame, control = st.columns([1, 4], vertical_alignment="center", wrap=False)
    with control, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        way = choices.one(
            f"{end.upper()} is from the", ways, f"{end}_from", TEST, wrap=True, on_change=put_back, args=(end,)
        )
        if way == DRAWING:
            chosen = choose_drawing(model, found, end)
        elif way == MAP and of is not None:
            chosen = choose_place(model, found, of, end)
        else:
            chosen = choose_image(own, found, end)
    if way != DRAWING:
        canvas.forget(f"{end}_drawing")
    if way != MAP:
        st.query_params.pop(f"{end}_at", None)
        st.session_state.pop(f"{end}_at", None)
    st.session_state[f"{end} was"], st.session_state[f"{end} way"] = (model, chosen), way
    tag = strips.picture_tag(chosen.cell, f"{end.upper()}: {chosen.title}")
    frame.html(f'<div class="vc-frame" style="--width:5.5rem">{tag}</div>')
    return chosen


def choose_image(own: Explorer, found: Pictures, end: str) -> End:
    """Draw the choice of a test image, by its class and its number there."""
    name = None
    if found.labels is not None:
        names = [found.names[label] for label in picks.present(found.labels)]
        state.keep_valid(f"{end}_class", names, first_class(found, end))
        name = st.selectbox(
            f"{end.upper()} is a", names, names.index(first_class(found, end)), key=f"{end}_class", bind="query-params",
            width=110,
        )  # fmt: skip
    rows = picks.members(found.labels, None if name is None else found.names.index(name), len(found.images))
    state.keep_valid(end, range(1, len(rows) + 1), 1)
    number = st.number_input(
        f"Which {plain(name or 'image')}, of {len(rows):,}", 1, max(len(rows), 1), 1, key=end, bind="query-params",
        width=150,
    )  # fmt: skip
    st.session_state[f"{end} image"] = name, number  # which Streamlit forgets with the controls
    return of_image(own, found, int(rows[number - 1]))


def choose_drawing(model: Model, found: Pictures, end: str) -> End:
    """Draw the canvas; while nothing is on it, the end stays what it was."""
    own = model.explorer
    key, hint = f"{end}_drawing", f"Draw {end.upper()} here"
    drawn = drawing.draw(model, None, st.container(), key=key, hint=hint)
    if drawn is None:
        kept = last(model, found, end)
        st.caption(f"Nothing is drawn yet: {end.upper()} is {plain(kept.title)}.")
        return kept
    label, image = drawn.label, drawn.image[None]
    title = "a drawing" if label is None else f"a drawing, read as {own.classes[label]}"
    code = own.encode(image, None if label is None else np.array([label]))[0]
    return End(title, code, label, sprites.pixels(image)[0])


def choose_place(model: Model, found: Pictures, of: Ground, end: str) -> End:
    """Say where on the map an end is; it begins where it was before."""
    own = model.explorer
    key = f"{end}_at"
    asked = st.session_state.get(key, st.query_params.get(key, ""))
    code = place(asked, of)
    if code is None:
        asked = word(last(model, found, end).code, of)
        code = place(asked, of)
        assert code is not None  # the word is our own
    st.session_state[key] = st.query_params[key] = asked
    point = paths.nearest(of, code)
    label = None if of.laid.labels is None else int(of.laid.labels[point])
    if of.free:
        title = f"z = ({', '.join(f'{value:.2f}' for value in code)})".replace("-", strips.MINUS)
    else:
        title = f"test image {of.laid.index[point]}" + ("" if label is None else f", {own.classes[label]}")
    st.caption(f"{end.upper()} is at {plain(title)}. Drag it over the map below, or move it with the arrow keys.")
    shown = own.decode(code[None], own.told(None if label is None else np.array([label])))
    return End(title, code, label, sprites.pixels(shown)[0])


def place(asked: str, of: Ground) -> np.ndarray | None:
    """Return the code that a word of the address means: two numbers of a plane, or a row of the test set."""
    words = asked.split()
    row = whole(words[0]) if len(words) == 1 else None
    if row is not None:
        points = np.flatnonzero(of.laid.index == row)
        return of.laid.codes[points[0]] if len(points) else None
    try:
        code = np.array([float(each) for each in words], dtype=np.float64)
    except ValueError:
        return None
    return code.astype(np.float32) if of.free and len(code) == 2 and (np.abs(code) < FARTHEST).all() else None


def word(code: np.ndarray, of: Ground) -> str:
    """Return the word that `place` reads: the code where the plane is all of it, else the nearest image's row."""
    return " ".join(f"{value:.{DIGITS}g}" for value in code) if of.free else str(of.laid.index[paths.nearest(of, code)])


def of_image(own: Explorer, found: Pictures, row: int) -> End:
    """Return a test image as an end."""
    labels = None if found.labels is None else found.labels[row : row + 1]
    image = found.images[row : row + 1]
    code = own.encode(image, own.told(labels))[0]
    name = "" if labels is None else f", {found.names[labels[0]]}"
    kind = "decoded image" if found.maker else "test image"
    label = None if labels is None else int(labels[0])
    return End(f"{kind} {row}{name}", code, label, sprites.pixels(image)[0], row)


def first_class(found: Pictures, end: str) -> str:
    """Return the class of an end's first image."""
    names = [found.names[label] for label in picks.present(found.labels)] if found.labels is not None else [""]
    return names[int(BOTH[end] * len(names))]


def last(model: Model, found: Pictures, end: str) -> End:
    """Return what an end was before; of another model, or at first, the first image of its class."""
    own = model.explorer
    kept = st.session_state.get(f"{end} was")
    if kept is not None and kept[0] == model:
        return kept[1]
    label = None if found.labels is None else found.names.index(first_class(found, end))
    return of_image(own, found, int(picks.members(found.labels, label, len(found.images))[0]))


def recall(end: str) -> None:
    """Choose again what was chosen before another page was looked at: Streamlit forgets controls that are not drawn."""
    key = f"{end}_from"
    if key not in st.session_state and f"{end} way" in st.session_state and not st.query_params.keys() & {key, end}:
        st.session_state[key] = st.session_state[f"{end} way"]
        put_back(end)


def put_back(end: str) -> None:
    """Take the test image again that an end was before it was something else."""
    kept = st.session_state.get(f"{end} image")
    if kept is not None and st.session_state[f"{end}_from"] == TEST:
        name, st.session_state[end] = kept
        if name is not None:
            st.session_state[f"{end}_class"] = name


def take(moved: Mapping[str, str]) -> None:
    """Put ends where they were moved on the map."""
    for end, asked in moved.items():
        st.session_state[f"{end}_from"], st.session_state[f"{end}_at"] = MAP, asked


def shuffle(found: Pictures) -> None:
    """Take another image of the same class at each end that is a test image."""
    for end in BOTH:
        if end in st.session_state:
            name = st.session_state.get(f"{end}_class")
            label = found.names.index(name) if name in found.names else None
            count = len(picks.members(found.labels, label, len(found.images)))
            st.session_state[end] = picks.another(st.session_state[end], 1, count)

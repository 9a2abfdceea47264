"""Interpolate: the way from one image's code to another's, as film strips."""

from typing import Literal

import numpy as np
import streamlit as st

from app import figures, picks, results, state, strips
from app.state import Model, Pictures
from vaecore.serving import Explorer

PATHS: dict[Literal["linear", "spherical", "data"], tuple[str, str]] = {
    "linear": ("Straight", "a line through the codes"),
    "spherical": ("Spherical", "an arc that keeps the length"),
    "data": ("Through the data", "from neighbour to neighbour"),
}
AS_A = "as A"
DOWNLOAD_SIDE = 112  # pixels per frame of the PNG


def choose(found: Pictures, end: str, position: float) -> int:
    """Draw one end's choosers beside its image; return the image's row. ``position`` is its class among all."""
    picture, control = st.columns([1, 2], vertical_alignment="center", wrap=False)
    with control:
        name = None
        if found.labels is not None:
            names = [found.names[label] for label in picks.present(found.labels)]
            default = int(position * len(names))
            name = st.selectbox(f"{end.upper()} is a", names, default, key=f"{end}_class", bind="query-params")
        label = None if name is None else found.names.index(name)
        rows = picks.members(found.labels, label, len(found.images))
        number = st.number_input(
            f"Which {name or 'image'}, of {len(rows):,}", 1, max(len(rows), 1), 1, key=end, bind="query-params"
        )  # fmt: skip
    row = int(rows[number - 1])
    tag = strips.picture_tag(figures.pixels(found.images[row : row + 1])[0], f"Image {end.upper()}")
    picture.html(f'<div class="vc-frame" style="--width:6.5rem">{tag}</div>')
    return row


def shuffle(found: Pictures) -> None:
    """Take another image of the same class at each end."""
    for end in ("a", "b"):
        name = st.session_state.get(f"{end}_class")
        label = found.names.index(name) if name in found.names else None
        count = len(picks.members(found.labels, label, len(found.images)))
        st.session_state[end] = picks.another(st.session_state[end], 1, count)


def choose_label(own: Explorer, label: int) -> int | None:
    """Return the class that a conditional model is told along the way; ``label`` is A's own."""
    if "condition" not in own.abilities:
        return None
    told = st.segmented_control(
        "Draw every step", [AS_A, *own.classes], default=AS_A, required=True, key="told", bind="query-params",
        help="The code carries the style, the label carries the class.",
    )  # fmt: skip
    return label if told == AS_A else own.classes.index(told)


def film(
    own: Explorer, ends: np.ndarray, steps: int, path: Literal["linear", "spherical", "data"], told: int | None
) -> np.ndarray:
    """Decode the codes along a path between two codes [2, latent], as RGB cells."""
    codes = own.interpolate(ends[0], ends[1], steps, path=path)
    labels = None if told is None else np.full(len(codes), told, dtype=np.int64)
    return figures.pixels(own.decode(codes, labels))


def films(model: Model, ends: np.ndarray, steps: int, told: int | None) -> np.ndarray:
    """Draw the three strips; return their cells for the download."""
    own = state.explorer(model)
    shares = [f"{share:.0%}" for share in np.linspace(0, 1, steps)]
    drawn = []
    for path, (title, note) in PATHS.items():
        try:
            if path == "data":
                results.latent_map(model)  # whose codes this path follows; says so where it must be computed
            cells = film(own, ends, steps, path, told)
        except ValueError as error:
            st.caption(strips.sentence(f"{title}: {error}"))
            continue
        drawn.append(cells)
        st.html(strips.row(title, cells, shares, "z", note))
    return np.concatenate(drawn)


@st.fragment
def page() -> None:
    """Draw the ends and the ways between them."""
    model, own = state.chosen()
    found = state.chosen_pictures()
    with st.container(border=True):
        left, right = st.columns(2, gap="medium")
        with left:
            row_a = choose(found, "a", 0.3)
        with right:
            row_b = choose(found, "b", 0.8)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            steps = st.slider("Steps", 5, 17, 11, key="steps", bind="query-params", width=190)
            st.button("Two others", icon=":material/casino:", on_click=shuffle, args=(found,))
    rows = np.array([row_a, row_b])
    labels = None if found.labels is None else found.labels[rows]
    told = choose_label(own, 0 if labels is None else int(labels[0]))
    ends = own.encode(found.images[rows], state.own_labels(own, labels))
    cells = films(model, ends, steps, told)
    if told is not None:
        st.caption(
            f"Every step is drawn as “{own.classes[told]}”: a conditional model takes the class from its label, "
            "so what changes along the way is the style. Choose another class above."
        )
    st.download_button(
        "Strips as PNG",
        lambda: figures.png(figures.sheet(figures.enlarge(cells, DOWNLOAD_SIDE), steps, 4 * strips.GAP)),
        f"{own.name}-{row_a}-{row_b}.png", "image/png",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


st.title("Interpolate")
strips.lead(
    "Walk from one image to another through the codes. Choose two digits that look alike and find "
    "the step at which one becomes the other."
)
page()

"""The tiles on Start, a row each, and their pictures, made by the models that they open from what ships with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.figures import pictures, sprites
from app.markup import strips
from app.results import latents, subspaces
from app.session import state
from app.session.state import Model
from vaecore import serving

DIGITS, PAIRS, STEPS, STYLES, SEED = 12, 3, 9, 3, 2  # in a row; rows of two ends; of a way; rows of a style
LEARNERS, MOMENTS = 3, (0, 8, 13, 16, 20, 32, 100, 250, 1000)  # digits that are learned; steps after which
BASELINE = "pca-mnist"
WIDE, APART = 6.5, 3.0  # of the sketch: its half width, and its modes' distance from the middle, in their scales


@dataclass(frozen=True)
class Tile:
    """What people come to do, on Start: its title, and what there is to see, in a sentence.

    It opens a page on the model that shows it best, or one that chooses its model itself.
    """

    title: str
    text: str
    page: str
    model: str = ""


TILES = {
    "keep": Tile(
        "What does it keep?",
        "Digits squeezed into 30 numbers and back, above what PCA makes of as many.",
        "reconstruct",
        "ae-mnist-30",
    ),
    "codes": Tile(
        "Codes beside t-SNE",
        "Where a network puts ten thousand digits on a plane, and where t-SNE does.",
        "map",
        "vae-mnist-2",
    ),
    "walk": Tile(
        "Walk between two digits",
        "Three ways from one image to another, a picture at every step.",
        "interpolate",
        "vae-mnist-20",
    ),
    "sliders": Tile(
        "Digits from sliders",
        "Say which digit, then drag its slant, its width and its weight.",
        "generate",
        "cvae-mnist-10",
    ),
    "train": Tile("Train one here", "Press Play: a network learns before your eyes. Turn back the time.", "train_here"),
    "verse": Tile("Verse", "Couplets that a network writes anew while you turn its code.", "verse", "couplets-tang"),
    "lessons": Tile("Lessons", "One idea each, with one thing to do and one to find out.", "sampling"),
}


def _picture(images: np.ndarray, columns: int) -> bytes:
    return sprites.png(sprites.sheet(sprites.enlarge(sprites.pixels(images), strips.CELL), columns, strips.GAP))


def _beside_pca(model: Model) -> bytes:
    """Return real digits from the codes of a model, above the same from as many numbers of PCA."""
    rows = slice(0, DIGITS)
    images = [model.explorer.decode(latents.kept_codes(model)[0][rows])]
    if BASELINE in state.model_names():
        pca = state.find(BASELINE)
        codes = latents.kept_codes(pca)[0][rows].copy()
        codes[:, model.explorer.latent :] = 0  # what PCA of fewer numbers leaves out
        images.append(pca.explorer.decode(codes))
    return _picture(np.concatenate(images), DIGITS)


def _planes(model: Model) -> bytes:
    """Return the codes of a plane beside t-SNE of the same images, in the colours of their classes."""
    kept = latents.latent_map(model)
    planes = [points for points in (kept.codes, kept.tsne) if points is not None and kept.labels is not None]
    return pictures.dots(planes, kept.labels) if planes and kept.labels is not None else b""


def _ways(model: Model) -> bytes:
    """Return straight ways between the codes of two real digits, a row each."""
    codes, _ = latents.kept_codes(model)
    share = np.linspace(0, 1, STEPS, dtype=np.float32)[:, None]
    ways = [(1 - share) * codes[2 * pair] + share * codes[2 * pair + 1] for pair in range(PAIRS)]
    return _picture(model.explorer.decode(np.concatenate(ways)), STEPS)


def _classes(model: Model) -> bytes:
    """Return every class in a few styles, a row each."""
    own = model.explorer
    count = len(own.classes)
    styles = np.random.default_rng(SEED).standard_normal((STYLES, own.latent)).astype(np.float32)
    labels = np.tile(np.arange(count), STYLES)
    return _picture(own.decode(styles.repeat(count, 0), labels), count)


def learning() -> bytes:
    """Return digits as a linear autoencoder rebuilds them while it learns, a row each, from its start on, as PNG."""
    images = subspaces.test_images(LEARNERS)
    path = [now for now in subspaces.descent(0) if now.step in MOMENTS]
    rebuilt = np.stack([subspaces.reconstructions(now, images)[1] for now in path], axis=1)
    return _picture(np.clip(rebuilt, 0, 1).reshape(-1, *images.shape[1:]), len(path))


def sketch() -> bytes:
    """Return two modes, a Gaussian that covers both and one that chooses, as SVG: the idea of a lesson.

    The first has the mean and the variance of both modes, the second those of one.
    """
    x = np.linspace(-WIDE, WIDE, 121)

    def bell(mean: float, scale: float) -> np.ndarray:
        return np.exp(-(((x - mean) / scale) ** 2) / 2) / scale

    modes = (bell(-APART, 1) + bell(APART, 1)) / 2
    curves = {"x": modes, "baseline": bell(0, np.hypot(1, APART)), "reconstruction": bell(APART, 1)}
    paths = "".join(
        f'<polyline points="{_points(x, y)}" fill="none" stroke="{serving.browser.COLORS[name]}" stroke-width="2.5"/>'
        for name, y in curves.items()
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100">{paths}</svg>'.encode()


def _points(x: np.ndarray, y: np.ndarray) -> str:
    across, up = 150 + x * 145 / WIDE, 92 - 84 * y
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across.tolist(), up.tolist(), strict=True))


PICTURES: Mapping[str, Callable[[Model], bytes]] = {
    "keep": _beside_pca, "codes": _planes, "walk": _ways, "sliders": _classes,
}  # fmt: skip


# Of what a page without a model of its own opens on: how it is made, its type, and what it shows.
DRAWINGS: Mapping[str, tuple[Callable[[], bytes], str, str]] = {
    "train": (learning, "image/png", "Digits, rebuilt better and better"),
    "lessons": (sketch, "image/svg+xml", "Two modes, two Gaussians"),
}


@st.cache_data(show_spinner=False, max_entries=8)
def drawing(tile: str) -> bytes:
    """Return the drawing of a tile that names no model."""
    return DRAWINGS[tile][0]()


@st.cache_data(show_spinner=False, max_entries=8)
def picture(tile: str, model: Model) -> bytes | None:
    """Return the picture of a tile as PNG; None of one that has none, or whose model keeps no map."""
    try:
        return PICTURES[tile](model) if tile in PICTURES else None
    except ValueError:
        return None

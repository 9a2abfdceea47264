"""What the maps show: every test image where they are at hand, those that are kept with the model otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.figures import sprites
from app.results.comparison import baseline
from app.results.data import Pictures, Source, pictures
from app.results.latents import latent_map
from app.session.state import Model
from vaecore import serving


@dataclass(frozen=True, eq=False)
class Layout:
    """Images on several planes.

    Attributes:
        codes: [n, latent].
        scales: of a Gaussian posterior, [n, latent]; None of any other.
        pca: the first two principal components, [n, 2]; None where there are none.
        planes: t-SNE by perplexity and UMAP, by name; none where they cannot be drawn.
        index: rows of the test split, [n].
        labels: [n], or None.
        scored: the map of the 2,000 images that every plane is scored on.
        whole: whether all test images are here.
    """

    codes: np.ndarray
    scales: np.ndarray | None
    pca: np.ndarray | None
    planes: Mapping[str, serving.maps.Plane]
    index: np.ndarray
    labels: np.ndarray | None
    scored: serving.maps.LatentMap
    whole: bool


def layout(model: Model) -> Layout:
    """Return where the images of a model's own data set lie.

    Raises:
        ValueError: no map is kept, and the data set cannot be had.
    """
    kept, found = latent_map(model), _own(model)
    planes = serving.maps.planes(model.explorer.dataset)
    fits = (
        found is not None and not found.maker and all(len(each.points) == len(found.images) for each in planes.values())
    )
    if found is None or not planes or not fits:
        drawn = (
            {}
            if kept.tsne is None
            else {f"tsne-{serving.maps.USUAL}": serving.maps.Plane(kept.tsne, kept.scores.get("tsne", {}))}
        )
        return Layout(kept.codes, None, kept.pca, drawn, kept.index, kept.labels, kept, whole=False)
    return _whole(model, found.source, kept, found)


def places(laid: Layout, plane: tuple[int, int] | None, perplexity: int | None) -> dict[str, np.ndarray]:
    """Return where the images lie on every map that is drawn of them, each [n, 2], by name: codes, PCA, t-SNE, UMAP.

    ``plane`` are the dimensions of the codes that are shown, ``perplexity`` is the t-SNE's; None where there is none.
    """
    found = {} if plane is None else {"codes": laid.codes[:, list(plane)]}
    if laid.pca is not None:
        found["pca"] = laid.pca
    shown = [name for name in laid.planes if name == f"tsne-{perplexity}" or name.startswith("umap")]
    return found | {name: laid.planes[name].points for name in shown}


def spread(laid: Layout, across: int, up: int) -> np.ndarray | None:
    """Return the scales of the posteriors on the map of the codes, [n, 2]; None where no ellipse shows them."""
    return None if laid.scales is None or across == up else laid.scales[:, [across, up]]


def rows(laid: Layout) -> list[np.ndarray]:
    """Return which test images they are, and their labels where there are any, each [n]."""
    return [laid.index] if laid.labels is None else [laid.index, laid.labels]


def _own(model: Model) -> Pictures | None:
    try:
        return pictures(model, model.explorer.dataset)
    except ValueError:
        return None


@st.cache_resource(show_spinner="Encoding every test image ...", max_entries=32)
def _whole(model: Model, source: Source, _kept: serving.maps.LatentMap, _found: Pictures) -> Layout:
    del source  # it stands for the images
    own = model.explorer
    codes, scales = own.posterior(_found.images, own.told(_found.labels))
    pca = baseline(model, 2).encode(_found.images)
    planes, index = serving.maps.planes(own.dataset), np.arange(len(codes))
    return Layout(codes, scales if scales.any() else None, pca, planes, index, _found.labels, _kept, whole=True)


def sheet(model: Model, index: np.ndarray, columns: int) -> tuple[bytes, bool] | None:
    """Return the images of some rows of a map as one PNG, and whether they are decoded; None without any."""
    found = _own(model)
    if found is None or (found.maker and len(found.images) < len(index)):
        return None
    rows = np.arange(len(index)) if found.maker else index
    if rows.max() >= len(found.images):
        return None
    return _sheet(found.source, found.maker, columns, rows.tobytes(), found), bool(found.maker)


@st.cache_data(show_spinner="Gathering the images of the map ...", max_entries=8)
def _sheet(source: Source, maker: str, columns: int, index: bytes, _found: Pictures) -> bytes:
    del source, maker  # they stand for the images
    rows = np.frombuffer(index, dtype=np.int64)
    return sprites.png(sprites.tiles(_found.images[rows], columns), effort=1)  # somebody waits

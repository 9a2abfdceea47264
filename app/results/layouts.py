"""What the maps show: every test image where they are at hand, those that are kept with the model otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import figures
from app.results import baseline, latent_map
from app.state import Model, Pictures, Source, explorer, own_labels, pictures
from vaecore import serving
from vaecore.serving import LatentMap, Plane


@dataclass(frozen=True, eq=False)
class Layout:
    """Images on several planes.

    Attributes:
        codes: [n, latent].
        scales: of a Gaussian posterior, [n, latent]; None of any other.
        pca: the first two principal components, [n, 2].
        planes: t-SNE by perplexity and UMAP, by name.
        index: rows of the test split, [n].
        labels: [n], or None.
        scored: the map of the 2,000 images that every plane is scored on.
        whole: whether all test images are here.
    """

    codes: np.ndarray
    scales: np.ndarray | None
    pca: np.ndarray
    planes: Mapping[str, Plane]
    index: np.ndarray
    labels: np.ndarray | None
    scored: LatentMap
    whole: bool


def layout(model: Model) -> Layout:
    """Return where the images of a model's own data set lie.

    Raises:
        ValueError: no map is kept, and the data set cannot be had.
    """
    kept, found = latent_map(model), _own(model)
    planes = serving.planes(explorer(model).dataset)
    fits = (
        found is not None and not found.maker and all(len(each.points) == len(found.images) for each in planes.values())
    )
    if found is None or not planes or not fits:
        usual = {f"tsne-{serving.USUAL}": Plane(kept.tsne, kept.scores["tsne"])}
        return Layout(kept.codes, None, kept.pca, usual, kept.index, kept.labels, kept, whole=False)
    return _whole(model, found.source, kept, found)


def places(laid: Layout, across: int, up: int, perplexity: int) -> list[np.ndarray]:
    """Return where the images lie on every map that is drawn of them, each [n, 2]: codes, PCA, t-SNE and UMAP."""
    tsne = laid.planes[f"tsne-{perplexity}"].points
    return [laid.codes[:, [across, up]], laid.pca, tsne, *(plane.points for plane in umaps(laid))]


def umaps(laid: Layout) -> list[Plane]:
    """Return the planes of UMAP among those that are at hand."""
    return [plane for name, plane in laid.planes.items() if name.startswith("umap")]


def spread(laid: Layout, across: int, up: int) -> np.ndarray | None:
    """Return the scales of the posteriors on the map of the codes, [n, 2]; None where no ellipse shows them."""
    return None if laid.scales is None or across == up else laid.scales[:, [across, up]]


def rows(laid: Layout) -> list[np.ndarray]:
    """Return which test images they are, and their labels where there are any, each [n]."""
    return [laid.index] if laid.labels is None else [laid.index, laid.labels]


def _own(model: Model) -> Pictures | None:
    try:
        return pictures(model, explorer(model).dataset)
    except ValueError:
        return None


@st.cache_resource(show_spinner="Encoding every test image ...", max_entries=32)
def _whole(model: Model, source: Source, _kept: LatentMap, _found: Pictures) -> Layout:
    del source  # it stands for the images
    own = explorer(model)
    codes, scales = own.posterior(_found.images, own_labels(own, _found.labels))
    pca = baseline(model, 2).encode(_found.images)
    planes, index = serving.planes(own.dataset), np.arange(len(codes))
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
    return figures.png(figures.tiles(_found.images[rows], columns), effort=1)  # somebody waits

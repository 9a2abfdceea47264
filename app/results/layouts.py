"""What the maps show: every test image where they are at hand, those that are kept with the model otherwise."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.figures import sprites
from app.results import latents
from app.results.comparison import baseline, largest_baseline
from app.results.data import Pictures, Source, pictures, source_of
from app.session import state
from app.session.state import Model
from vaecore import serving

MOST, PIXELS = 10_000, 40_000_000  # images on a map, and pixels on the sheet of them: a browser has to hold it


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
        names: of the classes.
        scored: the map of the 2,000 images that every plane is scored on; of other images than the model's own none is.
        whole: whether all test images are here.
        fewer: the same of the 2,000 images that were laid out, where there are more; further planes are of those.
    """

    codes: np.ndarray
    scales: np.ndarray | None
    pca: np.ndarray | None
    planes: Mapping[str, serving.maps.Plane]
    index: np.ndarray
    labels: np.ndarray | None
    names: tuple[str, ...]
    scored: serving.maps.LatentMap
    whole: bool = True
    fewer: "Layout | None" = None


def layout(model: Model, data: str) -> Layout:
    """Return where the images of a data set lie: of the model's own, or of another that it can read.

    Raises:
        ValueError: it is the model's own, no map is kept, and it cannot be had; or it is another that cannot be had, or
            whose images the model cannot read.
    """
    if state.data_name(data) != state.own_images(model.explorer) or model.at is not None:
        found = pictures(model, data)
        return _others(model, found.source, found)
    kept, found = latents.latent_map(model), _had(model, data)
    names = tuple(model.explorer.classes)
    few = Layout(kept.codes, None, kept.pca, _drawn(kept), kept.index, kept.labels, names, kept, whole=False)
    if found is None or found.maker or len(found.images) <= kept.index.max():
        return few
    return _whole(model, found.source, few, found)


def _drawn(kept: serving.maps.LatentMap) -> dict[str, serving.maps.Plane]:
    """Return the planes that are kept with a model, by the names of those that ship."""
    found = {f"tsne-{serving.maps.USUAL}": ("tsne", kept.tsne), serving.maps.UMAP: ("umap", kept.umap)}
    return {
        name: serving.maps.Plane(points, kept.scores.get(kind, {}))
        for name, (kind, points) in found.items()
        if points is not None
    }


def holding(laid: Layout, names: Sequence[str]) -> Layout:
    """Return the layout that has these maps: of all images, or else of the fewer that were laid out."""
    return laid.fewer if laid.fewer and not laid.planes.keys() >= {*names} - {"pca"} else laid


def _fitting(planes: Mapping[str, serving.maps.Plane], count: int) -> dict[str, serving.maps.Plane]:
    """Return the planes that hold so many images."""
    return {name: each for name, each in planes.items() if len(each.points) == count}


def places(laid: Layout, view: serving.paths.Projection | None, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return where the images lie on some maps, each [n, 2], by name: first on the plane of the codes, if any."""
    found = {} if view is None else {"codes": view.places(laid.codes)}
    others = {} if laid.pca is None else {"pca": laid.pca}
    others |= {name: each.points for name, each in laid.planes.items()}
    return found | {name: others[name] for name in names}


def beside(laid: Layout) -> list[str]:
    """Return the maps that can stand beside that of the codes: PCA's, and the planes that were laid out."""
    drawn = laid.planes if laid.fewer is None else laid.fewer.planes
    return ["pca"] * (laid.pca is not None) + sorted(drawn)


def view(model: Model, data: str, laid: Layout, across: int, up: int) -> serving.paths.Projection:
    """Return the plane of two numbers of the codes; of one twice, that of their principal axes."""
    if across == up:
        return _principal(model, source_of(data), len(laid.codes), laid.codes)
    return serving.paths.coordinates(latents.quantiles(model)[latents.MIDDLE], across, up)


@st.cache_resource(show_spinner=False, max_entries=64)
def _principal(model: Model, source: Source, count: int, _codes: np.ndarray) -> serving.paths.Projection:
    del model, source, count  # they stand for the codes
    return serving.paths.projection(_codes)


def spread(laid: Layout, across: int, up: int) -> np.ndarray | None:
    """Return the scales of the posteriors on the map of the codes, [n, 2]; None where no ellipse shows them."""
    return None if laid.scales is None or across == up else laid.scales[:, [across, up]]


def rows(laid: Layout) -> list[np.ndarray]:
    """Return which test images they are, and their labels where there are any, each [n]."""
    return [laid.index] if laid.labels is None else [laid.index, laid.labels]


def _had(model: Model, data: str) -> Pictures | None:
    try:
        return pictures(model, data)
    except ValueError:
        return None


@st.cache_resource(show_spinner="Encoding every test image ...", max_entries=32)
def _whole(model: Model, source: Source, _few: Layout, _found: Pictures) -> Layout:
    """Lay out all test images, or as many as a page can hold: on what ships with them, or on what the fewer were."""
    del source  # it stands for the images
    own, count = model.explorer, len(_found.images)
    index = serving.maps.chosen_rows(count, max(len(_few.index), min(MOST, PIXELS // math.prod(own.shape[1:]))))
    images, labels = _found.images[index], None if _found.labels is None else _found.labels[index]
    codes, scales = own.posterior(images, own.told(labels))
    pca = None if _few.pca is None else _pca(model, images)
    planes = _fitting(serving.maps.planes(own.dataset) | serving.maps.code_planes(own), len(index))
    fewer = None
    if not planes:
        planes, fewer = (_few.planes, None) if len(index) == len(_few.index) else ({}, _few)
    scales = scales if scales.any() else None
    return Layout(codes, scales, pca, planes, index, labels, _found.names, _few.scored, len(index) == count, fewer)


def _pca(model: Model, images: np.ndarray) -> np.ndarray:
    return serving.maps.principal_plane(baseline(model, min(2, largest_baseline(model))), images)


@st.cache_resource(show_spinner="Encoding every image ...", max_entries=16)
def _others(model: Model, source: Source, _found: Pictures) -> Layout:
    """Lay out images that the model was not made for: by its codes, by the PCA of its own images, and by what ships."""
    own = model.explorer
    codes, scales = own.posterior(_found.images, own.told(_found.labels))
    pca, index = _pca(model, _found.images), np.arange(len(codes))
    planes = _fitting(serving.maps.planes(source.place), len(codes))
    unscored = serving.maps.unscored(codes, _found.images, pca, index, _found.labels)
    scales = scales if scales.any() else None
    return Layout(codes, scales, unscored.pca, planes, index, _found.labels, _found.names, unscored)


def sheet(model: Model, data: str, index: np.ndarray, columns: int) -> tuple[bytes, bool] | None:
    """Return the images of some rows of a map as one PNG, and whether they are decoded; None without any."""
    found = _had(model, data)
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

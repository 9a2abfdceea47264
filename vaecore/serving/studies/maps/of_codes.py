"""The map of a model's codes, beside PCA and t-SNE of the same images: computed once, kept, and read again."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from torch import Tensor

from vaecore import checkpoint
from vaecore.checkpoint import names
from vaecore.data import dataset
from vaecore.evaluation.latent import (
    LatentMap,
    chosen_rows,
    map_of,
    missing_planes,
    scores_in,
)
from vaecore.evaluation.outside import TICK, Report, silent
from vaecore.evaluation.planes import transductive_neighbour_accuracy
from vaecore.reading import CheckpointError, read_tensors
from vaecore.serving.explorer import Explorer
from vaecore.serving.kept import MAP, keep_map, keepable, read_map
from vaecore.serving.studies.comparison import principal_components

_made: WeakKeyDictionary[Explorer, LatentMap] = WeakKeyDictionary()  # a map goes with its explorer
_locks: defaultdict[str, Lock] = defaultdict(Lock)
_look_up = Lock()


def latent_map(explorer: Explorer, report: Report = silent) -> LatentMap:
    """The model's codes of 2,000 test images beside PCA and t-SNE of the same images; computed once and kept.

    It is kept beside the weights where it ships with them, in the user's cache folder otherwise. Planes that cannot
    be shown, of too few images or of images all alike, are missing, each with a sentence that says why.

    Args:
        explorer: the model.
        report: told the stage and which share of all is done, if the map has to be computed: several times a second.

    Raises:
        ValueError: it is not kept yet and the data set cannot be had; or what is kept beside the weights is no map of
            this model.
    """
    if explorer in _made:
        return _made[explorer]
    digest = explorer.map_files[-1].stem
    with _alone(digest, report):  # the second visitor waits for the first one's map, and for no other
        if explorer not in _made:
            _made[explorer] = _kept(explorer) or _computed(explorer, report)
        return _made[explorer]


@contextmanager
def _alone(digest: str, report: Report) -> Iterator[None]:
    with _look_up:
        lock = _locks[digest]
    while not lock.acquire(timeout=TICK):
        report("Waiting for another visitor's map", 0.0)
    try:
        yield
    finally:
        lock.release()


def _kept(explorer: Explorer) -> LatentMap | None:
    """The map beside the weights, or else in the cache, where a broken one is made again."""
    if explorer.folder is not None:
        found = _read_map(explorer.folder / MAP, explorer)
        if found is not None:
            return found
    with suppress(CheckpointError):
        return _read_map(explorer.map_files[-1], explorer)
    return None


def _computed(explorer: Explorer, report: Report) -> LatentMap:
    found, cached = compute_map(explorer, report=report), explorer.map_files[-1]
    if keepable(found):
        with suppress(OSError):  # a folder that cannot be written costs the time again, not the result
            cached.parent.mkdir(parents=True, exist_ok=True)
            keep_map(found, cached)
    return found


def compute_map(explorer: Explorer, data_dir: str | Path | None = None, report: Report = silent) -> LatentMap:
    """The map of `latent_map`, computed anew: seconds to a minute.

    Raises:
        ValueError: the data set cannot be had.
    """
    report("Reading the images", 0.0)
    tests = dataset(explorer.dataset, "test", data_dir)
    chosen = chosen_rows(len(tests))
    rows = tests.rows(torch.from_numpy(chosen))
    labels = explorer.told(rows.labels)
    report("Encoding the images", 0.05)
    codes = explorer.encode(rows.images, labels)
    flat = rows.images.reshape(len(rows), -1)
    report("Fitting the principal components", 0.1)
    whole = principal_components(explorer.dataset, data_dir)
    pca = principal_plane(whole.truncate(min(2, whole.latent)), rows.images)
    return map_of(codes, flat, pca, chosen, rows.labels, _kept_tsne(explorer.dataset), report)


def unscored(
    codes: Float32[ndarray, "n latent"],
    images: Float32[ndarray, "n c h w"],
    pca: Float32[ndarray, "n 2"],
    index: Int64[ndarray, "n"],
    labels: Int64[ndarray, "n"] | None,
) -> LatentMap:
    """The codes of images that a model was not made for, beside their places by PCA: nothing is laid out or scored."""
    missing = missing_planes(codes, images.reshape(len(images), -1), pca)
    return LatentMap(codes, None if "pca" in missing else pca, None, index, labels, {}, missing)


def principal_plane(pca: Explorer, images: Float32[ndarray, "n c h w"]) -> Float32[ndarray, "n 2"]:
    """The first two principal components of images; of a single pixel there is one, and the second is zero."""
    first = pca.encode(images)
    return np.pad(first, [(0, 0), (0, 2 - first.shape[1])])


def _kept_tsne(data: str) -> Float32[ndarray, "n 2"] | None:
    """The t-SNE that ships with the data set's PCA: it is of the same images, whatever the model."""
    path = checkpoint.find(f"pca-{data}") / MAP if f"pca-{data}" in names() else None
    return read_tensors(path)["tsne"].float().numpy() if path and path.exists() else None


def _read_map(path: Path, explorer: Explorer) -> LatentMap | None:
    """The map in a file; None where there is none, or one of codes of another size.

    Raises:
        CheckpointError: it is no map, or not of this model's images.
    """
    tensors = read_map(path, len(explorer.classes))
    if tensors is None:
        return None
    index = tensors["index"].long()
    if "codes" in tensors:
        codes = tensors["codes"].float().numpy()
        if codes.shape[1] != explorer.latent:
            if _is_cut(explorer):
                return None
            raise CheckpointError(f"{path}: not a map of {explorer.name}: codes of {codes.shape[1]} numbers")
    else:
        codes = _codes_of(explorer, index, path)
    pca, tsne = (tensors[name].float().numpy() for name in ("pca", "tsne"))
    umap = tensors["umap"].float().numpy() if "umap" in tensors else None
    labels = tensors["labels"].long().numpy() if "labels" in tensors else None
    scores = scores_in(tensors)
    missing = {} if "codes" in scores else missing_planes(codes, tsne, pca)  # all three had been scored, if they could
    return LatentMap(codes, pca, tsne, index.numpy(), labels, scores, missing, umap)


def _is_cut(explorer: Explorer) -> bool:
    """Whether a PCA has fewer components than the one that is kept in its folder."""
    if explorer.variant != "pca" or explorer.folder is None:
        return False
    return checkpoint.load_recipe(explorer.folder).settings.latent != explorer.latent


def _codes_of(explorer: Explorer, index: Int64[Tensor, "n"], path: Path) -> Float32[ndarray, "n latent"]:
    tests = dataset(explorer.dataset, "test")
    if int(index.max()) >= len(tests):
        raise CheckpointError(f"{path}: not a map of {explorer.dataset}: it has {len(tests):,} test images")
    rows = tests.rows(index)
    return explorer.encode(rows.images, explorer.told(rows.labels))


def plane_accuracy(found: LatentMap, x: int, y: int) -> float:
    """The leave-one-out 5-nearest-neighbour accuracy of the plane of two latent dimensions.

    Raises:
        ValueError: the map has no labels, or its codes do not differ in these dimensions.
    """
    if found.labels is None:
        raise ValueError("expected a map with labels, got one without")
    return transductive_neighbour_accuracy(found.codes[:, [x, y]], found.labels)

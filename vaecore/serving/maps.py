"""The map of a model's codes, beside PCA and t-SNE of the same images: computed once, kept, and read again."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import isfinite
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from platformdirs import user_cache_path
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
from vaecore.reading import CheckpointError, Header, exists, read_tensors, shorten
from vaecore.serving.explorer import Explorer
from vaecore.serving.studies import principal_components

MAP = "map.safetensors"
WIDEST_KEPT = 64  # numbers of a code, of which a map keeps 2,000
PLANES, SCORES = ("codes", "pca", "tsne"), ("trustworthiness", "neighbours")
LARGEST_ROW = 2**31  # of a test split
LARGEST_HALF = 65504  # number in half precision

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
    digest = _digest(explorer)
    with _alone(digest, report):  # the second visitor waits for the first one's map, and for no other
        if explorer not in _made:
            _made[explorer] = _kept(explorer, digest) or _computed(explorer, digest, report)
        return _made[explorer]


def _digest(explorer: Explorer) -> str:
    digest = hashlib.sha256(explorer.dataset.encode())
    for tensor in explorer.model.state_dict().values():  # not the file: a truncated PCA has the same one
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


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


def _cached(digest: str) -> Path:
    return user_cache_path("vaecore") / "maps" / f"{digest}.safetensors"


def _kept(explorer: Explorer, digest: str) -> LatentMap | None:
    """The map beside the weights, or else in the cache, where a broken one is made again."""
    if explorer.folder is not None:
        found = _read_map(explorer.folder / MAP, explorer)
        if found is not None:
            return found
    with suppress(CheckpointError):
        return _read_map(_cached(digest), explorer)
    return None


def _computed(explorer: Explorer, digest: str, report: Report) -> LatentMap:
    found, cached = compute_map(explorer, report=report), _cached(digest)
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
    labels = rows.labels if "condition" in explorer.abilities else None
    report("Encoding the images", 0.05)
    codes = explorer.encode(rows.images, labels)
    flat = rows.images.reshape(len(rows), -1)
    report("Fitting the principal components", 0.1)
    whole = principal_components(explorer.dataset, data_dir)
    first = whole.truncate(min(2, whole.latent)).encode(rows.images)
    pca = np.pad(first, [(0, 0), (0, 2 - first.shape[1])])  # of a single pixel there is one
    return map_of(codes, flat, pca, chosen, rows.labels, _kept_tsne(explorer.dataset), report)


def _kept_tsne(data: str) -> Float32[ndarray, "n 2"] | None:
    """The t-SNE that ships with the data set's PCA: it is of the same images, whatever the model."""
    path = checkpoint.find(f"pca-{data}") / MAP if f"pca-{data}" in names() else None
    return read_tensors(path)["tsne"].float().numpy() if path and path.exists() else None


def keepable(found: LatentMap) -> bool:
    """Whether a map is worth a file: its t-SNE is there, the only part that takes its time."""
    return found.pca is not None and found.tsne is not None


def keep_map(found: LatentMap, path: Path) -> None:
    """Write a map; the planes in half precision, which no screen shows, and codes only if they are not wide.

    Raises:
        ValueError: a plane of the images is missing; the sentence says why.
    """
    if not keepable(found):
        raise ValueError(found.missing.get("tsne") or found.missing["pca"])
    planes = ("codes", "pca", "tsne") if found.codes.shape[1] <= WIDEST_KEPT else ("pca", "tsne")
    tensors = {name: _small(torch.from_numpy(getattr(found, name))) for name in planes}
    tensors["index"] = torch.from_numpy(found.index).int()
    if found.labels is not None:
        tensors["labels"] = torch.from_numpy(found.labels).to(torch.int16)
    for plane, scores in found.scores.items():
        tensors |= {f"scores.{plane}.{score}": torch.tensor(value) for score, value in scores.items()}
    checkpoint.write_tensors(path, tensors)


def _small(points: Tensor) -> Tensor:
    return points.half() if points.abs().max() <= LARGEST_HALF else points


def _read_map(path: Path, explorer: Explorer) -> LatentMap | None:
    """The map in a file; None where there is none, or one of codes of another size.

    Raises:
        CheckpointError: it is no map, or not of this model's images.
    """
    if not exists(path):
        return None
    tensors = read_tensors(path, lambda header: _check_map(header, path))
    _check_values(tensors, len(explorer.classes), path)
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
    labels = tensors["labels"].long().numpy() if "labels" in tensors else None
    scores = scores_in(tensors)
    missing = {} if "codes" in scores else missing_planes(codes, tsne, pca)  # all three had been scored, if they could
    return LatentMap(codes, pca, tsne, index.numpy(), labels, scores, missing)


def _is_cut(explorer: Explorer) -> bool:
    """Whether a PCA has fewer components than the one that is kept in its folder."""
    if explorer.variant != "pca" or explorer.folder is None:
        return False
    return checkpoint.load_recipe(explorer.folder).settings.latent != explorer.latent


def _check_map(header: Header, path: Path) -> None:
    """Names, types and shapes, before anything is read."""
    count = header["index"].shape[:1] if "index" in header else ()
    expected = {"index": count, "labels": count, "pca": (*count, 2), "tsne": (*count, 2)}
    lacking = [name for name in ("index", "pca", "tsne") if name not in header]
    if lacking or not count or not count[0]:
        raise CheckpointError(f"{path}: not a map: expected points in {lacking or ['index']}, got none")
    for name, came in header.items():
        shape = (*count, *came.shape[1:2]) if name == "codes" else expected.get(name, ())
        if name not in expected and name != "codes" and not _is_score(name):
            raise CheckpointError(f"{path}: not a map: unexpected {shorten(name)}")
        if came.shape != shape or (name == "codes" and not 0 < came.shape[-1] <= WIDEST_KEPT):
            raise CheckpointError(f"{path}: not a map: {name} of shape {list(came.shape)}, expected {list(shape)}")
        if came.dtype.is_floating_point == (name in ("index", "labels")) or came.dtype == torch.bool:
            raise CheckpointError(f"{path}: not a map: {name} of {came.dtype}")


def _is_score(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 3 and parts[0] == "scores" and parts[1] in PLANES and parts[2] in SCORES


def _check_values(tensors: dict[str, Tensor], classes: int, path: Path) -> None:
    for name, tensor in tensors.items():
        low, high = float(tensor.double().min()), float(tensor.double().max())
        if not (isfinite(low) and isfinite(high)):
            raise CheckpointError(f"{path}: not a map: {name} holds NaN or infinity")
        least, largest = {"index": (0, LARGEST_ROW), "labels": (0, classes - 1)}.get(name, (low, high))
        if _is_score(name):
            least, largest = 0, 1
        if low < least or high > largest:
            raise CheckpointError(f"{path}: not a map: {name} from {low:g} to {high:g}, expected {least} to {largest}")


def _codes_of(explorer: Explorer, index: Int64[Tensor, "n"], path: Path) -> Float32[ndarray, "n latent"]:
    tests = dataset(explorer.dataset, "test")
    if int(index.max()) >= len(tests):
        raise CheckpointError(f"{path}: not a map of {explorer.dataset}: it has {len(tests):,} test images")
    rows = tests.rows(index)
    return explorer.encode(rows.images, rows.labels if "condition" in explorer.abilities else None)


def plane_accuracy(found: LatentMap, x: int, y: int) -> float:
    """The leave-one-out 5-nearest-neighbour accuracy of the plane of two latent dimensions.

    Raises:
        ValueError: the map has no labels, or its codes do not differ in these dimensions.
    """
    if found.labels is None:
        raise ValueError("expected a map with labels, got one without")
    return transductive_neighbour_accuracy(found.codes[:, [x, y]], found.labels)

"""The file of a map: the planes of a model's images, what they are of, and how well they keep neighbours."""

import hashlib
from math import isfinite
from pathlib import Path

import torch
from jaxtyping import Float32
from numpy import ndarray
from platformdirs import user_cache_path
from torch import Tensor
from torch.nn import Module

from vaecore import writing
from vaecore.evaluation.latent import LatentMap
from vaecore.reading import CheckpointError, Header, exists, read_tensors, shorten

MAP = "map.safetensors"
WIDEST_KEPT = 64  # numbers of a code, of which a map keeps 2,000
PLANES, SCORES = ("codes", "pca", "tsne", "umap"), ("trustworthiness", "neighbours")
LARGEST_ROW = 2**31  # of a test split
LARGEST_HALF = 65504  # number in half precision


def map_files(folder: Path | None, dataset: str, model: Module) -> list[Path]:
    """Where a map may be kept: beside the weights where it ships, and in the user's cache folder.

    There it is called by the SHA-256 of the data set's name and of all weights: not of their file, which a truncated
    PCA shares.
    """
    digest = hashlib.sha256(dataset.encode())
    for tensor in model.state_dict().values():
        digest.update(tensor.cpu().numpy().tobytes())
    beside = [] if folder is None else [folder / MAP]
    return [*beside, user_cache_path("vaecore") / "maps" / f"{digest.hexdigest()}.safetensors"]


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
    planes = {name: getattr(found, name) for name in PLANES if name != "codes" or found.codes.shape[1] <= WIDEST_KEPT}
    tensors = {name: _small(torch.from_numpy(plane)) for name, plane in planes.items() if plane is not None}
    tensors["index"] = torch.from_numpy(found.index).int()
    if found.labels is not None:
        tensors["labels"] = torch.from_numpy(found.labels).to(torch.int16)
    for plane, scores in found.scores.items():
        tensors |= {f"scores.{plane}.{score}": torch.tensor(value) for score, value in scores.items()}
    writing.write_tensors(path, tensors)


def _small(points: Tensor) -> Tensor:
    return points.half() if points.abs().max() <= LARGEST_HALF else points


def read_map(path: Path, classes: int) -> dict[str, Tensor] | None:
    """What is in the file of a map, checked; None where there is no file.

    Raises:
        CheckpointError: it is no map, or one of more classes.
    """
    if not exists(path):
        return None
    tensors = read_tensors(path, lambda header: _check_map(header, path))
    _check_values(tensors, classes, path)
    return tensors


def kept_codes(path: Path, classes: int, latent: int) -> Float32[ndarray, "n latent"] | None:
    """The codes in the file of a map; None where there is none, or where they are of another size, or too wide.

    Raises:
        CheckpointError: it is no map.
    """
    tensors = read_map(path, classes) or {}
    codes = tensors.get("codes")
    return codes.float().numpy() if codes is not None and codes.shape[1] == latent else None


def _check_map(header: Header, path: Path) -> None:
    """Names, types and shapes, before anything is read."""
    count = header["index"].shape[:1] if "index" in header else ()
    expected = {"index": count, "labels": count, "pca": (*count, 2), "tsne": (*count, 2), "umap": (*count, 2)}
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

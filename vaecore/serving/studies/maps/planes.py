"""Planes that ship: a data set's test images by t-SNE and UMAP, beside its PCA; a model's codes, beside its weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float32
from numpy import ndarray

from vaecore import checkpoint, writing
from vaecore.data import Images, dataset
from vaecore.evaluation.latent import chosen_rows, scores_in
from vaecore.evaluation.planes import USUAL, distances, plane_scores, planes_of, tsne
from vaecore.reading import CheckpointError, exists, read_tensors
from vaecore.serving.explorer import Explorer

PLANES = "planes.safetensors"


@dataclass(frozen=True, eq=False)
class Plane:
    """Every test image of a data set on a plane.

    Attributes:
        points: [n, 2], in the order of the test split.
        scores: of the 2,000 images of a `LatentMap`, by the same measures.
    """

    points: Float32[ndarray, "n 2"]
    scores: dict[str, float]


def compute_planes(data: str, folder: Path, data_dir: str | Path | None = None) -> None:
    """Lay a data set's test images out and keep the planes in a folder: 2 to 4 minutes for 10,000 images.

    Raises:
        ValueError: the data set cannot be had.
    """
    tests = dataset(data, "test", data_dir)
    _keep(planes_of(tests.images.reshape(len(tests), -1)), tests, folder)


def compute_code_plane(explorer: Explorer, folder: Path, data_dir: str | Path | None = None) -> None:
    """Lay a model's codes of its data set's test images out by t-SNE, and keep the plane: a minute for 10,000.

    Raises:
        ValueError: the data set cannot be had, or the codes cannot be laid out.
    """
    tests = dataset(explorer.dataset, "test", data_dir)
    codes = explorer.encode(tests.images, explorer.told(tests.labels))
    _keep({f"codes-{USUAL}": tsne(codes, float(USUAL))}, tests, folder)


def _keep(found: Mapping[str, Float32[ndarray, "n 2"]], tests: Images, folder: Path) -> None:
    """Write planes and their scores; in half precision, for no screen shows the rest."""
    rows = chosen_rows(len(tests))
    labels = None if tests.labels is None else tests.labels[rows]
    apart, tensors = distances(tests.images[rows].reshape(len(rows), -1)), {}
    for name, points in found.items():
        tensors[name] = torch.from_numpy(points).half()
        for score, value in plane_scores(apart, points[rows], labels).items():
            tensors[f"scores.{name}.{score}"] = torch.tensor(value)
    writing.write_tensors(folder / PLANES, tensors)


def planes(data: str) -> dict[str, Plane]:
    """The planes that ship with a data set, by name ("tsne-30", "umap-15"); none of a data set of one's own."""
    return _read(checkpoint.find(f"pca-{data}")) if f"pca-{data}" in checkpoint.names() else {}


def code_planes(explorer: Explorer) -> dict[str, Plane]:
    """The planes of a model's codes that are kept beside its weights ("codes-30"); none of another."""
    found = {} if explorer.folder is None else _read(explorer.folder)
    return {name: plane for name, plane in found.items() if name.startswith("codes-")}


def _read(folder: Path) -> dict[str, Plane]:
    path = folder / PLANES
    if not exists(path):
        return {}
    tensors = read_tensors(path)
    try:
        scores = scores_in(tensors)
        by_number = sorted(scores, key=lambda name: (name.split("-")[0], int(name.split("-")[1])))
        return {name: Plane(tensors[name].float().numpy(), scores[name]) for name in by_number}
    except (KeyError, IndexError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path}: not the planes of a data set ({error!r})") from None

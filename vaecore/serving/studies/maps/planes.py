"""Planes that ship with a data set's PCA: every test image, by t-SNE at several perplexities and by UMAP."""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float32
from numpy import ndarray

from vaecore import checkpoint, writing
from vaecore.data import dataset
from vaecore.evaluation.latent import chosen_rows, scores_in
from vaecore.evaluation.planes import distances, plane_scores, planes_of
from vaecore.reading import CheckpointError, exists, read_tensors

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

    Half precision: no screen shows the rest.

    Raises:
        ValueError: the data set cannot be had.
    """
    tests = dataset(data, "test", data_dir)
    pixels = tests.images.reshape(len(tests), -1)
    rows = chosen_rows(len(tests))
    labels = None if tests.labels is None else tests.labels[rows]
    apart, tensors = distances(pixels[rows]), {}
    for name, points in planes_of(pixels).items():
        tensors[name] = torch.from_numpy(points).half()
        for score, value in plane_scores(apart, points[rows], labels).items():
            tensors[f"scores.{name}.{score}"] = torch.tensor(value)
    writing.write_tensors(folder / PLANES, tensors)


def planes(data: str) -> dict[str, Plane]:
    """The planes that ship with a data set, by name ("tsne-30", "umap-15"); none of a data set of one's own."""
    path = checkpoint.find(f"pca-{data}") / PLANES if f"pca-{data}" in checkpoint.names() else None
    if path is None or not exists(path):
        return {}
    tensors = read_tensors(path)
    try:
        scores = scores_in(tensors)
        by_number = sorted(scores, key=lambda name: (name.split("-")[0], int(name.split("-")[1])))
        return {name: Plane(tensors[name].float().numpy(), scores[name]) for name in by_number}
    except (KeyError, IndexError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path}: not the planes of a data set ({error!r})") from None

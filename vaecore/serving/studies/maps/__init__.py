"""Maps of the same images: by a model's codes, by PCA, by t-SNE, and the planes that ship with a data set."""

from vaecore.evaluation.latent import LatentMap, chosen_rows
from vaecore.evaluation.planes import UMAP, USUAL
from vaecore.serving.studies.maps.of_codes import compute_map, latent_map, plane_accuracy, principal_plane, unscored
from vaecore.serving.studies.maps.planes import PLANES, Plane, code_planes, compute_code_plane, compute_planes, planes

__all__ = [
    "PLANES",
    "UMAP",
    "USUAL",
    "LatentMap",
    "Plane",
    "chosen_rows",
    "code_planes",
    "compute_code_plane",
    "compute_map",
    "compute_planes",
    "latent_map",
    "plane_accuracy",
    "planes",
    "principal_plane",
    "unscored",
]

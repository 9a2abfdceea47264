"""Maps of the same images: by a model's codes, by PCA, by t-SNE, and the planes that ship with a data set."""

from vaecore.evaluation.latent import LatentMap
from vaecore.evaluation.planes import USUAL
from vaecore.serving.studies.maps.of_codes import compute_map, latent_map, plane_accuracy
from vaecore.serving.studies.maps.planes import Plane, compute_planes, planes

__all__ = ["USUAL", "LatentMap", "Plane", "compute_map", "compute_planes", "latent_map", "plane_accuracy", "planes"]

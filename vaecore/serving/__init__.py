"""The door for pages and programs: explorers, and studies of what they do."""

from vaecore.serving.explorer import Explorer, load, names
from vaecore.serving.studies import (
    Comparison,
    LatentMap,
    baseline,
    compare,
    latent_map,
    manifold,
    plane_accuracy,
    variants,
)

__all__ = [
    "Comparison",
    "Explorer",
    "LatentMap",
    "baseline",
    "compare",
    "latent_map",
    "load",
    "manifold",
    "names",
    "plane_accuracy",
    "variants",
]

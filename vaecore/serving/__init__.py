"""The door for pages and programs: explorers, and studies of what they do."""

from vaecore.checkpoint import names
from vaecore.corruption import Corruption
from vaecore.serving.directions import (
    Nudge,
    Sensitivity,
    movement,
    nudge,
    sensitivity,
    usual_distance,
)
from vaecore.serving.explorer import Explorer, load
from vaecore.serving.properties import (
    NOISES,
    Activity,
    Restoration,
    activity,
    error_curve,
    filters,
    layers,
    restore,
    twin,
)
from vaecore.serving.strangers import (
    ALTERATIONS,
    Roc,
    anomaly,
    roc,
    unseen,
    unseen_kinds,
)
from vaecore.serving.studies import (
    Comparison,
    LatentMap,
    baseline,
    compare,
    latent_map,
    manifold,
    plane_accuracy,
    variants,
    without_density,
)

__all__ = [
    "ALTERATIONS",
    "NOISES",
    "Activity",
    "Comparison",
    "Corruption",
    "Explorer",
    "LatentMap",
    "Nudge",
    "Restoration",
    "Roc",
    "Sensitivity",
    "activity",
    "anomaly",
    "baseline",
    "compare",
    "error_curve",
    "filters",
    "latent_map",
    "layers",
    "load",
    "manifold",
    "movement",
    "names",
    "nudge",
    "plane_accuracy",
    "restore",
    "roc",
    "sensitivity",
    "twin",
    "unseen",
    "unseen_kinds",
    "usual_distance",
    "variants",
    "without_density",
]

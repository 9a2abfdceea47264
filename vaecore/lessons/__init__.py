"""What the lessons compute: each idea in the small, on a real model, with an answer to check it by."""

from vaecore.lessons.subspaces import Scatter, Snapshot, angles, directions, rotated, scatter, training_scatter
from vaecore.lessons.subspaces import descend as descend_linear

__all__ = [
    "Scatter",
    "Snapshot",
    "angles",
    "descend_linear",
    "directions",
    "rotated",
    "scatter",
    "training_scatter",
]

"""What the lessons compute: each idea in the small, on a real model, with an answer to check it by."""

from vaecore.lessons.bends import Ellipse, covering, forward_divergence, most_bent, sampled
from vaecore.lessons.estimators import ESTIMATORS, PARAMETERS, Drawn, Exact, drawn, exact
from vaecore.lessons.gaussians import Descent, Direction, Mixture, Parts, descend, ends, landscape, parts
from vaecore.lessons.holes import Codes, Fit, Mismatch
from vaecore.lessons.subspaces import Scatter, Snapshot, angles, directions, rotated, scatter, training_scatter
from vaecore.lessons.subspaces import descend as descend_linear

__all__ = [
    "ESTIMATORS",
    "PARAMETERS",
    "Codes",
    "Descent",
    "Direction",
    "Drawn",
    "Ellipse",
    "Exact",
    "Fit",
    "Mismatch",
    "Mixture",
    "Parts",
    "Scatter",
    "Snapshot",
    "angles",
    "covering",
    "descend",
    "descend_linear",
    "directions",
    "drawn",
    "ends",
    "exact",
    "forward_divergence",
    "landscape",
    "most_bent",
    "parts",
    "rotated",
    "sampled",
    "scatter",
    "training_scatter",
]

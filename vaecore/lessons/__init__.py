"""What the lessons compute: each idea in the small, on a real model, with an answer to check it by."""

from vaecore.lessons.bends import Ellipse, covering, forward_divergence, held, most_bent, sampled
from vaecore.lessons.estimators import ESTIMATORS, PARAMETERS, Drawn, Exact, drawn, exact
from vaecore.lessons.gaussians import (
    Descent,
    Direction,
    Mixture,
    Parts,
    Reach,
    density,
    descend,
    ends,
    landscape,
    parts,
    reach,
)
from vaecore.lessons.holes import Codes, Fit, Mismatch
from vaecore.lessons.subspaces import (
    Scatter,
    Snapshot,
    angles,
    directions,
    likeness,
    rotated,
    scatter,
    training_scatter,
    unit_rows,
)
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
    "Reach",
    "Scatter",
    "Snapshot",
    "angles",
    "covering",
    "density",
    "descend",
    "descend_linear",
    "directions",
    "drawn",
    "ends",
    "exact",
    "forward_divergence",
    "held",
    "landscape",
    "likeness",
    "most_bent",
    "parts",
    "reach",
    "rotated",
    "sampled",
    "scatter",
    "training_scatter",
    "unit_rows",
]

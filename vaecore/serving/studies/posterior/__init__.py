"""The true posterior of one image over a plane of codes, and what is set beside it."""

from vaecore.serving.studies.posterior.approximations import (
    Approximation,
    TruePosterior,
    best_gaussian,
    binarised,
    encoder_posterior,
    gaussian_posterior,
    importance,
    joint_lattice,
    true_posterior,
    wants_binary,
)
from vaecore.serving.studies.posterior.bounds import in_plane
from vaecore.serving.studies.posterior.grids import Lattice

__all__ = [
    "Approximation",
    "Lattice",
    "TruePosterior",
    "best_gaussian",
    "binarised",
    "encoder_posterior",
    "gaussian_posterior",
    "importance",
    "in_plane",
    "joint_lattice",
    "true_posterior",
    "wants_binary",
]

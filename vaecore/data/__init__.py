"""Data sets: one tensor each."""

from vaecore.data.examples import Examples
from vaecore.data.images import Images
from vaecore.data.shelf import data_folder
from vaecore.data.sources import (
    dataset,
    fetch,
    found_again,
    held_out,
    is_here,
    is_named,
    other_classes,
    own_parts,
    strangers,
    terms,
)
from vaecore.data.table import DATASETS, DataSet
from vaecore.data.text import Texts

__all__ = [
    "DATASETS",
    "DataSet",
    "Examples",
    "Images",
    "Texts",
    "data_folder",
    "dataset",
    "fetch",
    "found_again",
    "held_out",
    "is_here",
    "is_named",
    "other_classes",
    "own_parts",
    "strangers",
    "terms",
]

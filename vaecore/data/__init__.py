"""Data sets: one uint8 tensor each."""

from vaecore.data.images import Images
from vaecore.data.sources import DATASETS, SHAPES, data_folder, dataset, fetch, is_named, other_classes

__all__ = ["DATASETS", "SHAPES", "Images", "data_folder", "dataset", "fetch", "is_named", "other_classes"]

"""Data sets: one uint8 tensor each."""

from vaecore.data.images import Images
from vaecore.data.sources import DATASETS, data_folder, dataset, fetch

__all__ = ["DATASETS", "Images", "data_folder", "dataset", "fetch"]

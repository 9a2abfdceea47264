"""Data sets: one uint8 tensor each."""

from vaecore.data.images import DATASETS, Images, dataset, fetch

__all__ = ["DATASETS", "Images", "dataset", "fetch"]

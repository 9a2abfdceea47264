"""Train, serve and explore autoencoders.

>>> import vaecore
>>> "vae-digits-2" in vaecore.names()
True
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaecore import data as data
    from vaecore import jobs as jobs
    from vaecore.checkpoint import names
    from vaecore.comparing import compare
    from vaecore.data import dataset
    from vaecore.measuring import evaluate
    from vaecore.serving.explorer import Explorer
    from vaecore.serving.loading import load
    from vaecore.training import train

__version__ = "0.1.0"

__all__ = ["Explorer", "compare", "dataset", "evaluate", "load", "names", "train"]

_HOMES = {
    "Explorer": "serving.explorer",
    "compare": "comparing",
    "dataset": "data",
    "evaluate": "measuring",
    "load": "serving.loading",
    "names": "checkpoint",
    "train": "training",
}
_MODULES = ("data", "jobs", "serving", "training")


def __getattr__(name: str) -> object:
    """The public names, and the modules that they are of, are imported when they are asked for: torch takes seconds."""
    if name in _HOMES:
        return getattr(import_module(f"vaecore.{_HOMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"vaecore.{name}")
    raise AttributeError(f"module 'vaecore' has no attribute {name!r}")

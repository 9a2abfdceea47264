"""Train, serve and explore autoencoders.

>>> import vaecore
>>> "vae-digits-2" in vaecore.names()
True
"""

from vaecore.data import dataset
from vaecore.serving import Explorer, load, names
from vaecore.training import train

__all__ = ["Explorer", "dataset", "load", "names", "train"]

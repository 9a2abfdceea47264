"""What the noise of each level of a hierarchy decides."""

import numpy as np

from app.markup import strips
from app.results.data import Pictures
from app.results.directions import own_label
from app.results.rates import SILENT_LEVEL
from app.session.state import Model, find, model_names
from vaecore import serving

VARIANTS = ("hierarchical", "ladder")
REDRAWS = 8


def at_hand() -> list[str]:
    """Return the hierarchies at hand."""
    return [name for name in model_names() if find(name).explorer.variant in VARIANTS]


def from_prior(model: Model, label: int | None, temperature: float, seed: int) -> serving.levels.Redrawn:
    """Draw a code from the prior, and redraw one level of it at a time."""
    own = model.explorer
    noise = serving.levels.prior_noise(own, temperature, seed)
    return serving.levels.redraw(own, noise, REDRAWS, temperature, seed, label)


def from_image(model: Model, found: Pictures, row: int, temperature: float, seed: int) -> serving.levels.Redrawn:
    """Find the noise behind an image's posterior mean, and redraw one level of it at a time."""
    own = model.explorer
    label = own_label(own, found, row)
    noise = serving.levels.noise_behind(own, found.images[row], label)
    return serving.levels.redraw(own, noise, REDRAWS, temperature, seed, label)


def title(model: Model, level: int) -> str:
    """Name a level, 0 being the one next to the image, by its place."""
    sizes = serving.levels.sizes(model.explorer)
    place = {len(sizes) - 1: " (top)", 0: " (by the image)"}.get(level, "")
    return f"Level {level + 1}{place}"


def number(model: Model, index: int) -> str:
    """Name a number of a code; in a hierarchy by its level as well, whose own names are z₁, z₂ ..."""
    own = model.explorer
    if own.variant not in VARIANTS:
        return strips.subscript("z", index)
    sizes = serving.levels.sizes(own)
    level = int(np.searchsorted(np.cumsum(sizes), index, side="right"))
    return f"{strips.subscript('z', level)}{strips.subscript(',', index - sum(sizes[:level]))}"


def downwards(found: serving.rates.Terms) -> list[tuple[int, int, float]]:
    """Return each level from the top, counted from 0 at the image: with its size and its rate."""
    return list(zip(range(len(found.sizes)), found.sizes, found.rates.tolist(), strict=True))[::-1]


def silent(found: serving.rates.Terms) -> np.ndarray:
    """Return which levels are collapsed, those from the top first."""
    return (found.rates < SILENT_LEVEL)[::-1]

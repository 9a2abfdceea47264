"""What a code costs and what it leaves unsaid, in nats; and families of models that put different prices on it."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float64
from numpy import ndarray

from vaecore import checkpoint
from vaecore.checkpoint import names
from vaecore.evaluation.rates import rates_and_distortion
from vaecore.models.variational import Variational, VariationalSettings
from vaecore.recipes import Recipe
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_images
from vaecore.serving.properties import label_for

IMAGES = 2000  # of those given, that the terms are averaged over
VARIANTS = ("vae", "beta-vae")  # whose family is one network at several prices of the rate
ON_THE_WAY = ("beta", "annealing", "annealing_share", "annealing_cycles")  # settings that a family need not share


@dataclass(frozen=True, eq=False)
class Terms:
    """The two terms of minus the elbo, averaged over images. No beta, no free bits, no annealing is in them.

    Attributes:
        rates: what each group of latents costs, [groups]: log q(z|x) - log p(z), or its expectation where that is
            known. A group is one layer of a hierarchy, the one next to the image first, and one unit elsewhere.
        distortion: E_q[-log p(x|z)], by one sample an image.
        sizes: how many numbers each group has.
        images: how many the terms are averaged over.
    """

    rates: Float64[ndarray, "groups"]
    distortion: float
    sizes: tuple[int, ...]
    images: int

    @property
    def rate(self) -> float:
        """KL(q(z|x) || p(z)): of all groups together."""
        return float(self.rates.sum())

    @property
    def elbo(self) -> float:
        """Minus the distortion and the rate."""
        return -self.distortion - self.rate


def elbo_terms(explorer: Explorer, images: ndarray, labels: ndarray | None = None, seed: int = 0) -> Terms:
    """Rate and distortion over at most 2,000 of the images, which `seed` draws, as it does the codes.

    Pixels are binarised, once, where the model was trained on such: grey ones have no likelihood under it.

    Raises:
        ValueError: the model has no prior of its own, there are no images or they have the wrong shape, or labels that
            a conditional model misses.
    """
    if not isinstance(explorer.model, Variational):
        raise ValueError(
            f"{explorer.name}: expected a variational model, whose code has a rate; got {explorer.variant}"
        )
    x = as_images(images, explorer.shape, explorer.name)
    if len(x) == 0:
        raise ValueError(f"{explorer.name}: expected at least one image, got none")
    label = label_for(explorer, labels, len(x))
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(x), generator=generator)[:IMAGES]
    x, label = x[chosen], None if label is None else label[chosen]
    if explorer.recipe.training.binarise:
        x = (torch.rand(x.shape, generator=generator) < x).float()
    codes = torch.Generator(explorer.device).manual_seed(seed + 1)  # one seed would repeat what drew the pixels
    rates, distortions = (part.double().mean(0) for part in rates_and_distortion(explorer.model, x, label, codes))
    return Terms(rates.numpy(), float(distortions), explorer.model.groups, len(x))


def family(explorer: Explorer) -> dict[float, str]:
    """The models that differ from this one in beta alone, with itself: beta, rising, and the model's name or folder.

    Each is a minimum of distortion + beta * rate, over the same networks and images. They are sought among the
    pretrained models, and among the runs beside the model's own. Empty where there is no other.
    """
    kind = _kind(explorer.recipe)
    if kind is None or explorer.folder is None:
        return {}
    own = _place(explorer.folder)
    others = _recipes([*map(checkpoint.find, names()), *_runs(explorer.folder.parent)])
    kin = {place: recipe for place, recipe in others.items() if _kind(recipe) == kind}
    return _by_beta({own: explorer.recipe} | kin)


def families() -> list[dict[float, str]]:
    """Every family of the pretrained models, as `family` gives it; the largest first."""
    at_hand, kinds = _recipes(map(checkpoint.find, names())), []
    for recipe in at_hand.values():
        kind = _kind(recipe)
        if kind is not None and kind not in kinds:
            kinds.append(kind)
    found = [_by_beta({place: each for place, each in at_hand.items() if _kind(each) == kind}) for kind in kinds]
    return sorted(filter(None, found), key=len, reverse=True)


def _kind(recipe: Recipe) -> tuple[str, bool, dict[str, Any]] | None:
    """What a family shares; None where the objective is not distortion + beta * rate."""
    own = recipe.settings
    if recipe.model not in VARIANTS or not isinstance(own, VariationalSettings):
        return None
    if own.free_bits or own.target_rate is not None or own.corruption != "none":
        return None
    shared = {key: value for key, value in asdict(own).items() if key not in ON_THE_WAY}
    return recipe.dataset, recipe.training.binarise, shared


def _by_beta(recipes: dict[str, Recipe]) -> dict[float, str]:
    """One model for each beta, of two the first; nothing where there is one beta only."""
    found: dict[float, str] = {}
    for place, recipe in recipes.items():
        assert isinstance(recipe.settings, VariationalSettings)
        found.setdefault(recipe.settings.beta, place)
    return dict(sorted(found.items())) if len(found) > 1 else {}


def _runs(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/{checkpoint.RECIPE}"))


def _recipes(folders: Iterable[Path]) -> dict[str, Recipe]:
    """The recipes of finished runs by name or folder; one that cannot be read is no sibling."""
    found = {}
    for folder in folders:
        with suppress(ValueError):
            if (folder / checkpoint.CARD).exists():
                found[_place(folder)] = checkpoint.load_recipe(folder)
    return found


def _place(folder: Path) -> str:
    """The name that finds a folder, or its path."""
    named = folder.name in names() and checkpoint.find(folder.name) == folder
    return folder.name if named else str(folder)

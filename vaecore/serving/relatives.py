"""Which model stands beside another: alike but for one thing, found by its recipe among those at hand."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vaecore import checkpoint
from vaecore.checkpoint import names
from vaecore.models.variational import VariationalSettings
from vaecore.recipe import Recipe
from vaecore.serving.explorer import Explorer
from vaecore.serving.texts import TextExplorer, text_names

VARIANTS = ("vae", "beta-vae")  # whose family is one network at several prices of the rate
ON_THE_WAY = ("beta", "annealing", "annealing_share", "annealing_cycles")  # settings that a family need not share
REMEDIES = ("word_dropout", "free_bits", "target_rate", "annealing", "annealing_share", "annealing_cycles")


def twin(explorer: Explorer) -> str | None:
    """The pretrained plain autoencoder with the same data and the same size of code, if there is one.

    Of several, one with the same kind of code goes first.
    """
    kept = {name: checkpoint.load_recipe(checkpoint.find(name)) for name in names() if name != explorer.name}
    plain = [
        (getattr(recipe.settings, "code", None) != getattr(explorer.recipe.settings, "code", None), name)
        for name, recipe in kept.items()
        if recipe.model == "autoencoder"
        and (recipe.dataset, recipe.settings.latent) == (explorer.dataset, explorer.latent)
    ]
    return min(plain)[1] if plain else None


def untold(explorer: Explorer) -> str | None:
    """The pretrained VAE of the same data that is not told the class, the one whose code is nearest in size."""
    kept = {name: checkpoint.load_recipe(checkpoint.find(name)) for name in names()}
    plain = [
        (abs(recipe.settings.latent - explorer.latent), name)
        for name, recipe in kept.items()
        if recipe.model == "vae" and recipe.dataset == explorer.dataset and not recipe.settings.asks_for_labels
    ]
    return min(plain)[1] if plain else None


def remedies(explorer: TextExplorer) -> dict[str, float | str]:
    """What a model was trained with against a collapse of its code, by the names of its recipe's settings."""
    return _remedies(explorer.recipe)


def untreated() -> dict[str, str]:
    """Pretrained models whose code something keeps alive, each with the one that is trained alike but without that."""
    recipes = {name: checkpoint.load_recipe(checkpoint.find(name)) for name in text_names()}
    plainly = {str(_rest(recipe)): name for name, recipe in recipes.items() if not _remedies(recipe)}
    treated = [name for name, recipe in recipes.items() if _remedies(recipe)]
    return {name: plainly[str(_rest(recipes[name]))] for name in treated if str(_rest(recipes[name])) in plainly}


def _remedies(recipe: Recipe) -> dict[str, float | str]:
    settings = asdict(recipe.settings)
    found = {name: settings[name] for name in ("word_dropout", "free_bits", "target_rate") if settings[name]}
    return found | ({"annealing": settings["annealing"]} if settings["annealing"] != "none" else {})


def _rest(recipe: Recipe) -> tuple[object, ...]:
    """All of a recipe that trains a model, but for the remedies."""
    settings = {key: value for key, value in asdict(recipe.settings).items() if key not in REMEDIES}
    return recipe.model, recipe.dataset, settings, recipe.training


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

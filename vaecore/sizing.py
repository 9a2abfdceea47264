"""What a recipe becomes on a few images of one's own: recipes are made for tens of thousands."""

from dataclasses import asdict
from math import ceil
from typing import Any

from vaecore.data import Examples, Images
from vaecore.recipe import Recipe

FEW = 5000  # training images below which a recipe is fitted to them
BATCH, STEPS = 32, 3000
RATE = 1e-3  # of learning, at most, with so small a batch
WIDTH = 256  # of the one hidden layer: deeper and wider ones learn a few hundred images by heart
NARROWED = ("autoencoder", "vae", "beta-vae", "iwae", "cvae")
NOISE = {"corruption": "gaussian", "level": 0.2}  # against the same, where there is none and no prior either


def fitting(recipe: Recipe, examples: Examples, said: set[str]) -> dict[str, Any]:
    """The fields of a recipe that follow from the number and the kind of the images, but for those that are said.

    Grey pixels are not binarised. Few images, as long as the recipe's steps would be fewer than 3,000 of them: small
    batches, epochs for 3,000 steps, shifts by a pixel, one hidden layer, and for a plain autoencoder noise on what it
    reads. Chosen on generated faces and shapes, and on 200 training images each of MNIST and Fashion-MNIST; what that
    gives on other draws is printed by `tests/benchmarks/few_images.py`.
    """
    if not isinstance(examples, Images) or not recipe.training.epochs or recipe.model == "stacked":
        return {}
    fields: dict[str, Any] = {}
    if recipe.training.binarise and not ((examples.pixels == 0) | (examples.pixels == 255)).all():
        fields["binarise"] = False
    if len(examples) < FEW and recipe.training.epochs * (len(examples) // recipe.training.batch) < STEPS:
        steps = max(1, len(examples) // BATCH)  # of an epoch
        fields |= {
            "batch": min(BATCH, recipe.training.batch),
            "epochs": max(recipe.training.epochs, ceil(STEPS / steps)),
        }
        fields |= {"shift": 1, "learning_rate": min(RATE, recipe.training.learning_rate)}
        settings = asdict(recipe.settings)  # type: ignore[call-overload]
        if recipe.model in NARROWED and max(settings["hidden"], default=0) > WIDTH:
            fields["hidden"] = (WIDTH,)
        if recipe.model == "autoencoder" and settings["corruption"] == "none" and not said & NOISE.keys():
            fields |= NOISE
    flat = recipe.flat()
    return {key: value for key, value in fields.items() if key not in said and flat[key] != value}

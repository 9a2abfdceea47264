"""One class held in: an autoencoder of each digit, and how well it tells that digit from the nine others.

    python tests/benchmarks/one_class.py [RECIPE] [--seeds 3] [--out FOLDER]

For each class of the recipe's data set and each seed it trains on that class alone (all 6,000 images of MNIST), scores
all test images, and prints the area under the receiver operating characteristic: by the squared error, by the density
of ten Gaussians fitted on the training codes, and by both, each in deviations from its mean over the training images.
With --out a killed run goes on where it was.
"""

import argparse
import tempfile
from pathlib import Path

import torch

import vaecore
from vaecore.data import data_folder, dataset, other_classes
from vaecore.evaluation import evaluate
from vaecore.recipes import find

SCORES = ("reconstruction", "density", "both")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="one-class-mnist")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    whole = find(options.recipe).dataset.partition("/")[0]
    names = dataset(whole, "test").names
    print(f"{options.recipe}  {'seed':>6} {'class':>12} " + " ".join(f"{score:>14}" for score in SCORES))
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        areas = torch.tensor(
            [
                [areas_of(options.recipe, whole, name, seed, folder / f"{name}-{seed}") for name in names]
                for seed in range(options.seeds)
            ]
        )
    for line, values in {
        "mean": areas.mean((0, 1)),
        "lowest class": areas.mean(0).amin(0),
        "deviation of seeds": areas.mean(1).std(0, correction=0),
    }.items():
        print(f"{line:>{len(options.recipe) + 21}} " + " ".join(f"{100 * value:14.2f}" for value in values.tolist()))


def areas_of(recipe: str, whole: str, name: str, seed: int, folder: Path) -> list[float]:
    """The three areas of one class and one seed."""
    only = f"{whole}/{name}"
    run = vaecore.train(recipe, out=folder, seed=seed, resume=True, dataset=only, validation=False)
    model = vaecore.load(run).model
    images = dataset(only, "train"), dataset(only, "test")
    metrics = evaluate(model, *images, False, data_folder(), strangers=other_classes(only))
    areas = [metrics[f"auroc_{score}"] for score in SCORES]
    print(f"{recipe}  {seed:>6} {name:>12} " + " ".join(f"{100 * area:14.2f}" for area in areas), flush=True)
    return areas


if __name__ == "__main__":
    main()

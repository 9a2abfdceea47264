"""What a recipe was chosen by: `python tests/benchmarks/choices.py [RECIPE ...] [--ship]`.

Every candidate is trained without the validation images, which are held out of the training images, and is measured on
them: no test image is read. Printed is what each gets, and how far it is from the recipe as it stands, by paired
differences over the same images. With --ship the cards of the models that ship say so. What is trained is kept in
runs/choices: a run that was stopped goes on.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float64
from torch import Tensor

import vaecore
from vaecore import checkpoint, writing
from vaecore.comparing import difference
from vaecore.data import Images, data_folder, dataset, held_out
from vaecore.data.batches import present
from vaecore.evaluation import Examined, judges
from vaecore.evaluation.generation import covering
from vaecore.reading import read_json
from vaecore.recipes import find

KEPT = Path("runs") / "choices"
SHIPPED = Path("pretrained")
SAMPLES = 50
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Criterion:
    """What candidates are chosen by.

    Attributes:
        said: what it is, as a card says it.
        smaller: whether less is better.
        of: a number for each validation image.
    """

    said: str
    smaller: bool
    of: Callable[[Examined], Float64[Tensor, "n"]]


def sampled(on: Examined) -> Float64[Tensor, "n"]:
    """The mean of four: whether a sample is of its image's class, and whether one is near the image, by each judge."""
    assert isinstance(on.train, Images)
    assert isinstance(on.test, Images)
    parts = []
    for judge in judges.judges(on.train, on.folder, CPU).values():
        real, fake = judges.look(judge, present(on.test.pixels)), judges.look(judge, on.conditional_images)
        covered = covering(real.features, fake.features).groups.sum(1) > 0
        parts += [fake.classes == on.test.target, covered]
    return torch.stack(parts).double().mean(0)


BOUND = Criterion("the log likelihood by 50 importance samples, in nats", False, lambda on: on.likelihoods)
ERROR = Criterion("the squared error of the reconstruction", True, lambda on: on.errors.double())
SAMPLED = Criterion(
    "the share of samples that judges take for their class, and of images that they cover", False, sampled
)

Changes = dict[str, Any]
CANDIDATES: dict[str, tuple[Criterion, list[Changes]]] = {  # beside the recipe as it is
    "cvae-mnist-10": (
        SAMPLED,
        [
            {"epochs": 60},
            {"hidden": [512, 512], "epochs": 60},
            {"hidden": [512, 512], "epochs": 60, "beta": 1},
            {"hidden": [512, 512], "epochs": 60, "beta": 1, "latent": 8},
            {"hidden": [512, 512], "epochs": 60, "beta": 1, "latent": 12},
            {"hidden": [512, 512], "epochs": 60, "beta": 1.5, "latent": 12},
            {"hidden": [512, 512], "epochs": 60, "beta": 1.5, "latent": 16},
            {"hidden": [512, 512], "epochs": 60, "beta": 1, "latent": 12, "shift": 1},
            {"hidden": [512, 512], "epochs": 60, "beta": 1, "latent": 12, "corruption": "gaussian", "level": 0.2},
        ],
    ),
    "iaf-mnist": (BOUND, [{"steps": 8}]),
    "ladder-mnist": (BOUND, [{"epochs": 320}]),
}


def tried(name: str, changes: Changes) -> Float64[Tensor, "n"]:
    """What a candidate gets of each validation image; trained, or as it was kept."""
    words = [f"{key}-{value}" for key, value in changes.items()]
    out = KEPT / "-".join([name, *words]).replace(" ", "")
    run = vaecore.load(vaecore.train(name, out=out, resume=True, **{"validation": True, **changes}), device="cpu")
    train = dataset(run.dataset, "train")
    held = held_out(run.dataset, train)[1]
    examined = Examined(run.model, train, held, run.recipe.training.binarise, data_folder(), SAMPLES)
    return CANDIDATES[name][0].of(examined)


def chosen(name: str) -> dict[str, Any]:
    """What a card says of the choice; each candidate's figure is printed as soon as it is there."""
    criterion, others = CANDIDATES[name]
    print(f"{name}: {criterion.said}")
    stands = tried(name, {})
    rows = [{"changes": {}, "value": float(stands.mean())}]
    print(f"  as it stands {rows[0]['value']:.4f}", flush=True)
    for changes in others:
        found = tried(name, changes)
        apart = difference(found, stands, criterion.smaller)
        rows.append({"changes": changes, "value": float(found.mean()), "apart": apart.mean, "error": apart.error})
        print(f"  {changes} {float(found.mean()):.4f}, {apart.mean:+.4f} +- {apart.error:.4f}", flush=True)
    return {"by": criterion.said, "images": len(stands), "candidates": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="*", default=list(CANDIDATES), metavar="RECIPE")
    parser.add_argument("--ship", action="store_true", help="write what was found into the cards that ship")
    options = parser.parse_args()
    for name in options.recipe:
        said = chosen(find(name).name)
        if options.ship:
            card = SHIPPED / name / checkpoint.CARD
            writing.write_json(card, read_json(card) | {"chosen": said})


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()

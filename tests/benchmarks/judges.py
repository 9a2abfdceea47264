"""The judges of generated images: how good they are, and how far apart: `python tests/benchmarks/judges.py [--ship]`.

For each data set with a conditional model, judges of three builds and several seeds are trained on the training images
and look at the test images, at as many training images, and at as many samples of each conditional model. Printed is
what each finds; and how far they are apart, of shares in log odds, of other figures in logarithms, which is what the
intervals of the cards are made of. With --ship the two judges of each data set, their cards and that spread are written
to pretrained/judges. What is trained is kept in runs/judges: a run that was stopped goes on.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from math import log
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, stdev

import torch
from torch import nn

from vaecore import checkpoint, writing
from vaecore.data import Images, dataset
from vaecore.data.batches import present
from vaecore.evaluation import judges
from vaecore.evaluation.examined import conditional_images
from vaecore.evaluation.generation import SHARES, coverage, covering, density, frechet_distance
from vaecore.evaluation.intervals import drawn
from vaecore.evaluation.judges import BUILDS, FEATURES, Judge, residual
from vaecore.reading import read_tensors
from vaecore.serving.loading import load

SETS = ("mnist", "fashion-mnist", "digits")
LARGE = 5000  # test images, without which chance among them is most of what judges differ by
KEPT = Path("runs") / "judges"
HOME = Path("pretrained") / judges.FOLDER
REAL = "real training images"
CEILINGS = {
    "accuracy": "accuracy_ceiling",
    "coverage": "coverage_ceiling",
    "density": "density_ceiling",
    "frechet": "frechet_floor",
}


def plain(shape: tuple[int, int, int], classes: int) -> Judge:
    """Four convolutions, halved twice, without normalisation."""
    channels, height, width = shape
    sizes = [(channels, 16), (16, 16), (16, 32), (32, 32)]
    a, b, c, d = (nn.Sequential(nn.Conv2d(*pair, 3, padding=1), nn.ReLU()) for pair in sizes)
    top = nn.Linear(32 * (height // 4) * (width // 4), FEATURES)
    return Judge(
        [a, b, nn.MaxPool2d(2), c, d, nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.25), top, nn.ReLU()], classes
    )


PANEL: list[tuple[str, Callable[[tuple[int, int, int], int], Judge], int]] = [
    *((name, build.make, build.seed) for name, build in BUILDS.items()),
    ("plain", plain, 11),
    ("residual", residual, 12),
]


def found(judge: Judge, real: torch.Tensor, fake: torch.Tensor, target: torch.Tensor) -> dict[str, float]:
    """What a judge finds some images to be."""
    seen, theirs = judges.look(judge, real), judges.look(judge, fake)
    inside = covering(seen.features, theirs.features)
    distance = frechet_distance(seen.features, theirs.features)
    right = float((theirs.classes == target).double().mean())
    return {"accuracy": right, "coverage": coverage(inside)[0], "density": density(inside)[0], "frechet": distance}


def unbounded(name: str, value: float) -> float:
    """The log odds of a share, or the logarithm."""
    return log(value / (1 - value)) if name.removesuffix("_ceiling") in SHARES else log(value)


def measured(name: str, ship: bool) -> list[dict[str, float]]:
    """Of each conditional model of a data set, how far the judges are apart by figure."""
    torch.set_num_threads(1)
    train, test = dataset(name, "train"), dataset(name, "test")
    models = [own for own in checkpoint.names() if own.startswith(("cvae",)) and load(own, "cpu").dataset == name]
    images = {own: conditional_images(load(own, "cpu").model, test, 0) for own in models}
    ceiling = train.rows(drawn(len(train), len(test)))
    by_model: dict[str, list[dict[str, float]]] = {own: [] for own in [REAL, *models]}
    for build, make, seed in PANEL:
        judge = resumed(make(train.shape, 10), train, seed, KEPT / f"{name}-{build}-{seed}.safetensors")
        right = float((judges.look(judge, present(test.pixels)).classes == test.target).double().mean())
        real = found(judge, present(test.pixels), present(ceiling.pixels), ceiling.target)
        by_model[REAL].append({CEILINGS[key]: right if key == "accuracy" else real[key] for key in real})
        print(f"{name} {build} {seed}: {line(by_model[REAL][-1])}", flush=True)
        for own in models:
            by_model[own].append(found(judge, present(test.pixels), images[own], test.target))
            print(f"    {own} {line(by_model[own][-1])}", flush=True)
        if ship and build in BUILDS and seed == BUILDS[build].seed:
            shipped(judge, build, name, train, test)
    if len(test) < LARGE:
        return []
    return [{key: stdev(unbounded(key, each[key]) for each in rows) for key in rows[0]} for rows in by_model.values()]


def resumed(judge: Judge, train: Images, seed: int, path: Path) -> Judge:
    """The judge, trained or as it was kept."""
    if path.exists():
        judge.load_state_dict(read_tensors(path))
        return judge.eval()
    judges.trained(judge, train, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    writing.write_tensors(path, judges.kept(judge))
    return judge


def line(figures: dict[str, float]) -> str:
    return "  ".join(f"{key} {value:.4f}" for key, value in figures.items())


def shipped(judge: Judge, build: str, name: str, train: Images, test: Images) -> None:
    """Write a judge and its card."""
    HOME.mkdir(parents=True, exist_ok=True)
    writing.write_tensors(HOME / f"{name}-{build}.safetensors", judges.kept(judge))
    writing.write_json(HOME / f"{name}-{build}.json", judges.card(judge, build, name, train, test))


def main() -> None:
    ship = "--ship" in sys.argv
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        deviations = [row for rows in pool.map(measured, SETS, [ship] * len(SETS)) for row in rows]
    figures = dict.fromkeys(key for row in deviations for key in row)
    spread = {key: fmean(row[key] ** 2 for row in deviations if key in row) ** 0.5 for key in figures}
    print("spread", line(spread))
    if ship:
        command = "python tests/benchmarks/judges.py --ship"
        kept = {"deviation": spread, "judges": len(PANEL), "models": len(deviations), "command": command}
        writing.write_json(HOME / judges.SPREAD, kept)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()

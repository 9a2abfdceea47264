"""Whether what Random shows is a digit: `python tests/benchmarks/random_draws.py [MODEL ...]`.

For each shipped model of MNIST or of the small digits, the codes that Generate's button *Random* draws are decoded, and
the two judges of the data set look at them. Printed is the share of 1,000 draws that each is at least 90 % sure of,
divided by that of real test images (1,000, or all where there are fewer), and what they were drawn from. Generate
decides by the residual judge what to draw from; the convolutional one had no part in it, and its column is the figure.
Beside them, in the same units, what the model makes of real test images: no random draw can be much surer. The bar is
0.8, and what stays below it is named.
"""

import sys

import numpy as np
import torch

import vaecore
from vaecore.data import Images, dataset
from vaecore.evaluation import judges
from vaecore.serving import Explorer, axes, draws

COUNT = 1000
BAR = 0.8
FIGURE = list(judges.BUILDS).index("convolutional")
SETS = ("mnist", "digits")


def shares(explorer: Explorer, images: np.ndarray) -> np.ndarray:
    """The share of images that each judge is sure of, in the order of `BUILDS`."""
    base = explorer.dataset.partition("/")[0]
    found = [judges.shipped(base, build, explorer.shape) for build in judges.BUILDS]
    return np.array([draws.sure(judge, images) for judge in found if judge is not None])


def measured(explorer: Explorer) -> tuple[str, np.ndarray, np.ndarray]:
    """What Random draws from, and the shares of draws and of reconstructions, each divided by that of real images."""
    tests = dataset(explorer.dataset, "test")
    assert isinstance(tests, Images)
    order = np.random.default_rng(1).permutation(len(tests))[:COUNT]
    rows = tests.rows(torch.from_numpy(order))
    real = shares(explorer, rows.images)
    source = draws.source(explorer, tests.images)
    codes = draws.codes(explorer, source, COUNT, 1, axes.training_codes(explorer))
    labels = np.random.default_rng(2).integers(len(explorer.classes), size=COUNT)
    random = shares(explorer, explorer.decode(codes, explorer.told(labels)))
    reconstructed = shares(explorer, explorer.reconstruct(rows.images, explorer.told(rows.labels)))
    return source, random / real, reconstructed / real


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    wanted = sys.argv[1:] or vaecore.names()
    below = []
    print(f"{'model':30}{'from':9}" + "".join(f"{build:>15}" for build in judges.BUILDS) + f"{'reconstructed':>15}")
    for name in wanted:
        explorer = vaecore.load(name, device="cpu")
        if explorer.dataset.partition("/")[0] not in SETS:
            continue
        source, random, reconstructed = measured(explorer)
        figures = "".join(f"{value:15.3f}" for value in [*random, reconstructed[FIGURE]])
        print(f"{name:30}{source:9}{figures}", flush=True)
        if random[FIGURE] < BAR:
            below.append(name)
    print(f"below {BAR}: {', '.join(below) or 'none'}")


if __name__ == "__main__":
    main()

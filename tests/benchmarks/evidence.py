"""log p(x) in a plane of codes, by importance samples and by the integral: `python tests/benchmarks/evidence.py`.

Of every shipped model of images with one or two latents, on drawn test images, presented as `vaecore evaluate` does:
`log_likelihood`, whose samples look for the modes, and `importance_bound`, whose samples are of q(z|x) alone, each less
the integral over a lattice of codes. The bar is on the first.
"""

import argparse
import time

import torch

import vaecore
from vaecore.evaluation.evidence import integrable, log_evidence
from vaecore.evaluation.intervals import drawn
from vaecore.evaluation.likelihood import importance_bound, log_likelihood, presented

BAR = 0.1  # nats, on the mean difference


def main() -> None:
    """Print a line for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of models (default: all with a plane)")
    parser.add_argument("--images", type=int, default=200, help="drawn test images")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--alone", action="store_true", help="by samples of q(z|x) alone as well")
    options = parser.parse_args()
    print(f"{options.images} images, {options.samples:,} samples; less the integral: mean, least, most, in nats")
    for name in options.names or vaecore.names():
        explorer = vaecore.load(name, device="cpu")
        if "likelihood" in explorer.abilities and integrable(explorer.model):
            compare(explorer, options.images, options.samples, options.alone)


def compare(explorer: vaecore.Explorer, images: int, samples: int, alone: bool) -> None:
    """A model's line."""
    model, test = explorer.model, vaecore.dataset(explorer.dataset, "test")
    rows = drawn(len(test), images)
    x, label = presented(test, explorer.recipe.training.binarise, 0)[rows], test.target
    label = label[rows] if label is not None and model.classes else None
    exact = log_evidence(model, x, label).double()
    for by in (log_likelihood, importance_bound) if alone else (log_likelihood,):
        started = time.process_time()
        apart = by(model, x, label, samples, torch.Generator().manual_seed(1)).double() - exact
        seconds = time.process_time() - started
        met = "" if by is importance_bound else "met" if abs(float(apart.mean())) <= BAR else "MISSED"
        figures = f"{apart.mean():9.4f} {apart.min():9.3f} {apart.max():9.3f}"
        print(f"{explorer.name:22}{by.__name__:18}{figures}   {seconds:5.0f} s {met}", flush=True)


if __name__ == "__main__":
    main()

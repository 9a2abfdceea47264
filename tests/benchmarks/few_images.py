"""What the recipes make of a few images of one's own: `python tests/benchmarks/few_images.py [SEED]`.

As the README's example has it, with eight numbers, beside PCA of eight and the mean image: the squared error of the
test images, a tenth; the others are trained on, all of them, as PCA is. Faces and shapes are generated; drawings and
clothes are 200 images each of MNIST and Fashion-MNIST, where they are at hand. What `vaecore.sizing` does was chosen on
other draws of these four kinds, none of them of a seed here.
"""

import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

import vaecore

SIDE, FEW, SHAPES, LATENT = 32, 200, 600, 8
Y, X = np.mgrid[:SIDE, :SIDE] / (SIDE - 1) * 2 - 1


def face(random: np.random.Generator) -> np.ndarray:
    """An oval that is lit from a side, with eyes, a nose, a mouth and hair of their own places and sizes, and noise."""
    (cx, cy), turn, light = random.normal(0, 0.08, 2), random.normal(0, 0.12), random.normal(0, 0.25)
    wide, tall = random.uniform(0.55, 0.75), random.uniform(0.7, 0.95)
    x = (X - cx) * np.cos(turn) + (Y - cy) * np.sin(turn)
    y = (Y - cy) * np.cos(turn) - (X - cx) * np.sin(turn)
    head = 1 / (1 + np.exp(20 * ((x / wide) ** 2 + (y / tall) ** 2 - 1)))
    image = random.uniform(0.05, 0.5) * (1 - head) + head * (random.uniform(0.45, 0.8) + light * x - 0.1 * y)
    apart, high, size = random.uniform(0.22, 0.32), random.uniform(-0.25, -0.1), random.uniform(0.05, 0.1)
    for side in (-apart, apart):
        image -= 0.4 * np.exp(-(((x - side) / size) ** 2) - ((y - high) / (0.6 * size)) ** 2)
    smile, low, broad = random.uniform(-0.1, 0.15), random.uniform(0.35, 0.5), random.uniform(0.12, 0.3)
    image -= 0.3 * np.exp(-((x / broad) ** 2) - ((y - low + 3 * smile * x**2) / 0.05) ** 2)
    image -= 0.12 * np.exp(-((x / 0.06) ** 2) - ((y - 0.1) / 0.18) ** 2)
    image -= random.uniform(0.15, 0.45) * np.exp(-((x / wide) ** 2) - ((y + tall) / 0.3) ** 2)
    return image + random.normal(0, 0.03, image.shape)


def shape(random: np.random.Generator) -> np.ndarray:
    """A disc, a square or a triangle, of any colour, place, size and turn, on any dark ground."""
    (cx, cy), size, turn = random.uniform(-0.4, 0.4, 2), random.uniform(0.25, 0.55), random.uniform(0, np.pi)
    x = (X - cx) * np.cos(turn) + (Y - cy) * np.sin(turn)
    y = (Y - cy) * np.cos(turn) - (X - cx) * np.sin(turn)
    sides = [y, 0.866 * x - 0.5 * y, -0.866 * x - 0.5 * y]
    edges = (np.hypot(x, y) - size, np.maximum(abs(x), abs(y)) - 0.85 * size, np.max(sides, 0) - 0.5 * size)
    inside = 1 / (1 + np.exp(25 * edges[random.integers(3)]))[..., None]
    return (1 - inside) * random.uniform(0, 0.4, 3) + inside * random.uniform(0.3, 1, 3)


def sets(seed: int) -> dict[str, np.ndarray]:
    """Images as bytes, by name."""
    random = np.random.default_rng(seed)
    found = {
        "faces": np.array([face(random) for _ in range(FEW)]),
        "shapes": np.array([shape(random) for _ in range(SHAPES)]),
    }
    for name, source in (("drawings", "mnist"), ("clothes", "fashion-mnist")):
        with suppress(ValueError):
            images = vaecore.dataset(source, "train").images
            found[name] = images[random.permutation(len(images))[:FEW], 0]
    return {name: (255 * images.clip(0, 1)).astype(np.uint8) for name, images in found.items()}


def main(seed: int) -> None:
    print(f"{'':12}{'mean':>8}{'PCA':>8}{'ae':>8}{'vae':>8}{'ae / PCA':>10}{'vae / mean':>12}{'seconds':>9}")
    for name, images in sets(seed).items():
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / f"{name}.npz"
            np.savez(place, images=images)
            train, test = (
                vaecore.dataset(place, split).images.reshape(-1, images[0].size) for split in ("train", "test")
            )
            rest, center = test - train.mean(0), train.mean(0)
            components = np.linalg.svd(train - center, full_matrices=False)[2][:LATENT]
            errors = [np.square(each).sum(1).mean() for each in (rest, rest - rest @ components.T @ components)]
            begun = time.monotonic()
            for recipe in ("ae-mnist-2", "vae-mnist-2"):
                same = {"dataset": place, "latent": LATENT, "validation": False}
                run = vaecore.train(recipe, out=Path(folder) / recipe, device="cpu", **same)
                own = vaecore.load(run, device="cpu")
                shown = vaecore.dataset(place, "test").images
                errors.append(np.square(own.reconstruct(shown) - shown).reshape(len(shown), -1).sum(1).mean())
            mean, pca, ae, vae = errors
            figures = "".join(f"{each:8.2f}" for each in errors)
            print(f"{name:12}{figures}{ae / pca:10.2f}{vae / mean:12.2f}{time.monotonic() - begun:9.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)

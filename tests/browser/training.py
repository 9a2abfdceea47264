"""What training in the page is held against, by torch on vaecore's own models: `python tests/browser/training.py`.

Start, order and noise are drawn by the page's generator, written here once more for arrays, so that they need no room
in the file: what differs is arithmetic alone.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from answers import floats
from numpy import ndarray
from torch import Tensor

from vaecore.data import dataset
from vaecore.models import MODELS, Autoencoder
from vaecore.optimizers import OPTIMIZERS
from vaecore.training import clip_gradient

PLACE = Path(__file__).with_name("training.json")
SHAPE, CLASSES = (1, 8, 8), 10
IMAGES, BATCH, STEPS, SEED = 256, 30, 200, 7  # batches that fill no block, and leave some images out
RATE, DECAY, CLIP, BETAS = 3e-3, 0.01, 10.0, (0.9, 0.99)
START, ORDER, NOISE = 1, 2, 3
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("linear", {"latent": 3}),
    "autoencoder, gelu": ("autoencoder", {"hidden": (12,)}),
    "autoencoder, leaky": ("autoencoder", {"hidden": (13, 9), "activation": "leaky"}),
    "autoencoder, identity": ("autoencoder", {"hidden": (10,), "activation": "identity"}),
    "denoising, masking": ("denoising", {"hidden": (12,), "level": 0.4}),
    "denoising, gaussian": ("denoising", {"hidden": (12,), "corruption": "gaussian", "level": 0.3}),
    "denoising, salt and pepper": ("denoising", {"hidden": (12,), "corruption": "salt and pepper", "level": 0.3}),
    "sparse-l1": ("sparse-l1", {"latent": 20, "sparsity": 0.05}),
    "sparse-kl": ("sparse-kl", {"latent": 20, "sparsity": 0.5, "activity": 0.1}),
    "contractive": ("contractive", {"latent": 20, "contraction": 0.05}),
    "vae, tanh": ("vae", {"hidden": (12,), "activation": "tanh"}),
    "vae, gaussian pixels": ("vae", {"hidden": (12,), "activation": "relu", "likelihood": "gaussian"}),
    "vae, annealed": ("vae", {"hidden": (12,), "annealing": "linear"}),
    "beta-vae": ("beta-vae", {"hidden": (12,), "latent": 4, "activation": "sigmoid"}),
    "cvae": ("cvae", {"hidden": (12,)}),
}


def mixed(x: ndarray) -> ndarray:
    """The last step of MurmurHash3, of uint32."""
    x = (x ^ (x >> 16)) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> 13)) * np.uint32(0xC2B2AE35)
    return x ^ (x >> 16)


def bits(seed: int, what: int, index: int, count: int) -> ndarray:
    """24 random bits at each of the first places."""
    first = mixed(mixed(mixed(np.array([seed + 1], np.uint32)) + np.uint32(what)) + np.uint32(index))
    second = mixed(first + np.uint32(0x9E3779B9))
    return mixed(mixed(np.arange(count, dtype=np.uint32) ^ first) + second) >> 8


def uniform(seed: int, what: int, index: int, count: int) -> ndarray:
    return bits(seed, what, index, count) / 2**24


def normal(seed: int, what: int, index: int, count: int) -> ndarray:
    """Box & Muller's, two at a time."""
    drawn = bits(seed, what, index, count + count % 2).reshape(-1, 2)
    radius, angle = np.sqrt(-2 * np.log((drawn[:, 0] + 1) / 2**24)), 2 * np.pi * (drawn[:, 1] / 2**24)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()[:count]


def shuffled(seed: int, epoch: int) -> ndarray:
    """Fisher & Yates's order."""
    order, draws = np.arange(IMAGES), uniform(seed, ORDER, epoch, IMAGES)
    for i in range(IMAGES - 1, 0, -1):
        j = int(draws[i] * (i + 1))
        order[[i, j]] = order[[j, i]]
    return order


def started(case: str) -> tuple[Autoencoder, Tensor, Tensor]:
    """The model with the page's start, the images and their labels."""
    variant, settings = CASES[case]
    images = dataset("digits", "train").rows(torch.arange(IMAGES))
    model = MODELS[variant](MODELS[variant].Settings(**settings), SHAPE, CLASSES).train()
    inputs = 1
    for index, (name, parameter) in enumerate(page_order(model)):
        inputs = parameter.shape[1] if parameter.ndim == 2 else inputs
        far = inputs**-0.5 if parameter.ndim and "biases" not in name else 0
        drawn = far * (2 * uniform(SEED, START, index, parameter.numel()) - 1)
        parameter.data.copy_(torch.from_numpy(drawn).reshape(parameter.shape))
    model.prepare(images.data)
    assert images.target is not None
    return model, images.data.float() / 255, images.target


def page_order(model: Autoencoder) -> list[tuple[str, Tensor]]:
    """The networks first, then the scale of pixels."""
    named = list(model.named_parameters())
    return [each for each in named if each[0] != "log_scale"] + [each for each in named if each[0] == "log_scale"]


def noise(what: Callable[[int, int, int, int], ndarray], step: int) -> Callable[..., Tensor]:
    """What stands in for torch's generator at a step."""

    def draw(*shape: int, **_: object) -> Tensor:
        count = int(np.prod(shape))
        return torch.from_numpy(what(SEED, NOISE, step, count)).float().reshape(shape)

    return draw


def trained(case: str) -> dict[str, Any]:
    """A case: what it is built of, the gradients of its first step, the terms of all steps."""
    model, images, labels = started(case)
    parameters = list(model.parameters())
    (optimizer,) = OPTIMIZERS["adamw"].build(parameters, RATE, DECAY, BETAS)
    curve: dict[str, list[float]] = {}
    gradients: dict[str, str] = {}
    order = shuffled(SEED, 0)
    for step in range(STEPS):
        epoch, at = divmod(step, IMAGES // BATCH)
        order = order if at else shuffled(SEED, epoch)
        rows = torch.from_numpy(order[at * BATCH :][:BATCH])
        model.advance(step / STEPS)
        with patch("torch.randn", noise(normal, step)), patch("torch.rand", noise(uniform, step)):
            terms = model(images[rows], labels[rows])
        model.zero_grad()
        torch.stack(list(terms.values())).sum(0).mean().backward()
        if not step:
            gradients = {name: floats(part.grad) for name, part in page_order(model) if part.grad is not None}
        clip_gradient(parameters, CLIP)
        optimizer.step()
        for name, term in terms.items():
            curve.setdefault(name, []).append(float(f"{float(term.detach().mean()):.7g}"))
    return {"build": build(case), "gradients": gradients, "curve": curve}


def build(case: str) -> dict[str, Any]:
    """What the page is told of a case."""
    variant, settings = CASES[case]
    full = vars(MODELS[variant].Settings(**settings))
    own = ("beta", "corruption", "level", "sparsity", "activity", "contraction")
    return {
        "build": {
            "model": variant, "pixels": 64, "classes": CLASSES, "hidden": list(full["hidden"]),
            "latent": full["latent"], "activation": full["activation"],
            "likelihood": full.get("likelihood", "bernoulli"),
        },
        "own": {name: full[name] for name in own if name in full},
        "annealing": full["annealing_share"] if full.get("annealing") == "linear" else 0,
    }  # fmt: skip


def training() -> dict[str, Any]:
    """All cases, with the images that they share."""
    images = dataset("digits", "train").rows(torch.arange(IMAGES))
    assert images.target is not None
    descent = {"batch": BATCH, "rate": RATE, "decay": DECAY, "clip": CLIP, "betas": list(BETAS)}
    told = {"pixels": floats(bytes(images.data.flatten().tolist())), "labels": images.target.tolist()}
    return {"seed": SEED, "descent": descent, **told, "cases": {name: trained(name) for name in CASES}}


if __name__ == "__main__":
    PLACE.write_text(json.dumps(training()) + "\n", "utf-8")

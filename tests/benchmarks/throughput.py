"""Training throughput on the CPU, in images a second: `python tests/benchmarks/throughput.py` on an idle machine.

A VAE 784-512-16 with ReLU and Bernoulli pixels on MNIST, batch 128, trained by turns, each contender in a process of
its own: every one once a round, so that a slow minute of the machine hits all of them. The table has medians over the
rounds; ratios are taken round by round. Building a model, held-out evaluation and checkpoints are not timed for anyone.
"""

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from functools import lru_cache
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from tqdm import tqdm

import vaecore
from vaecore import checkpoint
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.device import has_bfloat16
from vaecore.models.gaussian import VAE
from vaecore.recipe import Recipe, Training
from vaecore.runs import Run
from vaecore.training import fit

BATCH = 128
LATENT = 16
HIDDEN = 512
CPU = torch.device("cpu")
INSTALL_PYTHAE = (
    "Pythae is left out, being absent: `pip install --no-deps --target build/pythae pythae==0.1.2 imageio cloudpickle`"
    ", then run this with PYTHONPATH=build/pythae."
)

OURS, OURS_HALF = "ours, float32", "ours, bfloat16"
BARE, CLIPPED = "bare step, float32", "bare step with clipping, float32"
PYTHAE, PYTHAE_FUSED = "Pythae 0.1.2", "Pythae 0.1.2, fused Adam"
BARS = [
    (OURS, PYTHAE, 1.4),
    (OURS, BARE, 0.9),
    (OURS_HALF, PYTHAE, 2.5),
    (OURS, CLIPPED, None),
    (OURS, PYTHAE_FUSED, None),
]

Contender = Callable[[], float]  # trains once, returns the seconds that it took


def recipe(epochs: int, precision: str) -> Recipe:
    """The same network as Pythae's default, so that both do the same arithmetic."""
    return Recipe(
        name=precision,
        model="vae",
        dataset="mnist",
        settings=VAE.Settings(latent=LATENT, hidden=(HIDDEN,), activation="relu"),
        training=Training(epochs=epochs, batch=BATCH, precision=precision),  # type: ignore[arg-type]
    )


def ours(images: Images, epochs: int, precision: str) -> float:
    """The real loop; it reports its own seconds, without held-out evaluation and checkpoints."""
    few = images.rows(torch.arange(BATCH))
    with tempfile.TemporaryDirectory() as folder:
        return fit(Run(recipe(epochs, precision), images, few, Path(folder)), CPU)[1]


def bare_step(images: Images, epochs: int, clip: float | None = None) -> float:
    """The step alone, on one constant batch: what is left when a loop costs nothing."""
    training = recipe(epochs, "float32").training
    model = checkpoint.build(recipe(epochs, "float32"), images.shape, 0)
    optimizer = AdamW(
        model.parameters(), training.learning_rate, betas=training.betas, weight_decay=training.weight_decay, fused=True
    )
    x = present(images.pixels[:BATCH])
    started = time.perf_counter()
    for _ in range(epochs * (len(images) // BATCH)):
        optimizer.zero_grad()
        torch.stack(list(model(x).values())).sum(0).mean().backward()
        if clip is not None:
            clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
    return time.perf_counter() - started


def pythae(images: Images, epochs: int, workers: int, optimizer: dict[str, Any] | None = None) -> float:
    """Pythae's own trainer on its own data set and default network, which is this one; only its epochs are timed."""
    from pythae.data.datasets import BaseDataset  # type: ignore[import-not-found]
    from pythae.models import VAE as PythaeVAE  # type: ignore[import-not-found]
    from pythae.models import VAEConfig  # type: ignore[import-not-found]
    from pythae.trainers import BaseTrainer, BaseTrainerConfig  # type: ignore[import-not-found]

    data = BaseDataset(present(images.pixels).flatten(1), torch.zeros(len(images)))
    model = PythaeVAE(VAEConfig(input_dim=(images.pixels[0].numel(),), latent_dim=LATENT, reconstruction_loss="bce"))
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            per_device_train_batch_size=BATCH,
            train_dataloader_num_workers=workers,
            learning_rate=1e-3,
            optimizer_params=optimizer,
            no_cuda=True,
        )
        trainer = BaseTrainer(model, train_dataset=data, training_config=config)
        trainer.prepare_training()
        started = time.perf_counter()
        for epoch in range(1, epochs + 1):
            trainer.train_step(epoch)
        return time.perf_counter() - started


def contenders(count: int, epochs: int) -> dict[str, Contender]:
    """Who takes part here: bfloat16 where the processor has it, Pythae where it is installed.

    Each has a process of its own: what one does to the heap must neither help nor harm another.
    """
    clip = Training().clip
    field: dict[str, Contender] = {OURS: apart(ours, count, epochs, "float32")}
    if has_bfloat16(CPU):
        field[OURS_HALF] = apart(ours, count, epochs, "bfloat16")
    field[BARE] = apart(bare_step, count, epochs)
    field[CLIPPED] = apart(bare_step, count, epochs, clip)
    if find_spec("pythae"):
        trials = {workers: apart(pythae, count, 1, workers) for workers in (0, 2)}
        workers = min(trials, key=lambda workers: min(trials[workers]() for _ in range(2)))
        print(f"Pythae's data loader is fastest here with {workers} workers of 0 and 2.")
        field[PYTHAE] = apart(pythae, count, epochs, workers)
        field[PYTHAE_FUSED] = apart(pythae, count, epochs, workers, {"fused": True})
    return field


def apart(train: Callable[..., float], *arguments: object) -> Contender:
    """A contender in a process of its own, which waits between its turns."""
    process = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    return lambda: process.submit(quietly, train, *arguments).result()


def quietly(train: Callable[..., float], count: int, *arguments: object) -> float:
    """Train on the first `count` images, without progress bars and log lines."""
    logging.disable(logging.INFO)
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        return train(first(count), *arguments)


@lru_cache
def first(count: int) -> Images:
    """The first images of MNIST, without labels, read once a process."""
    return Images(vaecore.dataset("mnist", "train").pixels[:count])


def measure(field: dict[str, Contender], rounds: int, presented: int) -> dict[str, list[float]]:
    """Images a second of every contender in every round, by turns, after one round that does not count."""
    rates: dict[str, list[float]] = {name: [] for name in field}
    for turn in tqdm(range(rounds + 1), desc="rounds"):
        for name, contender in field.items():
            seconds = contender()
            if turn:
                rates[name].append(presented / seconds)
    return rates


def report(rates: dict[str, list[float]]) -> None:
    """Print the medians, and the ratios beside their bars."""
    print(f"{'images/s':34}{'median':>9}{'lowest':>9}{'highest':>9}")
    for name, values in rates.items():
        print(f"{name:34}{statistics.median(values):9,.0f}{min(values):9,.0f}{max(values):9,.0f}")
    print()
    for name, other, bar in BARS:
        if name in rates and other in rates:
            ratio = statistics.median(a / b for a, b in zip(rates[name], rates[other], strict=True))
            verdict = "" if bar is None else f"   bar {bar}: {'met' if ratio >= bar else 'MISSED'}"
            print(f"{name + ' / ' + other:55}{ratio:6.2f}{verdict}")


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=3, help="passes over the images in a round")
    parser.add_argument("--images", type=int, default=20_480)
    options = parser.parse_args()
    presented = options.epochs * (options.images // BATCH) * BATCH
    threads = torch.get_num_threads()
    print(f"{options.images:,} images x {options.epochs} epochs, {options.rounds} rounds, {threads} threads")
    rates = measure(contenders(options.images, options.epochs), options.rounds, presented)
    report(rates)
    if not find_spec("pythae"):
        print(INSTALL_PYTHAE)


if __name__ == "__main__":
    main()

"""Importance-weighted likelihood on the CPU, in images a second: `python tests/benchmarks/likelihood.py`, machine idle.

A VAE 784-200-200-50 with tanh and Bernoulli pixels, as many samples for every image, ours and Pythae's `get_nll` by
turns, each in a process of its own, on the same binarised test images and the same weights, in float32. The table has
medians over the rounds, the ratio is taken round by round; both estimates are printed: they are of one quantity.
"""

import argparse
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from types import SimpleNamespace

import torch
from torch import Tensor

import vaecore
from vaecore.data.batches import present
from vaecore.device import keep_freed_memory, onednn_products
from vaecore.evaluation.likelihood import log_likelihood
from vaecore.models import VAE

MODEL = "vae-mnist-50"
BAR = 5.0
INSTALL_PYTHAE = (
    "Pythae is left out, being absent: `pip install --no-deps --target build/pythae pythae==0.1.2 imageio cloudpickle`"
    ", then run this with PYTHONPATH=build/pythae."
)


@onednn_products()
def ours(images: int, samples: int) -> tuple[float, float]:
    """Seconds, and log p(x), as `vaecore evaluate` measures it."""
    keep_freed_memory()
    model, x = network(), binarised(images)
    started = time.perf_counter()
    found = float(log_likelihood(model, x, None, samples).double().mean())
    return time.perf_counter() - started, found


@torch.no_grad()
def pythae(images: int, samples: int) -> tuple[float, float]:
    """The same by Pythae's VAE, around the very networks of ours."""
    from pythae.models import VAE as Theirs
    from pythae.models import VAEConfig
    from pythae.models.nn import BaseDecoder, BaseEncoder

    model, x = network(), binarised(images)

    class Encoder(BaseEncoder):
        def forward(self, x: Tensor) -> SimpleNamespace:
            mean, log_scale = model.encoder(x.flatten(1)).chunk(2, -1)
            return SimpleNamespace(embedding=mean, log_covariance=2 * log_scale)

    class Decoder(BaseDecoder):
        def forward(self, z: Tensor) -> dict[str, Tensor]:
            return {"reconstruction": model.decoder(z).sigmoid()}

    config = VAEConfig(input_dim=model.shape, latent_dim=model.latent, reconstruction_loss="bce")
    theirs = Theirs(config, encoder=Encoder(), decoder=Decoder()).eval()
    started = time.perf_counter()
    found = float(theirs.get_nll(x, n_samples=samples, batch_size=100))  # it is the mean of log p(x), not minus it
    return time.perf_counter() - started, found


def network() -> VAE:
    """The model that both measure."""
    model = vaecore.load(MODEL, device="cpu").model
    assert isinstance(model, VAE)
    return model


def binarised(images: int) -> Tensor:
    """The first test images, binarised."""
    torch.manual_seed(0)
    return present(vaecore.dataset("mnist", "test").pixels[:images], binarise=True)


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000, help="the first so many test images")
    parser.add_argument("--samples", type=int, default=1000)
    options = parser.parse_args()
    contenders = {"ours": ours} | ({"Pythae 0.1.2": pythae} if find_spec("pythae") else {})
    field = {name: ProcessPoolExecutor(1, mp_context=get_context("spawn")) for name in contenders}
    rates: dict[str, list[float]] = {name: [] for name in field}
    found = {}
    for _ in range(options.rounds):
        for name, process in field.items():
            seconds, found[name] = process.submit(contenders[name], options.images, options.samples).result()
            rates[name].append(options.images / seconds)
    print(f"{options.images:,} images x {options.samples:,} samples, {torch.get_num_threads()} threads")
    for name, values in rates.items():
        print(f"{name:14}{statistics.median(values):9.1f} images/s   log p(x) {found[name]:9.3f}")
    if len(rates) == 2:
        ratio = statistics.median(a / b for a, b in zip(*rates.values(), strict=True))
        print(f"ratio {ratio:.2f}   bar {BAR}: {'met' if ratio >= BAR else 'MISSED'}")
    else:
        print(INSTALL_PYTHAE)


if __name__ == "__main__":
    main()

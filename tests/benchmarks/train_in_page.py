"""Training in the page against torch on one thread, images a second: `python tests/benchmarks/train_in_page.py`.

A VAE with Bernoulli pixels, GELU, batch 64, AdamW and a clipped gradient, on the same images: in a worker of headless
Chromium by `vaecore/browser/train`, and in this process by vaecore's own model and a bare loop. By turns, once a round
each, so that a slow minute of the machine hits both; the ratio is taken round by round. Random pixels: no zero is
skipped. Then an epoch of 10,000 images in the page, with a look at the held-out ones at its end; and the recipe of
`vae-digits-2`, 40 epochs long, in the page and by `vaecore.train`: the seconds of the one, and both elbos over the test
images, in the mean over three seeds.
"""

import argparse
import base64
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

import vaecore
from vaecore.browser import script
from vaecore.models import MODELS, Autoencoder
from vaecore.optimizers import OPTIMIZERS
from vaecore.training import clip_gradient

IMAGES, TEST, BATCH, WARM = 10_000, 1000, 64, 60
SIZES = {"64-64-2": (8, 64, 0.8), "784-128-2": (28, 128, 0.3)}  # side, hidden, the least ratio
EPOCH = 2.0  # seconds, at most
EPOCHS, SEEDS, RECIPE_SECONDS, APART = 40, 3, 6.0, 0.3  # of the recipe; its bars in seconds and nats
WORKER = """
let trainer;
onmessage = ({ data: { build, images, test, milliseconds, warm, epoch } }) => {
  if (build) {
    const bytes = Uint8Array.from(atob(images), (each) => each.charCodeAt(0));
    const labels = new Uint8Array(bytes.length / build.pixels);
    trainer = new Trainer(build, { pixels: bytes, labels }, 0);
    trainer.held = { pixels: bytes.subarray(0, test * build.pixels), labels: labels.subarray(0, test) };
    for (let i = 0; i < warm; i++) trainer.train();
  }
  const begun = performance.now();
  let steps = 0;
  if (epoch) {
    trainer.used = 0;
    while (!trainer.train()) steps++;
    trainer.measure(trainer.held);
  } else for (; performance.now() - begun < milliseconds; steps++) trainer.train();
  postMessage({ steps, seconds: (performance.now() - begun) / 1000 });
};
"""
RECIPE = """
onmessage = ({ data: { build, training, test, seed, epochs } }) => {
  const examples = [training, test].map((each) => {
    const pixels = Uint8Array.from(atob(each), (one) => one.charCodeAt(0));
    return { pixels, labels: new Uint8Array(pixels.length / build.pixels) };
  });
  const begun = performance.now();
  const trainer = new Trainer(build, examples[0], seed);
  Object.assign(trainer.descent, { batch: 64, decay: 0.01 });
  const steps = epochs * Math.floor(trainer.count / trainer.batch);
  for (let step = 0; step < steps; step++) {
    const share = step / steps;
    const scheduled = share < 0.03 ? share / 0.03 : (1 + Math.cos((Math.PI * (share - 0.03)) / 0.97)) / 2;
    trainer.descent.rate = 1e-3 * scheduled;
    trainer.train();
  }
  const seconds = (performance.now() - begun) / 1000;
  const draws = Array.from({ length: 20 }, (_, i) => {
    trainer.seed = i;
    const { distortion, other } = trainer.measure(examples[1]);
    return -(distortion + other) / 20;
  });
  postMessage({ seconds, elbo: draws.reduce((sum, each) => sum + each) });
};
"""
OPEN = """(source) => {
  window.worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
}"""
ASK = """(asked) => new Promise((resolve) => {
  window.worker.onmessage = ({ data }) => resolve(data);
  window.worker.postMessage(asked);
})"""


class Torch:
    """The same in torch."""

    def __init__(self, side: int, hidden: int, images: torch.Tensor) -> None:
        self.model: Autoencoder = MODELS["vae"](MODELS["vae"].Settings(hidden=(hidden,)), (1, side, side)).train()
        self.model.prepare(images)
        self.images = images
        self.parameters = list(self.model.parameters())
        (self.optimizer,) = OPTIMIZERS["adamw"].build(self.parameters, 1e-3, 0.0, (0.9, 0.99))
        self.run(WARM)

    def run(self, steps: int) -> float:
        """Images a second over so many steps."""
        begun = time.perf_counter()
        order = torch.randperm(len(self.images)).split(BATCH)
        for step in range(steps):
            x = self.images.index_select(0, order[step % (len(order) - 1)]).float() / 255
            self.model.zero_grad()
            torch.stack(list(self.model(x).values())).sum(0).mean().backward()
            clip_gradient(self.parameters, 10.0)
            self.optimizer.step()
        return steps * BATCH / (time.perf_counter() - begun)


def build(side: int, hidden: int) -> dict[str, object]:
    """What the page is told of the model."""
    return {
        "model": "vae", "pixels": side * side, "classes": 0, "hidden": [hidden], "latent": 2, "activation": "gelu",
        "likelihood": "bernoulli",
    }  # fmt: skip


def compare(page: Page, name: str, rounds: int, seconds: float) -> None:
    """Print a line for a size."""
    side, hidden, bar = SIZES[name]
    images = torch.randint(0, 256, (IMAGES, 1, side, side), dtype=torch.uint8)
    page.evaluate(OPEN, script("train/trainer.js") + WORKER)
    data = base64.b64encode(images.numpy().tobytes()).decode()
    told = {"build": build(side, hidden), "images": data, "test": TEST, "warm": WARM, "milliseconds": 0}
    page.evaluate(ASK, told)
    own = Torch(side, hidden, images)
    ours, theirs = [], []
    for _ in range(rounds):
        found = page.evaluate(ASK, {"milliseconds": 1000 * seconds})
        ours.append(found["steps"] * BATCH / found["seconds"])
        theirs.append(own.run(max(10, int(theirs[-1] * seconds / BATCH) if theirs else 50)))
    ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
    line = f"{name:12}{statistics.median(ours):12,.0f}{statistics.median(theirs):12,.0f}{ratio:8.2f}"
    print(f"{line}   bar {bar}: {'met' if ratio >= bar else 'MISSED'}")
    if side == 28:
        epoch = statistics.median(page.evaluate(ASK, {"epoch": True})["seconds"] for _ in range(rounds))
        print(f"an epoch of {IMAGES:,} images: {epoch:.2f} s   bar {EPOCH}: {'met' if epoch <= EPOCH else 'MISSED'}")
    page.evaluate("() => window.worker.terminate()")


@torch.no_grad()
def elbo(folder: Path) -> float:
    """Over the test images, in the mean over 20 draws."""
    model, images = vaecore.load(folder, device="cpu").model, vaecore.dataset("digits").data.float() / 255
    torch.manual_seed(0)
    terms = [sum(term.mean() for term in model(images).values()) for _ in range(20)]
    return -float(sum(terms)) / 20


def recipe(page: Page) -> None:
    """Print the line of the recipe."""
    parts = [vaecore.dataset("digits", split).data for split in ("train", "test")]
    training, test = (base64.b64encode(part.numpy().tobytes()).decode() for part in parts)
    told = {"build": build(8, 64) | {"hidden": [64, 32]}, "training": training, "test": test, "epochs": EPOCHS}
    page.evaluate(OPEN, script("train/trainer.js") + RECIPE)
    ours = [page.evaluate(ASK, told | {"seed": seed}) for seed in range(SEEDS)]
    theirs = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(SEEDS):
            own = Path(folder) / str(seed)
            theirs.append(
                elbo(vaecore.train("vae-digits-2", out=own, device="cpu", seed=seed, epochs=EPOCHS, validation=False))
            )
    seconds = statistics.median(each["seconds"] for each in ours)
    page_elbo, torch_elbo = statistics.mean(each["elbo"] for each in ours), statistics.mean(theirs)
    met = seconds <= RECIPE_SECONDS and abs(page_elbo - torch_elbo) <= APART
    print(
        f"vae-digits-2, {EPOCHS} epochs: {seconds:.2f} s, elbo {page_elbo:.2f}, torch's {torch_elbo:.2f}   "
        f"bars {RECIPE_SECONDS} s, {APART} nats: {'met' if met else 'MISSED'}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a contender's turn")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    system = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    print(f"{'images a second':12}{'page':>9}{'torch':>12}{'ratio':>8}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])
        for name in SIZES:
            compare(browser.new_page(), name, asked.rounds, asked.seconds)
        recipe(browser.new_page())


if __name__ == "__main__":
    main()

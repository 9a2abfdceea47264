"""Two classifiers of different build that never saw a model: generated images are what both find them to be.

Those of the data sets by name ship, so that a figure is the same wherever it is measured; for other images they are
trained once, and kept.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from vaecore import writing
from vaecore.checkpoint import SOURCES
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.device import has_bfloat16
from vaecore.reading import read_json, read_tensors

EPOCHS, STEPS, BATCH, FEATURES = 10, 2000, 128, 64  # as many epochs as make the steps, where images are few
SMALLEST_SIDE = 4  # pixels that can be halved twice
VARIANCE = 100.0  # of all features of the training images together: a distance then reads as a share of it, in percent
SMALLEST = 1e-6
FOLDER, SPREAD = "judges", "spread.json"
BINS = 15


class Judge(nn.Module):
    """A classifier; the layer before the last gives the features that distances are taken in.

    Attributes:
        features: from images to 64 numbers.
        logits: from those to the classes.
        unit: what features are multiplied by, so that those of the training images have a total variance of 100.
    """

    features: nn.Sequential
    logits: nn.Linear
    unit: Tensor

    def __init__(self, features: list[nn.Module], classes: int) -> None:
        super().__init__()
        self.features, self.logits = nn.Sequential(*features), nn.Linear(FEATURES, classes)
        self.register_buffer("unit", torch.ones(()))

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Unnormalised log probabilities of the classes."""
        return self.logits(self.features(x))


def convolutional(shape: tuple[int, int, int], classes: int) -> Judge:
    """Five convolutions, halved twice, and a layer that sees where everything is."""
    channels, height, width = shape
    widths = (channels, 16, 16, 32, 32, 24)
    layers = [_normalised(a, b) for a, b in pairwise(widths)]
    halved = [*layers[:2], nn.MaxPool2d(2), *layers[2:4], nn.MaxPool2d(2), layers[4]]
    top = nn.Linear(widths[-1] * (height // 4) * (width // 4), FEATURES)
    return Judge([*halved, nn.Flatten(), nn.Dropout(0.25), top, nn.ReLU()], classes)


def residual(shape: tuple[int, int, int], classes: int) -> Judge:
    """Three residual blocks, of which two halve the image, and the mean over what is left (He et al. 2016)."""
    first = nn.Conv2d(shape[0], 16, 3, 2 if shape[1] > 16 else 1, 1)
    blocks = [Block(16, 16), Block(16, 32, 2), Block(32, FEATURES, 2)]
    return Judge([first, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten()], classes)


def _normalised(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


class Block(nn.Module):
    """relu(x + f(x)), f two convolutions with batch normalisation."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.change = nn.Sequential(_normalised(before, after, stride), second, nn.BatchNorm2d(after))
        self.kept = nn.Identity() if before == after else nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Images with `after` channels."""
        return torch.relu(self.kept(x) + self.change(x))


@dataclass(frozen=True)
class Build:
    """How a judge is made, and the seed of those that ship."""

    make: Callable[[tuple[int, int, int], int], Judge]
    seed: int


BUILDS = {"convolutional": Build(convolutional, 1), "residual": Build(residual, 2)}


def judges(images: Images, folder: Path, device: torch.device) -> dict[str, Judge]:
    """The two judges of some training images, by the names of their builds: shipped, kept in `folder`, or trained."""
    key = digest(images)
    return {build: judge(build, images, key, folder).to(device) for build in BUILDS}


def judge(build: str, images: Images, key: str, folder: Path) -> Judge:
    """One of them, on the CPU."""
    model = BUILDS[build].make(images.shape, len(images.names))
    shipped, own = _shipped().get((key, build)), folder / f"judge-{build}-{key[:16]}.safetensors"
    for path in (shipped, own):
        if path is not None and path.exists():
            model.load_state_dict(read_tensors(path))
            return model.eval()
    trained(model, images, BUILDS[build].seed)
    with suppress(OSError):  # a folder that cannot be written costs the time again, not the result
        folder.mkdir(parents=True, exist_ok=True)
        writing.write_tensors(own, kept(model))
    return model


def digest(images: Images) -> str:
    """What names some training images: the same for the same pixels and labels."""
    assert images.target is not None
    return hashlib.sha256(images.pixels.numpy().tobytes() + images.target.numpy().tobytes()).hexdigest()


def fingerprint(models: dict[str, Judge]) -> str:
    """What names some judges: the same for the same weights."""
    found = hashlib.sha256()
    for model in models.values():
        for name, tensor in model.state_dict().items():
            found.update(name.encode() + tensor.cpu().numpy().tobytes())
    return found.hexdigest()[:16]


@cache
def _shipped() -> dict[tuple[str, str], Path]:
    """The weights of the judges that ship, by what they were trained on and how they are built."""
    found = {}
    for path in (path for source in reversed(SOURCES) for path in sorted((source / FOLDER).glob("*-*.json"))):
        card = read_json(path)
        found[card["images"], card["build"]] = path.with_suffix(".safetensors")
    return found


@cache
def shipped(name: str, build: str, shape: tuple[int, int, int]) -> Judge | None:
    """A judge that ships for a data set by name, on the CPU; None where there is none for images of that shape."""
    for source in SOURCES:
        card = source / FOLDER / f"{name}-{build}.json"
        if card.exists():
            weights = read_tensors(card.with_suffix(".safetensors"))
            model = BUILDS[build].make(shape, len(weights["logits.bias"]))
            try:
                model.load_state_dict(weights)
            except RuntimeError:  # images of another size
                return None
            return model.eval()
    return None


@cache
def spread() -> dict[str, float]:
    """How far judges of this kind are apart, by figure: the deviation over a panel of builds and seeds.

    Of shares that of their log odds, of other figures that of their logarithm: as `tests/benchmarks/judges.py` found.
    """
    paths = (source / FOLDER / SPREAD for source in SOURCES)
    return next((json.loads(path.read_text("utf-8"))["deviation"] for path in paths if path.exists()), {})


def trained(model: Judge, images: Images, seed: int) -> Judge:
    """The judge, trained on the CPU and rounded to what is kept."""
    with torch.random.fork_rng(), torch.enable_grad():
        torch.manual_seed(seed)
        _train(model, images)
    model.eval()
    seen = look(model, present(images.pixels)).features.double()
    total = float(seen.var(0, correction=0).sum())
    model.unit.fill_((VARIANCE / total) ** 0.5 if total > SMALLEST else 1.0)  # of images all alike there is no share
    model.load_state_dict(kept(model))
    return model


def kept(model: Judge) -> dict[str, Tensor]:
    """The weights as a file has them: in half precision."""
    return {name: t.half() if t.is_floating_point() else t for name, t in model.state_dict().items()}


def _train(model: Judge, images: Images) -> None:
    assert images.target is not None
    batches = max(1, len(images) // BATCH)
    epochs = max(EPOCHS, STEPS // batches)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    optimizer = AdamW(model.parameters(), weight_decay=0.01, fused=True)
    schedule = OneCycleLR(optimizer, 2e-3, total_steps=epochs * batches)
    model.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    half = has_bfloat16(torch.device("cpu"))
    with tqdm(desc="judge", total=epochs * batches * BATCH, unit=" images", unit_scale=True) as progress:
        for _ in range(epochs):
            for index in torch.randperm(len(images))[: batches * BATCH].split(BATCH):
                x = present(images.pixels[index], shift=1).contiguous(memory_format=torch.channels_last)
                with torch.autocast("cpu", torch.bfloat16, enabled=half):
                    loss = cross_entropy(model(x), images.target[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                progress.update(len(index))


class Seen(NamedTuple):
    """What a judge makes of images, on the CPU: their features, in its unit, and the class that it finds."""

    features: Float[Tensor, "n features"]
    classes: Int64[Tensor, "n"]


@torch.no_grad()
def look(model: Judge, x: Float[Tensor, "n channels height width"]) -> Seen:
    """The judge's features and its decision for every image."""
    device = next(model.parameters()).device
    parts = [model.features(part.to(device)) for part in x.split(1000)]
    decisions = [model.logits(part).argmax(1) for part in parts]
    return Seen((model.unit * torch.cat(parts)).cpu(), torch.cat(decisions).cpu())


@torch.no_grad()
def certainty(model: Judge, x: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n"]:
    """The probability that the judge gives the class that it finds, on the CPU."""
    device = next(model.parameters()).device
    return torch.cat([model(part.to(device)).softmax(1).amax(1) for part in x.split(1000)]).cpu()


@torch.no_grad()
def card(model: Judge, build: str, name: str, train: Images, test: Images) -> dict[str, Any]:
    """What a shipped judge says of itself: its accuracy and how sure it is when it is right, on test images."""
    assert test.target is not None
    logits = torch.cat([model(part) for part in present(test.pixels).split(1000)])
    sure, said = logits.softmax(1).max(1)
    right = (said == test.target).double()
    bins = (sure * BINS).long().clamp(max=BINS - 1)
    gaps = [abs(float((sure[bins == b].double() - right[bins == b]).sum())) for b in range(BINS) if (bins == b).any()]
    return {
        "build": build,
        "dataset": name,
        "images": digest(train),
        "parameters": sum(p.numel() for p in model.parameters()),
        "seed": BUILDS[build].seed,
        "accuracy": float(right.mean()),
        "accuracy_error": float(right.std() / len(right) ** 0.5),
        "calibration_error": sum(gaps) / len(right),
        "nats": float(cross_entropy(logits, test.target)),
    }

"""How good generated images are, in the eyes of a classifier that never saw the model."""

import hashlib
from contextlib import suppress
from pathlib import Path

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from vaecore import checkpoint, writing
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.device import has_bfloat16

EPOCHS, BATCH, FEATURES = 8, 128, 128
NEIGHBOURS = 5
SMALLEST_SIDE = 4  # pixels that the classifier can halve twice


class Classifier(nn.Module):
    """A small convolutional classifier; the layer before the last gives the features that distances are taken in."""

    def __init__(self, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.features = nn.Sequential(
            *(nn.Conv2d(channels, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Dropout(0.25)),
            *(nn.Linear(128 * (height // 4) * (width // 4), FEATURES), nn.ReLU()),
        )
        self.logits = nn.Sequential(nn.Dropout(0.5), nn.Linear(FEATURES, classes))

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Unnormalised log probabilities of the classes."""
        return self.logits(self.features(x))


def classifier(images: Images, folder: Path, device: torch.device) -> Classifier:
    """A classifier of `images`, trained once and kept in `folder`, one file for one set of training images."""
    model = Classifier(images.shape, len(images.names)).to(device)
    assert images.target is not None
    digest = hashlib.sha256(images.pixels.numpy().tobytes() + images.target.numpy().tobytes() + repr(model).encode())
    path = folder / f"classifier-{digest.hexdigest()[:16]}.safetensors"
    if path.exists():
        model.load_state_dict(checkpoint.read_tensors(path))
        return model.eval()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        _train(model, images, device)
    with suppress(OSError):  # a folder that cannot be written costs the time again, not the result
        folder.mkdir(parents=True, exist_ok=True)
        writing.write_tensors(path, model.state_dict())
    return model.eval()


@torch.enable_grad()
def _train(model: Classifier, images: Images, device: torch.device) -> None:
    assert images.target is not None
    pixels, target = images.pixels.to(device), images.target.to(device)
    batches = max(1, len(pixels) // BATCH)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    optimizer = AdamW(model.parameters(), weight_decay=0.01, fused=True)
    schedule = OneCycleLR(optimizer, 2e-3, total_steps=EPOCHS * batches)
    model.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with tqdm(desc="classifier", total=EPOCHS * batches * BATCH, unit=" images", unit_scale=True) as progress:
        for _ in range(EPOCHS):
            for index in torch.randperm(len(pixels), device=device)[: batches * BATCH].split(BATCH):
                x = present(pixels[index], shift=1).contiguous(memory_format=torch.channels_last)
                with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
                    loss = cross_entropy(model(x), target[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                progress.update(len(index))


@torch.no_grad()
def features_and_classes(
    model: Classifier, x: Float[Tensor, "n channels height width"]
) -> tuple[Float[Tensor, "n features"], Int64[Tensor, "n"]]:
    """The classifier's features and its decision for every image, on the CPU."""
    device = next(model.parameters()).device
    features = [model.features(part.to(device)) for part in x.split(1000)]
    decisions = [model.logits(part).argmax(1) for part in features]
    return torch.cat(features).cpu(), torch.cat(decisions).cpu()


def coverage_and_density(
    real: Float[Tensor, "n features"], fake: Float[Tensor, "m features"], k: int = NEIGHBOURS
) -> tuple[float, float]:
    """Of the balls around each real point that reach to its k-th real neighbour, the share with a fake point in
    them (coverage), and how many balls a fake point lies in, over k (density).

    Source: Naeem, Oh, Uh, Choi & Yoo 2020.

    Raises:
        ValueError: there are not more than `k` real points.
    """  # noqa: D205
    if len(real) <= k:
        raise ValueError(f"coverage and density need more than {k} real images, got {len(real)}")
    inside_one, inside = [], 0
    for rows in real.split(1000):
        radius = torch.cdist(rows, real).kthvalue(k + 1, dim=1, keepdim=True).values  # the nearest is the point itself
        within = torch.cdist(rows, fake) <= radius
        inside_one.append(within.any(1))
        inside += int(within.sum())
    return float(torch.cat(inside_one).float().mean()), inside / (k * len(fake))


def frechet_distance(a: Float[Tensor, "n features"], b: Float[Tensor, "m features"]) -> float:
    """||mean_a - mean_b||^2 + tr(C_a + C_b - 2 (C_a^1/2 C_b C_a^1/2)^1/2) of the Gaussians fitted to a and b.

    It depends on how many rows there are: compare at equal n only. Source: Dowson & Landau 1982; Heusel et al. 2017.
    """
    a, b = a.double(), b.double()
    covariances = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(covariances[0])
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ covariances[1] @ root).clamp(min=0).sqrt().sum()
    shift = (a.mean(0) - b.mean(0)).square().sum()
    return max(0.0, float(shift + covariances[0].trace() + covariances[1].trace() - 2 * cross))

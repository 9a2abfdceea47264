"""What each autoencoder is for: noise and its removal, features, sensitivity, layers, strangers."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Float64
from numpy import ndarray

from vaecore import checkpoint
from vaecore.corruption import KINDS, Corruption
from vaecore.data import SHAPES, Images, dataset, is_named, other_classes
from vaecore.evaluation import robustness
from vaecore.evaluation.anomaly import anomaly_scores
from vaecore.evaluation.sensitivity import mean_jacobians
from vaecore.evaluation.sparsity import sparseness
from vaecore.models import PCA
from vaecore.models.deterministic import DeterministicAutoencoder
from vaecore.models.stacked import StackedAutoencoder
from vaecore.serving.explorer import Explorer, checkpoint_folder, names
from vaecore.serving.inputs import as_images, as_labels

NOISES: tuple[Corruption, ...] = tuple(kind for kind in KINDS if kind != "none")
VARIED = 0.99  # of the variance of images: the directions in which they vary
HARDLY = 0.01  # of the largest singular value: what moves the code less hardly moves it
ALTERATIONS = ("upside down", "mirrored", "inverted", "shuffled pixels")


def twin(explorer: Explorer) -> str | None:
    """The pretrained plain autoencoder with the same data and the same size of code, if there is one.

    Of several, one with the same kind of code goes first.
    """
    kept = {name: checkpoint.load_recipe(checkpoint_folder(name)) for name in names() if name != explorer.name}
    plain = [
        (getattr(recipe.settings, "code", None) != getattr(explorer.recipe.settings, "code", None), name)
        for name, recipe in kept.items()
        if recipe.model == "autoencoder"
        and (recipe.dataset, recipe.settings.latent) == (explorer.dataset, explorer.latent)
    ]
    return min(plain)[1] if plain else None


@dataclass(frozen=True, eq=False)
class Restoration:
    """What a model makes of damaged images.

    Attributes:
        corrupted: x~, [n, c, h, w]; with Gaussian noise it leaves [0, 1].
        restored: g(f(x~)).
        errors: ||x - g(f(x~))||^2 per image.
    """

    corrupted: Float32[ndarray, "n c h w"]
    restored: Float32[ndarray, "n c h w"]
    errors: Float32[ndarray, "n"]


def restore(
    explorer: Explorer, images: ndarray, kind: Corruption, level: float, seed: int = 0, labels: ndarray | None = None
) -> Restoration:
    """Damage images and let a model restore them; the same seed damages alike, whatever the model.

    Raises:
        ValueError: images of the wrong shape, an unknown kind of noise, a level out of range, or labels that a
            conditional model misses.
    """
    x = as_images(images, explorer.shape, explorer.name)
    noisy, restored = robustness.restore(explorer.model, x, kind, level, seed, _label(explorer, labels, len(x)))
    return Restoration(noisy.numpy(), restored.numpy(), (x - restored).square().sum((1, 2, 3)).numpy())


def error_curve(
    explorer: Explorer,
    images: ndarray,
    kind: Corruption,
    levels: tuple[float, ...],
    seed: int = 0,
    labels: ndarray | None = None,
) -> Float32[ndarray, "levels"]:
    """Mean squared error to the clean images at each level of noise.

    Raises:
        ValueError: as `restore`.
    """
    x = as_images(images, explorer.shape, explorer.name)
    label = _label(explorer, labels, len(x))
    return robustness.robustness(explorer.model, x, kind, levels, seed, label).numpy()


def filters(explorer: Explorer) -> Float32[ndarray, "units c h w"]:
    """What each unit of the first layer looks for: its weights, as a picture. PCA's are its components.

    Raises:
        ValueError: the model has no first layer of this kind.
    """
    model = explorer.model
    if isinstance(model, PCA):
        weights = model.components
    elif isinstance(model, DeterministicAutoencoder):
        weights = model.encoder.linear[0].weight
    else:
        raise ValueError(f"{explorer.name}: expected a deterministic autoencoder or PCA, got a {explorer.variant}")
    return weights.detach().cpu().unflatten(1, explorer.shape).numpy()


@dataclass(frozen=True, eq=False)
class Activity:
    """Which units are on, for which images.

    Attributes:
        codes: [n, latent].
        mean: of each unit over the images, [latent].
        lifetime: sparseness of each unit over the images, [latent], from 0 (on alike for all) to 1 (for one).
        population: sparseness of each image's code, [n].
    """

    codes: Float32[ndarray, "n latent"]
    mean: Float32[ndarray, "latent"]
    lifetime: Float32[ndarray, "latent"]
    population: Float32[ndarray, "n"]


def activity(explorer: Explorer, images: ndarray, labels: ndarray | None = None) -> Activity:
    """The activity of a model's code.

    Raises:
        ValueError: images of the wrong shape, or labels that a conditional model misses.
    """
    codes = torch.from_numpy(explorer.encode(images, labels))
    return Activity(codes.numpy(), codes.mean(0).numpy(), sparseness(codes.T).numpy(), sparseness(codes).numpy())


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The singular value decomposition of the encoder's Jacobian at one image.

    Attributes:
        values: the singular values, largest first: how far the code moves for a small step along each direction.
        felt: the directions in pixel space that move the code most, unit length, [m, c, h, w].
        ignored: directions that move it least, of those in which images vary, [m, c, h, w].
        ignored_values: how far the code moves for a small step along each of these, [m].
        norm: ||J||_F.
    """

    values: Float32[ndarray, "values"]
    felt: Float32[ndarray, "m c h w"]
    ignored: Float32[ndarray, "i c h w"]
    ignored_values: Float32[ndarray, "i"]
    norm: float


def sensitivity(
    explorer: Explorer,
    image: ndarray,
    directions: int = 8,
    label: int | None = None,
    among: ndarray | None = None,
) -> Sensitivity:
    """Singular values and directions of the Jacobian of the code at one image [c, h, w].

    What a code ignores most are directions that no image ever takes: corners that are always black. With images
    [n, c, h, w] in `among`, what is ignored is sought in the span of the principal components that make up 99 percent
    of their variance; where more than enough directions there hardly move the code, those in which images vary most.

    Raises:
        ValueError: an image of the wrong shape, or a conditional model without a label.
    """
    own = explorer.shape, explorer.name
    x = as_images(np.asarray(image)[None], *own)
    labels = _label(explorer, None if label is None else np.array([label]), 1)
    jacobian = mean_jacobians(explorer.model, x, labels)[0]
    _, values, rows = torch.linalg.svd(jacobian, full_matrices=False)
    varied = (torch.eye(x[0].numel()), torch.ones(x[0].numel()))
    ignored = _ignored(jacobian, *(varied if among is None else _varied(as_images(among, *own))), directions)
    return Sensitivity(
        values.numpy(),
        rows[:directions].unflatten(1, explorer.shape).numpy(),
        ignored.unflatten(1, explorer.shape).numpy(),
        (jacobian @ ignored.T).norm(dim=0).numpy(),
        float(values.square().sum().sqrt()),
    )


def _ignored(jacobian: torch.Tensor, basis: torch.Tensor, variances: torch.Tensor, count: int) -> torch.Tensor:
    """Directions in the span of a basis [k, pixels] that move the code least, [count, pixels].

    Where there are more than enough that hardly move it, as for a code of few numbers, those in which images vary most.
    """
    _, moved, turned = torch.linalg.svd(jacobian @ basis.T)
    lengths = torch.cat([moved, torch.zeros(len(basis) - len(moved))])
    hardly = turned[lengths < HARDLY * lengths[0]]
    if len(hardly) < count:
        return turned.flip(0)[:count] @ basis
    _, common = torch.linalg.eigh(hardly * variances @ hardly.T)
    return common.T.flip(0)[:count] @ hardly @ basis


def _varied(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The principal components that make up `VARIED` of the variance of images, [k, pixels], and their variances."""
    variances, components = (part.flip(-1) for part in torch.linalg.eigh(x.flatten(1).T.cov().double()))
    k = int((variances.cumsum(0) < VARIED * variances.sum()).sum()) + 1
    return components[:, :k].T.float(), variances[:k].float()


@dataclass(frozen=True, eq=False)
class Nudge:
    """An image moved along a direction, and what a model makes of it.

    Attributes:
        image: x + step * direction, [c, h, w]; it may leave [0, 1].
        reconstruction: g(f(image)).
        distance: how far the code moved, ||f(image) - f(x)||.
    """

    image: Float32[ndarray, "c h w"]
    reconstruction: Float32[ndarray, "c h w"]
    distance: float


def nudge(explorer: Explorer, image: ndarray, direction: ndarray, step: float, label: int | None = None) -> Nudge:
    """Move an image [c, h, w] along a direction [c, h, w] by `step` times its length.

    Raises:
        ValueError: an image or a direction of the wrong shape, or a conditional model without a label.
    """
    moved, codes, y = _moved(explorer, image, direction, np.array([step]), label)
    with torch.no_grad():
        reconstruction = explorer.model.likelihood(codes[1:], y).mean[0].cpu().numpy()
    return Nudge(moved[1].cpu().numpy(), reconstruction, float((codes[1] - codes[0]).norm()))


def movement(
    explorer: Explorer, image: ndarray, direction: ndarray, steps: ndarray, label: int | None = None
) -> Float32[ndarray, "steps"]:
    """How far the code moves, ||f(x + step * direction) - f(x)||, for each of several steps.

    Raises:
        ValueError: as `nudge`.
    """
    _, codes, _ = _moved(explorer, image, direction, steps, label)
    return (codes[1:] - codes[0]).norm(dim=1).cpu().numpy()


@torch.no_grad()
def _moved(
    explorer: Explorer, image: ndarray, direction: ndarray, steps: ndarray, label: int | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """The image and its moves, [1 + steps, c, h, w], their codes, and the label of one of them."""
    x = as_images(np.asarray(image)[None], explorer.shape, explorer.name)
    if np.shape(direction) != explorer.shape:
        raise ValueError(f"{explorer.name}: expected a direction of {explorer.shape}, got {np.shape(direction)}")
    y = _label(explorer, None if label is None else np.array([label]), 1)
    own = None if y is None else y.to(explorer.device)
    lengths = torch.tensor([0.0, *steps], dtype=torch.float32)[:, None, None, None]
    moved = (x + lengths * torch.tensor(direction, dtype=torch.float32)).to(explorer.device)
    labels = None if own is None else own.expand(len(moved))
    return moved, explorer.model.posterior(moved, labels).mean, own


def usual_distance(rows: ndarray) -> float:
    """How far two rows [n, ...] lie from each other, root mean square: the measure of a small or a large step."""
    return float(np.sqrt(2 * rows.reshape(len(rows), -1).var(0, dtype=np.float64).sum()))


def layers(explorer: Explorer, images: ndarray) -> list[Float32[ndarray, "n c h w"]]:
    """What the code of each layer of a stack reconstructs, the first layer's first.

    These are the layers as they were trained one by one, where the run's folder keeps them: tuned together, a layer
    can no longer be decoded without those above it. Else they are the model's own.

    Raises:
        ValueError: the model is no stack, or images of the wrong shape.
    """
    x = as_images(images, explorer.shape, explorer.name)
    stack = _layer_by_layer(explorer)
    found = []
    for depth in range(1, len(stack.widths) + 1):
        part = stack.first(depth)
        with torch.no_grad():
            found.append(part.likelihood(part.posterior(x.to(explorer.device)).mean).mean.cpu().numpy())
    return found


def _layer_by_layer(explorer: Explorer) -> StackedAutoencoder:
    if not isinstance(explorer.model, StackedAutoencoder):
        raise ValueError(f"{explorer.name}: expected a stacked autoencoder, got a {explorer.variant}")
    depth = len(explorer.model.widths)
    kept = explorer.folder / checkpoint.STAGES / f"layer-{depth}" if explorer.folder else None
    if kept is None or not (kept / checkpoint.WEIGHTS).exists():
        return explorer.model
    return _loaded(kept, (kept / checkpoint.WEIGHTS).stat().st_mtime).to(explorer.device)


@lru_cache(maxsize=4)
def _loaded(folder: Path, changed: float) -> StackedAutoencoder:
    """The stack in a folder, as it was when it was last `changed`."""
    stack, *_ = checkpoint.load(folder)
    assert isinstance(stack, StackedAutoencoder)
    return stack


def unseen_kinds(explorer: Explorer) -> tuple[str, ...]:
    """What can stand for images that the model has never seen: see `unseen`.

    Other data sets are offered where their images have the model's size and, for a conditional model, its classes.
    """
    base, _, only = explorer.dataset.partition("/")
    others = [name for name, shape in SHAPES.items() if shape == explorer.shape and name != base]
    if "condition" in explorer.abilities:
        others = [name for name in others if name == "mnist" and explorer.classes == tuple("0123456789")]
    return (*(["other classes"] if only and is_named(base) else []), *others, *ALTERATIONS)


def unseen(explorer: Explorer, kind: str, count: int = 1000, seed: int = 0) -> Images:
    """At most `count` test images, drawn by `seed`, that the model has never seen the like of.

    "other classes": of the data set that the model saw one class of; the name of another data set; or its own test
    images "upside down", "mirrored", "inverted" (x to 1 - x) or with "shuffled pixels" (each image in its own order).

    Raises:
        ValueError: an unknown kind, or a data set that cannot be had.
    """
    if kind not in unseen_kinds(explorer):
        raise ValueError(f"{explorer.name}: expected one of {', '.join(unseen_kinds(explorer))}, got {kind!r}")
    source = other_classes(explorer.dataset) if kind == "other classes" else None
    if source is None:
        source = dataset(explorer.dataset if kind in ALTERATIONS else kind, "test")
    generator = torch.Generator().manual_seed(seed)
    drawn = source.rows(torch.randperm(len(source), generator=generator)[:count])
    return Images(_altered(drawn.pixels, kind, generator), drawn.target, drawn.names)


def _altered(pixels: torch.Tensor, kind: str, generator: torch.Generator) -> torch.Tensor:
    match kind:
        case "upside down":
            return pixels.flip(2)
        case "mirrored":
            return pixels.flip(3)
        case "inverted":
            return 255 - pixels
        case "shuffled pixels":
            order = torch.rand(pixels.shape, generator=generator).flatten(1).argsort(1)
            return pixels.flatten(1).gather(1, order).view_as(pixels)
        case _:
            return pixels


def anomaly(explorer: Explorer, images: ndarray, labels: ndarray | None = None) -> dict[str, Float32[ndarray, "n"]]:
    """How strange each image is to the model, by each score that it has; the larger the stranger.

    "reconstruction": ||x - g(f(x))||^2; "density": -log p(z) under the prior or the density fitted on the codes;
    "both": the two added, each in deviations from its mean over the training images, where the card keeps these.

    Raises:
        ValueError: images of the wrong shape, or labels that a conditional model misses.
    """
    x = as_images(images, explorer.shape, explorer.name)
    scores = anomaly_scores(explorer.model, x, _label(explorer, labels, len(x)), explorer.card.get("anomaly"))
    return {name: score.numpy() for name, score in scores.items()}


@dataclass(frozen=True, eq=False)
class Roc:
    """How many strangers are found at each share of normal images that is flagged with them.

    Attributes:
        false_positives: share of normal images at or above each threshold, rising from 0 to 1.
        true_positives: share of strange images at or above it.
        area: under the curve: the probability that a stranger scores above a normal image.
    """

    false_positives: Float64[ndarray, "thresholds"]
    true_positives: Float64[ndarray, "thresholds"]
    area: float


def roc(normal: ndarray, strange: ndarray) -> Roc:
    """The receiver operating characteristic of a score.

    Raises:
        ValueError: one of the two is empty.
    """
    if not (len(normal) and len(strange)):
        raise ValueError(f"expected scores of both kinds, got {len(normal)} normal and {len(strange)} strange ones")
    from sklearn.metrics import roc_curve

    truth = np.repeat([0, 1], [len(normal), len(strange)])
    false_positives, true_positives, _ = roc_curve(truth, np.concatenate([normal, strange]))
    return Roc(false_positives, true_positives, float(np.trapezoid(true_positives, false_positives)))


def _label(explorer: Explorer, labels: ndarray | None, n: int) -> torch.Tensor | None:
    if "condition" not in explorer.abilities:
        return None
    return as_labels(labels, n, len(explorer.classes), explorer.name)

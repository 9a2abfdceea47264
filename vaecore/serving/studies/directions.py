"""What a code feels of an image and what it ignores: the singular value decomposition of the encoder's Jacobian."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from vaecore.evaluation.sensitivity import mean_jacobians
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_images

VARIED = 0.99  # of the variance of images: the directions in which they vary
HARDLY = 0.01  # of the largest singular value: what moves the code less hardly moves it


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
        ValueError: an image of the wrong shape, a conditional model without a label, or no two different images among
            those that say how images vary.
    """
    own = explorer.shape, explorer.name
    x = as_images(np.asarray(image)[None], *own)
    labels = explorer.label_of(None if label is None else np.array([label]), 1)
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
    rows = x.flatten(1)
    if not bool((rows != rows[0]).any()):
        raise ValueError(f"what a code ignores is sought where images vary: expected two that differ, got {_alike(x)}")
    covariance = rows.T.cov().double().reshape(rows.shape[1], rows.shape[1])
    variances, components = (part.flip(-1) for part in torch.linalg.eigh(covariance))
    k = int((variances.cumsum(0) < VARIED * variances.sum()).sum()) + 1
    return components[:, :k].T.float(), variances[:k].float()


def _alike(x: torch.Tensor) -> str:
    return "one" if len(x) == 1 else f"{len(x)} that are all the same"


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
    y = explorer.label_of(None if label is None else np.array([label]), 1)
    own = None if y is None else y.to(explorer.device)
    lengths = torch.tensor([0.0, *steps], dtype=torch.float32)[:, None, None, None]
    moved = (x + lengths * torch.tensor(direction, dtype=torch.float32)).to(explorer.device)
    labels = None if own is None else own.expand(len(moved))
    return moved, explorer.model.posterior(moved, labels).mean, own


def usual_distance(rows: ndarray) -> float:
    """How far two rows [n, ...] lie from each other, root mean square: the measure of a small or a large step."""
    return float(np.sqrt(2 * rows.reshape(len(rows), -1).var(0, dtype=np.float64).sum()))

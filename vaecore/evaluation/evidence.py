"""The evidence of models with one or two latents: the integral over all codes, in place of an estimate by samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from vaecore.device import model_device, onednn_products
from vaecore.distributions import Gaussian
from vaecore.joint import Flow
from vaecore.models import Autoencoder
from vaecore.models.base import Images, Labels
from vaecore.models.variational import Variational

EXTENT = 8.0  # deviations of the prior: e^-32 of a plane's N(0, I) lies further out
COARSE = 8.0  # step of the first lattice, in smallest scales of q(z|x): no mode is e^-16 lower at its nearest code
STEPS = (1 / 64, 1 / 4)  # between which that step is chosen
NARROWEST = STEPS[0] / 16  # scale of a posterior that the finest of the first lattices is sure to see
SEEN = 2  # halvings of the step after which no mode hides between the codes
MOST = 7  # halvings
SIDE = 16  # codes along a tile's side, a multiple of 4
FAR = 5.3  # scales from its centre: 1e-7 of a Gaussian lies further out along an axis
AGREEING = 5e-3  # nats between the lattices of every second code; the whole is nearer to the integral than they are
CELLS = 2**23  # images times tiles that the first lattice has at once
CHUNK = 1000

Tile = tuple[Tensor, Tensor]  # its centre [latent], and the rows of the images that have mass there


def has_standard_prior(model: Autoencoder) -> bool:
    """Whether it is a variational model of images with p(z) = N(0, I)."""
    if not isinstance(model, Variational) or "text" in model.abilities:
        return False
    prior = model.prior()
    return isinstance(prior, Gaussian) and not prior.location.any() and bool((prior.scale == 1).all())


def integrable(model: Autoencoder) -> bool:
    """Whether `log_evidence` can integrate over the codes: a standard normal prior of one or two latents."""
    return model.latent <= 2 and has_standard_prior(model)


@torch.no_grad()
@onednn_products()
def log_evidence(
    model: Autoencoder, x: Images, label: Labels | None = None, step: float | None = None
) -> Float[Tensor, "batch"]:
    """log p(x) = log of the integral of p(x|z) p(z) over z, in nats; log p(x|y) of a conditional model.

    By the trapezoid rule, whose error for a Gaussian of scale s at a step h is 2 exp(-2 (pi s / h)^2). The images share
    lattices of codes, each of half the step of the one before and only where some image has mass. An image is done
    when the lattices of every second code agree. With grey pixels and a Bernoulli likelihood this is, as `log_prob`
    is, a bound made of cross-entropies.

    Args:
        model: one that is `integrable`.
        x: images.
        label: of every image, where the model is conditional.
        step: of the first lattice, in deviations of the prior; by default what the scales of q(z|x) ask for.

    Raises:
        ValueError: a model that is not integrable, or posteriors too narrow for the lattices.
    """
    if not integrable(model):
        raise ValueError("expected a model of images with one or two latents and the prior N(0, I), got another")
    assert isinstance(model, Variational)
    step = first_step(model, x, label) if step is None else step
    tiles = _tiles(model.prior().mean, SIDE * step)
    found = torch.empty(len(x), dtype=torch.float64)
    for rows in _alike(label if model.classes else None, len(x), max(1, CELLS // len(tiles))):
        own = None if label is None else label[rows[:1]].to(tiles.device)
        found[rows] = _Plane(model, own, tiles, step).log_integral(x[rows].to(tiles.device)).cpu()
    return found.to(x.dtype)


@torch.no_grad()
def first_step(model: Variational, x: Images, label: Labels | None = None) -> float:
    """The step of the first lattice: eight times the smallest scale of q(z|x), within limits.

    Raises:
        ValueError: a posterior narrower than any lattice is sure to see.
    """
    device, smallest = model_device(model), 1.0
    for first in range(0, len(x), CHUNK):
        rows = slice(first, first + CHUNK)
        posterior = model.posterior(x[rows].to(device), None if label is None else label[rows].to(device))
        assert isinstance(posterior, Gaussian | Flow)
        smallest = min(smallest, float(posterior.scale.min()))
    if not smallest > NARROWEST:
        raise ValueError(f"expected posteriors with scales above {NARROWEST:.2g}, got one of {smallest:.2g}")
    return min(max(COARSE * smallest, STEPS[0]), STEPS[1])


def _tiles(origin: Float[Tensor, "latent"], side: float) -> Float[Tensor, "tiles latent"]:
    """The centres of all squares (or lines) with a point no further than EXTENT from the origin."""
    count = ceil(2 * EXTENT / side)
    axis = (torch.arange(count, dtype=origin.dtype, device=origin.device) - (count - 1) / 2) * side
    centres = _combined(axis, len(origin))
    return centres[(centres.abs() - side / 2).clamp(min=0).norm(dim=1) <= EXTENT]


def _combined(axis: Float[Tensor, "n"], latent: int) -> Float[Tensor, "codes latent"]:
    """All codes with numbers of `axis`, the last of them running fastest."""
    return torch.stack(torch.meshgrid([axis] * latent, indexing="ij"), -1).flatten(0, -2)


def _alike(label: Labels | None, images: int, most: int) -> Iterator[Int64[Tensor, "rows"]]:
    """Which images are integrated together: those of one label, so many at most."""
    whole = torch.arange(images)
    groups = [whole] if label is None else [whole[label.cpu() == one] for one in label.cpu().unique()]
    for group in groups:
        yield from group.split(most)


@dataclass(frozen=True, eq=False)
class _Plane:
    """The codes of a model, given one label.

    Attributes:
        tiles: the centres of the squares that the first lattice is cut into.
        step: of the first lattice.
    """

    model: Variational
    label: Int64[Tensor, "1"] | None
    tiles: Float[Tensor, "tiles latent"]
    step: float

    def log_integral(self, x: Images) -> Float[Tensor, "batch"]:
        """log p(x), in nats, in float64."""
        found = torch.empty(len(x), dtype=torch.float64, device=x.device)
        left = torch.ones(len(x), dtype=torch.bool, device=x.device)
        tiles = [(centre, left.nonzero()[:, 0]) for centre in self.tiles]
        step = self.step
        for halvings in range(MOST + 1):
            step = self.step / 2**halvings
            parts, highest = self._visited(x, tiles, step, sums=halvings >= SEEN)
            if halvings >= SEEN:
                whole = parts.logsumexp(1) - log(parts.shape[1])
                found[left] = whole[left]
                left &= (parts - whole[:, None]).abs().amax(1) >= AGREEING
            if not left.any():
                return found
            tiles = list(_quartered(tiles, highest, left, SIDE * step / 4, _depth(halvings)))
        raise ValueError(f"expected posteriors that a step of {step:.2g} resolves, got {int(left.sum())} narrower ones")

    def _visited(
        self, x: Images, tiles: list[Tile], step: float, sums: bool
    ) -> tuple[Float[Tensor, "batch parts"], list[Tensor]]:
        """The log integral by the lattices of every second code, if asked for; the highest in each quarter of a tile.

        Along every axis of a tile the codes are (half, place, parity).
        """
        latent = self.tiles.shape[1]
        axis = torch.arange(SIDE, dtype=self.tiles.dtype, device=x.device) - (SIDE - 1) / 2
        codes, nested = step * _combined(axis, latent), (2, SIDE // 4, 2) * latent
        in_quarter = [i for i in range(1, 3 * latent + 1) if i % 3 != 1]
        in_part = [i for i in range(1, 3 * latent + 1) if i % 3 != 0]
        parts = torch.full((len(x), 2**latent), -torch.inf, dtype=torch.float64, device=x.device)
        highest = []
        for centre, rows in tiles:
            values = self._log_joint(x if len(rows) == len(x) else x[rows], centre + codes).unflatten(1, nested)
            highest.append(values.amax(in_quarter).flatten(1))
            if sums:
                parts[rows] = torch.logaddexp(parts[rows], values.logsumexp(in_part).flatten(1).double())
        return parts + latent * log(2 * step), highest

    def _log_joint(self, x: Images, z: Float[Tensor, "codes latent"]) -> Float[Tensor, "batch codes"]:
        """log p(x|z) + log p(z) of every image and every code."""
        label = None if self.label is None else self.label.expand(len(z))
        return self.model.likelihood(z, label).log_prob_of_each(x) + self.model.prior().log_prob(z)


def _quartered(
    tiles: list[Tile],
    highest: list[Tensor],
    left: Bool[Tensor, "batch"],
    shift: float,
    depth: float,
) -> Iterator[Tile]:
    """The quarters (or halves) of the tiles that are at most `depth` below the highest of an image that is left."""
    latent = len(tiles[0][0])
    shifts = shift * _combined(tiles[0][0].new_tensor([-1.0, 1.0]), latent)
    best = torch.full(left.shape, -torch.inf, dtype=highest[0].dtype, device=left.device)
    for (_, rows), values in zip(tiles, highest, strict=True):
        best[rows] = torch.maximum(best[rows], values.amax(1))
    for (centre, rows), values in zip(tiles, highest, strict=True):
        near = (values > best[rows, None] - depth) & left[rows, None]
        for quarter, here in zip(centre + shifts, near.T, strict=True):
            if here.any():
                yield quarter, rows[here]


def _depth(halvings: int) -> float:
    """How many nats below the highest value the codes of a tile can be that has mass.

    A tile that begins FAR from the centre of a Gaussian of the smallest scale has a code half a step further in.
    """
    half = COARSE / 2 / 2**halvings
    return ((FAR + half) ** 2 + half**2) / 2

"""How loose a bound is: log p(x) between two others, by annealed importance sampling there and back.

Models of one layer with a Gaussian q(z|x) and the prior N(0, I). The path of Neal 2001 goes from q to the posterior,

    log f_b(z) = (1 - b) log q(z|x) + b log p(x, z),    b = b_0, ..., b_T  from 0 to 1,

which is much shorter than the one from p(z) that Wu et al. 2017 take, and as valid: only the bounds' tightness depends
on where it begins. A chain is moved by Hamiltonian Monte Carlo, in units of q's scales.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor
from tqdm import tqdm

from vaecore.device import model_device, onednn_products
from vaecore.distributions import Gaussian
from vaecore.evaluation.evidence import has_standard_prior
from vaecore.evaluation.examined import Examined
from vaecore.evaluation.intervals import drawn
from vaecore.evaluation.likelihood import importance_bound, presented
from vaecore.models import Autoencoder
from vaecore.models.base import Images, Labels
from vaecore.models.variational import Variational

BOUNDS = (1, 10, 100, 1000, 5000)
IMAGES = 200
CHAINS = 8  # of an image, from each side
PILOTS = 4  # chains that find the step sizes
TEMPERATURES = 400
LEAPS = 3  # of the leapfrog in a move
ACCEPTED = 0.65  # share of moves, which is best in many dimensions (Beskos et al. 2013)
FIRST_STEP = 0.3  # in scales of q(z|x)
LEARNING = 0.3  # of the logarithm of the step, for each share of moves too many
TOGETHER = 50  # images


class State(NamedTuple):
    """Where chains are.

    Attributes:
        z: codes.
        log_joint: log p(x, z), in nats.
        gradient: its gradient by z.
    """

    z: Float[Tensor, "chains batch latent"]
    log_joint: Float[Tensor, "chains batch"]
    gradient: Float[Tensor, "chains batch latent"]


@dataclass(frozen=True, eq=False)
class Path:
    """The densities f_b between q(z|x) and p(x, z) of some images.

    Attributes:
        model: of one layer.
        x: images.
        label: of every image, where the model is conditional.
        start: q(z|x).
    """

    model: Variational
    x: Images
    label: Labels | None
    start: Gaussian

    def at(self, z: Float[Tensor, "chains batch latent"]) -> State:
        """The state at some codes."""
        with torch.enable_grad():
            z = z.detach().requires_grad_(True)
            log_joint = self.model.likelihood(z, self.label).log_prob(self.x) + self.model.prior().log_prob(z)
            (gradient,) = torch.autograd.grad(log_joint.sum(), z)
        return State(z.detach(), log_joint.detach(), gradient)

    def log_ratio(self, state: State) -> Float[Tensor, "chains batch"]:
        """d log f_b / db = log p(x, z) - log q(z|x), in nats."""
        return state.log_joint - self.start.log_prob(state.z)

    def log_density(self, state: State, b: float) -> Float[Tensor, "chains batch"]:
        """log f_b(z), in nats."""
        return (1 - b) * self.start.log_prob(state.z) + b * state.log_joint

    def force(self, state: State, b: float) -> Float[Tensor, "chains batch latent"]:
        """The gradient of log f_b by u, z = mean + scale * u."""
        u = (state.z - self.start.mean) / self.start.scale
        return b * state.gradient * self.start.scale - (1 - b) * u

    def leapfrog(
        self, state: State, momentum: Float[Tensor, "chains batch latent"], b: float, step: Float[Tensor, "batch"]
    ) -> tuple[State, Float[Tensor, "chains batch latent"]]:
        """LEAPS steps of Hamilton's equations in u: they keep volumes, and lead back when the momentum is turned."""
        size = step[:, None]
        for _ in range(LEAPS):
            momentum = momentum + size / 2 * self.force(state, b)
            state = self.at(state.z + size * self.start.scale * momentum)
            momentum = momentum + size / 2 * self.force(state, b)
        return state, momentum

    def moved(
        self, state: State, b: float, step: Float[Tensor, "batch"], generator: torch.Generator
    ) -> tuple[State, Float[Tensor, "batch"]]:
        """A move that leaves f_b as it is (Neal 2011), and the mean probability of its acceptance."""
        noise = _noise(state.z.shape, state.z, generator)
        proposed, momentum = self.leapfrog(state, noise, b, step)
        before = self.log_density(state, b) - noise.square().sum(-1) / 2
        after = self.log_density(proposed, b) - momentum.square().sum(-1) / 2
        acceptance = (after - before).nan_to_num(nan=-torch.inf).exp().clamp(max=1)
        draws = torch.rand(acceptance.shape, generator=generator, device=step.device, dtype=step.dtype)
        accepted = draws < acceptance
        kept = State(
            torch.where(accepted[..., None], proposed.z, state.z),
            torch.where(accepted, proposed.log_joint, state.log_joint),
            torch.where(accepted[..., None], proposed.gradient, state.gradient),
        )
        return kept, acceptance.mean(0)

    def steps(self, b: list[float], generator: torch.Generator) -> Float[Tensor, "moves batch"]:
        """A step size for every move and image, so that about ACCEPTED of the moves are accepted.

        Found by chains of their own, and held still thereafter: a chain that chose its own steps would leave no f_b
        as it is.
        """
        state = self.at(self.start.rsample((PILOTS,), generator))
        step, found = torch.full_like(state.log_joint[0], FIRST_STEP), []
        for between in b[1:-1]:
            found.append(step)
            state, acceptance = self.moved(state, between, step, generator)
            step = step * ((acceptance - ACCEPTED) * LEARNING).exp()
        return torch.stack(found) if found else step.new_empty(0, len(step))

    def log_weights(
        self,
        z: Float[Tensor, "chains batch latent"],
        b: list[float],
        steps: Float[Tensor, "moves batch"],
        generator: torch.Generator,
    ) -> Float64[Tensor, "chains batch"]:
        """log w = sum_t (b_(t+1) - b_t) (log p(x, z_t) - log q(z_t|x)), in nats; z_t leaves f at b_t as it is.

        From z_0 ~ q at b = 0 E[w] = p(x); from z_0 ~ p(z|x) at b = 1, with the same moves in the other order,
        E[w] = 1 / p(x).
        """
        state, log_w = self.at(z), torch.zeros(z.shape[:2], dtype=torch.float64, device=z.device)
        for i, (here, there) in enumerate(pairwise(b)):
            log_w += (there - here) * self.log_ratio(state).double()
            if i < len(steps):
                state, _ = self.moved(state, there, steps[i], generator)
        return log_w


def _noise(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=like.device, dtype=like.dtype)


def check_annealable(model: Autoencoder) -> Variational:
    """The model, if there is a path: one layer of codes with a Gaussian q(z|x) and the prior N(0, I).

    Raises:
        ValueError: another model: deterministic, hierarchical, with a flow, or of texts.
    """
    if has_standard_prior(model):
        assert isinstance(model, Variational)
        like = next(model.parameters())
        label = torch.zeros(1, dtype=torch.int64, device=like.device) if model.classes else None
        if isinstance(model.posterior(like.new_zeros(1, *model.shape), label), Gaussian):
            return model
    kind = type(model).__name__
    raise ValueError(f"expected a model of images with one layer of Gaussian codes to anneal, got {kind}")


@torch.no_grad()
def annealed_bounds(
    model: Variational,
    x: Images,
    label: Labels | None,
    generator: torch.Generator,
    exact: Float[Tensor, "batch latent"] | None = None,
) -> Float64[Tensor, "bounds batch"]:
    """A lower bound on log p(x), and an upper one where a draw of the true posterior is given, in nats.

    log 1/C sum_c w_c from q(z|x), and -log 1/C sum_c w_c with all chains back from the one draw: by Jensen's inequality
    at most, and at least, log p(x) in expectation, whatever the moves; by Markov's they are off to the wrong side by
    k nats with probability e^-k at most. Such a draw is only known of an image that was made from it: of real images
    the lower bound alone is one. (BREAD, Grosse et al. 2016, simulates data that resembles the real images instead.)

    Source: Neal 2001; Grosse, Ghahramani & Adams 2015; Wu et al. 2017.

    Args:
        model: one that `check_annealable` lets pass.
        x: images.
        label: of every image, where the model is conditional.
        generator: of the draws, on the model's device.
        exact: z ~ p(z|x), by which each image was made.
    """
    b = torch.linspace(0, 1, TEMPERATURES + 1, dtype=torch.float64).tolist()
    start = model.posterior(x, label)
    assert isinstance(start, Gaussian)
    path = Path(model, x, label, start)
    steps = path.steps(b, generator)
    forwards = path.log_weights(start.rsample((CHAINS,), generator), b, steps, generator)
    found = [forwards.logsumexp(0) - log(CHAINS)]
    if exact is not None:
        back = path.log_weights(exact.expand(CHAINS, -1, -1), b[::-1], steps.flip(0), generator)
        found.append(log(CHAINS) - back.logsumexp(0))
    return torch.stack(found)


class Looseness(NamedTuple):
    """What bounds miss.

    Attributes:
        lower: on log p(x) of images that the model drew, in nats.
        upper: likewise.
        annealed: the lower bound on log p(x) of real images.
        bounds: on the same, by samples of q(z|x), by their number.
    """

    lower: Float64[Tensor, "n"]
    upper: Float64[Tensor, "n"]
    annealed: Float64[Tensor, "n"]
    bounds: dict[int, Float64[Tensor, "n"]]


@torch.no_grad()
@onednn_products()
def looseness(on: Examined, images: int = IMAGES, progress: bool = False) -> Looseness:
    """The sandwich on so many images that the model draws, and the bounds on as many test images, drawn.

    Test images are presented as `evaluate` does; a conditional model draws an image of each one's class. Of grey pixels
    a Bernoulli model's bounds are made of cross-entropies.

    Raises:
        ValueError: a model that is not annealable, or fewer than two images.
    """
    model = check_annealable(on.model)
    if min(images, len(on.test)) < 2:
        raise ValueError(f"expected 2 images or more, got {min(images, len(on.test))}")
    rows = drawn(len(on.test), images)
    device = model_device(model)
    generator = torch.Generator(device).manual_seed(on.seed + 4)  # the pixels' is the seed, the report's the next three
    x = presented(on.test, on.binarise, on.seed)[rows]
    target = on.test.target[rows] if model.classes and on.test.target is not None else None
    pieces, sandwich, annealed = torch.arange(len(rows)).split(TOGETHER), [], []
    for piece in tqdm(pieces, desc="annealing", disable=not progress):
        label = None if target is None else target[piece].to(device)
        z = model.prior().rsample((len(piece),), generator)
        made = model.likelihood(z, label).rsample((), generator)
        sandwich.append(annealed_bounds(model, made, label, generator, z).cpu())
        annealed.append(annealed_bounds(model, x[piece].to(device), label, generator)[0].cpu())
    bounds = {k: importance_bound(model, x, target, k, generator).double() for k in BOUNDS}
    lower, upper = torch.cat(sandwich, 1)
    return Looseness(lower, upper, torch.cat(annealed), bounds)

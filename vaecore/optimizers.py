"""The table of optimisers: a new one is a function and a row."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torch.optim import AdamW, Muon, Optimizer

Parameters = list[nn.Parameter]
Betas = tuple[float, float]

ADAMW = {"step": False, "exp_avg": True, "exp_avg_sq": True}
MUON = {"momentum_buffer": True}


@dataclass(frozen=True)
class Choice:
    """A row of the table of optimisers.

    Attributes:
        build: parameters, learning rate, weight decay, betas -> the optimisers that share the parameters.
        moments: what each kind of these keeps of a parameter, and whether that has a number for each of the
            parameter's.
    """

    build: Callable[[Parameters, float, float, Betas], list[Optimizer]]
    moments: dict[type[Optimizer], dict[str, bool]]


def _adamw(parameters: Parameters, rate: float, decay: float, betas: Betas) -> list[Optimizer]:
    """AdamW (Loshchilov & Hutter 2019)."""
    return [AdamW(parameters, rate, betas=betas, weight_decay=decay, fused=True)]


def _muon(parameters: Parameters, rate: float, decay: float, betas: Betas) -> list[Optimizer]:
    """The matrices are Muon's, and the rest stays with AdamW.

    Muon (Jordan 2024) steps along the nearest orthogonal matrix to the gradient's momentum, here of the size that an
    AdamW step has (Liu et al. 2025), so that one learning rate does for both. Three rounds of its iteration do as well
    as five.
    """
    matrices = [p for p in parameters if p.ndim == 2 and min(p.shape) > 1]
    others = [p for p in parameters if all(p is not matrix for matrix in matrices)]
    found = _adamw(others, rate, decay, betas)
    if matrices:
        found.append(Muon(matrices, rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw", ns_steps=3))
    return found


OPTIMIZERS = {
    "adamw": Choice(_adamw, {AdamW: ADAMW}),
    "muon": Choice(_muon, {AdamW: ADAMW, Muon: MUON}),
}


def moments_of(optimizer: Optimizer) -> dict[str, bool]:
    """What an optimiser keeps of a parameter: see `Choice`."""
    rows = (row for choice in OPTIMIZERS.values() for row in choice.moments.items())
    return next(moments for kind, moments in rows if isinstance(optimizer, kind))

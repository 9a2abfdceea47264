"""The Jacobian J = df/dx of an encoder, example by example: whole, as its squared norm, and estimated.

An encoder that treats examples one by one gives `batch` Jacobians [latent, features] for x [batch, features].
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import vjp, vmap

from vaecore.distributions import standard_normal

Encoder = Callable[[Tensor], Tensor]


def jacobian(encoder: Encoder, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch latent features"]:
    """J_f(x) by one product u'J per latent dimension, all at once."""
    code, pull_back, *_ = vjp(encoder, x)
    units = torch.eye(code.shape[1], dtype=code.dtype, device=code.device)
    rows = vmap(lambda unit: pull_back(unit.expand_as(code))[0])(units)
    return rows.transpose(0, 1)


def squared_norm(encoder: Encoder, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch"]:
    """||J_f(x)||_F^2, exact."""
    return jacobian(encoder, x).square().sum((1, 2))


def estimated_squared_norm(encoder: Encoder, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch"]:
    """||u'J_f(x)||^2 for one u ~ N(0, I): unbiased for ||J_f(x)||_F^2, since E[uu'] = I (Hutchinson 1990)."""
    code, pull_back, *_ = vjp(encoder, x)
    return pull_back(standard_normal(code))[0].square().sum(1)


def squared_norm_of_sigmoid_layer(
    code: Float[Tensor, "batch latent"], weight: Float[Tensor, "latent features"]
) -> Float[Tensor, "batch"]:
    """||J_f(x)||_F^2 = sum_j (h_j (1 - h_j))^2 sum_i W_ji^2 for h = sigmoid(W x + b).

    Source: Rifai, Vincent, Muller, Glorot & Bengio 2011.
    """
    return ((code * (1 - code)).square() * weight.square().sum(1)).sum(1)  # no matrix product: autocast rounds those

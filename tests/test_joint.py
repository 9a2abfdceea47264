"""Latents that depend on each other: the chain against one joint Gaussian, the flow against autograd's Jacobian."""

from collections.abc import Callable
from functools import partial
from itertools import accumulate, pairwise

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal
from torch.nn.functional import pad

from vaecore.distributions import Gaussian, shard
from vaecore.joint import Chain, Flow
from vaecore.models import MODELS
from vaecore.networks import MaskedMLP

BATCH = 4
SIZES = (3, 1, 2)
LATENT = sum(SIZES)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class LinearChain:
    """A chain whose conditionals are linear, and the joint Gaussian that it makes."""

    def __init__(self, upward: bool) -> None:
        drawn = SIZES if upward else SIZES[::-1]
        first = Gaussian(noise(BATCH, drawn[0]), noise(BATCH, drawn[0], seed=1).exp())
        self.matrices = [noise(b, a, seed=10 + i) for i, (a, b) in enumerate(pairwise(drawn))]
        self.offsets = [noise(b, seed=20 + i) for i, b in enumerate(drawn[1:])]
        self.scales = [noise(b, seed=30 + i).exp() for i, b in enumerate(drawn[1:])]
        parts = zip(self.matrices, self.offsets, self.scales, strict=True)
        self.chain = Chain(first, tuple(partial(linear_gaussian, *part) for part in parts), SIZES, upward)
        self.drawn, self.upward = drawn, upward

    @property
    def joint(self) -> MultivariateNormal:
        """z = m + M e of all latents in the order of drawing, one block row for each part; then in that of the row."""
        first = self.chain.first
        means = [first.location]
        rows = [pad(torch.diag_embed(first.scale), (0, LATENT - self.drawn[0]))]
        ends = list(accumulate(self.drawn))
        for matrix, offset, scale, end in zip(self.matrices, self.offsets, self.scales, ends[1:], strict=True):
            means.append(means[-1] @ matrix.T + offset)
            row = matrix @ rows[-1]
            row[..., end - len(scale) : end] += torch.diag(scale)
            rows.append(row)
        if not self.upward:
            means, rows = means[::-1], rows[::-1]
        factor = torch.cat(rows, -2)
        return MultivariateNormal(torch.cat(means, -1), factor @ factor.mT)


def linear_gaussian(matrix: Tensor, offset: Tensor, scale: Tensor, z: Tensor) -> Gaussian:
    mean = z @ matrix.T + offset
    return Gaussian(mean, scale.expand_as(mean))


@pytest.fixture(params=[True, False], ids=["upward", "downward"])
def case(request: pytest.FixtureRequest) -> LinearChain:
    return LinearChain(request.param)


@pytest.mark.parametrize("samples", [(), (5,), (2, 5)])
def test_the_density_of_a_chain_is_that_of_the_joint_gaussian(case: LinearChain, samples: tuple[int, ...]) -> None:
    value = 2 * noise(*samples, BATCH, LATENT)
    found = case.chain.log_prob(value)
    assert found.shape == (*samples, BATCH)
    torch.testing.assert_close(found, case.joint.log_prob(value))
    z, log_prob = case.chain.rsample_with_log_prob(samples)
    assert z.shape == log_prob.shape == (*samples, BATCH, LATENT)
    torch.testing.assert_close(log_prob.sum(-1), case.joint.log_prob(z))
    torch.testing.assert_close(log_prob, case.chain.log_prob_per_latent(z))


def test_draws_of_a_chain_have_the_moments_of_the_joint_gaussian(case: LinearChain) -> None:
    count = 100_000
    z = case.chain.rsample((count,), torch.Generator().manual_seed(0))
    joint = case.joint
    assert ((z.mean(0) - joint.mean).abs() < 5 * (joint.variance / count).sqrt()).all()
    deviations = torch.linalg.solve_triangular(joint.scale_tril, (z - joint.mean)[..., None], upper=False)[..., 0]
    covariance = torch.einsum("sbi,sbj->bij", deviations, deviations) / count
    torch.testing.assert_close(covariance, torch.eye(LATENT).double().expand_as(covariance), rtol=0, atol=0.03)


def test_a_chain_gives_every_part_given_the_one_before(case: LinearChain) -> None:
    """In the order of the row, whichever was drawn first; the parts' conditionals come from the joint Gaussian."""
    value = noise(2, BATCH, LATENT)
    parts = value.split(SIZES, -1)
    starts = (0, *accumulate(SIZES))
    joint = case.joint
    for i, gaussian in enumerate(case.chain.given(value)):
        before = i - 1 if case.upward else i + 1
        own = torch.arange(starts[i], starts[i + 1])
        if not 0 <= before < len(SIZES):
            mean, covariance = joint.mean[:, own], joint.covariance_matrix[:, own][..., own]
        else:
            given = torch.arange(starts[before], starts[before + 1])
            cross = joint.covariance_matrix[:, own][..., given]
            gain = cross @ torch.linalg.inv(joint.covariance_matrix[:, given][..., given])
            mean = joint.mean[:, own] + ((parts[before] - joint.mean[:, given])[..., None, :] @ gain.mT)[..., 0, :]
            covariance = joint.covariance_matrix[:, own][..., own] - gain @ cross.mT
        torch.testing.assert_close(gaussian.mean, mean.expand_as(gaussian.mean))
        variance = covariance.diagonal(dim1=-2, dim2=-1)
        torch.testing.assert_close(gaussian.scale.square(), variance.expand_as(gaussian.scale))


def test_the_centre_of_a_linear_chain_is_its_expectation(case: LinearChain) -> None:
    torch.testing.assert_close(case.chain.mean, case.joint.mean)
    drawn = [case.chain.first.scale, *(scale.expand(BATCH, -1) for scale in case.scales)]
    torch.testing.assert_close(case.chain.scale, torch.cat(drawn if case.upward else drawn[::-1], -1))


def test_a_colder_chain_has_smaller_deviations(case: LinearChain) -> None:
    """The same noise, half of it: in a linear chain every deviation from the mean is halved."""
    cold = case.chain.tempered(0.5)
    whole, half = (chain.rsample((3,), torch.Generator().manual_seed(1)) for chain in (case.chain, cold))
    torch.testing.assert_close(half - case.joint.mean, (whole - case.joint.mean) / 2)
    joint = MultivariateNormal(case.joint.mean, case.joint.covariance_matrix / 4)
    torch.testing.assert_close(cold.log_prob(whole), joint.log_prob(whole))
    torch.testing.assert_close(case.chain.tempered(0.0).rsample(), case.joint.mean)


@pytest.mark.parametrize("name", ["hierarchical", "ladder"])
def test_no_draws_and_draws_without_a_batch_have_their_shapes(name: str) -> None:
    kind = MODELS[name]
    model = kind(kind.Settings(latent=2, lower=(3,), hidden=(5, 4)), (1, 2, 2)).eval()
    prior = model.prior()
    assert prior.rsample((0,)).shape == (0, 5)
    assert prior.rsample().shape == prior.mean.shape == prior.scale.shape == (5,)
    posterior = model.posterior(torch.rand(4, 1, 2, 2))
    assert posterior.rsample((0,)).shape == (0, 4, 5)
    assert posterior.rsample((2, 3)).shape == (2, 3, 4, 5)


@pytest.mark.parametrize("samples", [(), (3,)])
def test_processes_draw_their_own_rows(case: LinearChain, samples: tuple[int, ...]) -> None:
    """Every part's noise is drawn for the whole batch: two halves are the rows of the whole."""
    row = Gaussian(case.chain.first.location[:1].expand(BATCH, -1), case.chain.first.scale[:1].expand(BATCH, -1))
    half = Gaussian(row.location[: BATCH // 2], row.scale[: BATCH // 2])
    whole = Chain(row, case.chain.conditionals, SIZES, case.upward).rsample(samples, torch.Generator().manual_seed(2))
    parts = []
    for rank in range(2):
        with shard(rank, 2):
            chain = Chain(half, case.chain.conditionals, SIZES, case.upward)
            parts.append(chain.rsample(samples, torch.Generator().manual_seed(2)))
    torch.testing.assert_close(torch.cat(parts, len(samples)), whole)


# The flow


def flow(latent: int, steps: int, batch: int = BATCH, gain: float = 2.0) -> Flow:
    torch.manual_seed(0)
    networks = [MaskedMLP(latent, (7, 9), 3, "tanh", backwards=bool(step % 2)).double() for step in range(steps)]
    for parameter in (parameter for network in networks for parameter in network.parameters()):
        parameter.data *= gain
    base = Gaussian(noise(batch, latent, seed=1), (0.3 * noise(batch, latent, seed=2)).exp())
    return Flow(base, tuple(partial(network.given, noise(batch, 3, seed=3)) for network in networks))


def bent(steps: tuple[Callable[[Tensor], tuple[Tensor, Tensor]], ...], z: Tensor) -> Tensor:
    """Kingma et al. 2016, algorithm 1: z <- gate * z + (1 - gate) * shift."""
    for step in steps:
        shift, logit = step(z)
        gate = torch.sigmoid(logit)
        z = gate * z + (1 - gate) * shift
    return z


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
@pytest.mark.parametrize("latent", [1, 2, 5])
def test_the_density_of_a_flow_is_the_bases_less_the_jacobians_volume(latent: int, steps: int) -> None:
    ours = flow(latent, steps)
    start = ours.base.rsample((2,), torch.Generator().manual_seed(5))
    z, log_prob = ours.rsample_with_log_prob((2,), torch.Generator().manual_seed(5))
    torch.testing.assert_close(z, bent(ours.steps, start))
    jacobian = torch.autograd.functional.jacobian(lambda start: bent(ours.steps, start), start)
    blocks = jacobian.diagonal(dim1=0, dim2=3).diagonal(dim1=0, dim2=2).permute(2, 3, 0, 1)
    assert blocks.shape == (2, BATCH, latent, latent)
    expected = ours.base.log_prob(start) - torch.linalg.slogdet(blocks).logabsdet
    torch.testing.assert_close(log_prob.sum(-1), expected)
    if steps:
        assert (torch.linalg.slogdet(blocks).logabsdet.abs() > 1e-3).all(), "a flow that does nothing tells nothing"


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
@pytest.mark.parametrize("samples", [(), (4,), (2, 4)])
def test_undoing_a_flow_finds_the_density_of_doing_it(steps: int, samples: tuple[int, ...]) -> None:
    ours = flow(5, steps)
    z, log_prob = ours.rsample_with_log_prob(samples)
    assert z.shape == log_prob.shape == (*samples, BATCH, 5)
    torch.testing.assert_close(ours.log_prob_per_latent(z), log_prob)
    torch.testing.assert_close(ours.log_prob(z), log_prob.sum(-1))


@torch.no_grad()
@pytest.mark.parametrize("steps", [1, 2])
def test_the_density_of_a_flow_integrates_to_one(steps: int) -> None:
    ours = flow(2, steps)
    side = torch.linspace(-9, 9, 361, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)[:, None].expand(-1, BATCH, -1)
    mass = ours.log_prob(grid).exp().sum(0) * float(side[1] - side[0]) ** 2
    torch.testing.assert_close(mass, torch.ones(BATCH).double(), rtol=0, atol=1e-3)


def test_a_latent_given_those_before_it_has_the_density_that_one_step_says() -> None:
    """log q(z_i | z before) of one step, by the marginal densities that a grid over the last latent gives."""
    ours, side = flow(2, 1), torch.linspace(-12, 12, 4001, dtype=torch.float64)
    z, log_prob = ours.rsample_with_log_prob((), torch.Generator().manual_seed(1))
    line = torch.stack([z[:, 0].expand(len(side), -1), side[:, None].expand(-1, BATCH)], -1)
    marginal = (ours.log_prob(line).exp().sum(0) * float(side[1] - side[0])).log()
    torch.testing.assert_close(log_prob[:, 0], marginal, rtol=0, atol=1e-6)


def test_the_centre_of_a_flow() -> None:
    ours = flow(3, 2)
    torch.testing.assert_close(ours.mean, bent(ours.steps, ours.base.mean))
    one = Flow(ours.base, ours.steps[:1])
    slope = torch.autograd.functional.jacobian(lambda start: bent(one.steps, start), one.base.mean)
    gates = slope.diagonal(dim1=0, dim2=2).diagonal(dim1=0, dim2=1)
    torch.testing.assert_close(one.scale, one.base.scale * gates)


def test_the_order_is_reversed_between_the_steps_of_the_model() -> None:
    kind = MODELS["iaf"]
    model = kind(kind.Settings(latent=4, hidden=(6,), steps=3, flow_hidden=(16,), context=3), (1, 2, 2))
    context, z = torch.randn(1, 3), torch.randn(1, 4)
    for step, network in enumerate(model.flow):
        shift, logit = torch.autograd.functional.jacobian(partial(network.given, context), z)
        for slope in (shift[0, :, 0], logit[0, :, 0]):
            strictly = slope.triu(1) if step % 2 else slope.tril(-1)
            assert torch.equal(slope, strictly)
            assert (slope != 0).sum() == 6, "every latent hears all those before it"


@pytest.mark.parametrize("samples", [(), (3,)])
def test_processes_draw_the_rows_of_a_flow(samples: tuple[int, ...]) -> None:
    ours = flow(3, 2)
    whole = ours.rsample(samples, torch.Generator().manual_seed(2))
    for rank in range(2):
        rows = slice(2 * rank, 2 * rank + 2)
        half = Flow(
            Gaussian(ours.base.location[rows], ours.base.scale[rows]),
            tuple(partial(step.func, step.args[0][rows]) for step in ours.steps),
        )
        with shard(rank, 2):
            part = half.rsample(samples, torch.Generator().manual_seed(2))
        torch.testing.assert_close(part, whole[..., rows, :])

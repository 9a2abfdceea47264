"""The bound that all variational models share: what weighs its rate, and how importance weighting tightens it."""

from collections.abc import Callable
from math import log
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from vaecore import checkpoint
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.distributions import Gaussian, shard
from vaecore.evaluation.likelihood import log_weights
from vaecore.joint import Chain, Flow
from vaecore.models import MODELS, VAE, BetaVAE, ImportanceWeightedAutoencoder, InverseAutoregressiveFlowVAE, gaussian
from vaecore.models.hierarchical import Merged
from vaecore.models.variational import Variational
from vaecore.recipes import RECIPES, find
from vaecore.runs import Run
from vaecore.training import fit

CPU = torch.device("cpu")
NAMES = [name for name, kind in MODELS.items() if issubclass(kind, Variational) and "text" not in kind.abilities]
PLAIN = {"beta": 1.0, "annealing": "none", "free_bits": 0.0, "target_rate": None}
Price = Callable[[Tensor], Tensor]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def x(digits: Images) -> Tensor:
    return present(digits.pixels[:16]).double().round()


@pytest.fixture(scope="module")
def label(digits: Images) -> Tensor:
    return digits.target[:16]


def made(name: str, **changes: object) -> Variational:
    """The variant's recipe for the digits, made small, with the plain bound but for the changes; always alike."""
    recipe = next(recipe for recipe in RECIPES.values() if recipe.model == name and recipe.dataset == "digits")
    small = {"latent": 3, "hidden": tuple(range(9, 9 - len(recipe.settings.hidden), -1)), "activation": "tanh"}
    torch.manual_seed(1)
    model = checkpoint.build(recipe.changed(**small | PLAIN | changes), (1, 8, 8), 10).double()
    with torch.no_grad():  # far enough from the prior that there is something to pay for
        for parameter in model.encoder.parameters():
            parameter *= 2
    return model.eval()


def loss_of(model: Variational, x: Tensor, label: Tensor | None) -> Tensor:
    torch.manual_seed(7)
    return torch.stack(list(model.loss(x, label).values())).sum(0)


def parts_of(model: Variational, x: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Distortion, and rate by group, from torch's own densities and divergences, with the noise of `loss_of`."""
    torch.manual_seed(7)
    posterior, prior = model.posterior(x, label), model.prior()
    weighted = isinstance(model, ImportanceWeightedAutoencoder)
    z, log_posterior = posterior.rsample_with_log_prob((model.settings.samples,) if weighted else ())
    distortion = -Independent(Bernoulli(logits=model.likelihood(z, label).logits), 3).log_prob(
        x.expand(*z.shape[:-1], *x.shape[1:])
    )
    if isinstance(posterior, Flow):
        return distortion, log_posterior - Normal(0.0, 1.0).log_prob(z)
    if isinstance(posterior, Chain):
        layers = zip(posterior.given(z), prior.given(z), z.split(model.groups, -1), strict=True)
        costs = [cost_of_layer(q, p, part, closed=isinstance(posterior, Merged)) for q, p, part in layers]
        return distortion, torch.stack(costs, -1)
    q = Normal(posterior.mean, posterior.scale)
    if weighted:
        return distortion, q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    return distortion, kl_divergence(q, Normal(torch.zeros_like(q.mean), torch.ones_like(q.mean)))


def cost_of_layer(q: Gaussian, p: Gaussian, z: Tensor, closed: bool) -> Tensor:
    one, other = Normal(q.mean, q.scale), Normal(p.mean, p.scale)
    if closed:
        return kl_divergence(one, other).sum(-1)
    return (one.log_prob(z) - other.log_prob(z)).sum(-1)


def priced(model: Variational, x: Tensor, label: Tensor, price: Price) -> Tensor:
    """The loss of every image whose mean is E[distortion] + price(E[rates]), in value and in slope.

    Of the importance-weighted bound every sample's log weight is what is priced so.
    """
    distortion, rates = parts_of(model, x, label)
    mean = rates.detach().flatten(0, -2).mean(0).requires_grad_()
    value = price(mean)
    (slope,) = torch.autograd.grad(value, mean)
    cost = distortion + (slope * rates).sum(-1) + (value - (slope * mean).sum()).detach()
    return log(len(cost)) - (-cost).logsumexp(0) if cost.ndim == 2 else cost


def slopes(model: Variational, loss: Tensor) -> Tensor:
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(loss.mean(), parameters, allow_unused=True)
    return torch.cat(
        [(torch.zeros_like(p) if g is None else g).flatten() for p, g in zip(parameters, found, strict=True)]
    )


def middle(model: Variational, x: Tensor, label: Tensor) -> float:
    """Nats between what one group costs and what the next one does."""
    means = parts_of(model, x, label)[1].detach().flatten(0, -2).mean(0).sort().values
    return float(means[-2:].mean())


def total(model: Variational, x: Tensor, label: Tensor) -> float:
    return float(parts_of(model, x, label)[1].detach().sum(-1).mean())


def beta(model: Variational, x: Tensor, label: Tensor) -> tuple[dict[str, Any], Price]:
    return {"beta": 0.3}, lambda rates: 0.3 * rates.sum()


def free_bits(model: Variational, x: Tensor, label: Tensor) -> tuple[dict[str, Any], Price]:
    bits = middle(model, x, label)
    return {"free_bits": bits, "beta": 0.5}, lambda rates: 0.5 * rates.clamp(min=bits).sum()


def target_above(model: Variational, x: Tensor, label: Tensor) -> tuple[dict[str, Any], Price]:
    goal = 2 * total(model, x, label)
    return {"target_rate": goal, "beta": 3.0}, lambda rates: 3 * (rates.sum() - goal).abs()


def target_below(model: Variational, x: Tensor, label: Tensor) -> tuple[dict[str, Any], Price]:
    goal = total(model, x, label) / 2
    return {"target_rate": goal, "beta": 3.0}, lambda rates: 3 * (rates.sum() - goal).abs()


@pytest.mark.parametrize("pressure", [beta, free_bits, target_above, target_below])
def test_the_objective_is_that_of_the_paper_in_value_and_in_slope(
    pressure: Callable[..., tuple[dict[str, Any], Price]], name: str, x: Tensor, label: Tensor
) -> None:
    plain = made(name)
    changes, price = pressure(plain, x, label)
    model = made(name, **changes)
    found, expected = loss_of(model, x, label), priced(model, x, label, price)
    assert total(model, x, label) > 0.1, "there is a rate to weigh"
    assert not torch.allclose(found, loss_of(plain, x, label), rtol=1e-3)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(slopes(model, found), slopes(model, expected), rtol=1e-5, atol=1e-7)


def test_unweighed_the_loss_is_minus_the_elbo(name: str, x: Tensor, label: Tensor) -> None:
    """Over many draws, and by importance weights that know nothing of closed forms."""
    model, count = made(name), 2000
    if name == "iwae":
        model = made(name, samples=1)
    one, label = x[:1].expand(count, -1, -1, -1), label[:1].expand(count)
    with torch.no_grad():
        losses, log_w = loss_of(model, one, label), log_weights(model, one, label, 1)[0]
    error = ((losses.var() + log_w.var()) / count).sqrt()
    assert (losses.mean() + log_w.mean()).abs() < 5 * error
    assert error < 0.5


def test_what_is_free_has_no_slope(name: str, x: Tensor, label: Tensor) -> None:
    """With more free bits than any group has, the slope is that of the distortion alone, and the cost a constant."""
    free, gratis = made(name, free_bits=1000.0), made(name, beta=0.0)
    found, expected = loss_of(free, x, label), loss_of(gratis, x, label)
    torch.testing.assert_close(found, expected + 1000.0 * len(free.groups))
    torch.testing.assert_close(slopes(free, found), slopes(gratis, expected), rtol=1e-9, atol=1e-15)


def test_a_target_pushes_from_both_sides(name: str, x: Tensor, label: Tensor) -> None:
    """A small step down the slope of the rate's part alone brings the rate nearer to the target."""
    gratis = made(name, beta=0.0)
    distortion = slopes(gratis, loss_of(gratis, x, label))
    for factor in (0.5, 2.0):
        goal = factor * total(gratis, x, label)
        model = made(name, target_rate=goal)
        push = slopes(model, loss_of(model, x, label)) - distortion
        before = total(model, x, label)
        with torch.no_grad():
            start = torch.nn.utils.parameters_to_vector(model.parameters())
            torch.nn.utils.vector_to_parameters(start - 1e-3 * push / push.norm(), model.parameters())
        assert abs(total(model, x, label) - goal) < abs(before - goal)


def test_free_bits_and_a_target_do_not_go_together(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected free_bits or target_rate, got both \(1 and 2 nats\)") as caught:
        made(name, free_bits=1.0, target_rate=2.0)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="got both"):
        MODELS[name].Settings(free_bits=1.0, target_rate=2.0)


# Annealing


def weights_of(shares: list[float], **changes: object) -> list[float]:
    model = made("vae", **changes).train()
    weights = []
    for share in shares:
        model.advance(share)
        weights.append(model.annealed)
    return weights


def test_the_weight_climbs_once_or_in_cycles() -> None:
    shares = [0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.9, 0.99]
    assert weights_of(shares) == [1.0] * 10
    once = weights_of(shares, annealing="linear", annealing_share=0.4)
    assert once == pytest.approx([0, 0.25, 0.5, 0.625, 0.75, 1, 1, 1, 1, 1])
    cycles = weights_of(shares, annealing="cyclic", annealing_share=0.5, annealing_cycles=4)
    assert cycles == pytest.approx([0, 0.8, 1, 0, 0.4, 1, 0, 0.8, 1, 1])
    two = weights_of(shares, annealing="cyclic", annealing_share=1.0, annealing_cycles=2)
    assert two == pytest.approx([0, 0.2, 0.4, 0.5, 0.6, 0.8, 0, 0.2, 0.8, 0.98])


@pytest.mark.parametrize("kind", ["linear", "cyclic"])
def test_annealing_is_a_beta_that_grows(kind: str, name: str, x: Tensor, label: Tensor) -> None:
    model = made(name, annealing=kind, annealing_share=0.5, annealing_cycles=2, beta=2.0).train()
    for share, linear, cyclic in ((0.0, 0.0, 0.0), (0.125, 0.25, 0.5), (0.25, 0.5, 1.0), (0.75, 1.0, 1.0)):
        model.advance(share)
        beta = 2 * (linear if kind == "linear" else cyclic)
        expected = loss_of(made(name, beta=beta or 0.0).train(), x, label)
        assert torch.equal(loss_of(model, x, label), expected)
    model.advance(0.0)
    plain = made(name, beta=2.0)
    plain.load_state_dict(model.state_dict())
    assert torch.equal(loss_of(model.eval(), x, label), loss_of(plain, x, label)), "only in training"


def test_annealing_weighs_free_bits_and_moves_the_target(name: str, x: Tensor, label: Tensor) -> None:
    ramp = {"annealing": "linear", "annealing_share": 0.5}
    for changes, halved in (
        ({"free_bits": 0.3, "beta": 1.0}, {"free_bits": 0.3, "beta": 0.5}),
        ({"target_rate": 4.0}, {"target_rate": 2.0}),
    ):
        model = made(name, **ramp, **changes).train()
        model.advance(0.25)
        torch.testing.assert_close(loss_of(model, x, label), loss_of(made(name, **halved).train(), x, label))


def test_a_run_passes_through_the_weights_step_by_step(
    few: Images, held: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, float]] = []
    pressure = VAE.pressure

    def watched(self: VAE, rates: Tensor) -> tuple[Tensor, Tensor]:
        seen.append((self.training, self.annealed))
        return pressure(self, rates)

    monkeypatch.setattr(VAE, "pressure", watched)
    recipe = find("vae-digits-2").changed(
        hidden=(4,), epochs=5, batch=16, annealing="linear", annealing_share=0.5, precision="float32"
    )
    fit(Run(recipe, few, held, tmp_path), CPU)
    assert [weight for training, weight in seen if training] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1])
    assert {weight for training, weight in seen if not training} == {1.0}


# What is the VAE after all


def test_a_beta_of_one_is_the_vae_bit_for_bit(few: Images, held: Images, tmp_path: Path) -> None:
    same = {"latent": 3, "hidden": (9,), "epochs": 4, "batch": 8, "precision": "float32"}
    models = [
        fit(Run(find(recipe).changed(**same, **changes), few, held, tmp_path / recipe), CPU)[0]
        for recipe, changes in (("vae-digits-2", {}), ("beta-vae-digits-4", {"beta": 1.0}))
    ]
    assert [type(model) for model in models] == [VAE, BetaVAE]
    one, other = (model.state_dict() for model in models)
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    losses = [loss_of(model, present(few.pixels), None) for model in models]
    assert torch.equal(*losses)
    histories = [(tmp_path / recipe / "history.jsonl").read_text() for recipe in ("vae-digits-2", "beta-vae-digits-4")]
    assert histories[0].split('"seconds"')[0] == histories[1].split('"seconds"')[0]


def test_a_flow_of_no_steps_is_the_vaes_posterior(x: Tensor) -> None:
    vae, flow = made("vae"), made("iaf", steps=0)
    assert isinstance(flow, InverseAutoregressiveFlowVAE)
    flow.load_state_dict(vae.state_dict())
    ours, theirs = flow.posterior(x), vae.posterior(x)
    assert isinstance(ours, Flow)
    for samples in ((), (4,)):
        torch.manual_seed(2)
        z, log_prob = ours.rsample_with_log_prob(samples)
        torch.manual_seed(2)
        assert torch.equal(z, theirs.rsample(samples))
        torch.testing.assert_close(log_prob.sum(-1), theirs.log_prob(z))
        torch.testing.assert_close(ours.log_prob(z), theirs.log_prob(z))
    torch.testing.assert_close(ours.mean, theirs.mean)
    torch.testing.assert_close(ours.scale, theirs.scale)


def test_a_flow_is_not_undone_to_be_weighed(x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is exact, but takes a pass for every latent, and loses digits in each."""
    model = made("iaf")
    torch.manual_seed(0)
    z, log_posterior = model.posterior(x).rsample_with_log_prob((3,))
    with torch.no_grad():
        torch.manual_seed(0)
        log_p = model.likelihood(z).log_prob(x) + model.prior().log_prob(z)
        monkeypatch.setattr(Flow, "log_prob_per_latent", None)
        torch.testing.assert_close(log_weights(model, x, None, 3), log_p - log_posterior.sum(-1))


def test_a_label_reaches_the_encoder_and_the_decoder(name: str, x: Tensor, label: Tensor) -> None:
    model, z, other = made(name, conditional=True), torch.randn(16, made(name).latent).double(), (label + 1) % 10
    assert "condition" in model.abilities
    for verb in (lambda y: model.posterior(x, y).mean, lambda y: model.likelihood(z, y).mean):
        assert ((verb(label) - verb(other)).abs().flatten(1).amax(1) > 1e-6).all(), "of every image"
    assert not torch.equal(loss_of(model, x, label), loss_of(model, x, other))
    for verb in (model.posterior, model.loss):
        with pytest.raises(ValueError, match="is conditional: expected a label per example, got none"):
            verb(x)
    with pytest.raises(ValueError, match="is conditional: expected a label per example, got none"):
        model.likelihood(z)
    recipe = next(recipe for recipe in RECIPES.values() if recipe.model == name).changed(conditional=True)
    with pytest.raises(ValueError, match="is conditional: expected labelled images"):
        checkpoint.build(recipe, (1, 8, 8), 0)
    if name != "cvae":
        assert "condition" not in made(name).abilities


# Importance weighting


class Tiny(ImportanceWeightedAutoencoder):
    """Four pixels, two latents, and a posterior that does not fit: the weights are uneven."""

    def __init__(self, misfit: float = 1.0, **changes: object) -> None:
        settings = self.Settings(latent=2, hidden=(3,), activation="tanh", **{"samples": 4} | changes)
        torch.manual_seed(3)
        super().__init__(settings, (1, 2, 2))
        self.double().requires_grad_()
        with torch.no_grad():
            for parameter in self.parameters():
                parameter *= 2
            self.encoder.output_bias.add_(misfit * torch.tensor([0.8, -0.5, 0.2, -0.4]))


IMAGE = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]], dtype=torch.float64)


def draws(model: Variational, count: int, chunks: int = 1) -> Tensor:
    """Gradients of the mean loss over `count` draws for one image, chunk by chunk: [chunks, parameters]."""
    torch.manual_seed(0)
    return torch.stack([slopes(model, model(IMAGE.expand(count, -1, -1, -1))["negative_bound"]) for _ in range(chunks)])


def check_same_on_average(found: Tensor, expected: Tensor) -> None:
    deviation = (found.var(0) / len(found) + expected.var(0) / len(expected)).sqrt()
    distance = (found.mean(0) - expected.mean(0)).abs()
    assert (distance <= 4.5 * deviation + 1e-12).all(), (distance / deviation).max()
    assert (deviation < 0.05 * expected.mean(0).abs().max()).all(), "precise enough to tell"


def importance_bound(model: Tiny, z: Tensor) -> Tensor:
    """log 1/k sum_i w_i, by torch's own densities."""
    q = model.posterior(IMAGE.expand(z.shape[1], -1, -1, -1))
    logits = model.decoder(z).unflatten(-1, (1, 2, 2))
    log_w = (
        Independent(Bernoulli(logits=logits), 3).log_prob(IMAGE.expand_as(logits))
        + Normal(0.0, 1.0).log_prob(z).sum(-1)
        - Normal(q.mean, q.scale).log_prob(z).sum(-1)
    )
    return log_w.logsumexp(0) - log(len(z))


@pytest.mark.parametrize("samples", [1, 2, 7])
def test_the_total_gradient_is_autograds_of_the_bound(samples: int) -> None:
    model = Tiny(samples=samples)
    torch.manual_seed(5)
    found = model(IMAGE.expand(6, -1, -1, -1))["negative_bound"]
    torch.manual_seed(5)
    z = model.posterior(IMAGE.expand(6, -1, -1, -1)).rsample((samples,))
    expected = -importance_bound(model, z)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(slopes(model, found), slopes(model, expected))


def test_one_sample_gives_the_elbo_and_more_a_tighter_bound() -> None:
    vae = VAE(VAE.Settings(latent=2, hidden=(3,), activation="tanh"), (1, 2, 2)).double()
    count, means, errors = 20_000, [], []
    rows = IMAGE.expand(count, -1, -1, -1)
    with torch.no_grad():
        for k in (1, 2, 5, 25, 100):
            model = Tiny(samples=k)
            torch.manual_seed(0)
            bounds = -model(rows)["negative_bound"]
            means.append(float(bounds.mean()))
            errors.append(float(bounds.std()) / count**0.5)
        vae.load_state_dict(model.state_dict())
        elbos = -loss_of(vae, rows, None)
        truth = evidence(model)
    assert abs(means[0] - float(elbos.mean())) < 5 * (errors[0] + float(elbos.std()) / count**0.5)
    for before, after, error, less in zip(means, means[1:], errors, errors[1:], strict=False):
        assert after - before > 5 * (error + less)
    assert means[-1] < truth
    assert truth - means[-1] < (truth - means[0]) / 10


def evidence(model: Variational) -> float:
    """log p(x) by the sum over a fine grid of codes."""
    side = torch.linspace(-7, 7, 281, dtype=torch.float64)
    z = torch.cartesian_prod(side, side)
    log_p = model.likelihood(z).log_prob(IMAGE) + Normal(0.0, 1.0).log_prob(z).sum(-1)
    return float(log_p.logsumexp(0) + 2 * (side[1] - side[0]).log())


# Half of one latent's density is priced, none of the other's; or less than none.
PRESSURES: dict[str, dict[str, object]] = {
    "plain": {},
    "beta": {"beta": 0.3},
    "free bits": {"free_bits": 0.6},
    "target": {"target_rate": 9.0, "beta": 0.5},
}


@pytest.mark.parametrize("pressure", PRESSURES)
def test_the_doubly_reparameterised_gradient_is_the_total_one_on_average(pressure: str) -> None:
    total, doubly = (Tiny(gradient=kind, **PRESSURES[pressure]) for kind in ("total", "doubly"))
    expected, found = (draws(model, 1500, 60) for model in (total, doubly))
    check_same_on_average(found, expected)
    decoder = slice(sum(p.numel() for p in total.encoder.parameters()), None)
    assert torch.equal(found[:, decoder], expected[:, decoder]), "the decoder's gradient is the same, draw by draw"


def test_free_bits_are_free_for_one_latent_only() -> None:
    """So that the test above weighs the latents of one code by different weights."""
    model = Tiny(free_bits=0.6)
    weights, _ = model.pressure(parts_of(model, IMAGE.expand(2000, -1, -1, -1), None)[1])
    assert sorted(weights.tolist()) == [0.0, 1.0]


def test_the_doubly_reparameterised_gradient_is_less_noisy_as_k_grows() -> None:
    noise = {
        (kind, k): float(draws(Tiny(0.0, gradient=kind, samples=k), 20, 100)[:, :ENCODER].var(0).sum())
        for kind in ("total", "doubly")
        for k in (1, 50)
    }
    assert noise["doubly", 50] < noise["total", 50] / 20
    assert noise["doubly", 50] < noise["doubly", 1] / 100


ENCODER = 4 * 3 + 3 + 3 * 4 + 4


@pytest.mark.parametrize("pressure", ["plain", "free bits"])
@pytest.mark.parametrize("kind", ["total", "doubly"])
def test_going_back_through_some_samples_is_right_on_average(kind: str, pressure: str) -> None:
    whole, some = (Tiny(gradient=kind, backward=backward, **PRESSURES[pressure]) for backward in (0, 2))
    check_same_on_average(draws(some, 1500, 60), draws(whole, 1500, 60))
    torch.manual_seed(0)
    value = whole(IMAGE.expand(9, -1, -1, -1))["negative_bound"]
    torch.manual_seed(0)
    torch.testing.assert_close(some(IMAGE.expand(9, -1, -1, -1))["negative_bound"], value)


def test_samples_are_drawn_by_their_shares() -> None:
    shares = torch.tensor([[0.5, 0.0], [0.0, 0.1], [0.2, 0.0], [0.3, 0.9], [0.0, 0.0]])
    torch.manual_seed(0)
    chosen = gaussian._drawn(shares, 20_000)
    assert chosen.shape == (20_000, 2)
    counts = torch.stack([torch.bincount(column, minlength=5) for column in chosen.T], 1) / 20_000
    assert ((counts - shares).abs() <= 5 * (shares * (1 - shares) / 20_000).sqrt()).all()
    for rank in range(2):
        torch.manual_seed(0)
        with shard(rank, 2):
            assert torch.equal(gaussian._drawn(shares[:, rank : rank + 1], 20_000)[:, 0], chosen[:, rank])


@pytest.mark.parametrize(("level", "expected"), [(0.0, [0, 1]), (1 - 2**-24, [3, 3])])
def test_what_has_no_share_is_never_drawn(level: float, expected: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even by the smallest and the largest number that is drawn: the first and the last samples weigh nothing."""
    monkeypatch.setattr(gaussian, "uniform", lambda like: torch.full_like(like, level))
    shares = torch.tensor([[0.5, 0.0], [0.0, 0.1], [0.2, 0.0], [0.3, 0.9], [0.0, 0.0]])
    assert gaussian._drawn(shares, 1).tolist() == [expected]


def test_weights_that_overflow_are_weighed() -> None:
    """A log weight of a thousand nats: the shares and the bound stay finite."""
    model = Tiny(gradient="doubly", backward=2, likelihood="gaussian", scale=0.005)
    loss = model(IMAGE.expand(5, -1, -1, -1))["negative_bound"]
    assert loss.abs().max() > 1000
    assert loss.isfinite().all()
    assert slopes(model, loss).isfinite().all()


def test_what_a_mask_holds_at_zero_is_not_kept(digits: Images, tmp_path: Path) -> None:
    """Muon's steps are not zero where the gradient is, and what nobody hears would coarsen the stored weights."""
    images, none = digits.rows(torch.arange(64)), digits.rows(torch.arange(0))
    model, _ = fit(Run(find("iaf-digits-2").changed(epochs=2, optimizer="muon"), images, none, tmp_path), CPU)
    for layer in (layer for layer in model.flow.modules() if hasattr(layer, "mask")):
        assert (layer.weight[layer.mask == 0] == 0).all()
        assert (layer.weight[layer.mask == 1] != 0).all()

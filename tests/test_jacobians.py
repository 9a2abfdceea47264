"""The Jacobian against autograd's, its norm in closed form, and the penalties on a code."""

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, kl_divergence

from vaecore import checkpoint
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.divergences import kl_of_activity
from vaecore.jacobians import estimated_squared_norm, jacobian, squared_norm, squared_norm_of_sigmoid_layer
from vaecore.models import Autoencoder
from vaecore.networks import MLP, Transposed
from vaecore.recipes import find

FEATURES, LATENT, ROWS = 6, 4, 3


@pytest.fixture
def deep() -> MLP:
    torch.manual_seed(0)
    return MLP(FEATURES, (5, 7), LATENT, "tanh").double()


@pytest.fixture
def one_layer() -> MLP:
    torch.manual_seed(1)
    return MLP(FEATURES, (), LATENT, "sigmoid").double()


@pytest.fixture
def x() -> Tensor:
    return torch.randn(ROWS, FEATURES, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def by_autograd(encoder: torch.nn.Module, x: Tensor) -> Tensor:
    """One example at a time."""
    return torch.stack([torch.autograd.functional.jacobian(lambda row: encoder(row[None])[0], row) for row in x])


def sigmoid_layer(layer: MLP) -> torch.nn.Module:
    return torch.nn.Sequential(layer, torch.nn.Sigmoid())


def test_the_jacobian_is_that_of_autograd(deep: MLP, x: Tensor) -> None:
    found = jacobian(deep, x)
    assert found.shape == (ROWS, LATENT, FEATURES)
    torch.testing.assert_close(found, by_autograd(deep, x))
    torch.testing.assert_close(squared_norm(deep, x), by_autograd(deep, x).square().sum((1, 2)))


def test_the_closed_form_of_a_sigmoid_layer_is_exact(one_layer: MLP, x: Tensor) -> None:
    encoder = sigmoid_layer(one_layer)
    found = squared_norm_of_sigmoid_layer(encoder(x), one_layer.linear[0].weight)
    torch.testing.assert_close(found, by_autograd(encoder, x).square().sum((1, 2)))
    torch.testing.assert_close(found, squared_norm(encoder, x))


def test_the_estimate_is_unbiased_and_each_draw_is_another(deep: MLP, x: Tensor) -> None:
    torch.manual_seed(3)
    draws = 3000
    many = estimated_squared_norm(deep, x.repeat(draws, 1)).view(draws, ROWS)
    error = many.std(0) / draws**0.5
    assert ((many.mean(0) - squared_norm(deep, x)).abs() < 4 * error).all()
    assert len(many[:, 0].unique()) == draws
    assert (error < 0.05 * many.mean(0)).all(), "or the line above says nothing"


@pytest.mark.parametrize("norm", ["deep", "layer"])
def test_the_gradient_is_that_of_finite_differences(norm: str, deep: MLP, one_layer: MLP, x: Tensor) -> None:
    encoder = deep if norm == "deep" else one_layer
    rest = torch.nn.Sequential(*list(deep)[1:]) if norm == "deep" else torch.nn.Sigmoid()

    def penalty(weight: Tensor) -> Tensor:
        def run(rows: Tensor) -> Tensor:
            return rest(rows @ weight.T + encoder.linear[0].bias)

        return squared_norm(run, x) if norm == "deep" else squared_norm_of_sigmoid_layer(run(x), weight)

    weight = encoder.linear[0].weight.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(penalty, weight)


def test_closed_form_and_products_have_the_same_gradient(one_layer: MLP, x: Tensor) -> None:
    encoder, (layer,) = sigmoid_layer(one_layer), one_layer.linear
    one = torch.autograd.grad(squared_norm_of_sigmoid_layer(encoder(x), layer.weight).sum(), list(layer.parameters()))
    other = torch.autograd.grad(squared_norm(encoder, x).sum(), list(layer.parameters()))
    for mine, theirs in zip(one, other, strict=True):
        torch.testing.assert_close(mine, theirs)
        assert mine.abs().sum() > 0


def test_the_estimates_gradient_is_unbiased(deep: MLP, x: Tensor) -> None:
    torch.manual_seed(4)
    draws = 5000
    weight = deep.linear[0].weight
    (exact,) = torch.autograd.grad(squared_norm(deep, x).sum(), weight)
    (mean,) = torch.autograd.grad(estimated_squared_norm(deep, x.repeat(draws, 1)).sum() / draws, weight)
    assert float((mean - exact).norm() / exact.norm()) < 0.1


def test_without_gradients_the_values_are_the_same(deep: MLP, x: Tensor) -> None:
    torch.manual_seed(5)
    with_gradients = squared_norm(deep, x), estimated_squared_norm(deep, x)
    torch.manual_seed(5)
    with torch.no_grad():
        without = squared_norm(deep, x), estimated_squared_norm(deep, x)
    for one, other in zip(with_gradients, without, strict=True):
        assert one.requires_grad
        assert not other.requires_grad
        torch.testing.assert_close(one.detach(), other)


# The contractive autoencoder


def built(name: str, images: Images, **changes: object) -> Autoencoder:
    torch.manual_seed(0)
    return checkpoint.build(find(name).changed(**changes), images.shape, len(images.names))


@pytest.mark.parametrize(
    "changes",
    [
        {"latent": 9},
        {"latent": 9, "norm": "exact"},
        {"latent": 9, "hidden": (12, 7)},
        {"latent": 40, "hidden": (12,), "norm": "exact"},
        {"latent": 9, "code": "relu"},
        {"latent": 9, "code": "identity", "hidden": (5,), "tied": False},
    ],
    ids=str,
)
def test_the_contraction_is_the_jacobians_norm(changes: dict[str, object], few: Images) -> None:
    model = built("contractive-digits", few, contraction=0.3, **changes)
    x = present(few.pixels[:6])
    expected = torch.stack(
        [
            torch.autograd.functional.jacobian(lambda image: model.posterior(image[None]).mean[0], image).square().sum()
            for image in x
        ]
    )
    for _ in range(2):  # no draw is made
        terms = model.loss(x)
        assert terms.keys() == {"distortion", "contraction"}
        torch.testing.assert_close(terms["contraction"].detach(), 0.3 * expected, rtol=1e-4, atol=1e-6)


def test_the_contraction_of_a_deep_encoder_of_a_large_code_is_estimated(few: Images) -> None:
    model = built("contractive-digits", few, latent=40, hidden=(12,), contraction=0.3)
    x = present(few.pixels[:1])
    exact = built("contractive-digits", few, latent=40, hidden=(12,), contraction=0.3, norm="exact")
    torch.manual_seed(0)
    with torch.no_grad():
        draws = model.loss(x.expand(4000, -1, -1, -1))["contraction"]
        assert len(draws.unique()) > 3000
        assert abs(draws.mean() - exact.loss(x)["contraction"][0]) < 4 * draws.std() / 4000**0.5


def test_one_sigmoid_layer_may_be_estimated_too(few: Images) -> None:
    x = present(few.pixels[:2])
    model = built("contractive-digits", few, norm="estimate")
    one, other = (model.loss(x)["contraction"] for _ in range(2))
    assert not torch.equal(one, other)


@pytest.mark.parametrize("norm", ["exact", "estimate"])
def test_a_deep_contraction_trains_every_encoder_layer(norm: str, few: Images) -> None:
    model = built("contractive-digits", few, latent=8, hidden=(12, 7), norm=norm)
    model.loss(present(few.pixels))["contraction"].sum().backward()
    for layer in model.encoder.linear:
        assert layer.weight.grad is not None
        assert layer.weight.grad.abs().sum() > 0
    assert all(bias.grad is None for bias in model.decoder.biases), "the decoder has no part in it"


def test_the_contraction_is_that_of_the_image_that_was_seen_under_bfloat16(few: Images) -> None:
    model = built("contractive-digits", few, latent=8, hidden=(12, 7), norm="exact")
    x = present(few.pixels)
    exact = model.loss(x)["contraction"]
    with torch.autocast("cpu", torch.bfloat16):
        rounded = model.loss(x)["contraction"]
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, exact, rtol=0.05, atol=1e-3)


# Sparse codes


@torch.no_grad()
def test_the_l1_penalty_by_hand(few: Images) -> None:
    model = built("sparse-l1-digits", few, latent=20, sparsity=0.7)
    x = present(few.pixels[:4])
    (layer,) = model.encoder.linear
    expected = []
    for row in x.flatten(1):
        code = [max(0.0, float(weight @ row + bias)) for weight, bias in zip(layer.weight, layer.bias, strict=True)]
        assert any(code)
        expected.append(0.7 * sum(code))
    terms = model.loss(x)
    assert terms.keys() == {"distortion", "sparsity"}
    torch.testing.assert_close(terms["sparsity"], torch.tensor(expected), rtol=1e-4, atol=1e-5)


def test_the_l1_penalty_counts_magnitudes(few: Images) -> None:
    model = built("sparse-l1-digits", few, latent=20, sparsity=0.7, code="identity")
    x = present(few.pixels)
    code = model.posterior(x).mean
    assert (code < 0).any()
    torch.testing.assert_close(model.loss(x)["sparsity"], 0.7 * code.abs().sum(1))


@torch.no_grad()
def test_the_kl_penalty_by_hand(few: Images) -> None:
    """Of the mean activity over the batch: one number for all, not one for each image."""
    model = built("sparse-kl-digits", few, latent=20, activity=0.1, sparsity=0.7)
    x = present(few.pixels)
    (layer,) = model.encoder.linear
    activity = (x.flatten(1) @ layer.weight.T + layer.bias).sigmoid().mean(0)
    expected = 0.7 * kl_divergence(Bernoulli(torch.tensor(0.1)), Bernoulli(activity)).sum()
    terms = model.loss(x)
    assert terms.keys() == {"distortion", "sparsity"}
    torch.testing.assert_close(terms["sparsity"], expected.expand(32))


@pytest.mark.parametrize("wanted", [0.01, 0.05, 0.5, 0.9])
def test_kl_of_activity_is_that_of_torch(wanted: float) -> None:
    activity = torch.linspace(0.001, 0.999, 200, dtype=torch.float64)
    expected = kl_divergence(Bernoulli(torch.tensor(wanted, dtype=torch.float64)), Bernoulli(activity))
    torch.testing.assert_close(kl_of_activity(wanted, activity), expected)


@pytest.mark.parametrize("wanted", [0.05, 0.5, 0.9])
def test_the_wanted_activity_costs_nothing_and_pulls_nowhere(wanted: float) -> None:
    activity = torch.tensor([wanted, wanted / 2, wanted + (1 - wanted) / 2], dtype=torch.float64, requires_grad=True)
    divergence = kl_of_activity(wanted, activity)
    divergence.sum().backward()
    assert divergence[0].item() == pytest.approx(0, abs=1e-12)
    assert activity.grad[0].item() == pytest.approx(0, abs=1e-9)
    assert (divergence[1:] > 0.005).all()
    assert activity.grad[1] < 0 < activity.grad[2], "an idle unit is woken, a busy one calmed"


def test_units_that_are_never_or_always_on_cost_a_finite_price() -> None:
    activity = torch.tensor([0.0, 1.0])
    assert kl_of_activity(0.05, activity).isfinite().all()


# Tied weights


@pytest.fixture
def tied() -> tuple[MLP, Transposed]:
    torch.manual_seed(0)
    network = MLP(FEATURES, (5, 4), 3, "tanh")
    decoder = Transposed(network, "tanh")
    for bias in decoder.biases:
        torch.nn.init.normal_(bias)
    return network, decoder


def test_a_transposed_network_runs_backwards(tied: tuple[MLP, Transposed]) -> None:
    network, decoder = tied
    w1, w2, w3 = (layer.weight for layer in network.linear)
    c3, c2, c1 = decoder.biases
    z = torch.randn(2, 8, 3)
    expected = (((z @ w3 + c3).tanh()) @ w2 + c2).tanh() @ w1 + c1
    torch.testing.assert_close(decoder(z), expected)
    assert decoder.output_bias is c1


def test_tied_weights_are_kept_once(tied: tuple[MLP, Transposed], few: Images) -> None:
    _, decoder = tied
    assert {tensor.ndim for tensor in decoder.state_dict().values()} == {1}
    model = built("denoising-digits", few, latent=20)
    assert sum(tensor.numel() for tensor in model.state_dict().values()) == 64 * 20 + 20 + 64
    untied = built("denoising-digits", few, latent=20, tied=False)
    assert sum(tensor.numel() for tensor in untied.state_dict().values()) == 2 * 64 * 20 + 20 + 64


def test_the_tied_gradient_is_the_sum_of_both_uses(few: Images) -> None:
    """That of an untied twin with the same numbers: encoder's and transposed decoder's, added."""
    shape = {"latent": 20, "hidden": (30,), "code": "sigmoid"}
    tied, untied = built("ae-digits-2", few, tied=True, **shape), built("ae-digits-2", few, tied=False, **shape)
    layers = list(zip(tied.encoder.linear, untied.encoder.linear, reversed(untied.decoder.linear), strict=True))
    with torch.no_grad():
        for mine, forwards, backwards in layers:
            forwards.load_state_dict(mine.state_dict())
            backwards.weight.copy_(mine.weight.T)
            backwards.bias.zero_()
    x = present(few.pixels)
    for model in (tied, untied):
        model.loss(x)["distortion"].mean().backward()
    for mine, forwards, backwards in layers:
        torch.testing.assert_close(mine.weight.grad, forwards.weight.grad + backwards.weight.grad.T)
        assert forwards.weight.grad.abs().sum() > 0
        assert backwards.weight.grad.abs().sum() > 0

"""Networks: what a masked one may see, what convolutions do at the edges, what rows are normalised over."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from vaecore.distributions import shard
from vaecore.networks import ConvDecoder, ConvEncoder, MaskedMLP, RowNorm, Tanh, with_label


def slopes(network: MaskedMLP, context: Tensor, z: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The Jacobians of both outputs, with respect to the inputs and to the context."""
    jacobians = torch.autograd.functional.jacobian(lambda z, context: network.given(context, z), (z, context))
    return [(by_input[0, :, 0], by_context[0, :, 0]) for by_input, by_context in jacobians]


@pytest.mark.parametrize("hidden", [(32,), (64, 64), (64, 64, 64)])
@pytest.mark.parametrize("latent", [1, 2, 5])
@pytest.mark.parametrize("backwards", [False, True])
def test_an_output_sees_the_inputs_before_it_and_the_context(
    latent: int, hidden: tuple[int, ...], backwards: bool
) -> None:
    torch.manual_seed(0)
    network = MaskedMLP(latent, hidden, 3, "tanh", backwards)
    for by_input, by_context in slopes(network, torch.randn(1, 3), torch.randn(1, latent)):
        allowed = torch.ones(latent, latent).triu(1) if backwards else torch.ones(latent, latent).tril(-1)
        assert torch.equal(by_input != 0, allowed.bool())
        assert (by_context != 0).all()


def test_a_masked_network_without_context_and_with_leading_axes() -> None:
    torch.manual_seed(0)
    network = MaskedMLP(4, (16,), 0, "relu")
    for by_input, _ in slopes(network, torch.zeros(1, 0), torch.randn(1, 4)):
        assert torch.equal(by_input, by_input.tril(-1))
    network, context, z = MaskedMLP(4, (16,), 2, "relu"), torch.randn(3, 2), torch.randn(5, 6, 3, 4)
    first, second = network.given(context, z)
    assert first.shape == second.shape == z.shape
    for i in range(3):
        one, other = network.given(context[i : i + 1], z[2, 1, i : i + 1])
        torch.testing.assert_close(first[2, 1, i], one[0])
        torch.testing.assert_close(second[2, 1, i], other[0])


def test_masked_weights_get_no_gradient() -> None:
    network = MaskedMLP(3, (8, 8), 2, "tanh")
    first, second = network.given(torch.randn(7, 2), torch.randn(7, 3))
    (first.square() + second.square()).sum().backward()
    for layer in (layer for layer in network if hasattr(layer, "mask")):
        assert (layer.weight.grad[layer.mask == 0] == 0).all()
        assert (layer.weight.grad[layer.mask == 1] != 0).any()


# Convolutions


SHAPES = [(1, 28, 28), (1, 8, 8), (1, 5, 4), (1, 1, 1), (3, 8, 8), (3, 5, 4), (2, 1, 7)]
CHANNELS = [(3,), (3, 4), (2, 3, 4)]


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_convolutions_take_and_give_rows_of_any_image(shape: tuple[int, int, int], channels: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    encoder = ConvEncoder(shape, channels, (6,), 5, "tanh", extra=2)
    decoder = ConvDecoder(5, (6,), channels[::-1], shape, "tanh")
    c, h, w = shape
    rows = torch.rand(4, c * h * w + 2, requires_grad=True)
    z = encoder(rows)
    assert z.shape == (4, 5)
    z.square().sum().backward()
    assert (rows.grad != 0).all(), "no pixel and no label is overlooked"
    outputs = decoder(torch.randn(2, 4, 5))
    assert outputs.shape == (2, 4, c * h * w)
    assert decoder(torch.randn(0, 5)).shape == (0, c * h * w)
    assert decoder.output_bias.shape == (c * h * w,)
    slope = torch.autograd.functional.jacobian(decoder, torch.randn(5))
    assert (slope.abs().sum(1) > 0).all(), "every pixel hears the code"


def test_a_side_that_cannot_be_halved_is_padded_with_black() -> None:
    """The same weights give the same numbers for the image with black rows and columns behind it."""
    torch.manual_seed(0)
    small = ConvEncoder((2, 5, 6), (3, 4), (6,), 5, "relu", extra=1)
    large = ConvEncoder((2, 8, 8), (3, 4), (6,), 5, "relu", extra=1)
    large.load_state_dict(small.state_dict())
    x, extra = torch.rand(4, 2, 5, 6), torch.rand(4, 1)
    padded = pad(x, (0, 2, 0, 3))
    found = small(torch.cat([x.flatten(1), extra], 1))
    torch.testing.assert_close(found, large(torch.cat([padded.flatten(1), extra], 1)))


def test_what_was_padded_is_cut_off() -> None:
    torch.manual_seed(0)
    small = ConvDecoder(3, (6,), (4, 3), (2, 5, 6), "relu")
    large = ConvDecoder(3, (6,), (4, 3), (2, 8, 8), "relu")
    large.load_state_dict({**small.state_dict(), "output_bias": torch.zeros(2 * 8 * 8)})
    small.output_bias.data = torch.randn(60)
    z = torch.randn(4, 3)
    expected = large(z).reshape(4, 2, 8, 8)[:, :, :5, :6] + small.output_bias.reshape(2, 5, 6)
    torch.testing.assert_close(small(z).reshape(4, 2, 5, 6), expected)


def test_leading_axes_of_a_convolutional_decoder_are_only_that() -> None:
    torch.manual_seed(0)
    decoder = ConvDecoder(3, (6,), (4, 3), (2, 5, 6), "tanh")
    z = torch.randn(2, 3, 4, 3)
    torch.testing.assert_close(decoder(z)[1, 2], decoder(z[1, 2]))


# Normalisation


def test_rows_are_normalised_as_one_batch() -> None:
    torch.manual_seed(0)
    ours, theirs = RowNorm(4), nn.BatchNorm1d(4)
    for norm in (ours, theirs):
        norm.weight.data = torch.tensor([1.0, 2.0, -1.0, 0.5])
        norm.bias.data = torch.tensor([0.0, 1.0, 2.0, 3.0])
    x = 3 * torch.randn(2, 5, 7, 4) + 1
    torch.testing.assert_close(ours(x), theirs(x.reshape(-1, 4)).reshape(x.shape))
    normal = (ours(x) - ours.bias) / ours.weight
    torch.testing.assert_close(normal.mean((0, 1, 2)), torch.zeros(4), rtol=0, atol=1e-5)
    torch.testing.assert_close(normal.var((0, 1, 2), correction=0), torch.ones(4), rtol=1e-4, atol=0)
    theirs(x.reshape(-1, 4))
    for one, other in zip(ours.buffers(), theirs.buffers(), strict=True):
        torch.testing.assert_close(one, other)
    ours, theirs = ours.eval(), theirs.eval()
    torch.testing.assert_close(ours(x), theirs(x.reshape(-1, 4)).reshape(x.shape))
    torch.testing.assert_close(ours(x)[0, 0, 0], ours(x[0, 0, 0]))
    assert ours(x[:, :, :0]).shape == (2, 5, 0, 4)


def test_processes_that_share_a_batch_normalise_it_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads for two processes: numbers, statistics and slopes are those of the whole batch."""
    torch.manual_seed(0)
    x = torch.randn(3, 8, 4, requires_grad=True)
    alone = RowNorm(4)
    expected = alone(x)
    (slope,) = torch.autograd.grad(expected.pow(3).sum(), x)
    both, parts = threading.Barrier(2, timeout=60), {}

    def added(part: Tensor) -> Tensor:
        parts[threading.get_ident()] = part
        both.wait()
        total = torch.stack(list(parts.values())).sum(0)
        both.wait()
        return total

    monkeypatch.setattr("torch.distributed.nn.functional.all_reduce", added)
    norms = [RowNorm(4), RowNorm(4)]
    with shard(0, 2), ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda norm, half: norm(half), norms, x.chunk(2, 1)))
    torch.testing.assert_close(torch.cat(found, 1), expected)
    torch.testing.assert_close(torch.autograd.grad(torch.cat(found, 1).pow(3).sum(), x)[0], slope)
    for norm in norms:
        for one, other in zip(norm.buffers(), alone.buffers(), strict=True):
            torch.testing.assert_close(one, other)
    assert norms[0].eval()(x).isfinite().all(), "outside of training nobody waits for anybody"


def test_the_label_stands_beside_the_features() -> None:
    features = torch.randn(2, 3, 4)
    rows = with_label(features, torch.tensor([1, 0, 2]), 3)
    assert torch.equal(rows[..., :4], features)
    assert torch.equal(rows[0, :, 4:], torch.eye(3)[[1, 0, 2]])
    assert torch.equal(rows[1], torch.cat([features[1], rows[0, :, 4:]], -1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_hyperbolic_tangent_is_the_same_with_and_without_a_gradient(dtype: torch.dtype) -> None:
    x = torch.cat([torch.linspace(-20, 20, 10_001), torch.tensor([torch.inf, -torch.inf, torch.nan, 0.0])]).to(dtype)
    given = x.clone()
    with torch.no_grad():
        found = Tanh()(x)
    torch.testing.assert_close(found, x.tanh(), equal_nan=True, rtol=0, atol=2.5e-7)
    torch.testing.assert_close(x, given, equal_nan=True, rtol=0, atol=0)
    torch.testing.assert_close(Tanh()(x), x.tanh(), equal_nan=True, rtol=0, atol=0)

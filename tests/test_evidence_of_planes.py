"""The evidence of one and two latents by integration: against closed forms, and against other integrals."""

from collections.abc import Callable
from math import prod

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from vaecore.data import Images
from vaecore.distributions import Bernoulli, DiscretisedLogistic, Gaussian
from vaecore.evaluation import evidence, likelihood
from vaecore.evaluation.evidence import first_step, integrable, log_evidence
from vaecore.models import MODELS, VAE, Autoencoder, ConditionalVAE
from vaecore.serving import Explorer
from vaecore.serving.loading import load
from vaecore.serving.studies.posterior.approximations import true_posterior

SHAPE, CLASSES = (2, 3, 2), 4
PIXELS = prod(SHAPE)
PLANES = ("vae-digits-2", "conv-vae-digits-2", "cvae-digits-2", "iaf-digits-2")


class Linear:
    """A model x = W z + b (+ c_y) + noise, whose evidence N(x; b, W W' + scale^2 I) is known, and some images."""

    def __init__(self, kind: type[VAE] = VAE, latent: int = 2, scale: float = 1.0, images: int = 12) -> None:
        torch.manual_seed(0)
        settings = kind.Settings(latent=latent, hidden=(), likelihood="gaussian", scale=scale)
        self.model = kind(settings, SHAPE, CLASSES).double()
        (decoder,), (encoder,) = self.model.decoder, self.model.encoder
        self.label = torch.arange(images) % CLASSES if self.model.classes else None
        with torch.no_grad():
            decoder.weight.copy_(torch.randn(decoder.weight.shape, dtype=torch.float64))
            decoder.bias.copy_(torch.randn(PIXELS, dtype=torch.float64))
            encoder.weight.normal_(0, 0.1)  # far from the true posterior: the integral must not need the encoder
            encoder.bias[latent:] = torch.tensor(scale / 4).double().log()
        self.w, offsets = decoder.weight.detach().split([latent, self.model.classes], 1)
        self.center = decoder.bias.detach() if self.label is None else decoder.bias.detach() + offsets.T[self.label]
        self.scale = scale
        noise = scale * torch.randn(images, PIXELS, dtype=torch.float64)
        z = torch.randn(images, latent, dtype=torch.float64)
        self.x = (z @ self.w.T + self.center + noise).unflatten(1, SHAPE)

    @property
    def evidence(self) -> Tensor:
        covariance = self.w @ self.w.T + self.scale**2 * torch.eye(PIXELS, dtype=torch.float64)
        return MultivariateNormal(self.center, covariance).log_prob(self.x.flatten(1))


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("latent", [1, 2])
@pytest.mark.parametrize("kind", [VAE, ConditionalVAE])
def test_it_is_the_evidence_where_that_is_known(kind: type[VAE], latent: int, scale: float) -> None:
    case = Linear(kind, latent, scale)
    found = log_evidence(case.model, case.x, case.label)
    torch.testing.assert_close(found, case.evidence, rtol=0, atol=1e-4)


def wrong_prior(patch: pytest.MonkeyPatch) -> None:
    right = Gaussian.log_prob
    patch.setattr(Gaussian, "log_prob", lambda self, value: right(self, value) * (1.1 if self.event_axes == 1 else 1))


def few_tiles(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evidence, "FAR", -3.0)


def coarse_steps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evidence, "AGREEING", 1e3)
    patch.setattr(evidence, "SEEN", 0)


@pytest.mark.parametrize("mutation", [wrong_prior, few_tiles, coarse_steps])
def test_a_wrong_term_is_seen(mutation: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    case = Linear(scale=0.3)
    torch.testing.assert_close(log_evidence(case.model, case.x, step=0.4), case.evidence, rtol=0, atol=1e-4)
    mutation(monkeypatch)
    assert (log_evidence(case.model, case.x, step=0.4) - case.evidence).abs().max() > 0.01


def test_images_of_all_kinds_share_the_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any pieces and any order: the same for every image."""
    case = Linear(ConditionalVAE, images=20)
    order = torch.randperm(20)
    monkeypatch.setattr(evidence, "CELLS", 1)
    one_by_one = log_evidence(case.model, case.x[order], case.label[order])
    torch.testing.assert_close(one_by_one, case.evidence[order], rtol=0, atol=1e-4)
    assert len(log_evidence(case.model, case.x[:0], case.label[:0])) == 0


def pixels(explorer: Explorer, images: Images, count: int) -> tuple[Tensor, Tensor | None]:
    x = likelihood.presented(images, explorer.recipe.training.binarise, 0)[:count]
    return x, images.target[:count] if explorer.model.classes else None


@pytest.mark.parametrize("name", PLANES)
def test_it_is_the_integral_of_one_image_at_a_time(name: str, test_digits: Images) -> None:
    explorer = load(name, device="cpu")
    x, label = pixels(explorer, test_digits, 20)
    labels = [None] * len(x) if label is None else label.tolist()
    expected = [true_posterior(explorer, x.numpy(), y).log_evidence for x, y in zip(x, labels, strict=True)]
    found = log_evidence(explorer.model, x, label).double()
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", PLANES)
def test_half_the_step_changes_nothing(name: str, test_digits: Images) -> None:
    explorer = load(name, device="cpu")
    x, label = pixels(explorer, test_digits, 60)
    step = first_step(explorer.model, x, label)
    finer = log_evidence(explorer.model, x, label, step=step / 2)
    torch.testing.assert_close(log_evidence(explorer.model, x, label), finer, rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "expected"), [(name, name in ("vae", "beta-vae", "conv-vae", "cvae", "iwae", "iaf")) for name in MODELS]
)
def test_which_models_are_integrable(name: str, expected: bool) -> None:
    kind = MODELS[name]
    shape = (1, 8, 300) if name == "text" else (1, 8, 8)
    model = kind(kind.Settings(latent=2), shape, CLASSES)
    assert integrable(model) == expected
    if not expected:
        with pytest.raises(ValueError, match="one or two latents and the prior"):
            log_evidence(model, torch.zeros(1, 1, 8, 8))


def test_three_latents_are_refused() -> None:
    model: Autoencoder = VAE(VAE.Settings(latent=3), SHAPE)
    assert not integrable(model)
    with pytest.raises(ValueError, match="one or two latents and the prior"):
        log_evidence(model, torch.zeros(1, *SHAPE))


def test_posteriors_too_narrow_to_find_are_refused() -> None:
    case = Linear()
    with torch.no_grad():
        case.model.encoder[0].bias[2:] = -9
    with pytest.raises(ValueError, match="scales above"):
        log_evidence(case.model, case.x)


def test_posteriors_too_narrow_to_resolve_are_refused() -> None:
    case = Linear(scale=1e-4)
    with pytest.raises(ValueError, match="resolves"):
        log_evidence(case.model, case.x, step=1 / 4)


def test_each_value_under_each_distribution() -> None:
    torch.manual_seed(0)
    values, location = torch.rand(5, *SHAPE), torch.randn(7, *SHAPE)
    kinds = [
        Bernoulli(location, 3),
        Gaussian(location, torch.tensor(0.3), 3),
        Gaussian(location, torch.rand(7, *SHAPE) + 0.1, 3),
        DiscretisedLogistic(location, torch.tensor(0.3), 3),
    ]
    for distribution in kinds:
        expected = torch.stack([distribution.log_prob(value) for value in values])
        found = distribution.log_prob_of_each(values)
        assert found.shape == (5, 7)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-3)

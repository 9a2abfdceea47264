"""log p(x) of a plane of codes by samples that look for modes: against closed forms and quadrature."""

from collections.abc import Callable
from math import log, sqrt

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from test_evidence_of_planes import Linear
from torch import Tensor

from vaecore.data import Images
from vaecore.distributions import Gaussian
from vaecore.evaluation import adaptive, likelihood
from vaecore.evaluation.adaptive import log_mean_weight
from vaecore.evaluation.likelihood import importance_bound, log_likelihood
from vaecore.models import VAE, ConditionalVAE
from vaecore.serving.loading import load

NAMES = ("vae-digits-2", "cvae-digits-2", "iaf-digits-2")


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def standard(latent: int) -> Gaussian:
    return Gaussian(torch.zeros(latent), torch.ones(latent))


class TwoModes:
    """p(x|z) p(z) of two round Gaussians in the plane, of masses 0.3 and 0.6 and unlike widths; q sees the first."""

    masses, centres, scales = torch.tensor([0.3, 0.6]), torch.tensor([[1.5, 0.5], [-0.5, -1.0]]), (0.2, 0.08)
    evidence = log(0.9)

    def __init__(self, images: int = 40) -> None:
        self.posterior = Gaussian(self.centres[0].expand(images, -1), torch.full((images, 2), self.scales[0]))

    def log_joint(self, z: Tensor) -> Tensor:
        parts = [
            mass.log() + Gaussian(centre, torch.full((2,), scale)).log_prob(z)
            for mass, centre, scale in zip(self.masses, self.centres, self.scales, strict=True)
        ]
        return torch.stack(parts).logsumexp(0)

    def estimate(self, samples: int = 5000, seed: int = 0) -> Tensor:
        return log_mean_weight(self.posterior, standard(2), self.log_joint, samples, seeded(seed))


def test_a_mode_far_out_is_found() -> None:
    """Where the prior has 5e-5 of its density in the middle, and q is elsewhere: of 5,000 of its draws one may be."""
    target = Gaussian(torch.tensor([4.1, 1.7]), torch.full((2,), 0.13))
    posterior = Gaussian(torch.tensor([[2.4, 1.1]]).expand(40, -1), torch.full((40, 2), 0.05))
    found = log_mean_weight(posterior, standard(2), target.log_prob, 5000, seeded())
    assert abs(float(found.mean())) < 0.1
    assert found.abs().max() < 0.5


def test_a_mode_that_the_encoder_missed_is_found() -> None:
    """Samples of q alone would give log 0.3, of q and p alone some of each."""
    found = TwoModes().estimate()
    torch.testing.assert_close(found, torch.full_like(found, TwoModes.evidence), rtol=0, atol=0.1)
    assert abs(float(found.mean()) - TwoModes.evidence) < 0.01


@pytest.mark.parametrize(("constant", "value"), [("NEIGHBOURS", 10**6), ("SMALLEST", 10.0)])
def test_it_is_the_rounds_that_find_it(constant: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (TwoModes().estimate() - TwoModes.evidence).abs().max()
    monkeypatch.setattr(adaptive, constant, value)
    assert (TwoModes().estimate() - TwoModes.evidence).abs().max() > 2 * before


def test_both_roots_of_a_square_are_seen() -> None:
    """x ~ N(z^2, 0.1^2): the posterior has a mode at each root; p(x) is by quadrature, and q sees the positive one."""
    x, noise = torch.tensor([0.3, 1.0, 2.5]), 0.1
    posterior = Gaussian(x.sqrt()[:, None], (noise / (2 * x.sqrt()))[:, None])
    joint = lambda z: Gaussian(z.square(), torch.tensor(noise)).log_prob(x[:, None]) + standard(1).log_prob(z)  # noqa: E731
    found = log_mean_weight(posterior, standard(1), joint, 5000, seeded()).numpy()
    whole = [
        quad(lambda z, at=at: norm.pdf(at, z**2, noise) * norm.pdf(z), -6, 6, points=[-sqrt(at), sqrt(at)])[0]
        for at in x.tolist()
    ]
    np.testing.assert_allclose(found, np.log(whole), atol=0.05)
    z, log_q = posterior.rsample_with_log_prob((5000,), seeded())
    alone = (joint(z) - log_q.sum(-1)).logsumexp(0) - log(5000)
    assert alone[1:].numpy() == pytest.approx(np.log(whole)[1:] - log(2), abs=0.05), "half of the mass"


@pytest.mark.parametrize("samples", [2, 7, 160])
def test_the_mean_weight_is_the_evidence_in_expectation(samples: int) -> None:
    """With rounds and without, even and odd: of many estimates by few samples, within their error."""
    posterior = Gaussian(torch.full((20_000, 1), 0.7), torch.full((20_000, 1), 0.4))
    target = Gaussian(torch.tensor([0.2]), torch.tensor([0.6]))
    found = log_mean_weight(posterior, standard(1), target.log_prob, samples, seeded()).exp()
    assert abs(float(found.mean()) - 1) < 4 * float(found.std()) / sqrt(len(found))
    assert found.log().mean() < 0, "a lower bound"


@pytest.mark.parametrize("kind", [VAE, ConditionalVAE])
@pytest.mark.parametrize("latent", [1, 2])
def test_it_is_the_evidence_where_that_is_known(kind: type[VAE], latent: int) -> None:
    """From an encoder that is far from the true posterior, from which samples of q alone are far off."""
    case = Linear(kind, latent, scale=0.3, images=60)
    found = log_likelihood(case.model, case.x, case.label, 5000, seeded())
    torch.testing.assert_close(found.double(), case.evidence, rtol=0, atol=0.5)
    assert abs(float((found - case.evidence).mean())) < 0.03
    alone = importance_bound(case.model, case.x, case.label, 5000, seeded())
    assert (alone - case.evidence).mean() < -1


@pytest.mark.parametrize("name", NAMES)
def test_a_single_sample_is_of_the_encoder(name: str, test_digits: Images) -> None:
    """Then both are one estimate of the elbo; with three latents or more they always are one."""
    model = load(name, device="cpu").model
    x, label = likelihood.presented(test_digits, False, 0)[:9], test_digits.target[:9] if model.classes else None
    one, bound = (by(model, x, label, 1, seeded()) for by in (log_likelihood, importance_bound))
    assert one.shape == bound.shape == (9,)
    assert abs(float((one - bound).mean())) < 5


def test_codes_of_three_numbers_are_left_to_the_encoder() -> None:
    case = Linear(latent=3)
    one, bound = (by(case.model, case.x, None, 500, seeded()) for by in (log_likelihood, importance_bound))
    assert torch.equal(one, bound)


@pytest.mark.parametrize("budget", [1, 200_000])
def test_pieces_change_nothing_but_the_draws(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Linear(scale=0.3)
    monkeypatch.setitem(likelihood.BUDGET, "cpu", budget)
    found = log_likelihood(case.model, case.x[:3], None, 3000, seeded())
    torch.testing.assert_close(found.double(), case.evidence[:3], rtol=0, atol=0.3)
    assert len(log_likelihood(case.model, case.x[:0], None, 600)) == 0


def nan_joint(z: Tensor) -> Tensor:
    return torch.full(z.shape[:-1], torch.nan)


@pytest.mark.parametrize("joint", [nan_joint, lambda z: torch.full(z.shape[:-1], -torch.inf)])
def test_what_has_no_density_has_no_evidence_and_stops_nothing(joint: Callable[[Tensor], Tensor]) -> None:
    posterior = Gaussian(torch.zeros(3, 2), torch.ones(3, 2))
    assert not log_mean_weight(posterior, standard(2), joint, 600, seeded()).isfinite().any()

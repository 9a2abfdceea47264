"""Annealed importance sampling there and back: against evidence that is known, and against what each step promises."""

from math import sqrt
from pathlib import Path

import pytest
import torch
from test_cli import refused
from test_evidence_of_planes import Linear
from torch import Tensor

from vaecore.__main__ import main
from vaecore.data import Images
from vaecore.distributions import Gaussian
from vaecore.evaluation import Examined, annealed
from vaecore.evaluation.annealed import annealed_bounds, check_annealable, looseness
from vaecore.models import MODELS, VAE, ConditionalVAE
from vaecore.serving.loading import load

LATENT, ONE_LAYER = 3, ("vae", "beta-vae", "conv-vae", "cvae", "iwae")


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Drawn(Linear):
    """Images that a linear model drew, and the codes that it drew them from; the encoder is near the true posterior."""

    def __init__(self, kind: type[VAE] = VAE, images: int = 100, off: float = 0.3) -> None:
        super().__init__(kind, LATENT, scale=0.5, images=images)
        self.z = self.model.prior().rsample((images,), seeded(1))
        self.x = self.model.likelihood(self.z, self.label).rsample((), seeded(2)).detach()
        covariance = torch.linalg.inv(self.w.T @ self.w / self.scale**2 + torch.eye(LATENT).double())
        mean = (self.x.flatten(1) - self.center) @ self.w @ covariance / self.scale**2
        scale = covariance.diagonal().sqrt()
        start = Gaussian(mean + off * scale, (1.3 * scale).expand_as(mean))  # its correlations are missing as well
        self.model.posterior = lambda *_: start  # type: ignore[method-assign]
        self.path = annealed.Path(self.model, self.x, self.label, start)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annealed, "TEMPERATURES", 30)
    monkeypatch.setattr(annealed, "BOUNDS", (1, 10, 100))


def mean_and_error(values: Tensor) -> tuple[float, float]:
    return float(values.mean()), float(values.std()) / sqrt(len(values))


@pytest.mark.parametrize("kind", [VAE, ConditionalVAE])
def test_the_bounds_hold_what_is_known(kind: type[VAE], quick: None) -> None:
    case = Drawn(kind)
    lower, upper = annealed_bounds(case.model, case.x, case.label, seeded(), case.z) - case.evidence
    for values, sign in ((lower, 1), (upper, -1)):
        mean, error = mean_and_error(values)
        assert sign * mean < 3 * error
        assert abs(mean) < 0.05
    assert (annealed_bounds(case.model, case.x, case.label, seeded())[0] - case.evidence == lower).all()


@pytest.mark.parametrize("temperatures", [1, 4])
def test_weights_are_the_evidence_in_expectation_however_few_the_steps(
    temperatures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E[w] = p(x) there and 1 / p(x) back: no step too large or too few may change it; one step is plain importance."""
    monkeypatch.setattr(annealed, "CHAINS", 1)
    monkeypatch.setattr(annealed, "TEMPERATURES", temperatures)
    case = Drawn(images=6000)
    off = annealed_bounds(case.model, case.x, case.label, seeded(), case.z) - case.evidence
    for log_w in (off[0], -off[1]):
        mean, error = mean_and_error(log_w.exp())
        assert abs(mean - 1) < 4 * error
        assert error < 0.1
    assert off[0].mean() < 0 < off[1].mean()


def test_more_temperatures_are_a_tighter_sandwich(monkeypatch: pytest.MonkeyPatch) -> None:
    case, found = Drawn(images=200, off=1.0), []
    for temperatures in (1, 5, 40):
        monkeypatch.setattr(annealed, "TEMPERATURES", temperatures)
        lower, upper = annealed_bounds(case.model, case.x, case.label, seeded(), case.z)
        found.append(float((upper - lower).mean()))
    assert found[0] > 2 * found[1] > 4 * found[2]
    assert found[2] < 0.1


def test_a_leapfrog_leads_back_and_keeps_volumes() -> None:
    case = Drawn(images=1)
    path, b, step = case.path, 0.6, torch.full((1,), 0.4).double()
    state, momentum = path.at(torch.randn(1, 1, LATENT).double()), torch.randn(1, 1, LATENT).double()
    there, turned = path.leapfrog(state, momentum, b, step)
    assert (there.z - state.z).norm() > 0.01
    again, back = path.leapfrog(there, -turned, b, step)
    torch.testing.assert_close(again.z, state.z, rtol=0, atol=1e-10)
    torch.testing.assert_close(-back, momentum, rtol=0, atol=1e-10)

    def moved(both: Tensor) -> Tensor:
        z, momentum = both.view(2, 1, 1, LATENT)
        end, last = path.leapfrog(path.at(z), momentum, b, step)
        return torch.stack([end.z, last]).flatten()

    at, eye = torch.cat([state.z, momentum]).flatten(), 1e-5 * torch.eye(2 * LATENT).double()
    jacobian = torch.stack([(moved(at + e) - moved(at - e)) / 2e-5 for e in eye], 1)
    assert float(torch.linalg.det(jacobian)) == pytest.approx(1, abs=1e-6)


def test_smaller_steps_keep_the_energy_by_their_square() -> None:
    """The order of the leapfrog, which a force that is no gradient of the density would not have."""
    case = Drawn(images=50)
    momentum = torch.randn(1, 50, LATENT).double()
    start = case.path.at(case.path.start.rsample((1,), seeded()))

    def gained(step: float) -> Tensor:
        state, last = case.path.leapfrog(start, momentum, 0.5, torch.full((50,), step).double())
        kinetic = (momentum.square() - last.square()).sum(-1) / 2
        return (case.path.log_density(state, 0.5) - case.path.log_density(start, 0.5) + kinetic).abs().mean()

    assert 6 < float(gained(0.1) / gained(0.05)) < 10, "of a fixed number of steps the error is of third order"


def test_a_move_leaves_the_density_as_it_is() -> None:
    """The true posterior's mean and spread, after moves at b = 1 from a draw of it; and steps are as large as asked."""
    case = Drawn(images=3000)
    steps = case.path.steps(torch.linspace(0.98, 1, 40).tolist(), seeded())[-1]
    state = case.path.at(case.z[None])
    for _ in range(5):
        state, acceptance = case.path.moved(state, 1.0, steps, seeded(3))
    assert float(acceptance.mean()) == pytest.approx(annealed.ACCEPTED, abs=0.1)
    assert (state.z[0] - case.z).norm(dim=1).mean() > 0.1, "they moved"
    torch.testing.assert_close(state.z[0].mean(0), torch.zeros(LATENT).double(), rtol=0, atol=0.08)
    torch.testing.assert_close(state.z[0].var(0), torch.ones(LATENT).double(), rtol=0, atol=0.12)


def test_the_wrong_path_back_is_seen(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A code that did not make its image is no draw of the posterior: then nothing is bounded from above."""
    monkeypatch.setattr(annealed, "TEMPERATURES", 2)
    case = Drawn()
    right, wrong = (annealed_bounds(case.model, case.x, None, seeded(), z)[1].mean() for z in (case.z, case.z + 2))
    assert wrong < right - 1


@pytest.mark.parametrize("name", MODELS)
def test_which_models_can_be_annealed(name: str) -> None:
    kind = MODELS[name]
    model = kind(kind.Settings(), (1, 8, 300) if name == "text" else (1, 8, 8), 10)
    if name in ONE_LAYER:
        assert check_annealable(model) is model
    else:
        with pytest.raises(ValueError, match=f"one layer of Gaussian codes to anneal, got {kind.__name__}"):
            check_annealable(model)


@pytest.mark.parametrize("kind", ONE_LAYER)
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "discretised-logistic"])
def test_an_untrained_model_lies_between_its_bounds(
    kind: str, likelihood: str, few: Images, tmp_path: Path, quick: None
) -> None:
    torch.manual_seed(0)
    model = MODELS[kind](MODELS[kind].Settings(latent=4, likelihood=likelihood), few.shape, 10).eval()
    found = looseness(Examined(model, few, few, True, tmp_path), 12)
    assert all(len(each) == 12 for each in (found.lower, found.upper, found.annealed, *found.bounds.values()))
    assert found.lower.mean() < found.upper.mean() + 0.1
    assert list(found.bounds) == [1, 10, 100]
    assert found.bounds[1].mean() < found.annealed.mean() + 0.1
    assert abs(float((found.bounds[100] - found.annealed).mean())) < 0.5


@pytest.mark.slow
@pytest.mark.data
def test_the_sandwich_of_a_headline_row(mnist_folder: None) -> None:
    """The bar: 0.2 nats on 200 images; here a fifth of them."""
    from vaecore.measuring import examined

    found = looseness(examined(load("vae-mnist-50", "cpu"), 1, 0, None), 40)
    assert 0 < float((found.upper - found.lower).mean()) < 0.2


def test_the_command_prints_the_sandwich(capsys: pytest.CaptureFixture[str], quick: None) -> None:
    assert main(["evaluate", "vae-digits-2", "--ais", "10", "--device", "cpu"]) == 0
    told = capsys.readouterr().out
    assert "10 images that the model drew" in told
    assert "above less below" in told
    assert [line.split()[0] for line in told.splitlines() if "of q(z|x)" in line] == ["1", "10", "100"]


def test_what_the_command_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    for name, kind in (("ladder-digits", "LadderVAE"), ("iaf-digits-2", "Inverse"), ("ae-digits-2", "Autoencoder")):
        assert kind in refused(capsys, "evaluate", name, "--ais", "--device", "cpu")
    assert "--ais alone" in refused(capsys, "evaluate", "vae-digits-2", "--ais", "--write")
    for count in ("1", "0", "-3"):
        assert "2 images or more" in refused(capsys, "evaluate", "vae-digits-2", "--ais", count, "--device", "cpu")

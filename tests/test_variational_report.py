"""What `vaecore evaluate` says of variational models: each figure beside an independent answer."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from vaecore import checkpoint
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.evaluation import report
from vaecore.evaluation.anomaly import anomaly_scores, auroc, reference_of
from vaecore.evaluation.evidence import integrable, log_evidence
from vaecore.evaluation.likelihood import log_likelihood
from vaecore.evaluation.rates import (
    aggregate_divergence,
    one_code_each,
    posterior_means,
    rates_and_distortion,
    silent,
    varies,
)
from vaecore.models import MODELS
from vaecore.models.variational import Variational
from vaecore.recipes import RECIPES
from vaecore.serving import Explorer
from vaecore.serving.loading import load

NAMES = (
    "beta-vae-digits-4",
    "conv-vae-digits-2",
    "iwae-digits-8",
    "hierarchical-digits",
    "ladder-digits",
    "iaf-digits-2",
)


@pytest.fixture(params=NAMES)
def explorer(request: pytest.FixtureRequest) -> Explorer:
    return load(request.param, device="cpu")


@pytest.fixture(scope="module")
def x(test_digits: Images) -> Tensor:
    return present(test_digits.pixels)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_variational_variant_is_looked_at() -> None:
    kinds = {n for n, kind in MODELS.items() if issubclass(kind, Variational) and "text" not in kind.abilities}
    assert {RECIPES[name].model for name in NAMES} | {"vae", "cvae"} == kinds


def test_rates_and_distortion_are_minus_the_elbo(explorer: Explorer, test_digits: Images, x: Tensor) -> None:
    many = [rates_and_distortion(explorer.model, x, None, generator(seed)) for seed in range(20)]
    found = torch.stack([-(rates.sum(1) + distortion) for rates, distortion in many]).mean()
    elbos = np.stack([explorer.elbo(test_digits.images, seed=seed) for seed in range(20)])
    error = elbos.mean(1).std() / np.sqrt(20)
    assert float(found) == pytest.approx(float(elbos.mean()), abs=5 * error + 1e-3)
    assert many[0][0].shape == (len(x), len(explorer.model.groups))
    assert explorer.model.latent == sum(explorer.model.groups)


def test_the_price_of_the_rate_is_not_in_what_is_measured(x: Tensor) -> None:
    explorer = load("beta-vae-digits-4", device="cpu")
    dear = checkpoint.build(explorer.recipe.changed(beta=7.0, free_bits=3.0, annealing="linear"), explorer.shape, 10)
    dear.load_state_dict(explorer.model.state_dict())
    for own, other in zip(
        rates_and_distortion(explorer.model, x, None, generator()),
        rates_and_distortion(dear.train(), x, None, generator()),
        strict=True,
    ):
        assert torch.equal(own, other)


def test_a_unit_is_active_if_its_mean_moves() -> None:
    explorer = load("iwae-digits-8", device="cpu")
    x = present(torch.randint(0, 256, (500, 1, 8, 8), dtype=torch.uint8, generator=generator()))
    means = explorer.encode(x.numpy())
    assert varies(posterior_means(explorer.model, x)).tolist() == (means.var(0) > 0.01).tolist()
    with torch.no_grad():
        last = explorer.model.encoder[-1]
        last.weight[0], last.bias[0] = 0, 3.0
    assert not varies(posterior_means(explorer.model, x))[0], "one mean for all images"


def test_a_group_is_collapsed_where_it_says_nothing() -> None:
    rates = torch.tensor([[0.0, 1.0], [0.009, 0.0], [0.011, 2.0], [5.0, 3.0]])
    assert silent(rates).float().mean(0).tolist() == [0.5, 0.25]


def test_the_aggregate_divergence_is_that_of_the_moments(explorer: Explorer, x: Tensor) -> None:
    """Zero for codes of the prior itself; and of a Gaussian known in closed form."""
    model = explorer.model

    class Told(torch.nn.Module):
        """A posterior that is the prior, whatever the image."""

        def __init__(self, shift: float, scale: float) -> None:
            super().__init__()
            self.shift, self.scale = shift, scale

        def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
            prior = model.prior()
            noise = self.shift + self.scale * torch.randn(4000, model.latent, generator=generator)
            return prior.follow(noise) if hasattr(prior, "follow") else noise

    with pytest.MonkeyPatch.context() as patch:
        for shift, scale in ((0.0, 1.0), (0.5, 1.5)):
            patch.setattr(type(model), "posterior", lambda *_, at=(shift, scale): Told(*at))
            found = float(aggregate_divergence(one_code_each(model, x[:1], None, generator())))
            expected = model.latent * (scale**2 + shift**2 - 1 - 2 * np.log(scale)) / 2
            assert found == pytest.approx(expected, abs=0.02 * model.latent)


def test_the_report(explorer: Explorer, digits: Images, test_digits: Images, tmp_path: Path) -> None:
    train, test = digits.rows(torch.arange(300)), test_digits.rows(torch.arange(60))
    model, samples = explorer.model, 60
    metrics = report.evaluate(model, train, test, True, tmp_path, samples=samples, strangers=test)
    torch.manual_seed(0)
    x = present(test.pixels, binarise=True)
    many = torch.stack([log_likelihood(model, x, None, samples, generator(seed)).mean() for seed in range(9, 29)])
    if integrable(model):
        assert metrics["log_likelihood"] == pytest.approx(float(log_evidence(model, x).double().mean()), abs=1e-4)
    else:
        assert metrics["log_likelihood"] == pytest.approx(float(many.mean()), abs=5 * float(many.std()))
    assert (metrics["bounds"]["images"], metrics["bounds"]["samples"]) == (60, [1, 5, 50, 500, 5000])
    assert metrics["bounds"]["bound"][2] == pytest.approx(float(many.mean()), abs=0.5)  # 50 samples, and 60
    rises = np.diff(metrics["bounds"]["bound"])
    assert (rises > -4 * np.array(metrics["bounds"]["error_of_the_rise"])).all()
    assert metrics["elbo"] == pytest.approx(-metrics["rate"] - metrics["distortion"])
    assert metrics["elbo"] == pytest.approx(metrics["bounds"]["bound"][0], abs=1.5)
    assert sum(metrics["rates"]) == pytest.approx(metrics["rate"], abs=1e-2)
    assert len(metrics["rates"]) == len(model.groups)
    assert len(metrics.get("collapse", model.groups)) == len(model.groups)
    one_sample = explorer.variant in ("hierarchical", "iaf")  # of a log ratio: it says nothing of one image
    assert ("collapse" in metrics) == (not one_sample)
    assert 0 <= metrics["active_units"] <= model.latent
    assert metrics["auroc_elbo"] == pytest.approx(0.5), "the test images are no strangers to themselves"
    assert {"auroc_typicality", "auroc_complexity", "frechet", "frechet_floor"} <= metrics.keys()


def test_binary_pixels_have_a_likelihood_and_grey_ones_a_bound(few: Images, tmp_path: Path) -> None:
    """The pixels say which it is, not the recipe: the static set is binary before anything is drawn."""
    model = load("vae-digits-2", device="cpu").model
    grey = report.evaluate(model, few, few, False, tmp_path, samples=2)
    static = Images((few.pixels > 127).byte() * 255, few.target, few.names)
    binary = report.evaluate(model, static, static, False, tmp_path, samples=2)
    assert "grey_bound" in grey
    assert "log_likelihood" not in grey
    assert "log_likelihood" in binary
    assert "grey_bound" not in binary


def test_typicality_is_low_in_the_middle_and_high_on_both_sides(x: Tensor) -> None:
    model = load("vae-digits-2", device="cpu").model
    plain = anomaly_scores(model, x)
    assert torch.equal(plain["elbo"], plain["distortion"] + plain["rate"])
    assert "typicality" not in plain
    reference = reference_of(plain)
    scores = anomaly_scores(model, x, None, reference)
    expected = sum(((plain[name] - reference[name][0]) / reference[name][1]) ** 2 for name in ("distortion", "rate"))
    torch.testing.assert_close(scores["typicality"], expected)
    black = anomaly_scores(model, torch.zeros(5, 1, 8, 8), None, reference)
    assert auroc(scores["typicality"], black["typicality"]) > 0.9


def test_complexity_is_what_a_file_of_the_image_takes(x: Tensor) -> None:
    model = load("vae-digits-2", device="cpu").model
    noise = torch.rand(20, 1, 8, 8, generator=generator())
    for images in (x[:20], noise, torch.zeros(3, 1, 8, 8)):
        scores = anomaly_scores(model, images)
        bits = (scores["elbo"] - scores["complexity"]) / np.log(2)
        assert ((bits % 8).round() % 8 == 0).all(), "whole bytes"
        assert (bits.max() == 0) == (images.max() == 0)

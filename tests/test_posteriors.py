"""The true posterior on a grid and how near q comes to it: where both are known, they must be found.

A linear decoder W with unit noise has p(x) = N(b, WW' + I) and the posterior N(S W'(x - b), S), S = (I + W'W)^-1:
a tilted ellipse, which no encoder with the axes of the code can express.
"""

from collections.abc import Callable
from functools import partial
from math import log, pi

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence
from torch.nn.functional import binary_cross_entropy

from vaecore import serving
from vaecore.checkpoint import find, load_recipe
from vaecore.data import Images
from vaecore.distributions import Gaussian
from vaecore.models import VAE, ConditionalVAE
from vaecore.serving import Explorer
from vaecore.serving.studies.posterior import approximations as posteriors
from vaecore.serving.studies.posterior import bounds, grids

SHAPE, PIXELS, CLASSES = (2, 3, 2), 12, 4
DOUBLE = torch.float64


class Linear:
    """A linear decoder in the production class, one image, and what is known of them in closed form."""

    def __init__(self, kind: type[VAE], size: float = 1.0) -> None:
        torch.manual_seed(0)
        settings = kind.Settings(latent=2, hidden=(), likelihood="gaussian", scale=1.0)
        model = kind(settings, SHAPE, CLASSES).double().eval()
        self.w = size * torch.randn(PIXELS, 2, dtype=DOUBLE)
        self.label = 2 if model.classes else None
        offsets, bias = torch.randn(PIXELS, model.classes, dtype=DOUBLE), torch.randn(PIXELS, dtype=DOUBLE)
        with torch.no_grad():
            model.decoder[0].weight.copy_(torch.cat([self.w, offsets], 1))
            model.decoder[0].bias.copy_(bias)
        self.image = np.random.default_rng(0).random(SHAPE, dtype=np.float32)
        away = torch.from_numpy(self.image).double().flatten() - bias - (offsets[:, 2] if model.classes else 0)
        self.precision = torch.eye(2, dtype=DOUBLE) + self.w.T @ self.w
        covariance = self.w @ self.w.T + torch.eye(PIXELS, dtype=DOUBLE)
        self.evidence = float(MultivariateNormal(torch.zeros(PIXELS, dtype=DOUBLE), covariance).log_prob(away))
        self.posterior = MultivariateNormal(self.precision.inverse() @ self.w.T @ away, precision_matrix=self.precision)
        self.explorer = Explorer(model, load_recipe(find("vae-digits-2")), {"classes": ["a", "b", "c", "d"]})

    def divergence(self, mean: np.ndarray, scale: np.ndarray) -> float:
        """KL(q || p(z|x)) in closed form."""
        q = MultivariateNormal(torch.from_numpy(mean), torch.from_numpy(np.diag(scale**2)))
        return float(kl_divergence(q, self.posterior))


@pytest.fixture(params=[VAE, ConditionalVAE])
def linear(request: pytest.FixtureRequest) -> Linear:
    return Linear(request.param)


def check_truth(case: Linear) -> None:
    found = serving.posterior.true_posterior(case.explorer, case.image, case.label)
    points = torch.cartesian_prod(*map(torch.from_numpy, (found.up, found.across))).flip(1)
    expected = case.posterior.log_prob(points).exp().reshape(found.density.shape).numpy()
    assert found.log_evidence == pytest.approx(case.evidence, abs=1e-6)
    np.testing.assert_allclose(found.density, expected, atol=1e-6 * expected.max())
    cell = (found.across[1] - found.across[0]) * (found.up[1] - found.up[0])
    assert found.density.sum() * cell == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(found.mode, case.posterior.mean, atol=found.across[1] - found.across[0])


@pytest.mark.parametrize("size", [0.1, 1.0, 30.0])
def test_the_posterior_and_the_evidence_of_a_linear_model(size: float) -> None:
    """From a scale of one to one of 1/100."""
    check_truth(Linear(VAE, size))


def test_a_label_is_part_of_the_evidence(linear: Linear) -> None:
    check_truth(linear)


def test_the_gap_of_any_ellipse_is_its_divergence(linear: Linear) -> None:
    random = np.random.default_rng(1)
    for _ in range(5):
        mean, scale = random.normal(size=2), np.exp(random.normal(size=2) / 2 - 1)
        q = serving.posterior.gaussian_posterior(linear.explorer, linear.image, mean, scale, linear.label)
        assert linear.evidence - q.elbo == pytest.approx(linear.divergence(mean, scale), abs=1e-6)
        assert q.elbo_error < bounds.SETTLED


def test_the_encoders_gap_is_its_divergence(linear: Linear) -> None:
    q = serving.posterior.encoder_posterior(linear.explorer, linear.image, linear.label)
    assert q.is_gaussian
    assert linear.evidence - q.elbo == pytest.approx(linear.divergence(q.mean, q.scale), abs=1e-6)
    label = None if linear.label is None else torch.tensor([linear.label])
    with torch.no_grad():
        own = linear.explorer.model.posterior(torch.from_numpy(linear.image)[None].double(), label)
    np.testing.assert_allclose([q.mean, q.scale], [own.mean[0], own.scale[0]], rtol=1e-6)


def test_the_best_ellipse_is_the_one_of_the_precisions_diagonal(linear: Linear) -> None:
    """argmin_q KL(q || N(m, P^-1)) over diagonal Gaussians is N(m, diag(P)^-1)."""
    starts = [(np.array([2.0, -2.0]), np.array([0.3, 1.0]))]
    best = serving.posterior.best_gaussian(linear.explorer, linear.image, starts, linear.label)
    np.testing.assert_allclose(best.mean, linear.posterior.mean, atol=1e-3)
    np.testing.assert_allclose(best.scale, linear.precision.diagonal() ** -0.5, rtol=1e-3)
    assert linear.evidence - best.elbo == pytest.approx(linear.divergence(best.mean, best.scale), abs=1e-6)


def test_the_best_of_the_starts_is_kept_where_nothing_is_better(linear: Linear) -> None:
    best = linear.posterior.mean.numpy(), (linear.precision.diagonal() ** -0.5).numpy()
    far = np.array([3.0, 3.0]), np.array([2.0, 2.0])
    found = serving.posterior.best_gaussian(linear.explorer, linear.image, [far, best], linear.label)
    np.testing.assert_allclose([found.mean, found.scale], best, rtol=1e-3)


def test_importance_bounds_rise_to_the_evidence(linear: Linear) -> None:
    mean, scale = linear.posterior.mean.numpy() + 0.1, 1.3 * (linear.precision.diagonal() ** -0.5).numpy()
    q = serving.posterior.gaussian_posterior(linear.explorer, linear.image, mean, scale, linear.label, samples=50_000)
    values, errors = zip(*q.bounds.values(), strict=True)
    assert list(q.bounds) == [1, 5, 50, 500]
    assert list(values) == sorted(values)
    assert values[0] == pytest.approx(q.elbo, abs=5 * errors[0])
    assert all(value < linear.evidence + 4 * error for value, error in zip(values, errors, strict=True))
    assert values[0] < linear.evidence - 5 * errors[0]
    assert values[-1] == pytest.approx(linear.evidence, abs=4 * errors[-1] + 0.01)


def test_under_the_true_posterior_every_sample_weighs_the_same() -> None:
    case = Linear(VAE)
    with torch.no_grad():
        case.explorer.model.decoder[0].weight.copy_(torch.linalg.qr(case.w)[0])
    truth = serving.posterior.true_posterior(case.explorer, case.image)
    q = serving.posterior.best_gaussian(case.explorer, case.image, [(truth.mode, np.array([0.5, 0.5]))])
    weights, effective = serving.posterior.importance(q.log_weights[:50])
    np.testing.assert_allclose(weights, 1 / 50, rtol=0.02)
    assert effective == pytest.approx(50, abs=0.02)
    assert q.bounds[500][0] == pytest.approx(truth.log_evidence, abs=1e-3)


def wrong_prior(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(VAE, "prior", lambda self: Gaussian(*(self.decoder[0].weight.new_full((2,), v) for v in (0.0, 1.1))))


def no_fine_grid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(grids, "TOLERANCE", np.inf)
    patch.setattr(grids, "SHARED", 0)


def cut_too_near(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(grids, "FAR", 2.0)


def area_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(grids.Lattice, "log_integral", property(lambda self: float(np.logaddexp.reduce(self.values, None))))


@pytest.mark.parametrize("mutation", [wrong_prior, no_fine_grid, cut_too_near, area_forgotten])
def test_a_wrong_grid_makes_the_check_fail(
    mutation: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Linear(VAE, 30.0)
    check_truth(case)
    mutation(monkeypatch)
    with pytest.raises(AssertionError):
        check_truth(case)


# Grids


def normal(z: np.ndarray, mean: tuple[float, float], scale: float) -> np.ndarray:
    return -np.square((z - mean) / scale).sum(1) / 2 - log(2 * pi * scale**2)


def banana(z: np.ndarray, width: float = 0.05) -> np.ndarray:
    """z_1 ~ N(0, 1), z_2 ~ N((z_1^2 - 1) / 4, width^2)."""
    return -(z[:, 0] ** 2 + ((z[:, 1] - (z[:, 0] ** 2 - 1) / 4) / width) ** 2) / 2 - log(2 * pi * width)


def apart(z: np.ndarray) -> np.ndarray:
    """Two narrow modes between the points of the first lattice, one of them with a tenth of the mass."""
    first, second = normal(z, (-2.11, 1.09), 0.02), normal(z, (2.7, -2.7), 0.02)
    return np.logaddexp(log(0.9) + first, log(0.1) + second)


DENSITIES = {
    "standard": partial(normal, mean=(0, 0), scale=1.0),
    "narrow, between the points": partial(normal, mean=(1.1, -0.3), scale=0.004),
    "beyond the first lattice": partial(normal, mean=(8.0, -9.0), scale=1.5),
    "banana": banana,
    "two modes": apart,
}


@pytest.mark.parametrize("shift", [0.0, -5000.0, 5000.0])
@pytest.mark.parametrize("density", DENSITIES.values(), ids=DENSITIES.keys())
def test_a_density_of_integral_one(density: Callable[[np.ndarray], np.ndarray], shift: float) -> None:
    """However far from zero its logarithm is."""
    asked = 0

    def counted(z: np.ndarray) -> np.ndarray:
        nonlocal asked
        asked += len(z)
        return density(z) + shift

    grid = grids.integrate(counted)
    assert grid.log_integral == pytest.approx(shift, abs=1e-5)
    assert grid.error < grids.TOLERANCE
    assert grid.shared >= grids.SHARED
    assert asked < 150_000


def test_an_unresolved_density_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "MOST", 0)
    assert grids.integrate(partial(normal, mean=(1.12, -0.3), scale=0.004)).error > 1


def test_a_level_holds_its_share_of_the_mass() -> None:
    """One and two scales hold 1 - exp(-1/2) and 1 - exp(-2) of a Gaussian of the plane."""
    grid = grids.integrate(DENSITIES["standard"])
    truth = serving.posterior.TruePosterior(grid.across, grid.up, np.exp(grid.values), 0.0, 0.0)
    for scales in (1, 2):
        assert truth.level(1 - np.exp(-(scales**2) / 2)) == pytest.approx(np.exp(-(scales**2) / 2) / (2 * pi), rel=0.02)
    assert truth.level(1.0) == 0 or truth.level(1.0) < 1e-6


def test_a_thinned_posterior_keeps_its_mass() -> None:
    grid = grids.integrate(DENSITIES["banana"])
    truth = serving.posterior.TruePosterior(grid.across, grid.up, np.exp(grid.values), 0.0, 0.0)
    thin = truth.thinned(60)
    assert max(thin.density.shape) <= 60 < max(truth.density.shape)
    cell = (thin.across[1] - thin.across[0]) * (thin.up[1] - thin.up[0])
    assert thin.density.sum() * cell == pytest.approx(1, abs=0.02)
    share = thin.density / thin.density.sum()
    np.testing.assert_allclose([share.sum(0) @ thin.across, share.sum(1) @ thin.up], 0, atol=0.03)
    assert truth.thinned(10_000) is truth


# Trained models


@torch.no_grad()
def brute_force(explorer: Explorer, image: np.ndarray, label: int | None) -> tuple[np.ndarray, float]:
    """log p(x, z) over a fine grid of all codes that the prior allows, by another formula, and its log-sum."""
    side = torch.linspace(-6, 6, 481)
    z = torch.cartesian_prod(side, side)
    means = []
    for part in z.split(20_000):
        labels = None if label is None else torch.full((len(part),), label)
        means.append(explorer.model.likelihood(part, labels).mean.double().flatten(1))
    mean = torch.cat(means)
    pixels = torch.from_numpy(image).double().flatten().expand_as(mean)
    log_joint = -binary_cross_entropy(mean, pixels, reduction="none").sum(1) - z.double().square().sum(1) / 2
    return log_joint.numpy() - log(2 * pi), float(log_joint.logsumexp(0)) - log(2 * pi) + 2 * log(12 / 480)


@pytest.mark.parametrize("name", ["vae-digits-2", "cvae-digits-2", "iaf-digits-2", "conv-vae-digits-2"])
@pytest.mark.parametrize("binary", [True, False])
def test_the_evidence_is_that_of_brute_force(name: str, binary: bool, test_digits: Images) -> None:
    explorer = serving.loading.load(name, device="cpu")
    image = serving.posterior.binarised(test_digits.images[7]) if binary else test_digits.images[7]
    label = int(test_digits.labels[7]) if "condition" in explorer.abilities else None
    found = serving.posterior.true_posterior(explorer, image, label)
    assert found.log_evidence == pytest.approx(brute_force(explorer, image, label)[1], abs=2e-3)
    assert found.error < 0.01


def test_a_flows_elbo_is_its_integral_over_the_plane(test_digits: Images) -> None:
    """The sum of q (log p(x, z) - log q) over a grid, the flow undone at every point of it."""
    explorer = serving.loading.load("iaf-digits-2", device="cpu")
    image = serving.posterior.binarised(test_digits.images[0])
    q = serving.posterior.encoder_posterior(explorer, image, samples=20_000)
    log_joint, evidence = brute_force(explorer, image, None)
    side = torch.linspace(-6, 6, 481)
    with torch.no_grad():
        flow = explorer.model.posterior(torch.from_numpy(image)[None])
        log_q = flow.log_prob(torch.cartesian_prod(side, side)[:, None])[:, 0].double().numpy()
    density = np.exp(log_q) * (12 / 480) ** 2
    assert density.sum() == pytest.approx(1, abs=0.01)
    assert not q.is_gaussian
    assert q.elbo == pytest.approx(float((density * (log_joint - log_q)).sum()), abs=5 * q.elbo_error)
    assert 0 < q.elbo_error < 0.05
    assert evidence - q.elbo > 0.1
    np.testing.assert_allclose([q.mean, q.scale], [q.codes.mean(0), q.codes.std(0)], atol=1e-3)


def test_the_elbo_is_that_of_many_samples(vae: Explorer, test_digits: Images) -> None:
    """The explorer's own, which knows no lattice."""
    image = serving.posterior.binarised(test_digits.images[3])
    q = serving.posterior.encoder_posterior(vae, image)
    many = vae.elbo(np.repeat(image[None], 20_000, 0))
    assert q.elbo == pytest.approx(many.mean(), abs=5 * float(many.std()) / len(many) ** 0.5)
    assert q.elbo < serving.posterior.best_gaussian(vae, image, [(q.mean, q.scale)]).elbo
    assert q.bounds[500][0] == pytest.approx(
        float(vae.log_likelihood(image[None], samples=20_000)[0]), abs=5 * q.bounds[500][1]
    )


def test_the_encoder_given_by_hand_is_the_encoder(vae: Explorer, test_digits: Images) -> None:
    own = serving.posterior.encoder_posterior(vae, test_digits.images[3])
    same = serving.posterior.gaussian_posterior(vae, test_digits.images[3], own.mean, own.scale)
    assert same.elbo == pytest.approx(own.elbo, abs=1e-4)
    np.testing.assert_allclose(same.codes, own.codes, atol=1e-5)


# What comes from outside


def test_a_joint_lattice_is_log_likelihood_and_prior(vae: Explorer, test_digits: Images) -> None:
    """Each value is log p(x|z) + log N(z; 0, I) at its code, reckoned here from the decoded pixels."""
    image = serving.posterior.binarised(test_digits.images[0])
    lattice = serving.posterior.joint_lattice(vae, image, (0.5, -1.0), 2.0)
    for row, column in ((0, 0), (10, 60), (64, 3)):
        z = np.array([lattice.across[column], lattice.up[row]])
        mean = vae.decode(z[None].astype(np.float32))[0]
        log_likelihood = np.log(np.where(image > 0, mean, 1 - mean)).sum()
        assert lattice.values[row, column] == pytest.approx(log_likelihood - (z @ z) / 2 - log(2 * pi), abs=1e-3)
    assert (lattice.across[[0, -1]], lattice.up[[0, -1]]) == (pytest.approx([-1.5, 2.5]), pytest.approx([-3.0, 1.0]))


def test_a_picture_is_binarised_once(test_digits: Images) -> None:
    image = test_digits.images[0]
    drawn = serving.posterior.binarised(image)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert np.array_equal(drawn, serving.posterior.binarised(image))
    assert not np.array_equal(drawn, serving.posterior.binarised(image, seed=1))
    assert (drawn[image == 0] == 0).all()
    assert (drawn[image == 1] == 1).all()
    many = np.mean([serving.posterior.binarised(image, seed) for seed in range(2000)], axis=0)
    np.testing.assert_allclose(many, image, atol=0.06)


def test_weights_sum_to_one_however_small_they_are() -> None:
    weights, effective = serving.posterior.importance(np.array([-9000.0, -9000.0, -9000.0 - log(2)]))
    np.testing.assert_allclose(weights, [0.4, 0.4, 0.2])
    assert effective == pytest.approx(1 / (0.16 + 0.16 + 0.04))
    assert serving.posterior.importance(np.array([0.0, -800.0]))[1] == 1


def test_which_models_have_a_posterior_to_be_seen(vae: Explorer, pca: Explorer, autoencoder: Explorer) -> None:
    assert serving.posterior.in_plane(vae)
    assert serving.posterior.wants_binary(vae)
    assert not serving.posterior.in_plane(autoencoder)
    assert not serving.posterior.wants_binary(Linear(VAE).explorer)
    with pytest.raises(
        ValueError, match=r"pca-digits: expected a model with a likelihood .* got a pca with codes of 32"
    ):
        serving.posterior.true_posterior(pca, np.zeros((1, 8, 8), np.float32))


def test_what_cannot_be_asked_gets_a_sentence(vae: Explorer, cvae: Explorer, test_digits: Images) -> None:
    image, good = test_digits.images[0], np.ones(2)
    for mean, scale in (([0.0, np.nan], good), (good, [1.0, 0.0]), (np.ones(3), np.ones(3))):
        with pytest.raises(ValueError, match="expected two finite means and two scales above 0"):
            serving.posterior.gaussian_posterior(vae, image, np.asarray(mean), np.asarray(scale))
    with pytest.raises(ValueError, match="expected 1 labels, got none"):
        serving.posterior.true_posterior(cvae, image)
    with pytest.raises(ValueError, match=r"expected images \[n, 1, 8, 8\]"):
        serving.posterior.true_posterior(vae, image[0])
    with pytest.raises(ValueError, match="samples: expected at least 500, got 3"):
        posteriors.encoder_posterior(vae, image, samples=3)

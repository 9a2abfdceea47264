"""What codes cost: against closed forms, sampling and the elbo; and which models form a family."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import vaecore
from vaecore import checkpoint, serving
from vaecore.data import Images
from vaecore.models.variational import Variational
from vaecore.recipe import Recipe
from vaecore.serving import Explorer
from vaecore.serving.loading import load

VARIATIONAL = [
    name
    for name in vaecore.names()
    if "digits" in name
    and issubclass(checkpoint.MODELS[checkpoint.load_recipe(checkpoint.find(name)).model], Variational)
]
DRAWS = 20


def like(explorer: Explorer, **changes: object) -> Explorer:
    """The same weights under another recipe."""
    recipe = explorer.recipe.changed(**changes)
    model = checkpoint.build(recipe, explorer.shape, len(explorer.classes))
    model.load_state_dict(explorer.model.state_dict())
    return Explorer(model.eval(), recipe, explorer.card, explorer.folder)


def labels_for(explorer: Explorer, images: Images) -> np.ndarray | None:
    return images.labels if "condition" in explorer.abilities else None


def test_the_rate_of_a_unit_is_its_divergence_in_closed_form(vae: Explorer, test_digits: Images) -> None:
    terms = serving.rates.elbo_terms(vae, test_digits.images)
    mean, scale = (part.astype(np.float64) for part in vae.posterior(test_digits.images))
    divergence = (mean**2 + scale**2 - 1) / 2 - np.log(scale)
    np.testing.assert_allclose(terms.rates, divergence.mean(axis=0), rtol=1e-5)
    assert terms.rate == pytest.approx(divergence.sum(axis=1).mean(), rel=1e-5)
    assert (terms.sizes, terms.images) == ((1, 1), len(test_digits))


@pytest.mark.parametrize(
    "changes",
    [
        {"beta": 8.0},
        {"beta": 0.0},
        {"free_bits": 5.0},
        {"target_rate": 20.0},
        {"annealing": "linear", "beta": 3.0},
        {"corruption": "masking", "level": 0.9},
    ],
)
def test_how_the_rate_was_weighed_does_not_enter(vae: Explorer, test_digits: Images, changes: dict[str, Any]) -> None:
    other = like(vae, **changes)
    ours, theirs = (serving.rates.elbo_terms(each, test_digits.images) for each in (vae, other))
    np.testing.assert_array_equal(ours.rates, theirs.rates)
    assert ours.distortion == theirs.distortion
    with torch.no_grad():
        weighed = other.model.loss(torch.from_numpy(test_digits.images))["rate"].mean()
    assert abs(float(weighed) - theirs.rate) > 0.5  # the objective is another one indeed


@pytest.mark.parametrize("name", VARIATIONAL)
def test_rate_and_distortion_add_up_to_minus_the_elbo(name: str, test_digits: Images) -> None:
    explorer = load(name, device="cpu")
    labels, images = labels_for(explorer, test_digits), test_digits.images
    ours = np.array([serving.rates.elbo_terms(explorer, images, labels, seed).elbo for seed in range(DRAWS)])
    theirs = np.array([explorer.elbo(images, 100 + seed, labels).mean() for seed in range(DRAWS)])
    error = np.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / DRAWS)
    assert 0 < error < 0.1
    assert abs(ours.mean() - theirs.mean()) < 4 * error


def test_the_variational_models_of_the_digits_are_at_hand() -> None:
    assert {"vae-digits-2", "cvae-digits-2"} <= set(VARIATIONAL)


def test_the_rate_of_a_layer_is_its_share_of_the_sampled_divergence(test_digits: Images) -> None:
    ladder = load("ladder-digits", device="cpu")
    terms = serving.rates.elbo_terms(ladder, test_digits.images)
    x = torch.from_numpy(test_digits.images)
    with torch.no_grad():
        posterior, prior = ladder.model.posterior(x), ladder.model.prior()
        z = posterior.rsample((400,), torch.Generator().manual_seed(7))
        shares = posterior.log_prob_per_latent(z) - prior.log_prob_per_latent(z)
    sampled = [float(part.sum(-1).mean()) for part in shares.split(ladder.model.groups, -1)]
    assert terms.sizes == ladder.model.groups
    np.testing.assert_allclose(terms.rates, sampled, atol=0.06)
    assert terms.rates.max() - terms.rates.min() > 0.2  # so that layers in the wrong order would fail


def test_pixels_are_binarised_where_the_model_was_trained_on_such(
    vae: Explorer, test_digits: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary, seen = like(vae, binarise=True), []
    posterior = binary.model.posterior

    def spy(x: Tensor, label: Tensor | None = None) -> Any:  # noqa: ANN401
        seen.append(x)
        return posterior(x, label)

    monkeypatch.setattr(binary.model, "posterior", spy)
    assert (
        serving.rates.elbo_terms(binary, test_digits.images).distortion
        != serving.rates.elbo_terms(vae, test_digits.images).distortion
    )
    assert set(torch.cat(seen).unique().tolist()) == {0.0, 1.0}
    assert float(torch.cat(seen).mean()) == pytest.approx(test_digits.images.mean(), abs=0.01)
    crisp = (test_digits.images > 0.5).astype(np.float32)
    assert serving.rates.elbo_terms(binary, crisp).elbo == serving.rates.elbo_terms(vae, crisp).elbo


def test_at_most_two_thousand_images_are_measured_which_the_seed_draws(vae: Explorer) -> None:
    images = np.random.default_rng(0).random((2300, 1, 8, 8), dtype=np.float32)
    first, again, other = (serving.rates.elbo_terms(vae, images, seed=seed) for seed in (0, 0, 1))
    assert first.images == 2000
    assert first.elbo == again.elbo
    assert not np.array_equal(first.rates, other.rates)


def test_a_conditional_model_is_told_the_labels(cvae: Explorer, test_digits: Images) -> None:
    told = serving.rates.elbo_terms(cvae, test_digits.images, test_digits.labels)
    wrong = serving.rates.elbo_terms(cvae, test_digits.images, (test_digits.labels + 1) % 10)
    assert told.elbo > wrong.elbo + 5
    with pytest.raises(ValueError, match="expected 179 labels, got none"):
        serving.rates.elbo_terms(cvae, test_digits.images)


def test_what_has_no_rate_gets_a_sentence(autoencoder: Explorer, vae: Explorer, test_digits: Images) -> None:
    with pytest.raises(ValueError, match="expected a variational model"):
        serving.rates.elbo_terms(autoencoder, test_digits.images)
    with pytest.raises(ValueError, match="at least one image"):
        serving.rates.elbo_terms(vae, test_digits.images[:0])
    with pytest.raises(ValueError, match=r"expected images \[n, 1, 8, 8\]"):
        serving.rates.elbo_terms(vae, test_digits.images[:, :, :7])


# Families


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place of pretrained models."""
    folder = tmp_path / "pretrained"
    folder.mkdir()
    monkeypatch.setattr("vaecore.checkpoint.SOURCES", (folder,))
    return folder


def put(folder: Path, own: Explorer, **changes: object) -> Path:
    other = like(own, **changes)
    checkpoint.save(folder, other.recipe, other.model, own.card)
    return folder


def test_a_family_differs_in_beta_alone(vae: Explorer, shelf: Path) -> None:
    put(shelf / "a", vae)
    put(shelf / "b", vae, beta=4.0)
    put(shelf / "annealed", vae, beta=0.5, annealing="linear")
    put(shelf / "elsewhere", vae, beta=6.0, dataset="digits/3")
    put(shelf / "binary", vae, beta=7.0, binarise=True)
    put(shelf / "unfinished", vae, beta=8.0).joinpath("card.json").unlink()
    put(shelf / "broken", vae, beta=9.0).joinpath("recipe.json").write_text("{")
    deeper = vae.recipe.changed(beta=10.0, hidden=(16,))
    checkpoint.save(shelf / "deeper", deeper, checkpoint.build(deeper, vae.shape, 0), vae.card)
    expected = {0.5: "annealed", 1.0: "a", 4.0: "b"}
    assert serving.relatives.family(load(shelf / "b", device="cpu")) == expected
    assert list(serving.relatives.family(load("a", device="cpu"))) == [0.5, 1.0, 4.0]
    for alone in ("elsewhere", "binary", "deeper"):
        assert serving.relatives.family(load(alone, device="cpu")) == {}
    (shelf / "broken" / "recipe.json").unlink()
    assert serving.relatives.families() == [expected]


@pytest.mark.parametrize("changes", [{"free_bits": 0.1}, {"target_rate": 1.0}, {"corruption": "masking", "level": 0.1}])
def test_another_objective_makes_no_family(vae: Explorer, shelf: Path, changes: dict[str, Any]) -> None:
    """These are no minima of distortion + beta * rate: the line of slope -beta would not touch their curve."""
    for beta in (1.0, 2.0):
        put(shelf / f"other-{beta:g}", vae, beta=beta, **changes)
    assert serving.relatives.family(load("other-1", device="cpu")) == {}
    assert serving.relatives.families() == []


def test_a_vae_and_a_beta_vae_of_one_network_are_kin(vae: Explorer, shelf: Path) -> None:
    put(shelf / "plain", vae)
    shared = vae.card["recipe"]["settings"] | {"beta": 4.0}
    dear: Recipe = replace(vae.recipe, model="beta-vae", settings=checkpoint.MODELS["beta-vae"].Settings(**shared))
    checkpoint.save(shelf / "dear", dear, checkpoint.build(dear, vae.shape, 0), vae.card)
    found = serving.relatives.family(load("plain", device="cpu"))
    assert found == {1.0: "plain", 4.0: "dear"}


def test_of_two_with_one_beta_the_chosen_is_in_its_own_family(vae: Explorer, shelf: Path) -> None:
    for name, beta in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        put(shelf / name, vae, beta=beta)
    assert serving.relatives.family(load("a", device="cpu")) == {1.0: "a", 2.0: "c"}
    assert serving.relatives.family(load("b", device="cpu")) == {1.0: "b", 2.0: "c"}


def test_runs_beside_each_other_are_kin(vae: Explorer, shelf: Path, tmp_path: Path) -> None:
    put(shelf / "shipped", vae)
    for beta in (1.0, 2.0):
        put(tmp_path / "runs" / f"own-{beta:g}", vae, beta=beta)
    own = tmp_path / "runs" / "own-1"
    assert serving.relatives.family(load(own, device="cpu")) == {1.0: str(own), 2.0: str(tmp_path / "runs" / "own-2")}
    other = tmp_path / "runs" / "own-2"
    assert serving.relatives.family(load(other, device="cpu")) == {1.0: "shipped", 2.0: str(other)}


def test_a_model_alone_has_no_family(vae: Explorer, autoencoder: Explorer, shelf: Path) -> None:
    put(shelf / "a", vae)
    assert serving.relatives.family(load("a", device="cpu")) == {}
    assert serving.relatives.family(autoencoder) == {}
    assert serving.relatives.families() == []

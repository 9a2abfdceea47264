"""Noise: how much of an image it touches, what it leaves there, and what a denoising autoencoder makes of it."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

import vaecore
from vaecore import checkpoint
from vaecore.corruption import KINDS, Corruption, corrupt
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.distributions import shard
from vaecore.models import Autoencoder
from vaecore.recipes import find

MANY = (500, 1, 20, 20)
REPLACING: tuple[Corruption, ...] = ("masking", "salt and pepper")
DRAWN: tuple[Corruption, ...] = ("masking", "gaussian", "salt and pepper")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def grey(*shape: int) -> Tensor:
    """Pixels of which none is 0 or 1, so that what noise sets to these is seen."""
    return 0.2 + 0.6 * torch.rand(shape, generator=seeded(0))


@pytest.mark.parametrize("kind", REPLACING)
@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_the_share_that_is_touched_is_the_level(kind: Corruption, level: float) -> None:
    x = grey(*MANY)
    noisy, touched = corrupt(x, kind, level, seeded(1))
    deviation = (level * (1 - level) / x.numel()) ** 0.5
    assert abs(float(touched.double().mean()) - level) < 4 * deviation
    assert torch.equal(noisy != x, touched), "what is not touched stays as it is"


def test_masked_pixels_are_black() -> None:
    x = grey(*MANY)
    noisy, touched = corrupt(x, "masking", 0.3, seeded(1))
    assert torch.equal(noisy, torch.where(touched, torch.zeros(()), x))


@pytest.mark.parametrize("level", [0.2, 1.0])
def test_salt_and_pepper_is_the_toss_of_a_coin(level: float) -> None:
    noisy, touched = corrupt(grey(*MANY), "salt and pepper", level, seeded(1))
    thrown = noisy[touched]
    assert set(thrown.unique().tolist()) == {0.0, 1.0}
    assert abs(float(thrown.double().mean()) - 0.5) < 4 * 0.5 / len(thrown) ** 0.5


def test_gaussian_noise_is_added_to_every_pixel_and_never_clipped() -> None:
    x = grey(*MANY)
    noisy, touched = corrupt(x, "gaussian", 0.7, seeded(1))
    noise = (noisy - x).double()
    assert touched.all()
    assert abs(float(noise.mean())) < 4 * 0.7 / x.numel() ** 0.5
    assert float(noise.std()) == pytest.approx(0.7, rel=4 / (2 * x.numel()) ** 0.5)
    assert float(((noise / 0.7) ** 4).mean()) == pytest.approx(3, abs=0.1), "no other shape of the same variance"
    assert noisy.min() < 0
    assert noisy.max() > 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_noise_at_level_zero(kind: Corruption) -> None:
    x = grey(3, 1, 4, 4)
    noisy, touched = corrupt(x, kind, 0.0, seeded(1))
    assert torch.equal(noisy, x)
    assert touched.all() if kind == "gaussian" else not touched.any()


@pytest.mark.parametrize("kind", REPLACING)
def test_all_is_noise_at_level_one(kind: Corruption) -> None:
    noisy, touched = corrupt(grey(3, 1, 4, 4), kind, 1.0, seeded(1))
    assert touched.all()
    assert set(noisy.unique().tolist()) <= {0.0, 1.0}


def test_none_is_none_at_any_level() -> None:
    x = grey(3, 1, 4, 4)
    noisy, touched = corrupt(x, "none", 0.5)
    assert torch.equal(noisy, x)
    assert not touched.any()


@pytest.mark.parametrize("kind", DRAWN)
def test_the_generator_decides(kind: Corruption) -> None:
    x = grey(4, 3, 5, 6)
    one, same, other = (corrupt(x, kind, 0.5, seeded(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    images = one - x
    assert not torch.equal(images[0], images[1]), "each image has its own noise"


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("world", [2, 4])
def test_processes_see_the_rows_of_the_whole_batchs_noise(kind: Corruption, world: int) -> None:
    x = grey(8, 1, 3, 3)
    torch.manual_seed(7)
    single = corrupt(x, kind, 0.5)
    parts = []
    for rank in range(world):
        torch.manual_seed(7)
        with shard(rank, world):
            parts.append(corrupt(x.chunk(world)[rank], kind, 0.5))
    for whole, split in zip(single, zip(*parts, strict=True), strict=True):
        assert torch.equal(torch.cat(split), whole)


@pytest.mark.parametrize(
    ("kind", "level", "message"),
    [
        ("masking", -0.1, "masking: expected a level from 0 to 1, got -0.1"),
        ("masking", 1.1, "masking: expected a level from 0 to 1, got 1.1"),
        ("salt and pepper", 2, "salt and pepper: expected a level from 0 to 1, got 2"),
        ("salt and pepper", float("nan"), "salt and pepper: expected a level from 0 to 1, got nan"),
        ("gaussian", -1.0, "gaussian: expected a level >= 0, got -1.0"),
    ],
)
def test_impossible_levels_are_refused(kind: Corruption, level: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        corrupt(grey(1, 1, 2, 2), kind, float(level))


# The denoising autoencoder


def built(name: str, images: Images, **changes: object) -> Autoencoder:
    torch.manual_seed(0)
    model = checkpoint.build(find(name).changed(**changes), images.shape, len(images.names))
    model.prepare(images.pixels)
    return model


def losses(model: Autoencoder, x: Tensor, seed: int = 5) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return model.loss(x)


def noise_of(x: Tensor, kind: Corruption, level: float, seed: int = 5) -> tuple[Tensor, Tensor]:
    """The noise that `losses` draws first."""
    torch.manual_seed(seed)
    return corrupt(x, kind, level)


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("emphasis", [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (2.0, 0.5)])
@torch.no_grad()
def test_the_emphasised_loss_by_hand(kind: Corruption, emphasis: tuple[float, float], few: Images) -> None:
    """Against the clean image: what was touched times alpha, what was not times beta."""
    model = built("denoising-digits", few, latent=20, corruption=kind, level=0.4, emphasis=emphasis)
    x = present(few.pixels[:5])
    noisy, touched = noise_of(x, kind, 0.4)
    encoder = model.encoder.linear[0]
    code = (noisy.flatten(1) @ encoder.weight.T + encoder.bias).sigmoid()
    restored = (code @ encoder.weight + model.decoder.output_bias).sigmoid()
    by_hand = torch.zeros(5)
    for i in range(5):
        for pixel in range(64):
            error = float(x[i].flatten()[pixel] - restored[i, pixel]) ** 2
            by_hand[i] += (emphasis[0] if touched[i].flatten()[pixel] else emphasis[1]) * error
    terms = losses(model, x)
    assert terms.keys() == {"distortion"}
    torch.testing.assert_close(terms["distortion"], by_hand, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["autoencoder", "denoising", "sparse-l1", "sparse-kl", "contractive"])
@torch.no_grad()
def test_every_deterministic_model_can_be_shown_noise(name: str, few: Images) -> None:
    """The code is that of the damaged image, and so is the penalty; the image to restore is the clean one."""
    recipe = {"autoencoder": "ae-digits-2"}.get(name, f"{name}-digits")
    small = {} if name == "autoencoder" else {"latent": 20}
    model = built(recipe, few, corruption="masking", level=0.5, **small)
    plain = built(recipe, few, corruption="none", **small)
    x = present(few.pixels)
    noisy, _ = noise_of(x, "masking", 0.5)
    terms = losses(model, x)
    restored = model.likelihood(model.posterior(noisy).mean).mean
    torch.testing.assert_close(terms["distortion"], (x - restored).square().sum((1, 2, 3)))
    for key in terms.keys() - {"distortion"}:
        torch.testing.assert_close(terms[key], losses(plain, noisy)[key])
        assert not torch.allclose(terms[key], losses(plain, x)[key])


@torch.no_grad()
def test_a_vae_can_be_shown_noise(few: Images) -> None:
    model = built("vae-digits-2", few, corruption="salt and pepper", level=0.5)
    x = present(few.pixels)
    terms = losses(model, x)
    noisy, _ = noise_of(x, "salt and pepper", 0.5)
    posterior = model.posterior(noisy)
    z = posterior.rsample()  # drawn after the noise, as the model does
    torch.testing.assert_close(terms["distortion"], -model.likelihood(z).log_prob(x))
    divergence = (posterior.scale**2 + posterior.mean**2 - 1 - 2 * posterior.scale.log()).sum(1) / 2
    torch.testing.assert_close(terms["rate"], divergence)


@pytest.mark.parametrize("changes", [{"corruption": "none", "level": 0.5}, {"corruption": "none", "level": 0.0}])
def test_without_noise_it_is_the_plain_autoencoder_bit_for_bit(changes: dict[str, object], few: Images) -> None:
    shape = {"latent": 20, "hidden": (30,), "code": "sigmoid", "tied": False}
    plain = built("ae-digits-2", few, **shape)
    denoising = built("denoising-digits", few, **shape, **changes)
    x = present(few.pixels)
    one, other = losses(plain, x)["distortion"], losses(denoising, x)["distortion"]
    assert torch.equal(one, other)
    for model, loss in ((plain, one), (denoising, other)):
        loss.mean().backward()
        assert all(parameter.grad is not None for parameter in model.parameters())
    for mine, theirs in zip(plain.parameters(), denoising.parameters(), strict=True):
        assert torch.equal(mine.grad, theirs.grad)


def test_an_unknown_noise_is_refused_by_the_recipe_and_by_the_noise() -> None:
    with pytest.raises(ValueError, match=r"denoising-digits: corruption.*got 'blur'"):
        find("denoising-digits").changed(corruption="blur")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"corruption": "masking", "level": 0.0}, "corruption 'masking' needs a level above 0"),
        ({"corruption": "masking", "level": 1.5}, "masking: expected a level from 0 to 1, got 1.5"),
        ({"corruption": "salt and pepper", "level": 2}, "salt and pepper: expected a level from 0 to 1, got 2"),
        ({"corruption": "snow", "level": 0.5}, "corruption"),
    ],
)
def test_a_recipe_refuses_noise_that_cannot_be_before_anything_is_trained(
    changes: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=sentence):
        vaecore.train("denoising-digits", out=tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()

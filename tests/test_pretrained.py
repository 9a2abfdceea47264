"""What ships: whole, small, made by the recipes that are here, and as good as the cards say."""

import json
from pathlib import Path

import pytest
import torch

import vaecore
from vaecore import checkpoint
from vaecore.data import dataset
from vaecore.evaluation.reconstruction import mean_squared_error
from vaecore.recipes import RECIPES
from vaecore.serving.loading import epochs
from vaecore.serving.texts import text_names

FOLDER = Path(__file__).parent.parent / "pretrained"
TEXTS = text_names()
LARGEST = 64_000_000  # bytes
PROMISED = {
    *("pca-digits", "linear-digits-8", "ae-digits-2", "ae-digits-128", "vae-digits-2", "cvae-digits-2"),
    *("denoising-digits", "sparse-l1-digits", "sparse-kl-digits", "contractive-digits", "stacked-digits"),
    *("pca-mnist", "ae-mnist-2", "ae-mnist-30", "ae-mnist-1000", "vae-mnist-2", "vae-mnist-20"),
    *("cvae-mnist-2", "cvae-mnist-16", "denoising-mnist", "sparse-l1-mnist", "sparse-kl-mnist"),
    *("contractive-mnist", "stacked-mnist", "pca-fashion-mnist", "ae-fashion-mnist-2"),
    *("one-class-digits", "one-class-mnist"),
    *("beta-vae-digits-4", "conv-vae-digits-2", "iwae-digits-8", "hierarchical-digits", "ladder-digits"),
    *("iaf-digits-2",),
    *("vae-mnist-50", "iwae-mnist-50", "hierarchical-mnist", "ladder-mnist", "iaf-mnist", "beta-vae-mnist-10"),
    *("conv-vae-mnist-2", "conv-vae-mnist-16", "cvae-mnist-10"),
    *("couplets-tang", "couplets-parallel", "couplets-collapsed"),
    *("vae-fashion-mnist-2", "conv-vae-fashion-mnist-16", "cvae-fashion-mnist-16"),
}


def test_what_was_promised_is_there() -> None:
    assert set(vaecore.names()) >= PROMISED


def test_all_of_it_is_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.rglob("*")) < LARGEST


@pytest.mark.parametrize("name", vaecore.names())
def test_a_model_is_made_by_the_recipe_of_its_name(name: str) -> None:
    """On all training images; their number was chosen elsewhere, and test images had no part in it."""
    assert checkpoint.load_recipe(FOLDER / name) == RECIPES[name].changed(validation=False)
    assert json.loads((FOLDER / name / "recipe.json").read_text())["training"]["validation"] is False


@pytest.mark.parametrize("name", vaecore.names())
def test_a_card_says_how_it_was_measured(name: str) -> None:
    card = vaecore.load(name, device="cpu").card
    assert card["evaluation"]["command"].startswith(f"vaecore evaluate {name} ")
    assert card["command"].startswith(f"vaecore train {name} --set validation=false ")
    assert card["metrics"]["bits_per_character" if name in TEXTS else "squared_error"] > 0
    assert (FOLDER / name / "map.safetensors").exists() == (name not in TEXTS)


@pytest.mark.parametrize("name", [name for name in vaecore.names() if "digits" in name])
def test_a_card_of_digits_is_true(name: str) -> None:
    check_squared_error(name)


@pytest.mark.usefixtures("mnist_folder")
@pytest.mark.parametrize("name", [name for name in vaecore.names() if "mnist" in name and "fashion" not in name])
def test_a_card_of_mnist_is_true(name: str) -> None:
    check_squared_error(name)


@pytest.mark.usefixtures("fashion_folder")
@pytest.mark.parametrize("name", [name for name in vaecore.names() if "fashion" in name])
def test_a_card_of_fashion_mnist_is_true(name: str) -> None:
    check_squared_error(name)


def check_squared_error(name: str) -> None:
    explorer = vaecore.load(name, device="cpu")
    with torch.no_grad():
        measured = mean_squared_error(explorer.model, dataset(explorer.dataset, "test"))
    assert measured == pytest.approx(explorer.card["metrics"]["squared_error"], rel=1e-4)


@pytest.mark.parametrize("name", vaecore.names())
def test_the_bound_never_falls_as_samples_are_added(name: str) -> None:
    bounds = vaecore.load(name, device="cpu").card["metrics"].get("bounds")
    if bounds:
        steps = zip(bounds["bound"][1:], bounds["bound"], bounds["error_of_the_rise"], strict=False)
        assert all(after - before >= -2 * error for after, before, error in steps)


@pytest.mark.parametrize("name", ["ae-digits-2", "beta-vae-digits-4", "vae-digits-2"])
def test_snapshots_come_to_what_ships(name: str) -> None:
    """They are of the same recipe and seed on another processor: at its end as good, within the figure's error."""
    test, figures = dataset("digits", "test"), vaecore.load(name, device="cpu").card["metrics"]
    kept = epochs(name)
    first, last = (
        mean_squared_error(vaecore.load(name, device="cpu", at=at).model, test) for at in (kept[0], kept[-1])
    )
    assert last == pytest.approx(figures["squared_error"], abs=figures["squared_error_error"])
    assert first > 2 * last

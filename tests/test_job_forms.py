"""What a form asks before a job is begun: fields by their types and bounds, recipes that fit, and what it will take."""

from pathlib import Path

import numpy as np
import pytest

import vaecore
from vaecore import jobs, probing
from vaecore.recipes import RECIPES, find


@pytest.mark.parametrize("name", RECIPES)
def test_the_fields_are_the_recipes_own(name: str) -> None:
    """All but two, with what its class says of each; none is a word where a type is known."""
    recipe, fields = find(name), {field.name: field for field in jobs.fields(name)}
    assert recipe.changed(**{field.name: field.value for field in fields.values()}) == recipe
    assert {"name", "model", "dataset", "start", "snapshots", *fields} == {*recipe.flat()}
    assert all(field.about for field in fields.values())
    assert {field.name for field in fields.values() if field.kind == "words"} <= {"target_rate", "scale"}


@pytest.mark.parametrize("name", ["vae-digits-2", "ae-mnist-30", "stacked-mnist", "iwae-mnist-50", "couplets-tang"])
def test_bounds_are_those_that_the_recipe_holds_to(name: str) -> None:
    recipe = find(name)
    for field in jobs.fields(name):
        for end, step in ((field.low, -1), (field.high, 1)):
            if end is not None:
                beyond = int(end) + step if field.kind == "whole" else end + step
                with pytest.raises(ValueError, match=field.name):
                    recipe.changed(**{field.name: beyond})
        if field.choices:
            with pytest.raises(ValueError, match=field.name):
                recipe.changed(**{field.name: "none of these"})


def test_recipes_fit_their_images() -> None:
    own = jobs.recipes_for("fashion-mnist", (1, 28, 28), True)
    assert own
    assert all(find(name).dataset == "fashion-mnist" for name in own)
    assert "one-class-mnist" in jobs.recipes_for("mnist", (1, 28, 28), True)
    borrowed = jobs.recipes_for("photos.zip", (3, 32, 32), False)
    assert "vae-mnist-2" in borrowed
    assert not {"cvae-mnist-2", "iwae-mnist-50", "one-class-mnist", "couplets-tang"} & {*borrowed}
    assert "vae-digits-2" in jobs.recipes_for("usps", (1, 16, 16), True)


def test_a_recipe_for_one_class_keeps_it() -> None:
    assert jobs.dataset_of("one-class-mnist", "mnist") == {}
    assert jobs.dataset_of("vae-mnist-2", "kmnist") == {"dataset": "kmnist"}
    assert "couplets" not in jobs.datasets()


@pytest.mark.parametrize("name", ["vae-digits-2", "stacked-digits", "pca-digits", "cvae-digits-2"])
def test_parameters_are_counted_without_the_model(name: str) -> None:
    assert jobs.sized(name, (1, 8, 8), 10) == vaecore.load(name).card["parameters"]


def test_what_is_too_large_is_refused() -> None:
    assert jobs.sized("vae-digits-2", (1, 8, 8), 10, hidden=[10_000_000, 10_000_000]) > 10**14
    with pytest.raises(ValueError, match=r"vae-digits-2: expected at most 20,000,000 parameters, got 50,690,068"):
        jobs.sized("vae-digits-2", (1, 8, 8), 10, shared=True, hidden=[5000, 5000])


def test_a_probe_says_what_a_training_takes(tmp_path: Path) -> None:
    small = {"epochs": 40, "hidden": [32]}
    took = probing.probe("vae-digits-2", None, "cpu", **small)
    folder = vaecore.train("vae-digits-2", out=tmp_path / "run", device="cpu", **small)
    card = vaecore.load(folder).card
    assert (took["parameters"], took["epochs"]) == (card["parameters"], 40)
    assert took["seconds"] > 0


@pytest.mark.parametrize("name", ["stacked-digits", "hierarchical-digits", "cvae-digits-2"])
def test_a_probe_takes_every_kind_of_training(name: str) -> None:
    took = probing.probe(name, None, "cpu", hidden=[8, 8][: len(find(name).settings.hidden)])
    assert took["epochs"] == jobs.epochs(find(name))
    assert took["seconds"] > 0


def test_a_probe_fits_the_recipe_to_few_images(tmp_path: Path) -> None:
    np.savez(tmp_path / "few.npz", images=np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8))
    took = probing.probe("vae-digits-2", None, "cpu", dataset=str(tmp_path / "few.npz"))
    assert took["epochs"] == 3000, "one step of 32 images each"
    assert probing.probe("pca-digits", None, "cpu")["seconds"] == 0


def test_an_estimate_is_a_probe_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    found = jobs.estimate("vae-digits-2", device="cpu", epochs=3)
    assert (found.parameters, found.epochs) == (12_740, 3)
    assert found.seconds > 0
    with pytest.raises(ValueError, match="nowhere"):
        jobs.estimate("vae-digits-2", dataset="nowhere")
    monkeypatch.setenv("VAECORE_MAX_TRAINING_BYTES", str(2**20))
    with pytest.raises(ValueError, match=r"recipe 'vae-digits-2'"):
        jobs.estimate("vae-digits-2", device="cpu", shared=True, epochs=3)

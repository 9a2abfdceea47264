"""Recipes: whole, typed, and strict about what they do not know."""

import json
from dataclasses import FrozenInstanceError

import pytest

from vaecore.models import MODELS
from vaecore.recipe import Recipe, from_json, parse
from vaecore.recipes import RECIPES, find

VAE = RECIPES["vae-digits-2"]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_json_gives_the_recipe_back(recipe: Recipe) -> None:
    again = from_json(recipe.to_json(), "recipe.json")
    assert again == recipe
    assert type(again.settings) is MODELS[recipe.model].Settings
    assert again.to_json() == recipe.to_json()


def test_recipes_are_filed_under_their_names_and_models() -> None:
    assert all(name == recipe.name for name, recipe in RECIPES.items())
    assert {recipe.model for recipe in RECIPES.values()} == set(MODELS), "a variant without a recipe"


def test_recipes_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        VAE.training.epochs = 3
    with pytest.raises(FrozenInstanceError):
        VAE.settings.latent = 3


BROKEN = {
    "unknown key of the recipe": ({"colour": "red"}, "colour"),
    "unknown key of the settings": ({"settings": {"latent": 2, "colour": "red"}}, "colour"),
    "wrong type of the training": ({"training": [3]}, r"training: .*got \[3\]"),
    "unknown key of the training": ({"training": {"epoch": 2}}, "epoch"),
    "wrong type in the settings": ({"settings": {"latent": "many"}}, "latent"),
    "wrong type in the training": ({"training": {"epochs": "many"}}, "epochs"),
    "wrong type of the settings": ({"settings": 3}, "settings: .*got 3"),
    "wrong type of a width": ({"settings": {"hidden": [3, "wide"]}}, "hidden"),
    "impossible value": ({"settings": {"latent": 0}}, "latent"),
    "impossible choice": ({"settings": {"likelihood": "poisson"}}, "likelihood"),
    "newer format": ({"format": 2}, "format 2"),
    "no format": ({"format": None}, "format None"),
    "unknown model": ({"model": "gan"}, "gan"),
    "model of no text": ({"model": ["vae"]}, "vae"),
    "name of no text": ({"name": 3}, "name"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_recipe_names_its_file_and_key(case: str) -> None:
    change, named = BROKEN[case]
    text = json.dumps(json.loads(VAE.to_json()) | change)
    with pytest.raises(ValueError, match=f"^here/recipe.json: .*({named})") as caught:
        from_json(text, "here/recipe.json")
    assert "\n" not in str(caught.value)


def test_a_file_of_before_there_was_a_choice_was_trained_on_all() -> None:
    raw = json.loads(VAE.to_json())
    del raw["training"]["validation"]
    assert VAE.training.validation
    assert from_json(json.dumps(raw), "here") == VAE.changed(validation=False)
    assert from_json(VAE.to_json(), "here") == VAE
    del raw["training"]
    assert not from_json(json.dumps(raw), "here").training.validation


@pytest.mark.parametrize("key", ["name", "model", "dataset"])
def test_a_missing_key_is_named(key: str) -> None:
    raw = json.loads(VAE.to_json())
    del raw[key]
    with pytest.raises(ValueError, match=f"^here: .*{key}"):
        from_json(json.dumps(raw), "here")


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "3", '"recipe"', "null", VAE.to_json()[:-20]])
def test_what_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^here: not a recipe: "):
        from_json(text, "here")


def test_changed_finds_the_field_wherever_it_is() -> None:
    changed = VAE.changed(latent=8, epochs=3, dataset="my.npz", hidden=(5, 4), learning_rate=0.5, likelihood="gaussian")
    assert (changed.settings.latent, changed.settings.hidden, changed.settings.likelihood) == (8, (5, 4), "gaussian")
    assert (changed.training.epochs, changed.training.learning_rate, changed.dataset) == (3, 0.5, "my.npz")
    assert changed.training.batch == VAE.training.batch
    assert (changed.name, changed.model) == (VAE.name, VAE.model)
    assert VAE.settings.latent == 2, "the recipe itself stays as it is"
    assert VAE.changed() == VAE


def test_changed_takes_words_from_a_command_line() -> None:
    assert VAE.changed(latent="8", learning_rate="1e-2", binarise="true").settings.latent == 8
    assert VAE.changed(hidden=[7, 6]).settings.hidden == (7, 6)
    assert VAE.changed(scale="learned").settings.scale == "learned"
    assert VAE.changed(scale="0.3").settings.scale == 0.3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latnet": 8}, "has no field 'latnet'; did you mean 'latent'"),
        ({"colour": 8}, "has no field 'colour'.* Expected one of: .*latent"),
        ({"name": "mine"}, "has no field 'name'"),
        ({"model": "cvae"}, "has no field 'model'"),
        ({"latent": "wide"}, "latent"),
        ({"latent": 2.5}, "latent"),
        ({"latent": -1}, "latent"),
        ({"batch": 0}, "batch"),
        ({"warmup": 1.0}, "warmup"),
        ({"precision": "float8"}, "precision"),
        ({"hidden": (3, 0)}, "hidden"),
        ({"scale": 0.0}, "scale"),
    ],
)
def test_changed_refuses_in_one_sentence(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        VAE.changed(**change)
    assert "vae-digits-2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_field_of_another_variant_is_refused() -> None:
    with pytest.raises(ValueError, match="has no field 'likelihood'"):
        RECIPES["ae-digits-2"].changed(likelihood="gaussian")


def test_differences() -> None:
    other = VAE.changed(latent=8, epochs=3)
    assert other.differences(VAE) == {"latent": 8, "epochs": 3}
    assert VAE.differences(other) == {"latent": 2, "epochs": VAE.training.epochs}
    assert VAE.differences(VAE) == {}


def test_flat_is_what_changed_takes() -> None:
    fields = {key: value for key, value in VAE.flat().items() if key not in ("name", "model")}
    assert VAE.changed(**fields) == VAE


def test_an_unknown_recipe_lists_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"unknown recipe 'vae-digit'.*vae-digits-2"):
        find("vae-digit")


def test_parse_names_the_place() -> None:
    with pytest.raises(ValueError, match=r"^there: epochs: .*'soon'"):
        parse(type(VAE.training), {"epochs": "soon"}, "there")

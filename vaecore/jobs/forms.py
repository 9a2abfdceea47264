"""A recipe's settings as a form: every field by its type, its bounds and what its class says of it."""

import dataclasses
import re
from collections.abc import Iterator
from inspect import getdoc
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter

from vaecore.data import DATASETS
from vaecore.recipe import Recipe
from vaecore.recipes import RECIPES, find

Kind = Literal["whole", "number", "choice", "switch", "numbers", "words"]
KINDS: dict[str, Kind] = {"integer": "whole", "number": "number", "boolean": "switch", "array": "numbers"}
UNASKED = ("start", "snapshots")  # a path of the disk; what a job sets
ATTRIBUTE = re.compile(r"^    (\w[\w, ]*): (.*(?:\n        .*)*)", re.MULTILINE)
BRIEFLY = re.compile(r"`(\w+)` (?:is|are) ([^;.]+)")
SMALL = 16 * 16  # pixels of an image, for which the recipes of the digits are made
LARGE, LITTLE, TEXTS = "mnist", "digits", "couplets"  # whose recipes others borrow


class Field(NamedTuple):
    """A field of a recipe.

    Attributes:
        name: as `Recipe.changed` takes it.
        part: of the recipe.
        kind: of its values: "numbers" are several whole ones, "words" anything else that JSON or a word says.
        value: the recipe's own.
        low, high: its bounds, None where there are none; the bounds themselves may be refused.
        choices: among which one is chosen, where it is a choice.
        about: what its class says of it.
    """

    name: str
    part: Literal["model", "training"]
    kind: Kind
    value: Any
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    about: str


def fields(recipe: str) -> list[Field]:
    """The fields of a recipe that a form asks for: those of its model first, in the order of their classes."""
    found = find(recipe)
    return [*_fields(found, "model"), *_fields(found, "training")]


def _fields(recipe: Recipe, part: Literal["model", "training"]) -> Iterator[Field]:
    own = recipe.settings if part == "model" else recipe.training
    about = _about(type(own))
    schemas = TypeAdapter(type(own)).json_schema()["properties"]
    for name in (each.name for each in dataclasses.fields(own)):  # type: ignore[arg-type]
        if name not in UNASKED:
            value, schema = getattr(own, name), schemas[name]
            choices = tuple(schema.get("enum", [schema["const"]] if "const" in schema else ()))
            kind: Kind = "choice" if choices else KINDS.get(schema.get("type", ""), "words")
            low = schema.get("minimum", schema.get("exclusiveMinimum"))
            high = schema.get("maximum", schema.get("exclusiveMaximum"))
            if kind == "whole" and "exclusiveMinimum" in schema:
                low = schema["exclusiveMinimum"] + 1
            yield Field(name, part, kind, value, low, high, choices, about.get(name, ""))


def _about(kind: type) -> dict[str, str]:
    """What the docstrings of a class and of those above it say of each attribute."""
    told: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        for names, text in ATTRIBUTE.findall(getdoc(each) or ""):
            told |= dict.fromkeys(names.split(", "), " ".join(text.split()))
        told |= {name: f"{text}." for name, text in BRIEFLY.findall(getdoc(each) or "")}
    return told


def recipes_for(dataset: str, shape: tuple[int, int, int], labelled: bool, texts: bool = False) -> list[str]:
    """The recipes that fit images: those made for their data set, or else for images of about their size; or texts.

    A conditional model needs labels; a recipe that begins with another's weights fits its own data alone.
    """
    base = dataset.partition("/")[0]
    own = [name for name, recipe in RECIPES.items() if recipe.dataset.partition("/")[0] == base]
    if own:
        return own
    if texts:
        return [name for name, recipe in RECIPES.items() if recipe.dataset == TEXTS and not recipe.training.start]
    like = LITTLE if shape[1] * shape[2] <= SMALL else LARGE
    return [
        name
        for name, recipe in RECIPES.items()
        if recipe.dataset == like and not recipe.training.start and (labelled or not recipe.settings.asks_for_labels)
    ]


def dataset_of(recipe: str, dataset: str) -> dict[str, str]:
    """The change that has a recipe train on a data set; none where it is made for that, or for a class of it."""
    own = find(recipe).dataset
    return {} if dataset in (own, own.partition("/")[0]) else {"dataset": dataset}


def datasets() -> list[str]:
    """The names of the data sets of images."""
    return [name for name, row in DATASETS.items() if row.shape is not None]

"""How the recipe of what pages fetch is written and read: a maker, a model that ships, numbers."""

import re
from typing import NamedTuple

from app.session.state import Model, find, model_names

NAME = re.compile(r"[\w.-]+", re.ASCII)
DIGITS = 4  # of a number


class Recipe(NamedTuple):
    """The name of a maker, and what it is asked for."""

    maker: str
    model: Model
    numbers: tuple[int, ...]


def write(maker: str, model: Model, *numbers: int | None) -> str:
    """Return a recipe, `points/vae-mnist-20/0/3/30`; "" where the model does not ship, so that nobody else has it."""
    ships = model.at is None and model.place in model_names() and NAME.fullmatch(model.place)
    return "/".join([maker, model.place, *(str(each) for each in numbers if each is not None)]) if ships else ""


def read(text: str) -> Recipe | None:
    """Return what a recipe says; None where it is none of a model that ships."""
    maker, _, rest = text.partition("/")
    model, *numbers = rest.split("/")
    right = all(each.isascii() and each.isdigit() and len(each) <= DIGITS for each in numbers)
    if not right or model not in model_names():
        return None
    return Recipe(maker, find(model), tuple(int(each) for each in numbers))

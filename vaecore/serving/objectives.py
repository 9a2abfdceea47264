"""What each variant minimises: its equation, its source, and the very code."""

from dataclasses import dataclass
from functools import cache
from inspect import getsource
from textwrap import dedent

from vaecore.models import MODELS, Autoencoder
from vaecore.serving.explorer import Explorer


def variants() -> list[dict[str, str]]:
    """Every variant of the package, for a table: name, summary, equation, source."""
    return [
        {
            "name": name,
            "summary": (model.__doc__ or "").split("\n")[0],
            "equation": model.equation,
            "source": model.source,
        }
        for name, model in MODELS.items()
    ]


@dataclass(frozen=True)
class Objective:
    """The code of what a model minimises: where it is, and its text."""

    place: str
    source: str


def objective(explorer: Explorer) -> Objective:
    """The very source of a model's objective, read from the class that defines it; of PCA, its closed form."""
    return _objective(type(explorer.model), "prepare" if explorer.variant == "pca" else "loss")


@cache
def _objective(model: type[Autoencoder], name: str) -> Objective:
    method = getattr(model, name)
    return Objective(f"{method.__module__}.{method.__qualname__}", dedent(getsource(method)).rstrip())

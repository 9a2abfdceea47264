"""How a figure of a card is written, wherever it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ranked:
    """How models are set side by side by a figure, and beside the papers.

    Attributes:
        name: by which the ranking is asked for.
        title: what the figure is called there, with its unit.
        caption: how it is to be read.
        sign: what a card's figure is multiplied by to read as papers print it.
        smaller: whether less is better.
        form: how it is written.
        keys: the names in a card of which one counts, where there are several.
    """

    name: str
    title: str
    caption: str
    sign: int = 1
    smaller: bool = False
    form: str = "{:.2f}"
    keys: tuple[str, ...] = ()

    def which(self, metrics: Mapping[str, Any]) -> str:
        """The key that counts: of several the one that was best on training images, so that no test image chooses."""
        there = [key for key in self.keys if key in metrics]
        return max(there, key=lambda key: metrics.get(f"{key}_training", metrics[key]))


@dataclass(frozen=True)
class Figure:
    """One figure of a card, and how it is written wherever it is shown: with its standard error, where the card has it.

    Attributes:
        key: its name in the card.
        title: the head of its column in the README's table; in none without one.
        form: how it is written there.
        label: what it is called beside a model's picture; not there without one.
        brief: how it is written there; as in the table without one.
        ranked: how models are ranked by it; they are not without one.
        beside: the key of what is written behind it, for comparison.
    """

    key: str
    title: str = ""
    form: str = ""
    label: str = ""
    brief: str = ""
    ranked: Ranked | None = None
    beside: str = ""

    def written(self, metrics: Mapping[str, Any], form: str = "") -> str:
        """It, and what stands beside it, in a form of their own or in the table's; nothing where a card lacks it."""
        keys = [key for key in (self.key, self.beside) if key in metrics]
        return ", ".join(with_error(form or self.form, metrics[key], metrics.get(f"{key}_error")) for key in keys)


def with_error(form: str, value: float, error: float | None) -> str:
    """A figure, and its standard error, where that is known."""
    return form.format(value) if error is None else f"{form.format(value)} ± {form.format(error)}"

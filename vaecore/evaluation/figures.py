"""How a figure of a card is written, wherever it is shown."""

from dataclasses import dataclass


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
        keys: the names in a card of which the best counts, where there are several.
    """

    name: str
    title: str
    caption: str
    sign: int = 1
    smaller: bool = False
    form: str = "{:.2f}"
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One figure of a card, and how it is written wherever it is shown: forms name the figures that they are made of.

    Attributes:
        key: its name in the card.
        title: the head of its column in the README's table; in none without one.
        form: how it is written there.
        label: what it is called beside a model's picture; not there without one.
        brief: how it is written there; as in the table without one.
        ranked: how models are ranked by it; they are not without one.
    """

    key: str
    title: str = ""
    form: str = ""
    label: str = ""
    brief: str = ""
    ranked: Ranked | None = None

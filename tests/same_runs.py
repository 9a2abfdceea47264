"""Whether two runs are one: to the bit, but for how long they took."""

import json
from pathlib import Path
from typing import Any

from vaecore.checkpoint import CARD, RECIPE, WEIGHTS
from vaecore.history import HISTORY


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / HISTORY).read_text().splitlines()]


def curve(folder: Path) -> list[dict[str, Any]]:
    """The history without its seconds."""
    return [{key: row[key] for key in ("epoch", "train", "validation")} for row in history(folder)]


def timeless(folder: Path) -> dict[str, Any]:
    card = json.loads((folder / CARD).read_text().replace(str(folder), "RUN"))  # in the command that measures it
    assert card.pop("seconds") is not None
    return card


def check_same_run(folder: Path, whole: Path, card: bool = True) -> None:
    """Check that runs are one; without its card where only one of them was measured."""
    assert (folder / RECIPE).read_bytes() == (whole / RECIPE).read_bytes()
    assert not card or timeless(folder) == timeless(whole)
    if (whole / HISTORY).exists():
        assert curve(folder) == curve(whole)
    assert {path.name for path in folder.iterdir()} == {path.name for path in whole.iterdir()}
    for weights in whole.rglob(WEIGHTS):  # the snapshots' among them
        assert (folder / weights.relative_to(whole)).read_bytes() == weights.read_bytes()

"""The history of a run: a line for each epoch, in the order in which they ended."""

import json
from pathlib import Path
from typing import Any

from vaecore import writing
from vaecore.reading import CheckpointError, exists, parse_json, read_text

HISTORY = "history.jsonl"


def append(folder: Path, row: dict[str, Any]) -> None:
    """Write one epoch down."""
    path = folder / HISTORY
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")
    except OSError as error:
        error.filename = str(path)  # a write that fails does not say to what
        raise


def rows(folder: Path) -> list[dict[str, Any]]:
    """What was written down of each epoch so far; a line that is only half written is none yet."""
    path = folder / HISTORY
    return [parse_json(row, path) for row in _lines(path) if row.endswith("\n")]


def errors(folder: Path, stage: str) -> list[float]:
    """The loss on what is held out, or else on what is trained on, after each epoch of a stage."""
    path = folder / HISTORY
    parsed = (parse_json(row, path) for row in _lines(path))
    try:
        own = [row for row in parsed if row.get("stage") == stage]
        return [round(sum(row.get("validation", row["train"]).values()), 4) for row in own]
    except (AttributeError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: not the history of a run ({error!r})") from None


def _lines(path: Path) -> list[str]:
    return read_text(path, "history_bytes").splitlines(keepends=True) if exists(path) else []


def rewind(folder: Path, epochs: int) -> None:
    """Forget the epochs after the kept state: they are trained again."""
    path = folder / HISTORY
    writing.write_text(path, "".join(_lines(path)[:epochs]))

"""What a model is called, wherever it lies."""

from pathlib import Path
from typing import Any

from vaecore import checkpoint


def called(folder: Path, card: dict[str, Any]) -> str:
    """What a checkpoint is called: by its folder, and never as a model that ships unless it is that one.

    A run that lies in a folder of such a name is called with the folder above it; a stage of a run by the run's name
    and its own.
    """
    of_stage = "stage" in card
    run = folder.resolve().parents[1] if of_stage else folder.resolve()
    ships = run.parent in [source.resolve() for source in checkpoint.SOURCES]
    name = (
        run.name
        if ships or run.name not in {*checkpoint.names(), *checkpoint.unreadable()}
        else f"{run.parent.name}/{run.name}"
    )
    return f"{name}, {card['stage']}" if of_stage else name

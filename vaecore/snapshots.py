"""Snapshots: what a model was after some of its epochs, each a checkpoint of its own in the run's folder."""

from pathlib import Path

from vaecore import checkpoint
from vaecore.reading import exists

SNAPSHOTS = "snapshots"  # the folder of them all


def spaced(last: int, count: int) -> list[int]:
    """The epochs that are kept of so many: evenly in log time, the last among them, and 0, before there was any.

    >>> spaced(300, 10)
    [0, 1, 2, 4, 7, 13, 24, 45, 85, 160, 300]
    >>> spaced(3, 30)
    [0, 1, 2, 3]
    """
    if not count or not last:
        return []
    kept = [1] if count > 1 else [last]
    for left in range(count - 1, 0, -1):
        epoch = kept[-1]
        if epoch < last:
            kept.append(max(epoch + 1, round(epoch * (last / epoch) ** (1 / left))))
    return [0, *kept]


def place(run: Path, epoch: int) -> Path:
    """The folder of a snapshot."""
    return run / SNAPSHOTS / f"{epoch:06d}"


def at_hand(run: Path) -> list[int]:
    """The epochs of the snapshots that a run has, complete ones alone; a run may be going on."""
    found = (run / SNAPSHOTS).glob(f"*/{checkpoint.CARD}")
    return sorted(int(card.parent.name) for card in found if card.parent.name.isdecimal())


def find(run: Path, epoch: int) -> Path:
    """The folder of the snapshot of an epoch.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    if not exists(place(run, epoch) / checkpoint.CARD):
        hand = ", ".join(map(str, at_hand(run))) or "none"
        raise ValueError(f"{run} has no snapshot of epoch {epoch}. At hand: {hand}")
    return place(run, epoch)

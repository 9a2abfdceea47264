"""From a name or a folder to an explorer."""

from pathlib import Path

from vaecore import checkpoint, snapshots
from vaecore.device import best_device
from vaecore.serving.explorer import Explorer
from vaecore.serving.texts import TextExplorer


def load(name: str | Path, device: str = "auto", at: int | None = None) -> Explorer:
    """A pretrained model by name, or a run by its folder; or what it was after an epoch.

    Args:
        name: one of `names()`, or the path of a run's folder.
        device: "auto" (cuda, then mps, then cpu), or one of these.
        at: an epoch of which the run has a snapshot (`epochs` lists them), be it finished or not.

    Raises:
        ValueError: an unknown name or epoch (the message lists those at hand), a broken file (the message says which),
            or a device that is not there.
    """
    place = best_device(device)
    folder = checkpoint.find(name) if at is None else snapshot(name, at)
    model, recipe, card = checkpoint.load(folder)
    card = checkpoint.completed(card, recipe, model)
    if "text" in model.abilities:
        return TextExplorer(model.to(place), recipe, card, folder)
    return Explorer(model.to(place), recipe, card, folder)


def epochs(name: str | Path) -> list[int]:
    """The epochs of which a model or a run has a snapshot, that `load` takes; 0 is before the first.

    Raises:
        ValueError: an unknown name.
    """
    return snapshots.at_hand(checkpoint.find(name))


def snapshot(name: str | Path, epoch: int) -> Path:
    """The folder of a snapshot.

    Raises:
        ValueError: an unknown name, or an epoch of which there is none.
    """
    return snapshots.find(checkpoint.find(name), epoch)


def import_circles() -> None:
    """Import what no two threads may begin at once: its parts import each other, and one would find half of it."""
    import sklearn.metrics
    import sklearn.neighbors  # noqa: F401


def import_libraries() -> None:
    """Import what is heavy and is otherwise imported by the first call that needs it: a server has time for it."""
    import pypinyin  # noqa: F401
    import torchvision.datasets  # noqa: F401

"""From a name or a folder to an explorer."""

from pathlib import Path

from vaecore import checkpoint
from vaecore.device import best_device
from vaecore.serving.explorer import Explorer
from vaecore.serving.texts import TextExplorer


def load(name: str | Path, device: str = "auto") -> Explorer:
    """A pretrained model by name, or a run by its folder.

    Args:
        name: one of `names()`, or the path of a run's folder.
        device: "auto" (cuda, then mps, then cpu), or one of these.

    Raises:
        ValueError: an unknown name (the message lists those at hand), a broken file (the message says which), or a
            device that is not there.
    """
    place = best_device(device)
    folder = checkpoint.find(name)
    model, recipe, card = checkpoint.load(folder)
    card = checkpoint.completed(card, recipe, model)
    if "text" in model.abilities:
        return TextExplorer(model.to(place), recipe, card, folder)
    return Explorer(model.to(place), recipe, card, folder)


def import_libraries() -> None:
    """Import what is heavy and is otherwise imported by the first call that needs it: a server has time for it."""
    import pypinyin  # noqa: F401
    import sklearn.neighbors  # noqa: F401
    import torchvision.datasets  # noqa: F401

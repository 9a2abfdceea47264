"""Examples of one's own as they were read: the last few, each read once for all that pages ask of it."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from app.session import progress, state
from vaecore import serving

KEPT = 4  # sets: each may take a fifth of a gigabyte


class Reader:
    """Reads sets, and keeps the last few; what is gone from the disk goes with it."""

    def __init__(self) -> None:
        """Start without any."""
        self._found: OrderedDict[tuple[str, float], serving.brought.Brought] = OrderedDict()
        self._lock = Lock()

    def read(self, place: str, path: Path, report: Callable[[float], None] | None = None) -> serving.brought.Brought:
        """Return a set by its path, with a rule behind that or without.

        Raises:
            ValueError: it cannot be read.
        """
        key = place, state.changed(path)
        with self._lock:
            for old in [old for old in self._found if not _is_there(old[0])]:
                del self._found[old]
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = serving.brought.read(place, report)
        with self._lock:
            self._found[key] = found
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return found

    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """Return the shapes of the sets that are kept here, by their places; that of texts is no image's."""
        with self._lock:
            return {place: found.training.shape for (place, _), found in self._found.items()}


def _is_there(place: str) -> bool:
    return serving.shelf.located(serving.rules.parsed(place)[0]).exists()


READER = Reader()


def brought(name: str) -> serving.brought.Brought:
    """Return a set of the visitor's own by its name in choices; a bar says how far it is until then.

    Raises:
        ValueError: there is none of that name, or it cannot be read.
    """
    path = state.data_path(name)
    if path is None:
        raise ValueError(state.unknown("data set", name))
    with progress.bar() as report:
        return READER.read(state.data_place(name), path, lambda share: report("Reading", share))


def fitting(shape: tuple[int, int, int]) -> list[str]:
    """Return the names of the sets that were brought or are kept whose images have a shape, or none that is known."""
    return [name for name in state.uploads() if READER.shapes().get(state.data_place(name), shape) == shape]

"""Garbage collection for a server of many: Streamlit collects after every run, so that what stays is kept out of sight.

With torch imported such a collection takes 100 ms unless that is frozen, and then still 0.1 ms for every visitor.
"""

import atexit
import gc
import threading
import time
from typing import Any

PAUSE = 1.0  # seconds between two looks
QUIET = 60.0  # seconds without a run, after which nobody waits for a full collection


def freeze() -> None:
    """Take what is loaded out of the garbage collector's sight, until the process ends.

    What stayed frozen then would never be freed, and libraries that count what they hand out print what they miss.
    """
    gc.collect()
    gc.freeze()


atexit.register(gc.unfreeze)


class Keeper:
    """Freezes what visitors hold while they are there, and collects what they left once nobody is."""

    def __init__(self) -> None:
        """Watch for collections by others: each is the end of a run."""
        self.ran = time.monotonic()
        self.begun = threading.Event()  # once there was a visitor
        self.stopped = threading.Event()
        self.holding = False  # whether something frozen may be garbage by now
        self.own = threading.get_ident()
        gc.callbacks.append(self._notice)

    def _notice(self, phase: str, facts: dict[str, Any]) -> None:
        if phase == "stop" and facts["generation"] == 2 and threading.get_ident() != self.own:
            self.ran = time.monotonic()
            self.begun.set()

    def look(self, pause: float = PAUSE, quiet: float = QUIET) -> None:
        """Freeze, if anything ran since the last look; thaw, collect and freeze again, if nothing has for long."""
        idle = self.idle()
        if idle <= pause:
            freeze()
            self.holding = True
        elif self.holding and idle > quiet:
            gc.unfreeze()
            freeze()
            self.holding = False

    def idle(self) -> float:
        """Return how many seconds ago the last run ended."""
        return time.monotonic() - self.ran

    def keep(self) -> None:
        """Look every second, until it is stopped."""
        while not self.stopped.wait(PAUSE):
            self.look()

    def stop(self) -> None:
        """Wait for nothing any more."""
        self.stopped.set()
        self.begun.set()

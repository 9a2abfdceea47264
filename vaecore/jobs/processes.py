"""Which process is a job's: by its number and by when it was born, for numbers are given out again."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from pydantic.dataclasses import dataclass

from vaecore.models.base import STRICT

BOOT = Path("/proc/sys/kernel/random/boot_id")
PAUSE = 0.01  # seconds between two looks


@dataclass(frozen=True, config=STRICT)
class Process:
    """A process, and no other that may come to have its number.

    Attributes:
        number: the process id.
        born: when it began, as `born` writes it.
    """

    number: int
    born: str

    @property
    def lives(self) -> bool:
        """Whether it is still there."""
        return bool(self.born) and born(self.number) == self.born

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process, and never to another; nothing happens where it has ended."""
        with suppress(ProcessLookupError):
            if not hasattr(os, "pidfd_open"):
                if self.lives:
                    os.kill(self.number, number)
                return
            handle = os.pidfd_open(self.number)  # which stays this process's, whatever becomes of the number
            try:
                if self.lives:
                    signal.pidfd_send_signal(handle, number)
            finally:
                os.close(handle)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, at most so long; tell whether it has."""
        deadline = time.monotonic() + seconds
        while self.lives and time.monotonic() < deadline:
            time.sleep(PAUSE)
        return not self.lives


def born(number: int) -> str:
    """When the living process of a number was born, as its system says it; nothing where there is none.

    Linux counts ticks from the start of the machine, which the boot's own name tells from any other start; elsewhere
    `ps` says the second. One that has ended and that nobody has asked after yet does not live.
    """
    if sys.platform != "linux":
        asked = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(number)], capture_output=True, text=True)
        state, _, began = asked.stdout.strip().partition(" ")
        return "" if state.startswith("Z") else began.strip()
    try:
        fields = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{_boot()} {fields[19]}"


def limit_memory(most: int) -> None:
    """Let this process have so many bytes of addresses, where its system can say so; 0 is no limit."""
    if most and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def this() -> Process:
    """The process that asks."""
    return Process(os.getpid(), born(os.getpid()))


@cache
def _boot() -> str:
    return BOOT.read_text("utf-8").strip()

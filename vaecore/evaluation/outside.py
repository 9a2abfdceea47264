"""Native code in a process of its own: what crashes, hangs or eats memory there is a sentence here.

The process is started anew, not forked and not by `multiprocessing`, which imports the main module again: so it works
in a server, in a test and in a notebook. It has imported numpy and what the function's file asks for, and ends with
whoever asked for it.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from signal import Signals
from threading import BoundedSemaphore, Thread
from time import monotonic
from typing import Any, NamedTuple

from numpy import ndarray

from vaecore.evaluation import inside
from vaecore.limits import most

GRACE = 5  # seconds that a process has to end when it has nothing more to say
TICK = 0.1  # seconds between two looks at a process
THREADS = 2  # of its native libraries: others want the processor as well
COUNTED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

Report = Callable[[str, float], None]  # is told what is being done, and which share of all is


def silent(stage: str, share: float) -> None:
    """Tell nobody."""


class Task(NamedTuple):
    """What is asked of a process.

    Attributes:
        file: the function's, which is loaded by its path and imports nothing of vaecore.
        function: takes the arrays by name and a `Report`, and yields results: names and arrays.
        what: that is made, at the beginning of a sentence.
    """

    file: Path
    function: str
    what: str


def results(task: Task, arrays: Mapping[str, ndarray], report: Report = silent) -> Iterator[tuple[str, ndarray]]:
    """The results of a function in a process of its own, each as soon as it is there.

    The process has `VAECORE_MAX_MAP_BYTES` of memory and `VAECORE_MAX_MAP_SECONDS` of time. `report` is called several
    times a second; what it raises ends the process, and so does closing the iterator.

    Raises:
        ValueError: the function refused what it was given, or its process crashed or came to a limit.
    """
    with _room(report):
        seconds = most("map_seconds")
        started, limits = monotonic(), {"memory": most("map_bytes"), "seconds": seconds}
        process, answers = _begin(task, arrays, limits)
        stage = ("Starting", 0.0)
        try:
            while True:
                if monotonic() - started > seconds:
                    raise ValueError(f"{task.what}: needs more than {seconds:,} seconds (VAECORE_MAX_MAP_SECONDS)")
                report(*stage)
                with suppress(Empty):
                    answer = answers.get(timeout=TICK)
                    if answer is None:
                        raise ValueError(f"{task.what}: {_death(process)}")
                    message, array = answer
                    if "at" in message:
                        stage = (message["at"][0], message["at"][1])
                    elif array is not None:
                        yield message["result"], array
                    elif _well(message, task.what):
                        return
        finally:
            process.kill()
            process.wait()


@cache
def _places() -> BoundedSemaphore:
    return BoundedSemaphore(most("maps"))


@contextmanager
def _room(report: Report) -> Iterator[None]:
    """One of the processes that there may be at once; who waits for one is told so."""
    places = _places()
    while not places.acquire(timeout=TICK):
        report("Waiting for other maps", 0.0)
    try:
        yield
    finally:
        places.release()


def _begin(
    task: Task, arrays: Mapping[str, ndarray], limits: dict[str, int]
) -> tuple[subprocess.Popen[bytes], SimpleQueue[tuple[dict[str, Any], ndarray | None] | None]]:
    """Start a process; the queue has its answers, and None at their end."""
    threads = {name: os.environ.get(name, str(THREADS)) for name in COUNTED}
    process = subprocess.Popen(
        [sys.executable, "-P", inside.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=os.environ | threads, start_new_session=True,
    )  # fmt: skip
    answers: SimpleQueue[tuple[dict[str, Any], ndarray | None] | None] = SimpleQueue()

    def talk() -> None:
        assert process.stdin
        assert process.stdout
        with suppress(OSError, ValueError), process.stdout:  # the process is gone: the queue says so
            asked = {"file": str(task.file), "function": task.function, "arrays": len(arrays)}
            inside.send(process.stdin, asked | limits)
            for name, array in arrays.items():
                inside.send(process.stdin, {"array": name}, array)
            while answer := inside.receive(process.stdout):
                answers.put(answer)
        answers.put(None)
        with suppress(OSError):
            process.stdin.close()  # not before: the process ends with this pipe

    Thread(target=talk, daemon=True).start()
    return process, answers


def _well(message: dict[str, Any], what: str) -> bool:
    """Whether a process ended well.

    Raises:
        ValueError: it did not.
    """
    match message["ended"]:
        case "well":
            return True
        case "memory":
            raise ValueError(f"{what}: needs more than {most('map_bytes'):,} bytes of memory (VAECORE_MAX_MAP_BYTES)")
        case "refused":
            raise ValueError(message["why"])
        case _:
            raise ValueError(f"{what}: failed with {' '.join(message['why'].split())[:200]}")


def _death(process: subprocess.Popen[bytes]) -> str:
    """What a process died of that gave no last answer."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    code = process.poll()
    if code is None:
        return "its process gives no answer"
    if code >= 0:
        return f"its process ended with code {code}"
    with suppress(ValueError):
        return f"its process was ended by {Signals(-code).name}, while the server goes on"
    return f"its process was ended by signal {-code}"

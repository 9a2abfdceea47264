"""Being told to end: Ctrl-C, TERM and HUP are said in one sentence, and end with the code that a shell expects.

Imports nothing that takes time: it is there before what does.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from types import FrameType

SAID = {"SIGINT": "interrupted", "SIGTERM": "told to end (SIGTERM)", "SIGHUP": "left by its terminal (SIGHUP)"}
RESUMES = "--resume goes on from the last finished epoch"


class Stopped(KeyboardInterrupt):
    """A signal told the process to end; whatever tidies up behind Ctrl-C does so behind the others as well."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def raised() -> Iterator[None]:
    """Within, the signals raise `Stopped`: once, but for Ctrl-C, on which a person may insist."""

    def stop(number: int, _: FrameType | None) -> None:
        for name in ("SIGTERM", "SIGHUP"):  # a terminal that is closed, or a system that goes down, says it twice
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise Stopped(number)

    with _handled(stop):
        yield


@contextmanager
def at_once() -> Iterator[None]:
    """Within, the signals end the process: nothing is begun, and an exception could be lost in what is imported."""

    def end(number: int, _: FrameType | None) -> None:
        os._exit(say_farewell(number, sys.argv[1:]))

    with _handled(end):
        yield


def say_farewell(number: int, words: Sequence[str]) -> int:
    """Write the sentence for a signal to standard error, of several processes once; returns the exit code."""
    resumes = f"; {RESUMES}" if "train" in words[:1] else ""
    if os.environ.get("RANK", "0") == "0":
        with suppress(OSError):  # a terminal that is closed cannot be written to
            print(f"vaecore: {SAID[signal.Signals(number).name]}{resumes}", file=sys.stderr, flush=True)
    _let_go()
    return 128 + number


def _let_go() -> None:
    """What a closed terminal has not taken goes nowhere: flushed in vain at the exit, it would make the code 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Signals that would end the process go to the handler; those that are ignored, as under nohup, stay so."""
    before: dict[int, Callable[[int, FrameType | None], None] | int | None] = {}
    if current_thread() is main_thread():
        numbers = [getattr(signal, name) for name in SAID if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
    ending = (signal.SIG_DFL, signal.default_int_handler)
    mine = {number: old for number, old in before.items() if old in ending}
    try:
        for number in mine:
            signal.signal(number, handler)
        yield
    finally:
        for number, old in mine.items():
            signal.signal(number, old)

"""What native code does at its worst; loaded by its path in a process of its own, see `test_outside`."""

import ctypes
import os
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy import ndarray

Report = Callable[[str, float], None]


def doubled(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    print("what a library prints is no answer")
    report("Doubling", 0.5)
    for name, array in arrays.items():
        yield name, 2 * array


def crash(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    yield "before", next(iter(arrays.values()))
    ctypes.string_at(0)


def eat(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    held = []
    while True:
        held.append(np.ones(2**24))
        yield "eaten", np.array(len(held))


def hang(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    report("Hanging", 0.5)
    while True:
        time.sleep(1)
    yield "never", arrays["x"]


def hang_with_the_lock(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    """Native code that never gives the interpreter back."""
    ctypes.PyDLL(None).sleep(600)
    yield "never", arrays["x"]


def refuse(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    raise ValueError("expected points that differ")
    yield "never", arrays["x"]


def stumble(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    raise ZeroDivisionError("by\nzero")
    yield "never", arrays["x"]


def leave(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    os._exit(7)
    yield "never", arrays["x"]


def name_itself(arrays: Mapping[str, ndarray], report: Report) -> Iterator[tuple[str, ndarray]]:
    import sys

    yield "process", np.array(os.getpid())
    yield "threads", np.array(int(os.environ["OMP_NUM_THREADS"]))
    yield "torch", np.array("torch" in sys.modules or "vaecore" in sys.modules)
    time.sleep(60)

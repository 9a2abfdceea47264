"""Make and read all hostile sets, one after the other; what became of each is a line of JSON on the output.

python -m hostile FOLDER
"""

import json
import os
import resource
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from hostile import Hostile, hostile_sets

TOGETHER = 16  # sets that one process reads
HANGS = 100  # seconds after which they are given up, on a machine that has other things to do


def read(made: str | Path) -> dict[str, str]:
    """What becomes of a set: its note, its sentence or its error."""
    from vaecore.data import dataset

    try:
        found = dataset(made, "train")
        return {"read": f"{tuple(found.data.shape)} {found.note}"}
    except ValueError as error:
        return {"refused": str(error)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def read_apart(made: list[str]) -> list[dict[str, Any]]:
    """Read some sets in a process that knows of no others: of each what became of it, the seconds of computing that it
    took, and the peak of the memory in bytes."""
    answers, told = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(HANGS)
        for name in made:
            began = time.process_time()
            answer = {"made": name, **read(name), "seconds": time.process_time() - began, "peak": peak()}
            os.write(told, (json.dumps(answer) + "\n").encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(answers) as file:
        found = [json.loads(line) for line in file]
    _, status = os.waitpid(child, 0)
    return found + [{"made": name, "error": f"the process ended with {status}"} for name in made[len(found) :]]


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(folder: Path) -> None:
    """Make, read and remove all sets, so many at a time."""
    import sklearn.datasets  # noqa: F401  what is imported is no set's fault

    from vaecore import data  # noqa: F401

    warnings.simplefilter("ignore")
    os.chdir(folder)
    for number, sets in enumerate(batched(hostile_sets(), TOGETHER)):
        made = []
        for each, hostile in enumerate(sets):
            place = folder / f"{number}-{each}"
            place.mkdir()
            made.append(str(hostile.make(place)))
        for hostile, answer in zip(sets, read_apart(made), strict=True):
            print(json.dumps({"name": hostile.name} | answer), flush=True)
        for each in range(len(sets)):
            shutil.rmtree(folder / f"{number}-{each}", ignore_errors=True)


def batched(sets: Iterator[Hostile], size: int) -> Iterator[list[Hostile]]:
    while batch := list(islice(sets, size)):
        yield batch


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

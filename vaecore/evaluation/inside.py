"""The program of a process of its own: one function of one file, with limits, told and answering through pipes.

`outside` starts it by its path: it imports nothing of vaecore, so that it stands in a second. What it is sent and what
it answers are messages: a line of JSON, and an array behind those that announce one.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy import ndarray

NICE = 5  # the pages go first


def send(pipe: IO[bytes], message: dict[str, Any], array: ndarray | None = None) -> None:
    """Write one message."""
    data = BytesIO()
    if array is not None:
        np.save(data, array, allow_pickle=False)
    pipe.write(json.dumps(message | {"bytes": data.tell()}).encode() + b"\n")
    pipe.write(data.getbuffer())
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[dict[str, Any], ndarray | None] | None:
    """Read one message; None where the other side is gone."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    message = json.loads(line)
    size = message.pop("bytes")
    data = pipe.read(size)
    if len(data) < size:
        return None
    return message, np.load(BytesIO(data), allow_pickle=False) if size else None


def main() -> None:
    """Do what the first message asks for; answer with results, and last with how it ended."""
    asked = receive(sys.stdin.buffer)
    if asked is None:
        return
    task, _ = asked
    arrays = dict(_array(receive(sys.stdin.buffer)) for _ in range(task["arrays"]))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _limit(task["memory"], task["seconds"])
    try:
        for name, result in _function(task)(arrays, lambda stage, share: send(answers, {"at": [stage, share]})):
            send(answers, {"result": name}, np.asarray(result))
        ending = {"ended": "well"}
    except MemoryError:
        ending = {"ended": "memory"}
    except ValueError as error:
        ending = {"ended": "refused", "why": str(error)}
    except Exception as error:  # whatever it is, the other side says it in a sentence
        ending = {"ended": "failed", "why": f"{type(error).__name__}: {error}"}
    send(answers, ending)
    os._exit(0)  # nothing is left to be tidied up, and the thread still waits


def _array(received: tuple[dict[str, Any], ndarray | None] | None) -> tuple[str, ndarray]:
    if received is None or received[1] is None:
        os._exit(0)  # whoever asked is gone
    return received[0]["array"], received[1]


def _leave_with_parent() -> None:
    """The pipe is closed when whoever asked has ended, however that was."""
    os.read(0, 1)
    os._exit(0)


def _limit(memory: int, seconds: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    os.nice(NICE)
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))
    busy = seconds * (os.cpu_count() or 1)  # what hangs without the interpreter's lock is not told that it is alone
    resource.setrlimit(resource.RLIMIT_CPU, (busy, busy + 1))


def _function(task: dict[str, Any]) -> Callable[..., Any]:
    spec = spec_from_file_location(Path(task["file"]).stem, task["file"])
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, task["function"])


if __name__ == "__main__":
    main()

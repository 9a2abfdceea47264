"""Native code in a process of its own: whatever happens there, the one that asked goes on, and says what happened."""

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import misbehaving
import numpy as np
import pytest

from vaecore.evaluation import outside
from vaecore.evaluation.outside import Task, results

X = {"x": np.arange(6.0).reshape(2, 3)}
HOSTILE = Path(misbehaving.__file__)
MIB = 2**20


def outcome(function: str, found: dict[str, np.ndarray] | None = None) -> None:
    """Ask for all results; those that come are put into `found`."""
    found = {} if found is None else found
    for name, array in results(Task(HOSTILE, function, "the map"), X):
        found[name] = array


def is_gone(process: int) -> bool:
    """Whether a process has ended, within five seconds."""
    for _ in range(50):
        try:
            os.kill(process, 0)
            if (status := Path(f"/proc/{process}/stat")).exists() and status.read_text().split()[2] == "Z":
                return True
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_arrays_go_there_and_come_back() -> None:
    seen: list[tuple[str, float]] = []
    task = Task(HOSTILE, "doubled", "the map")
    arrays = {"x": X["x"], "empty": np.zeros((0, 2), np.float32), "whole": np.arange(3)}
    found = dict(results(task, arrays, lambda stage, share: seen.append((stage, share))))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], 2 * array)
        assert found[name].dtype == array.dtype
    assert ("Doubling", 0.5) in seen


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("refuse", "^expected points that differ$"),
        ("stumble", "^the map: failed with ZeroDivisionError: by zero$"),
        ("leave", "^the map: its process ended with code 7$"),
        ("no_such_function", "^the map: failed with AttributeError"),
    ],
)
def test_what_is_refused_there_is_a_sentence_here(function: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        outcome(function)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_crash_is_a_sentence_and_what_came_before_it_is_kept() -> None:
    found = {}
    with pytest.raises(ValueError, match=r"^the map: its process was ended by SIGSEGV"):
        outcome("crash", found)
    np.testing.assert_array_equal(found["before"], X["x"])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process can be kept from memory")
def test_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_MAX_MAP_BYTES", str(1024 * MIB))
    found = {}
    with pytest.raises(ValueError, match=r"^the map: needs more than 1,073,741,824 bytes .*VAECORE_MAX_MAP_BYTES"):
        outcome("eat", found)
    assert 0 < found["eaten"] < 8  # of 128 MiB each


@pytest.mark.parametrize("function", ["hang", "hang_with_the_lock"])
def test_time_has_a_limit(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_MAX_MAP_SECONDS", "2")
    begun = time.monotonic()
    with pytest.raises(ValueError, match=r"^the map: needs more than 2 seconds \(VAECORE_MAX_MAP_SECONDS\)"):
        outcome(function)
    assert time.monotonic() - begun < 10


class Stopped(BaseException):
    """What Streamlit raises where a page draws whose visitor has gone on."""


def test_who_watches_can_stop_it_while_it_hangs() -> None:
    def gone(stage: str, share: float) -> None:
        if stage == "Hanging":
            raise Stopped

    with pytest.raises(Stopped):
        dict(results(Task(HOSTILE, "hang", "the map"), X, gone))


def test_it_ends_with_whoever_stops_asking() -> None:
    asked = results(Task(HOSTILE, "name_itself", "the map"), X)
    name, process = next(asked)
    assert name == "process"
    assert dict([next(asked), next(asked)]) == {"threads": int(os.environ.get("OMP_NUM_THREADS", 2)), "torch": False}
    asked.close()
    assert is_gone(int(process))


@pytest.mark.skipif(os.name != "posix", reason="processes are looked for as POSIX does")
def test_it_ends_with_whoever_is_killed() -> None:
    program = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from vaecore.evaluation.outside import Task, results\n"
        "asked = results(Task(Path(sys.argv[1]), 'name_itself', 'the map'), {'x': np.ones(2)})\n"
        "print(int(next(asked)[1]), flush=True); list(asked)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(HOSTILE)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        process = int(parent.stdout.readline())
        parent.kill()
    assert is_gone(process)


def test_more_than_a_few_at_once_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_MAX_MAPS", "1")
    monkeypatch.setattr(outside, "_places", outside.cache(outside._places.__wrapped__))
    first = results(Task(HOSTILE, "name_itself", "the map"), X)
    next(first)
    seen: list[str] = []
    second = Thread(
        target=lambda: dict(
            results(Task(HOSTILE, "doubled", "the map"), X, lambda stage, share: seen.append(stage))
        )
    )  # fmt: skip
    second.start()
    time.sleep(0.5)
    assert set(seen) == {"Waiting for other maps"}
    first.close()
    second.join(30)
    assert not second.is_alive()
    assert seen[-1] != "Waiting for other maps"

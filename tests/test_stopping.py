"""Told to end, killed, or out of room: it is said, and what was kept goes on to the weights of a whole run."""

import errno
import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import same_runs
import torch

import vaecore
from vaecore import checkpoint, training
from vaecore.__main__ import main
from vaecore.checkpoint import CARD, RECIPE, STATE, WEIGHTS
from vaecore.history import HISTORY

RESUMES = "--resume goes on from the last finished epoch"
SAID = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "told to end (SIGTERM)",
    signal.SIGHUP: "left by its terminal (SIGHUP)",
}
LONG = ["--device", "cpu", "--set", "hidden=[16]", "batch=128", "epochs=40", "binarise=true", "shift=1"]
# A process that has trained before, and forks for each command: what is killed is training, not its imports.
FORKS = """
import json, os, sys, tempfile
from vaecore import training
from vaecore.__main__ import main
training.SAVE_SECONDS = 0.05
with tempfile.TemporaryDirectory() as folder:
    training.train("vae-digits-2", out=folder + "/run", device="cpu", epochs=1)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main(json.loads(line)))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="signals are sent to processes of Linux")


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(vaecore.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def started(*words: str, **options: Any) -> subprocess.Popen[str]:  # noqa: ANN401
    command = [sys.executable, "-m", "vaecore", *words]
    return subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True, **options)


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.002)


def handles(process: subprocess.Popen[str], number: int) -> bool:
    """Whether a process has a handler for a signal."""
    (caught,) = [line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "SigCgt" in line]
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def epochs(folder: Path) -> int:
    history = folder / HISTORY
    return len(history.read_bytes().splitlines()) if history.exists() else 0


def check_same_run(folder: Path, whole: Path) -> None:
    same_runs.check_same_run(folder, whole)
    assert sorted(path.name for path in folder.iterdir()) == sorted((CARD, HISTORY, RECIPE, WEIGHTS))


class Forks:
    """Commands of `vaecore`, each in a process that takes no time to start."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", FORKS],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *words: str, kill: tuple[float, int] | None = None) -> int:
        """The exit code of a command, which is sent a signal after some seconds."""
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        if kill:
            seconds, number = kill
            time.sleep(seconds)
            with suppress(ProcessLookupError):  # it is done
                os.kill(child, number)
        return int(self.process.stdout.readline())

    def seconds(self, *words: str) -> float:
        """How long a command takes that nothing disturbs."""
        begun = time.monotonic()
        assert self.run(*words) == 0
        return time.monotonic() - begun


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    forks = Forks()
    yield forks
    forks.process.stdin.close()
    assert forks.process.wait(60) == 0


def train(name: str, folder: Path) -> list[str]:
    return ["train", name, *LONG, "--out", str(folder), "--resume"]


@pytest.fixture(scope="module")
def whole(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert forks.run(*train("vae-digits-2", folder)) == 0
    return folder


# Told to end


@pytest.mark.parametrize("number", SAID)
@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0])
def test_in_the_first_seconds_it_is_said_as_later(seconds: float, number: int, tmp_path: Path) -> None:
    """While torch is imported, and before anything can be kept."""
    process = started("train", "vae-digits-2", "--out", str(tmp_path / "run"))
    wait_until(lambda: handles(process, signal.SIGTERM), process)
    time.sleep(seconds)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert said.splitlines()[-1] == f"vaecore: {SAID[number]}; {RESUMES}"
    assert "Traceback" not in said


@pytest.mark.parametrize("number", SAID)
def test_the_last_finished_epoch_is_kept(number: int, whole: Path, forks: Forks, tmp_path: Path) -> None:
    """The second signal of a terminal that closes does not tear what is being written."""
    folder = tmp_path / "run"
    process = started(*train("vae-digits-2", folder))
    wait_until(lambda: epochs(folder) >= 4, process)
    process.send_signal(number)
    if number != signal.SIGINT:
        process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number, said
    assert said.splitlines()[-1] == f"vaecore: {SAID[number]}; {RESUMES}"
    kept = int(checkpoint.read_tensors(folder / STATE)["clock"][0])
    assert kept >= 3
    assert kept in (epochs(folder), epochs(folder) - 1), "told between an epoch's row and its copy"
    assert forks.run(*train("vae-digits-2", folder)) == 0
    check_same_run(folder, whole)


def test_what_is_ignored_stays_so(tmp_path: Path) -> None:
    """Under nohup a terminal that is closed ends nothing."""
    folder = tmp_path / "run"
    command = ["nohup", sys.executable, "-m", "vaecore", *train("vae-digits-2", folder)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: epochs(folder) >= 1, process)
    done = epochs(folder)
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: epochs(folder) > done + 1, process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM


TWO_OPTIMIZERS = {
    "hidden": (16,),
    "epochs": 6,
    "batch": 256,
    "learning_rate": 4e-3,
    "optimizer": "muon",
    "annealing": "linear",
}


@pytest.fixture(scope="module")
def annealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("annealed") / "run"
    return training.train("vae-digits-2", out=folder, device="cpu", **TWO_OPTIMIZERS)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_terminal_that_is_closed_keeps_the_last_finished_epoch(unbuffered: str, tmp_path: Path) -> None:
    """It takes the place along where the sentence would be written, and where what was not yet written would go."""
    folder = tmp_path / "run"
    ours, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "vaecore", *train("vae-digits-2", folder), "--set", "epochs=3000"],
        env=environment() | {"PYTHONUNBUFFERED": unbuffered},
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(terminal)
    os.set_blocking(ours, False)

    def far_enough() -> bool:
        with suppress(BlockingIOError):  # read to the end: a terminal that is full lets nobody write
            while os.read(ours, 65_536):
                pass
        return epochs(folder) >= 3

    wait_until(far_enough, process)
    os.close(ours)
    assert process.wait(60) == 128 + signal.SIGHUP
    assert checkpoint.read_tensors(folder / STATE)["clock"][0] >= 2


@pytest.mark.parametrize("moment", ["present", "clip_gradient", "measured"])
def test_an_epoch_that_is_half_done_is_not_kept(
    moment: str, annealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any call of the fourth epoch: what is kept is the third's, of both optimisers."""
    function, folder = getattr(training, moment), tmp_path / "run"

    def interrupted(*arguments: Any) -> Any:  # noqa: ANN401
        if epochs(folder) == 3:
            raise KeyboardInterrupt
        return function(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, moment, interrupted)
        with pytest.raises(KeyboardInterrupt):
            training.train("vae-digits-2", out=folder, device="cpu", **TWO_OPTIMIZERS)
    assert checkpoint.read_tensors(folder / STATE)["clock"][0] == 3
    training.train("vae-digits-2", out=folder, device="cpu", resume=True, **TWO_OPTIMIZERS)
    check_same_run(folder, annealed)


def test_what_trains_nothing_resumes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vaecore.__main__.load", interrupted)
    assert main(["evaluate", "vae-digits-2"]) == 130
    assert capsys.readouterr().err == "vaecore: interrupted\n"
    before = [signal.getsignal(number) for number in SAID]
    assert main(["evaluate", "vae-digits-2"]) == 130
    assert [signal.getsignal(number) for number in SAID] == before


# Killed


@pytest.mark.parametrize("kills", [10, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_at_random_moments_and_resumed_is_never_killed(
    kills: int, whole: Path, forks: Forks, tmp_path: Path
) -> None:
    chance, runs, kept = random.Random(), 1, []
    seconds = forks.seconds(*train("vae-digits-2", tmp_path / "again"))
    while len(kept) < kills:
        folder = tmp_path / f"run-{runs}"
        kill = (chance.uniform(0, seconds), chance.choice([signal.SIGKILL, signal.SIGKILL, *SAID]))
        code = forks.run(*train("vae-digits-2", folder), kill=kill)
        if code == 0:
            check_same_run(folder, whole)
            runs += 1
        else:
            assert code != 2, "refused"
            state = folder / STATE
            kept.append(int(checkpoint.read_tensors(state)["clock"][0]) if state.exists() else 0)
    assert forks.run(*train("vae-digits-2", folder)) == 0
    check_same_run(folder, whole)
    print(f"{kills} kills in {runs} runs, with {kept} epochs kept: all the same")


# What claims a folder


def test_a_run_that_kept_nothing_claims_nothing(tmp_path: Path) -> None:
    """A loss that is no number at once, then a smaller rate; with and without --resume."""
    small, out = ["--device", "cpu", "--set", "hidden=[8]", "epochs=2"], ["--out", str(tmp_path / "run")]
    diverging = ["learning_rate=1e3", "clip=1e9", "epochs=30"]
    for again in ([], ["--resume"]):
        assert main(["train", "vae-digits-2", *small, *diverging, *out]) == 2
        assert not (tmp_path / "run" / STATE).exists()
        assert main(["train", "vae-digits-2", *small, "learning_rate=1e-3", *out, *again]) == 0
        assert json.loads((tmp_path / "run" / RECIPE).read_text())["training"]["learning_rate"] == 1e-3
        assert epochs(tmp_path / "run") == 2
        for file in (tmp_path / "run").iterdir():
            file.unlink()


@pytest.mark.parametrize("kept", [STATE, WEIGHTS, CARD, "stages/layer-1"])
def test_what_a_run_kept_is_never_written_over(kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint.write_recipe(tmp_path, vaecore.load("vae-digits-2").recipe)
    (tmp_path / kept).parent.mkdir(exist_ok=True)
    (tmp_path / kept).write_text("kept")
    assert main(["train", "ae-digits-2", "--device", "cpu", "--set", "epochs=1", "--out", str(tmp_path)]) == 2
    assert "holds a run already: resume it (--resume)" in capsys.readouterr().err
    assert (tmp_path / kept).read_text() == "kept"


def test_what_came_in_between_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process finishes in the folder while this one reads its images."""
    folder, read = tmp_path / "run", training.dataset

    def meanwhile(*arguments: Any) -> Any:  # noqa: ANN401
        monkeypatch.setattr(training, "dataset", read)
        training.train("vae-digits-2", out=folder, device="cpu", epochs=1)
        return read(*arguments)

    monkeypatch.setattr(training, "dataset", meanwhile)
    with pytest.raises(ValueError, match="holds a run already"):
        training.train("ae-digits-2", out=folder, device="cpu", epochs=1)
    assert vaecore.load(folder).variant == "vae"


def test_what_a_killed_run_was_writing_is_swept_up(tmp_path: Path) -> None:
    left = [".state.safetensors.123.456.partial", "stages/layer-1/.card.json.1.2.partial"]
    theirs = [".notes.partial", "mine.partial"]
    for name in left + theirs:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("half")
    training.train("ae-digits-2", out=tmp_path, device="cpu", epochs=1)
    assert not [name for name in left if (tmp_path / name).exists()]
    assert [name for name in theirs if (tmp_path / name).exists()] == theirs


# A disk that is full


@pytest.mark.parametrize("file", [RECIPE, STATE, WEIGHTS, CARD, HISTORY])
def test_a_full_disk_names_the_file(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "vae-digits-2", "--device", "cpu", "--set", "epochs=3", "hidden=[8]", "--out", str(tmp_path)]
    opened = Path.open

    def full(path: Path, mode: str = "r", *rest: Any, **options: Any) -> Any:  # noqa: ANN401
        if file in path.name and mode != "r" and mode != "rb":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        assert main(words) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == f"vaecore: {tmp_path / file}: the disk is full; make room, and go on with --resume"
    assert not list(tmp_path.glob("*.partial"))
    assert main([*words, "--resume"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((CARD, HISTORY, RECIPE, WEIGHTS))
    assert torch.isfinite(vaecore.load(tmp_path).model.prior().scale).all()

"""Jobs: what each does is what `vaecore train` does, whoever is killed; owners take turns and see their own alone."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from same_runs import check_same_run, curve

import vaecore
from vaecore import jobs, training
from vaecore.__main__ import main
from vaecore.checkpoint import CARD, RECIPE, WEIGHTS
from vaecore.history import HISTORY
from vaecore.jobs import launching, processes, queue, tickets
from vaecore.jobs.processes import Process
from vaecore.measuring import examined, keep_figures
from vaecore.reading import read_json
from vaecore.snapshots import SNAPSHOTS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")

SMALL = {"hidden": [16], "batch": 128, "epochs": 30, "shift": 1, "snapshots": 5}
TESTS = Path(__file__).parent


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of jobs for each test; whatever trains there at its end is ended."""
    monkeypatch.setenv("VAECORE_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]))
    yield tmp_path / "jobs"
    queue.set_limit(0)
    for job in jobs.list(None):
        jobs.delete(job)


@pytest.fixture
def held_back() -> None:
    """Nothing is begun."""
    queue.set_limit(0)


def wait_until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)


def state(job: jobs.Job) -> str:
    return jobs.find(job.name, job.owner).state


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in a terminal that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    run = training.train("vae-digits-2", out=folder, device="cpu", **SMALL)
    assert sorted(path.name for path in run.iterdir()) == sorted((CARD, HISTORY, RECIPE, SNAPSHOTS, WEIGHTS))
    return run


@pytest.fixture(scope="module")
def measured(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with the figures of `vaecore.evaluate` in its card."""
    run = shutil.copytree(whole, tmp_path_factory.mktemp("measured") / "run")
    explorer = vaecore.load(run, device="cpu")
    keep_figures(run, explorer.card, examined(explorer, 1000, 0, None), vaecore.evaluate(run, device="cpu"))
    return run


@pytest.fixture
def check(whole: Path, measured: Path) -> Callable[[jobs.Job], bool]:
    """Check that a job's run is that of a terminal; tells whether it was measured before anyone ended it."""

    def same(job: jobs.Job) -> bool:
        folder = Path(job.folder)
        done = "evaluation" in read_json(folder / CARD)
        check_same_run(folder, measured if done else whole)
        return done

    return same


# One job


def test_a_job_is_a_training_to_the_bit_and_can_be_watched(whole: Path, check: Callable[[jobs.Job], bool]) -> None:
    job = jobs.start("vae-digits-2", device="cpu", **SMALL)
    rows = [{key: row[key] for key in ("epoch", "train", "validation")} for row in jobs.watch(job)]
    assert rows == curve(whole)
    wait_until(lambda: state(job) != "measuring")
    assert state(job) == "finished", job.log.read_text()
    assert check(job), job.log.read_text()
    done = jobs.progress(job)
    assert (len(done.rows), done.epochs, done.seconds_left) == (30, 30, 0)
    assert vaecore.load(job.folder).name == job.name == "vae-digits-2-run-1"


def test_what_fails_says_why_and_the_next_begins(home: Path) -> None:
    failing = jobs.start("vae-digits-2", device="cpu", **SMALL | {"learning_rate": 1e3, "clip": 1e9})
    after = jobs.start("pca-digits", home.parent / "elsewhere", device="cpu")
    assert (state(failing), state(after)) == ("running", "waiting")
    wait_until(lambda: state(after) == "finished")
    failed = jobs.find(failing.name)
    assert failed.state == "failed"
    assert "try a smaller learning_rate" in failed.failed
    assert after.folder == str(home.parent / "elsewhere")


def test_a_job_ends_after_its_seconds_and_can_go_on() -> None:
    job = jobs.start("vae-digits-2", device="cpu", seconds=1, **SMALL | {"epochs": 100_000})
    wait_until(lambda: state(job) == "stopped")
    assert jobs.resume(job).state == "running"


# Killed


def killed_and_resumed(job: jobs.Job, kills: int, chance: random.Random, seconds: float) -> list[int]:
    """The epochs that a job had kept each time that it was killed or stopped, until it came to its end."""
    kept: list[int] = []
    while state(job) != "finished":
        if len(kept) < kills:
            if chance.random() < 0.5:  # most of the seconds are those of imports
                wait_until(lambda: bool(jobs.progress(job).rows) or state(job) == "finished")
                time.sleep(chance.uniform(0, 0.5))
            else:
                time.sleep(chance.uniform(0, seconds))
            found = jobs.find(job.name)
            if found.process and chance.random() < 0.7:
                found.process.send(signal.SIGKILL)
            elif found.state in ("running", "measuring"):
                jobs.stop(found)
            wait_until(lambda: state(job) in ("killed", "stopped", "finished"))
        else:
            wait_until(lambda: state(job) not in ("waiting", "running", "measuring"))
        assert [each.name for each in jobs.list()] == [job.name], "a job is lost"
        if state(job) != "finished":
            kept.append(len(jobs.progress(job).rows))
            jobs.resume(job)
    return kept


@pytest.mark.parametrize("kills", [4, pytest.param(10, marks=pytest.mark.slow)])
def test_killed_at_random_moments_and_resumed_is_never_killed(
    kills: int, check: Callable[[jobs.Job], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "WORKER", "impatient")
    begun, chance, ended = time.monotonic(), random.Random(), []
    job = jobs.start("vae-digits-2", device="cpu", **SMALL)
    wait_until(lambda: state(job) == "finished")
    seconds = time.monotonic() - begun
    assert check(job)
    while len(ended) < kills:
        jobs.delete(job)
        job = jobs.start("vae-digits-2", device="cpu", **SMALL)
        ended += killed_and_resumed(job, kills - len(ended), chance, seconds)
        check(job)
    print(f"{len(ended)} kills, with {ended} epochs done: all the same")


def test_whoever_begins_a_job_may_be_killed_before_it_is_written_down(
    check: Callable[[jobs.Job], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes are begun for one job: one trains, and the other sees that and ends."""

    class Killed(Exception):
        pass

    opened: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen):
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
            super().__init__(*arguments, **options)
            opened.append(self)

    def killed(number: int) -> str:
        raise Killed

    monkeypatch.setattr(launching.subprocess, "Popen", Noted)
    with monkeypatch.context() as patch:
        patch.setattr(processes, "born", killed)
        with pytest.raises(Killed):
            jobs.start("vae-digits-2", device="cpu", **SMALL)
    (job,) = jobs.list()
    assert len(opened) == 2
    wait_until(lambda: state(job) == "finished")
    assert [process.wait(60) for process in opened] == [0, 0]
    assert check(job)
    assert job.log.read_text().count("vae-digits-2:   0%") == 1, "it was trained twice"


def test_a_number_that_is_given_out_again_is_another_process() -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = Process(other.pid, processes.born(other.pid))
    assert found.lives
    earlier = Process(other.pid, "before")
    assert not earlier.lives
    earlier.send(signal.SIGKILL)
    assert found.lives
    found.send(signal.SIGKILL)
    assert found.wait(10.0), "one that nobody has asked after lives no more"
    assert other.wait(10) == -signal.SIGKILL
    found.send(signal.SIGKILL)
    assert processes.born(other.pid) == ""


# The queue


def test_eight_owners_take_turns_and_see_their_own_alone(held_back: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen jobs, one at a time: each owner's first before any second, and each comes to its end."""
    monkeypatch.setattr(launching, "WORKER", "hurried")
    small = {"epochs": 0, "latent": 2}
    names = [f"visitor-{index}" for index in range(8)]
    for owner in (names[0], *names, *names[1:]):
        jobs.start("pca-digits", device="cpu", owner=owner, **small)
    assert [len(jobs.list(owner)) for owner in names] == [2] * 8
    assert all(job.owner == owner for owner in names for job in jobs.list(owner))
    assert jobs.list() == []
    order = [job.owner for job in jobs.waiting()]
    assert order == [*names, *names]
    for job in jobs.waiting()[8:]:
        jobs.delete(job)
    running: list[str] = []

    def all_ended() -> bool:
        alive = [job.owner for job in jobs.list(None) if job.lives]
        assert len(alive) <= 1
        running.extend(owner for owner in alive if owner not in running)
        return all(job.state == "finished" for job in jobs.list(None))

    queue.set_limit(1)
    wait_until(all_ended, 300.0)
    assert running == names


def test_whoever_asks_for_many_waits_behind_whoever_asks_for_one(held_back: None) -> None:
    for owner in ("many", "many", "many", "one", "two"):
        jobs.start("pca-digits", owner=owner)
    assert [job.owner for job in jobs.waiting()] == ["many", "one", "two", "many", "many"]


def test_what_waits_can_be_stopped_resumed_and_deleted(held_back: None) -> None:
    first, second = (jobs.start("pca-digits") for _ in range(2))
    assert [job.name for job in jobs.waiting()] == ["pca-digits-run-1", "pca-digits-run-2"]
    assert jobs.stop(first).state == "stopped"
    with pytest.raises(ValueError, match=r"waits or runs, got pca-digits-run-1, which is stopped"):
        jobs.stop(first)
    assert jobs.resume(first).state == "waiting"
    assert [job.name for job in jobs.waiting()] == ["pca-digits-run-2", "pca-digits-run-1"]
    with pytest.raises(ValueError, match="was stopped or killed, got pca-digits-run-2, which is waiting"):
        jobs.resume(second)
    jobs.delete(first)
    assert jobs.list() == [second]
    with pytest.raises(ValueError, match=r"no job is called 'pca-digits-run-1'\. At hand: pca-digits-run-2"):
        jobs.find(first.name)
    assert not first.ticket.exists()


def test_what_trains_can_be_deleted(home: Path) -> None:
    job = jobs.start("vae-digits-2", device="cpu", **SMALL | {"epochs": 100_000})
    wait_until(lambda: len(jobs.progress(job).rows) > 1)
    process = jobs.find(job.name).process
    jobs.delete(job)
    assert process is not None
    assert not process.lives
    assert sorted(path.name for path in home.iterdir()) == [".lock", ".queue.json"]


def test_a_deletion_that_was_cut_short_is_done_again(held_back: None) -> None:
    job = tickets.write(jobs.start("pca-digits"), wanted="delete")
    Path(job.folder).mkdir()
    assert jobs.list() == []
    assert not job.ticket.exists()
    assert not Path(job.folder).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"recipe": "vae-nothing"}, "unknown recipe 'vae-nothing'"),
        ({"recipe": "vae-digits-2", "latnt": 3}, "did you mean 'latent'"),
        ({"recipe": "vae-digits-2", "epochs": -1}, "epochs: input should be greater than or equal to 0, got -1"),
        ({"recipe": "vae-digits-2", "owner": "../me"}, "expected a name of an owner of letters"),
        ({"recipe": "vae-digits-2", "folder": TESTS}, "expected a new folder for the run, got"),
        ({"recipe": "vae-digits-2", "folder": ".hidden"}, "expected a folder with a name of letters"),
    ],
)
def test_what_cannot_be_a_job_is_refused(arguments: dict[str, Any], message: str, held_back: None) -> None:
    with pytest.raises(ValueError, match=message):
        jobs.start(**arguments)
    assert jobs.list(None) == []


def test_a_folder_is_of_one_job(held_back: None, tmp_path: Path) -> None:
    jobs.start("pca-digits", tmp_path / "run")
    with pytest.raises(ValueError, match="there is a job called 'run' already"):
        jobs.start("pca-digits", tmp_path / "run")


def test_a_core_is_left_to_the_server(held_back: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(9)), raising=False)
    assert [launching.threads(limit) for limit in (1, 3, 20)] == [8, 2, 1]
    assert jobs.start("pca-digits").threads == 8


def test_the_stages_of_a_stack_are_counted() -> None:
    from vaecore.recipes import find

    assert jobs.epochs(find("stacked-digits")) == 100 * 5


# The shell


def test_the_shell_starts_lists_watches_and_deletes(capsys: pytest.CaptureFixture[str]) -> None:
    def said(*words: str) -> str:
        assert main(["jobs", *words]) == 0
        return capsys.readouterr().out

    assert said() == "no jobs; vaecore jobs start vae-digits-2 starts one\n"
    begun = said("start", "vae-digits-2", "--device", "cpu", "--set", "epochs=2", "hidden=[8]")
    assert begun == "vae-digits-2-run-1 is running; watch it with: vaecore jobs watch vae-digits-2-run-1\n"
    rows = said("watch", "vae-digits-2-run-1").splitlines()
    assert [row.partition("  ")[0] for row in rows[:-1]] == ["epoch 1", "epoch 2"]
    assert rows[-1] == f"finished: {jobs.find('vae-digits-2-run-1').folder}"
    wait_until(lambda: state(jobs.find("vae-digits-2-run-1")) == "finished")
    assert "vae-digits-2-run-1           finished  epoch 2 of 2  distortion" in said("list")
    assert said("delete", "vae-digits-2-run-1") == "deleted\n"
    for words, sentence in {
        ("stop",): "expected a name after 'stop', got none",
        ("stop", "x"): "no job is called 'x'. At hand: none",
        ("start", "vae-digits-2", "--set", "owner=x"): "recipe 'vae-digits-2' has no field 'owner'",
    }.items():
        assert main(["jobs", *words]) == 2
        assert sentence in capsys.readouterr().err

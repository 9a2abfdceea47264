"""Who trains next: a queue with a turn for every owner, and a limit of jobs at once.

Everything that is decided is decided under one lock, which goes with whoever holds it. A process that is begun looks at
its ticket before it trains, so that it is no matter where whoever began it was killed.
"""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path

from filelock import FileLock
from pydantic import NonNegativeInt
from pydantic.dataclasses import dataclass

from vaecore.data import data_folder, found_again
from vaecore.jobs import processes, tickets
from vaecore.jobs.launching import begin, threads
from vaecore.jobs.tickets import Job
from vaecore.limits import check, expanded, most, shown
from vaecore.models.base import STRICT
from vaecore.reading import exists, read_json
from vaecore.recipe import parse
from vaecore.recipes import find as find_recipe
from vaecore.writing import NAME, write_json

ME = "me"  # the owner where there is one
SNAPSHOTS = 30  # of a run, to look at while it goes on and to go back to
DYING = 10.0  # seconds that a killed process is waited for


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Queue:
    """What is known of all jobs together.

    Attributes:
        limit: how many train at once.
        count: what was asked for and what was begun, together: the clock by which turns are told.
        served: when a job of each owner was begun last.
    """

    limit: NonNegativeInt = 1
    count: NonNegativeInt = 0
    served: dict[str, NonNegativeInt] = field(default_factory=dict)


@contextmanager
def _locked() -> Iterator[Queue]:
    """Decide alone; what the queue was is given, what it becomes is kept by `_keep`."""
    folder = tickets.home()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        yield _queue()


def _queue() -> Queue:
    path = tickets.home() / ".queue.json"
    return parse(Queue, read_json(path), str(path)) if exists(path) else Queue()


def _keep(queue: Queue) -> Queue:
    write_json(tickets.home() / ".queue.json", vars(queue))
    return queue


def set_limit(jobs: int) -> None:
    """Let so many jobs train at once."""
    if jobs < 0:
        raise ValueError(f"expected 0 or more jobs at once, got {jobs}")
    with _locked() as queue:
        _advance(_keep(replace(queue, limit=jobs)))


def start(
    recipe: str,
    folder: str | Path | None = None,
    *,
    owner: str = ME,
    data_dir: str | Path | None = None,
    device: str = "auto",
    seed: int = 0,
    seconds: int = 0,
    shared: bool = False,
    **changes: object,
) -> Job:
    """Train a recipe in a process of its own, as `vaecore.train` does, once it is its turn; returns at once.

    Args:
        recipe: a recipe's name.
        folder: the run's, new or empty; else one among the jobs, called by the recipe.
        owner: whose job it is. Owners take turns.
        data_dir: where data sets are, as for `vaecore.train`.
        device: likewise.
        seed: likewise.
        seconds: after which it is stopped; 0 lets it end by itself.
        shared: the machine is everyone's: an owner's jobs, their seconds and their memory have `vaecore.limits`.
        changes: fields of the recipe, by name; a job keeps 30 snapshots unless another number is said.

    Raises:
        ValueError: an unknown recipe or field, a folder that holds something, or a name that cannot be.
    """
    if sys.platform == "win32":
        raise ValueError("jobs need Linux or macOS; here `vaecore train` trains")
    found = find_recipe(recipe).changed(**changes)
    changes = {"snapshots": SNAPSHOTS} | changes
    if "dataset" in changes:
        changes["dataset"] = found_again(found.dataset, data_dir)
    if found.training.start and exists(expanded(found.training.start)):
        changes["start"] = str(expanded(found.training.start).resolve())
    tickets.check_name("name of an owner", owner)
    with _locked() as queue:
        if shared:
            check("jobs", len(present(owner)) + 1, recipe)
        place = _new_folder(recipe, folder, owner)
        queue = _keep(replace(queue, count=queue.count + 1))
        job = Job(
            owner=owner, name=place.name, recipe=recipe, changes=changes, folder=str(place),
            data_dir=str(data_folder(data_dir).absolute()), device=device, seed=seed, threads=threads(queue.limit),
            seconds=most("training_seconds") if shared else seconds, number=queue.count,
            memory=most("training_bytes") if shared else 0,
        )  # fmt: skip
        tickets.write(job)
        _advance(queue)
    return find(job.name, owner)


def _new_folder(recipe: str, folder: str | Path | None, owner: str) -> Path:
    taken = {job.name for job in tickets.every() if job.owner == owner}
    if folder is None:
        runs, number = tickets.home() / owner, 1
        while (name := f"{recipe}-run-{number}") in taken or exists(runs / name):
            number += 1
        return runs / name
    place = expanded(folder).absolute()
    tickets.check_name("folder with a name", place.name)
    if place.name in taken:
        raise ValueError(f"there is a job called {place.name!r} already: choose another name for the folder")
    if exists(place) and (not place.is_dir() or any(place.iterdir())):
        raise ValueError(f"expected a new folder for the run, got {shown(place)}, which is not empty")
    return place


def listed(owner: str | None = ME) -> list[Job]:
    """The jobs of an owner, or of all, in the order in which they were asked for.

    Whoever looks also begins what can be begun: a job may have been killed before it could.
    """
    with _locked() as queue:
        _advance(queue)
        return sorted(present(owner), key=lambda job: job.number)


def present(owner: str | None = None) -> list[Job]:
    """The jobs of an owner, or of all, as they are written down; nothing is begun."""
    return [job for job in tickets.every() if owner in (None, job.owner) and job.wanted != "delete"]


def find(name: str, owner: str = ME) -> Job:
    """The job of that name.

    Raises:
        ValueError: the owner has none; the message lists those that there are.
    """
    place = tickets.home() / owner / f"{name}{tickets.SUFFIX}"
    if NAME.fullmatch(name) and exists(place) and (job := tickets.read(place)).wanted != "delete":
        return job
    hand = ", ".join(job.name for job in present(owner)) or "none"
    raise ValueError(f"no job is called {shown(name)!r}. At hand: {hand}")


def stop(job: Job) -> Job:
    """Have a job end after its last finished epoch, from where `resume` goes on; one that waits does not begin.

    One that is trained and is measured is finished then, without figures of the test images.

    Raises:
        ValueError: it neither waits nor runs.
    """
    with _locked() as queue:
        job = find(job.name, job.owner)
        if job.state not in ("waiting", "running", "measuring"):
            raise ValueError(f"expected a job that waits or runs, got {job.name}, which is {job.state}")
        job = tickets.write(job, wanted="stop")
        if job.process is not None:
            job.process.send(signal.SIGTERM)
        _advance(queue)
    return job


def resume(job: Job) -> Job:
    """Have a job go on where it was, once it is its turn.

    Raises:
        ValueError: it is not one that was stopped, killed or failed.
    """
    with _locked() as queue:
        job = find(job.name, job.owner)
        if job.state not in ("stopped", "killed", "failed"):
            raise ValueError(f"expected a job that was stopped or killed, got {job.name}, which is {job.state}")
        queue = _keep(replace(queue, count=queue.count + 1))
        tickets.write(job, wanted="run", process=None, failed="", number=queue.count)
        _advance(queue)
    return find(job.name, job.owner)


def delete(job: Job) -> None:
    """End a job at once, and delete its run."""
    with _locked() as queue:
        job = tickets.write(find(job.name, job.owner), wanted="delete")
        if job.process is not None:
            job.process.send(signal.SIGKILL)
            job.process.wait(DYING)
        _advance(queue)


def order(waiting: Sequence[Job], queue: Queue) -> list[Job]:
    """Jobs that wait, in the order in which they will be begun.

    Owners take turns: the next is the one for whom it is longest ago that a job was begun, or asked for if that was
    later; of their jobs the one that was asked for first.
    """
    left, served, found, now = list(waiting), dict(queue.served), [], queue.count
    while left:
        job = min(left, key=lambda each: (max(served.get(each.owner, 0), each.number), each.number))
        now += 1
        served[job.owner] = now
        left.remove(job)
        found.append(job)
    return found


def waiting() -> list[Job]:
    """The jobs of all owners that wait, in the order in which they will be begun."""
    return order([job for job in present() if job.state == "waiting"], _queue())


def _advance(queue: Queue) -> None:
    """Bury what is deleted, and begin what the limit allows."""
    for job in tickets.every():
        if job.wanted == "delete" and not job.lives:
            tickets.remove(job)
    running = sum(job.lives for job in tickets.every())
    for job in waiting()[: max(0, queue.limit - running)]:
        begin(job)
        queue = _keep(_served(queue, job.owner))


def _served(queue: Queue, owner: str) -> Queue:
    there = {job.owner for job in tickets.every()}
    served = {name: turn for name, turn in queue.served.items() if name in there}
    return replace(queue, count=queue.count + 1, served=served | {owner: queue.count + 1})


def claim(ticket: Path) -> Job | None:
    """Take on the job of a ticket in this process; none where it is another's, or is not to be trained any more."""
    with _locked() as queue:
        if not exists(ticket):
            return None
        job, me = tickets.read(ticket), processes.this()
        if job.wanted != "run" or (job.lives and job.process != me):
            return None
        others = [each for each in tickets.every() if each.lives and each.process != me]
        mine = len(others) < queue.limit  # another may have begun since this process was
        job = tickets.write(job, process=me if mine else None)
        return job if mine else None


def ended(job: Job, *, stopped: bool = False, failed: str = "") -> None:
    """Say how a job ended that this process trained, unless its owner wants something else by now; the next may begin.

    This process counts no more: it does nothing after this.
    """
    with _locked() as queue:
        if exists(job.ticket):
            job = tickets.read(job.ticket)
            wanted = "stop" if stopped and job.wanted == "run" else job.wanted
            tickets.write(job, failed=failed, wanted=wanted, process=replace(processes.this(), born=""))
        _advance(queue)

"""What is known of a job: a ticket in a file of its own, written whole or not at all, and what its folder shows.

    JOBS/OWNER/NAME.json    the ticket: what is to be trained, and which process does
    JOBS/OWNER/NAME.log     what that process prints
    JOBS/OWNER/NAME         the run's folder, where no other was asked for

JOBS is $VAECORE_JOBS, else a folder of the user's data.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from vaecore import checkpoint, writing
from vaecore.jobs.processes import Process
from vaecore.limits import expanded, shown
from vaecore.models.base import STRICT
from vaecore.reading import exists, read_json
from vaecore.recipe import Recipe, parse
from vaecore.recipes import find
from vaecore.writing import write_json

SUFFIX = ".json"
State = Literal["waiting", "running", "stopping", "measuring", "stopped", "killed", "failed", "finished"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Job:
    """A run that is trained by a process of its own.

    Attributes:
        owner: whose it is; who asks for the jobs of one owner sees no other's.
        name: unlike any other of the owner's; the folder's.
        recipe: a recipe's name.
        changes: of its fields, as `vaecore.train` takes them.
        folder: the run's, from the root on.
        data_dir: where data sets are.
        device, seed: as for `vaecore.train`.
        threads: that it computes with, so that it does when it is resumed as well: sums are rounded by their number.
        seconds: that it may train at a time; 0 for as long as it takes.
        memory: bytes that its process may have; 0 for as many as there are.
        number: its turn among all that were asked for; a later one once it was resumed.
        wanted: what its owner asked for last.
        process: that trains it, or did last; none while it waits.
        failed: why it ended, in a sentence, where nobody had asked it to.
    """

    owner: str
    name: str
    recipe: str
    changes: dict[str, Any]
    folder: str
    data_dir: str
    device: str = "auto"
    seed: NonNegativeInt = 0
    threads: PositiveInt = 1
    seconds: NonNegativeInt = 0
    memory: NonNegativeInt = 0
    number: NonNegativeInt = 0
    wanted: Literal["run", "stop", "delete"] = "run"
    process: Process | None = None
    failed: str = ""

    @property
    def lives(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.lives

    @property
    def state(self) -> State:
        """Where it is: what the ticket says, where neither its process nor its folder says more."""
        if self.lives:
            return "stopping" if self.wanted == "stop" else "measuring" if self.trained else "running"
        if self.trained:
            return "finished"
        if self.failed:
            return "failed"
        if self.wanted == "stop":
            return "stopped"
        return "waiting" if self.process is None else "killed"

    @property
    def trained(self) -> bool:
        """Whether the run is whole; it may be measured yet."""
        return exists(Path(self.folder) / checkpoint.CARD)

    @property
    def ticket(self) -> Path:
        """The file that it is kept in."""
        return home() / self.owner / f"{self.name}{SUFFIX}"

    @property
    def log(self) -> Path:
        """What its process prints."""
        return self.ticket.with_suffix(".log")

    @property
    def kept_recipe(self) -> Recipe:
        """The recipe as it is trained: as the folder has it once the training has begun."""
        folder = Path(self.folder)
        return checkpoint.load_recipe(folder) if exists(folder / checkpoint.RECIPE) else asked(self)


def asked(job: Job) -> Recipe:
    """The recipe that was asked for."""
    return find(job.recipe).changed(**job.changes)


def home() -> Path:
    """The folder of all jobs: $VAECORE_JOBS, else one of the user's data."""
    return expanded(os.environ.get("VAECORE_JOBS") or user_data_path("vaecore") / "jobs").absolute()


def check_name(kind: str, name: str) -> None:
    """Refuse what can be no job's or owner's name.

    Raises:
        ValueError: it is none.
    """
    writing.check_name(kind, name)
    if name.endswith((SUFFIX, ".log")):
        raise ValueError(f"expected a {kind} that ends in neither {SUFFIX} nor .log, got {shown(repr(name))}")


def every() -> Iterator[Job]:
    """All jobs of all owners."""
    for path in sorted(home().glob(f"*/*{SUFFIX}")):
        with suppress(FileNotFoundError):  # deleted by now
            yield read(path)


def read(path: Path) -> Job:
    """The job of a ticket.

    Raises:
        FileNotFoundError: it is deleted.
        CheckpointError: what is there is no ticket.
    """
    path.stat()
    return parse(Job, read_json(path), str(path))


def write(job: Job, **changes: Any) -> Job:  # noqa: ANN401  of its fields
    """Keep a job, with some fields changed; returns it as it now is."""
    kept = replace(job, **changes)
    kept.ticket.parent.mkdir(parents=True, exist_ok=True)
    write_json(kept.ticket, json.loads(json.dumps(asdict(kept))))
    return kept


def remove(job: Job) -> None:
    """Delete the run and its ticket; the ticket last, so that what is cut short is done again."""
    shutil.rmtree(job.folder, ignore_errors=True)
    job.log.unlink(missing_ok=True)
    job.ticket.unlink(missing_ok=True)
    with suppress(OSError):  # another of the owner's is there
        job.ticket.parent.rmdir()

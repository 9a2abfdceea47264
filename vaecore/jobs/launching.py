"""The process of a job: with which threads and in which environment it is begun."""

import os
import subprocess
import sys
from pathlib import Path

from vaecore.jobs import processes, tickets
from vaecore.jobs.tickets import Job

PACKAGE = Path(__file__).parents[1]
WORKER = "vaecore.worker"
GROUP = ("RANK", "LOCAL_RANK", "WORLD_SIZE")  # of torchrun, whose process a job is not


def threads(limit: int) -> int:
    """Threads of a job: what is said, or the cores less one for the server beside it, shared by all that may train."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said):
        return int(said)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, (cores - 1) // max(1, limit))


def begin(job: Job) -> None:
    """Begin the process of a job, and write it down."""
    with job.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", WORKER, str(job.ticket)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=tickets.home(), start_new_session=True,
            env=environment(job.threads),
        )  # fmt: skip
    tickets.write(job, process=processes.Process(process.pid, processes.born(process.pid)))


def environment(threads: int) -> dict[str, str]:
    """The environment of a process that trains beside this one, by the same package."""
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    own = {"PYTHONPATH": path, "OMP_NUM_THREADS": str(threads), "VAECORE_JOBS": str(tickets.home())}
    return {key: value for key, value in os.environ.items() if key not in GROUP} | own

"""`vaecore jobs`: list, start, watch, stop, resume, delete."""

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from vaecore.jobs import queue, watching
from vaecore.jobs.tickets import Job
from vaecore.recipes import find

NAMED: dict[str, Callable[[Job], object]] = {"stop": queue.stop, "resume": queue.resume, "delete": queue.delete}
ACTIONS = ("list", "start", "watch", *NAMED)


def ask(command: argparse.ArgumentParser) -> None:
    """Add what is asked of a job; what is asked of a training as well is there already."""
    command.add_argument("action", nargs="?", default="list", choices=ACTIONS, help="default: list")
    command.add_argument("name", nargs="?", help="a job's name; for start a recipe's")


def run(parsed: argparse.Namespace, changes: dict[str, object]) -> None:
    """Do what was asked, and print what came of it.

    Raises:
        ValueError: no name where one is needed, or what the action refuses.
    """
    if parsed.action == "list":
        print("\n".join(_listing()))
        return
    if parsed.name is None:
        raise ValueError(f"expected a name after {parsed.action!r}, got none")
    if parsed.action == "start":
        find(parsed.name).changed(**changes)  # fields only: `start` has arguments of its own by such names
        job = queue.start(
            parsed.name, parsed.out, owner=queue.ME, data_dir=parsed.data_dir, device=parsed.device, seed=parsed.seed,
            seconds=0, shared=False, **changes,
        )  # fmt: skip
        print(f"{job.name} is {job.state}; watch it with: vaecore jobs watch {job.name}")
        return
    job = queue.find(parsed.name)
    if parsed.action == "watch":
        for row in watching.watch(job):
            print(_told(row), flush=True)
        print(_ended(queue.find(job.name)))
        return
    NAMED[parsed.action](job)
    print("deleted" if parsed.action == "delete" else _line(queue.find(job.name)))


def _listing() -> Iterator[str]:
    jobs = queue.listed()
    yield from map(_line, jobs) if jobs else ["no jobs; vaecore jobs start vae-digits-2 starts one"]


def _line(job: Job) -> str:
    done = watching.progress(job)
    last = f"  {_terms(done.rows[-1])}" if done.rows else ""
    why = f"  {job.failed}" if job.failed else ""
    return f"{job.name:28} {job.state:9} epoch {len(done.rows)} of {done.epochs}{last}{why}"


def _ended(job: Job) -> str:
    if job.trained:
        return f"finished: {job.folder}"
    return f"{job.state}: {job.failed}" if job.failed else job.state


def _told(row: dict[str, Any]) -> str:
    return f"epoch {row['epoch']}  {_terms(row)}  {row['seconds']:.1f} s"


def _terms(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in row.get("validation", row["train"]).items())

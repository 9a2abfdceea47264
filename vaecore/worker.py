"""The process of a job: `python -m vaecore.worker TICKET` trains what the ticket says, measures it, begins the next."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer

from vaecore import jobs, stopping
from vaecore.evaluation import report_on
from vaecore.jobs.processes import limit_memory
from vaecore.measuring import examined, keep_figures
from vaecore.serving.loading import load
from vaecore.training import train

SAMPLES = 1000  # by importance, of an image's likelihood: as many as `vaecore evaluate` takes


def main() -> None:
    """Train and measure the job of a ticket, by `vaecore.train` and `vaecore.evaluate`, unless another process does."""
    job = jobs.claim(Path(sys.argv[1]))
    if job is None:
        return
    limit_memory(job.memory)
    failed, stopped = "", False
    try:
        with stopping.raised(), _ended_after(job.seconds):
            train(
                job.recipe, data_dir=job.data_dir, out=job.folder, device=job.device, seed=job.seed, resume=True,
                **job.changes,
            )  # fmt: skip
            _measure(job)
    except KeyboardInterrupt:
        stopped = True
    except (ValueError, OSError) as error:
        failed = str(error)
    except Exception as error:  # the log has the rest
        traceback.print_exc()
        failed = f"{type(error).__name__}: {error}"
    jobs.ended(job, stopped=stopped, failed=failed)


def _measure(job: jobs.Job) -> None:
    """Keep figures of the test images in the run's card; a run that cannot be measured is one all the same.

    What is learned of a visitor's images on everyone's server, the judges among it, is not kept.
    """
    try:
        explorer = load(job.folder, job.device)
        on = examined(explorer, SAMPLES, job.seed, job.data_dir)
        with TemporaryDirectory() as scratch:
            on = replace(on, folder=Path(scratch)) if job.memory else on
            keep_figures(job.folder, explorer.card, on, report_on(on).metrics)
    except Exception:  # the log has it
        traceback.print_exc()


@contextmanager
def _ended_after(seconds: int) -> Iterator[None]:
    """Tell this process to end after so many seconds, as its owner would; 0 never does."""
    timer = Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    if seconds:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


if __name__ == "__main__":
    main()

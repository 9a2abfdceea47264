"""The process of a job: `python -m vaecore.worker TICKET` trains what the ticket says, and begins the next job."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

from vaecore import jobs, stopping
from vaecore.jobs.processes import limit_memory
from vaecore.training import train


def main() -> None:
    """Train the job of a ticket, by `vaecore.train`, unless another process does."""
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
    except KeyboardInterrupt:
        stopped = True
    except (ValueError, OSError) as error:
        failed = str(error)
    except Exception as error:  # the log has the rest
        traceback.print_exc()
        failed = f"{type(error).__name__}: {error}"
    jobs.ended(job, stopped=stopped, failed=failed)


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

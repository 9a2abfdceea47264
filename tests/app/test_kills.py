"""The server and all that it trains are killed together, and begun again: no run is lost, each is what it was to be."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import MAIN, free_port, wait_for
from same_runs import check_same_run

from vaecore import jobs, training

KILLS = 20
SMALL = {"hidden": [16], "batch": 64, "epochs": 60, "snapshots": 5}
SEEDS = (0, 1, 2)


class Server:
    """A server that can be killed and begun again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "server.log"

    def begin(self) -> None:
        port = free_port()
        words = [sys.executable, "-m", "app", "--port", str(port), "--no-browser"]
        path = os.pathsep.join([str(MAIN.parents[1]), os.environ.get("PYTHONPATH", "")])
        with self.log.open("w") as output:
            environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "VAECORE_ROUNDS": "0"}
            self.process = subprocess.Popen(words, cwd=self.folder, env=environment, stdout=output, stderr=output)
        self.address = f"http://127.0.0.1:{port}"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.mark.slow
def test_server_and_jobs_killed_together_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    server, chance, done = Server(tmp_path), random.Random(), []
    names = [jobs.start("vae-digits-2", device="cpu", seed=seed, **SMALL).name for seed in SEEDS]
    for kill in range(KILLS):
        server.begin()
        if kill % 4 == 0:  # some are killed while they begin
            wait_for(f"{server.address}/_stcore/health", server.process, server.log)
        time.sleep(chance.uniform(0, 6))
        for job in jobs.present():
            if job.process:
                job.process.send(signal.SIGKILL)
        server.kill()
        found = jobs.list()
        assert sorted(job.name for job in found) == names
        done.append(sum(len(jobs.progress(job).rows) for job in found))
        for job in found:
            if job.state == "killed":
                jobs.resume(job)
    while any(job.state != "finished" for job in jobs.list()):
        time.sleep(0.2)
    for job, seed in zip(sorted(jobs.list(), key=lambda job: job.name), SEEDS, strict=True):
        whole = training.train("vae-digits-2", out=tmp_path / f"whole-{seed}", device="cpu", seed=seed, **SMALL)
        check_same_run(Path(job.folder), whole, card=False)
    print(f"{KILLS} kills, after {done} epochs")
    for job in jobs.list():
        jobs.delete(job)

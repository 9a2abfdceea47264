"""What it costs a training to be watched: `python tests/benchmarks/watched.py [ROUNDS]`.

By turns, on the same machine and as many threads: `vaecore train` in a process of its own, and a job that is watched as
the page does, whose snapshots are opened as they come. Printed are images a second of both by the seconds of their
cards, the ratio round by round, and how long after its epoch's row a snapshot was seen, loaded.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import vaecore
from vaecore import jobs, serving

RECIPE, CHANGES = "vae-mnist-2", {"epochs": 4, "snapshots": 30}
PERIOD = 0.7  # seconds between two looks, as on the page


def trained(folder: Path) -> float:
    """Seconds of a training in a terminal."""
    words = [f"{key}={value}" for key, value in CHANGES.items()]
    command = [sys.executable, "-m", "vaecore", "train", RECIPE, "--out", str(folder), "--device", "cpu", "--set"]
    subprocess.run([*command, *words], check=True, capture_output=True)
    return json.loads((folder / "card.json").read_text())["seconds"]


def watched(delays: list[float]) -> float:
    """Seconds of a job; how late its snapshots were seen is added to `delays`."""
    job = jobs.start(RECIPE, device="cpu", **CHANGES)
    seen = {0}
    while jobs.find(job.name).state in ("waiting", "running"):
        time.sleep(PERIOD)
        jobs.progress(job)
        folder = Path(job.folder)
        for epoch in serving.loading.epochs(folder) if (folder / "recipe.json").exists() else ():
            if epoch not in seen:
                seen.add(epoch)
                vaecore.load(folder, at=epoch)
                card = serving.loading.snapshot(folder, epoch) / "card.json"
                delays.append(time.time() - card.stat().st_mtime)
    seconds = json.loads((Path(job.folder) / "card.json").read_text())["seconds"]
    jobs.delete(job)
    return seconds


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    images = CHANGES["epochs"] * 50_000
    ratios, delays = [], []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAECORE_JOBS"] = f"{folder}/jobs"
        for index in range(rounds):
            plain, seen = trained(Path(folder) / str(index)), watched(delays)
            ratios.append(plain / seen)
            print(f"{images / plain:,.0f} images/s in a terminal, {images / seen:,.0f} watched, ratio {ratios[-1]:.3f}")
    print(f"median ratio {statistics.median(ratios):.3f}; a snapshot is seen after at most {max(delays):.2f} s")


if __name__ == "__main__":
    main()

"""From starting the server to the first page ready in a real browser: `python tests/benchmarks/startup.py`."""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from playwright.sync_api import Browser, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SYSTEM_CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
READY = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
    && [...document.querySelectorAll('h1')].some(title => title.offsetParent !== null && title.innerText.trim())"""
BAR = 5.0
PATIENCE = 60.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen[bytes], log: TextIO) -> None:
    """Go on when the server answers.

    Raises:
        RuntimeError: it ended, or did not answer in time; with what it printed.
    """
    end = time.perf_counter() + PATIENCE
    while server.poll() is None and time.perf_counter() < end:
        with suppress(OSError):
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            return
        time.sleep(0.02)
    log.seek(0)
    raise RuntimeError(f"no server at {address}:\n{log.read()}")


def first_page(browser: Browser) -> tuple[float, float]:
    """Seconds from the start of the process to an answering server, and to the first page ready."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "app", "--port", str(port), "--no-browser"]
    with browser.new_context() as context, tempfile.TemporaryFile("w+") as log:
        page = context.new_page()
        started = time.perf_counter()
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(address, server, log)
            answered = time.perf_counter() - started
            page.goto(address)
            page.wait_for_function(READY, timeout=PATIENCE * 1000)
            return answered, time.perf_counter() - started
        finally:
            server.terminate()
            server.wait(10)


def main() -> None:
    """Start the server a few times and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    executable = SYSTEM_CHROMIUM if SYSTEM_CHROMIUM.exists() else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        first_page(browser)  # the bar is for a warm disk
        runs = [first_page(browser) for _ in range(options.runs)]
        browser.close()
    answered, ready = (statistics.median(column) for column in zip(*runs, strict=True))
    print("first page ready, seconds: " + ", ".join(f"{run[1]:.2f}" for run in runs))
    print(f"median: server answers {answered:.2f} s, first page ready {ready:.2f} s", end="")
    print(f"   bar {BAR:.0f} s: {'met' if ready < BAR else 'MISSED'}")


if __name__ == "__main__":
    main()

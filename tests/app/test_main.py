"""The command that starts the explorer."""

import socket
import subprocess
import sys

from harness import MAIN


def start(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", "--no-browser", *options]
    return subprocess.run(command, cwd=MAIN.parents[1], capture_output=True, text=True, timeout=60, check=False)


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        answer = start("--port", str(port))
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in answer.stderr


def test_a_port_that_is_none_is_refused() -> None:
    answer = start("--port", "99999")
    assert answer.returncode == 2
    assert "--port" in answer.stderr
    assert "Traceback" not in answer.stderr

"""The command that starts the explorer: what it prints, how it ends, what it refuses."""

import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from harness import MAIN, STARTED, assert_quiet, free_port, wait_for

from app.__main__ import addresses
from app.server import command
from app.server.options import Options

COMMAND = [sys.executable, "-m", "app", "--no-browser"]


def start(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], cwd=MAIN.parents[1], capture_output=True, text=True, timeout=STARTED, check=False
    )


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


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--port", "0"), ("--port", "٣"), ("--port", "99999999999"), ("--base-path", "../up"), ("--base-path", "a b"),
        ("--base-path", "a//b"), ("--allow-host", "https://a.edu"), ("--allow-host", "a.edu:80"), ("--embed", "a.edu"),
        ("--embed", "https://a.edu/slides"), ("--embed", "https://a.edu; script-src *"), ("--embed", "'none'"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    option: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.read([option, said])
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"argument {option}: expected a" in last
    assert repr(said) in last


def test_what_the_command_line_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert command.read([]) == (Options(), 8501, True)
    assert command.read(["--public"])[0] == Options(public=True, host="0.0.0.0")
    said = ["--public", "--host", "::", "--base-path", "/class/explorer/", "--embed", "https://a.edu", "--no-browser"]
    options, port, opens = command.read([*said, "--port", "80", "--allow-host", "b.edu", "--allow-host", "*.c.edu"])
    assert options == Options(True, "::", "class/explorer", ("b.edu", "*.c.edu"), ("https://a.edu",))
    assert [command.read(words)[0].trainings for words in ([], ["--public"])] == [1, 0]
    assert command.read(["--public", "--training", "3"])[0].trainings == 3
    assert (port, opens) == (80, False)
    monkeypatch.setenv("VAECORE_HOSTS", "a.edu, *.b.edu")
    monkeypatch.setenv("STREAMLIT_SERVER_BASE_URL_PATH", "/here")
    assert command.read([])[0] == Options(base="here", names=("a.edu", "*.b.edu"))


def test_a_setting_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VAECORE_HOSTS", "https://a.edu")
    with pytest.raises(SystemExit):
        command.read([])
    assert "VAECORE_HOSTS: expected a name" in capsys.readouterr().err


def test_the_address_is_one_that_can_be_opened() -> None:
    assert addresses(Options(), 8501) == ["http://localhost:8501"]
    assert addresses(Options(base="a/b"), 80) == ["http://localhost:80/a/b"]
    assert addresses(Options(host="::1"), 80) == ["http://[::1]:80"]
    first, *others = addresses(Options(public=True, host="0.0.0.0"), 80)
    assert first == "http://localhost:80"
    assert all(other.endswith(":80") and "0.0.0.0" not in other for other in others)


class Terminal:
    """What a program prints in a terminal of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        ours, theirs = pty.openpty()
        environment = os.environ | {"PYTHONPATH": str(MAIN.parents[1]), "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [*COMMAND, *options], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.printed = b""
        self.reader = threading.Thread(target=self._read, args=(ours,))
        self.reader.start()

    def _read(self, ours: int) -> None:
        with open(ours, "rb", buffering=0) as terminal:
            try:
                while printed := terminal.read(4096):
                    self.printed += printed
            except OSError:  # its end, on Linux
                return

    def end(self, signum: int) -> tuple[int, str]:
        self.process.send_signal(signum)
        code = self.process.wait(30)
        self.reader.join()
        return code, self.printed.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -15), (signal.SIGHUP, -1)])
def test_two_lines_are_printed_in_a_terminal_and_none_at_the_end(tmp_path: Path, signum: int, code: int) -> None:
    port, log = free_port(), tmp_path / "nothing"
    log.touch()
    terminal = Terminal(tmp_path, "--port", str(port), "--public")
    wait_for(f"http://127.0.0.1:{port}/_stcore/health", terminal.process, log)
    terminal.process.poll()
    time.sleep(3)  # the models are drawn meanwhile, which has its own ways to complain
    assert terminal.end(signum)[0] == code
    assert_quiet(terminal.printed.decode().replace("\r\n", "\n"))


def test_ctrl_c_ends_it_while_it_loads_and_prints_nothing(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "--port", str(free_port()))
    while b"\n" not in terminal.printed:
        time.sleep(0.01)
    code, printed = terminal.end(signal.SIGINT)
    assert code in (-signal.SIGINT, 128 + signal.SIGINT)
    assert printed == "Loading the models ...\n"


def test_what_was_frozen_is_freed_at_the_end() -> None:
    """Libraries that count what they hand out print what is missing: Triton's, which came with the exporter, did."""
    program = "import app.server.garbage, torch._dynamo; app.server.garbage.freeze()"
    ended = subprocess.run([sys.executable, "-c", program], cwd=MAIN.parents[1], capture_output=True, check=True)
    assert ended.stdout + ended.stderr == b""

"""What a server has at hand before anyone asks: the files of its pages, and every page once opened for nobody."""

import asyncio
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from urllib.error import HTTPError

import pytest
from harness import serve
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.pages import LESSONS, PAGES
from app.server import rounds
from app.server.front import ROOT, Front


def get(address: str) -> HTTPResponse:
    return urllib.request.urlopen(address, timeout=10)


def test_a_file_of_a_page_is_streamlits_to_the_byte(server: str) -> None:
    for path in [*ROOT.glob("static/js/index.*.js"), *ROOT.glob("static/css/index.*.css")]:
        for _ in range(2):  # read, then kept
            with get(f"{server}/static/{path.parent.name}/{path.name}") as answer:
                assert answer.read() == path.read_bytes()
                assert answer.headers["Cache-Control"] == "public, immutable, max-age=31536000"
                assert answer.headers["Content-Type"].startswith(
                    ("text/javascript", "application/javascript", "text/css")
                )
                assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("path", ["static/nothing.js", "static/../../../version.py", "static/js/%2e%2e/%2e%2e/x.py"])
def test_what_is_no_such_file_is_streamlits_to_answer(server: str, path: str) -> None:
    assert Front().answer(f"/{path}") is None
    try:
        with get(f"{server}/{path}") as answer:
            found = answer.read(2000)
    except HTTPError as refused:
        found = b"<html" if refused.code in (400, 404) else b""
    assert b"<html" in found


class Runtime:
    """Of sessions that run at once, and tell nobody."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.asked: list[str] = []

    def connect_session(self, guest: rounds.Nobody, user_info: dict[str, str]) -> str:
        assert user_info == {}
        self.guest = guest
        self.open.add(name := str(len(self.asked)))
        return name

    def handle_backmsg(self, session: str, message: BackMsg) -> None:
        assert session in self.open
        self.asked.append(message.rerun_script.page_name)
        self.guest.write_forward_msg(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY))

    def close_session(self, session: str) -> None:
        self.open.remove(session)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()


@pytest.mark.parametrize("most", [0, 3, 1000])
def test_every_page_is_opened_once_while_nobody_waits(
    most: int, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, turns = Runtime(), iter(range(most))
    monkeypatch.setattr(rounds, "get_instance", lambda: runtime)
    rounds.go(loop, lambda: next(turns, None) is not None)
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
    assert runtime.asked == ["", *list(PAGES)[1:], *LESSONS][:most]
    assert not runtime.open


def test_a_server_goes_round_and_says_nothing_of_it(tmp_path: Path) -> None:
    """A page that failed for nobody would be in the log, which `serve` looks at; a round that goes on ends with it."""
    for address in serve(tmp_path, VAECORE_ROUNDS="1"):
        deadline = time.monotonic() + 60
        while guests(address) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.5)


def guests(address: str) -> int:
    """How many sessions there have been: Streamlit counts them for whoever asks."""
    with get(f"{address}/_stcore/metrics") as answer:
        found = re.search(rb'session_events_total{type="connect"} (\d+)', answer.read())
    return int(found[1]) if found else 0

"""What a visitor sees when something of ours fails, and where its traceback is."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import MAIN, free_port, settle, wait_for
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from test_server import ask

pytestmark = pytest.mark.browser
SECRET = "a word that only the log may have"
BROKEN = f"""
import streamlit as st
from app.server.uploads import UPLOADS

def fail():
    raise RuntimeError("{SECRET}")

@st.fragment
def part():
    st.button("In a part", key="part") and fail()

st.title("Broken")
part()
st.button("In a callback", on_click=fail)
st.button("On the page") and fail()
if st.toggle("Take files"):
    UPLOADS.expect()
    taken = st.file_uploader("Files")
    st.write(f"taken: {{taken.getvalue().decode()}}" if taken else "none")
"""
LAUNCH = f"""
import sys
from pathlib import Path
import uvicorn
from app.server.asgi import serve
from app.results import makers

def fail(model):
    raise RuntimeError("{SECRET}")

makers.MAKERS["portrait"] = fail
uvicorn.run(serve(Path("broken.py").resolve()), port=int(sys.argv[1]), log_level="warning")
"""
NUMBER = r"the server's log has it under the number ([0-9a-f]{8})\."


class Broken:
    """A server whose page and whose recipes fail."""

    def __init__(self, folder: Path) -> None:
        (folder / "broken.py").write_text(BROKEN)
        (folder / "launch.py").write_text(LAUNCH)
        self.log, port = folder / "log", free_port()
        self.address = f"http://127.0.0.1:{port}"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "launch.py", str(port)],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(MAIN.parents[1])},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_for(f"{self.address}/_stcore/health", self.process, self.log)

    def assert_logged(self, said: str) -> None:
        """What a visitor was told is a sentence with the number that ends one traceback in the log."""
        found = re.search(NUMBER, said)
        assert found, said
        assert SECRET not in said
        assert not re.search(r"Traceback|RuntimeError|\.py", said)
        ends = f"RuntimeError: {SECRET}\nNumber {found[1]}\n"
        for _ in range(50):  # a request is answered before it is logged
            if ends in self.log.read_text():
                break
            time.sleep(0.1)
        assert self.log.read_text().count(ends) == 1


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    running = Broken(tmp_path_factory.mktemp("broken"))
    yield running
    running.process.terminate()
    running.process.wait(20)


@pytest.fixture
def tab(browser: Browser, broken: Broken) -> Iterator[Page]:
    """The page that fails."""
    with browser.new_page() as page:
        page.goto(broken.address)
        page.wait_for_selector("h1")
        settle(page)
        yield page


@pytest.mark.parametrize("button", ["On the page", "In a part", "In a callback"])
def test_a_page_that_fails_says_a_sentence_and_a_number(tab: Page, broken: Broken, button: str) -> None:
    tab.get_by_role("button", name=button).click()
    alert = tab.locator("[data-testid=stAlert]")
    alert.wait_for()
    broken.assert_logged(alert.inner_text())
    assert tab.locator("[data-testid=stException]").count() == 0


def test_a_request_that_fails_too(broken: Broken) -> None:
    status, told, text = ask(broken.address, "/blob/0/portrait/vae-digits-2")
    assert status == 500
    assert told["x-content-type-options"] == "nosniff"
    broken.assert_logged(text)


PUT = """async (session) => {
  const form = new FormData();
  form.append("file", new Blob(["0123456789"]), "file.txt");
  const token = document.cookie.match(/_streamlit_xsrf=([^;]*)/)[1];
  const address = `_stcore/upload_file/${session}/of-no-control`;
  return (await fetch(address, { method: "PUT", body: form, headers: { "X-Xsrftoken": token } })).status;
}"""


def test_only_a_session_with_an_upload_control_uploads(tab: Page, broken: Broken) -> None:
    sessions: list[str] = []

    def take(frame: bytes | str) -> None:
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        if message.WhichOneof("type") == "new_session":
            sessions.append(message.new_session.initialize.session_id)

    tab.on("websocket", lambda socket: socket.on("framereceived", take))
    tab.reload()
    tab.wait_for_selector("h1")
    settle(tab)
    assert sessions
    assert tab.evaluate(PUT, sessions[-1]) == 403
    tab.get_by_text("Take files").click()
    tab.wait_for_selector("[data-testid=stFileUploader]")
    tab.locator("input[type=file]").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"some words"}
    )
    expect(tab.get_by_text("taken: some words")).to_be_visible()
    assert tab.evaluate(PUT, "00000000-0000-0000-0000-000000000000") == 403

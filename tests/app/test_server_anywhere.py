"""Pages behind proxies, below a path, in a frame, from two copies of the server: all is there, and nothing foreign."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from harness import LESSONS, MAIN, NO_NETWORK, free_port, serve, settle, wait_for
from playwright.sync_api import Browser, Page
from proxy import Proxy
from test_server import SOCKET, ask

pytestmark = pytest.mark.browser
SHOWN = ("", "map", "generate?model=vae-mnist-2", "reconstruct", "verse", LESSONS[0])
PICTURES = """() => [...document.querySelectorAll("img")].every((image) => image.complete && image.naturalWidth)"""
# A component draws on a canvas; those that lie over another may be empty.
DRAWN = """() => {
  const parts = function* (root) {
    for (const part of root.querySelectorAll("*")) { yield part; if (part.shadowRoot) yield* parts(part.shadowRoot); }
  };
  const canvases = [...parts(document)].filter((part) => part.localName === "canvas" && part.clientWidth);
  const seen = canvases.filter((canvas) => !canvas.matches(".over"));
  const drawn = (canvas) => {
    const { width, height } = canvas;
    return canvas.getContext("2d").getImageData(0, 0, width, height).data.some((value) => value);
  };
  return { canvases: seen.length, drawn: seen.filter(drawn).length };
}"""


class Watch:
    """What goes wrong in a tab, and how much is asked for."""

    def __init__(self, page: Page, but: str) -> None:
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.but = but
        page.on("console", lambda said: self._take(said.location["url"], said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("requestfailed", lambda request: self._take(request.url, "failed"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("response", lambda got: self._take(got.url, str(got.status)) if got.status >= 400 else None)

    def _take(self, url: str, said: str) -> None:
        if self.but not in url:
            self.wrong.append(f"{said} {url}")


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab of a browser that has nothing yet."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


WITHOUT_DATA = re.compile("Until then this page works on images|No training text")  # where it is not at hand


def look(tab: Page, address: str, but: str = "nothing") -> list[str]:
    """Open a page, wait until all of it is drawn, and return what it asked for; what has ``but`` in it may fail."""
    watch = Watch(tab, but)
    tab.goto(address)
    tab.wait_for_selector("h1")
    settle(tab)
    tab.wait_for_function(PICTURES)
    tab.wait_for_function(f"() => {{ const {{ canvases, drawn }} = ({DRAWN})(); return canvases === drawn; }}")
    pictures = tab.evaluate("document.images.length") + tab.evaluate(f"() => ({DRAWN})().canvases")
    assert pictures or "verse" in address  # which is of words
    assert not watch.wrong
    said = tab.locator("[data-testid=stException], [data-testid=stAlert]").filter(has_not_text=WITHOUT_DATA)
    assert said.count() == 0
    return watch.asked


def port(server: str) -> int:
    return urlsplit(server).port or 80


@pytest.mark.parametrize("path", SHOWN)
def test_behind_a_proxy_that_strips_a_path(tab: Page, public_server: str, path: str) -> None:
    with Proxy([port(public_server)], "/user/anna/proxy/8501") as proxy:
        look(tab, f"{proxy.address}/{path}")
        assert not proxy.missed


def test_behind_a_proxy_that_asks_for_another_host(tab: Page, server: str) -> None:
    with Proxy([port(server)], "/explorer", renames=True) as proxy:
        look(tab, f"{proxy.address}/map/")
        assert tab.url.startswith(f"{proxy.address}/map?")
        tab.get_by_role("link", name="Start").click()
        tab.wait_for_url(f"{proxy.address}/?model=*")
        settle(tab)
        assert not proxy.missed


@pytest.fixture(scope="module")
def nested_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The explorer below a path that its proxy keeps."""
    yield from serve(tmp_path_factory.mktemp("nested"), below="class/explorer")


@pytest.mark.parametrize("path", SHOWN)
def test_below_a_path_that_is_kept(tab: Page, nested_server: str, path: str) -> None:
    look(tab, f"{nested_server}/{path}")


def test_streamlit_run_is_mine_and_lies_where_its_settings_say(tab: Page, tmp_path: Path) -> None:
    """Streamlit's own page looks for the server below each page first, and fails; all that is ours is there."""
    log, port = tmp_path / "log", free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(MAIN), "--server.port", str(port)]
    environment = os.environ | NO_NETWORK | {"STREAMLIT_SERVER_BASE_URL_PATH": "class/explorer"}
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        address = f"http://localhost:{port}/class/explorer"
        wait_for(f"{address}/_stcore/health", process, log)
        for path in ("", "map", "generate?model=vae-mnist-2"):
            look(tab, f"{address}/{path}", but="/_stcore/")
        assert ask(address, "/class/explorer/_stcore/stream", **SOCKET, Host="rebound.evil.com")[0] == 403
        assert ask(address, "/class/explorer/_stcore/stream", **SOCKET, Host=f"localhost:{port}")[0] == 101
    finally:
        process.terminate()
        process.wait(20)
    said = [line for line in log.read_text().splitlines() if "disallowed Origin or Host" not in line]
    assert not [line for line in said if re.search("warn|error|missing|Traceback|leaked|network url", line, re.I)]


@pytest.mark.parametrize("path", SHOWN)
def test_two_copies_answer_for_one_another(tab: Page, server: str, public_server: str, path: str) -> None:
    with Proxy([port(server), port(public_server)]) as proxy:
        asked = [url for url in look(tab, f"{proxy.address}/{path}") if "/blob/" in url]
        assert abs(proxy.blobs.get(port(server), 0) - proxy.blobs.get(port(public_server), 0)) <= 1
        assert all(re.search(r"/blob/[0-9a-f]{64}/[\w-]+/[\w-]+", url) for url in asked)


WRITTEN = """(there) => {
  const place = document.createElement("div");
  document.body.append(place);
  place.innerHTML = `
    <img src="${there}/image"><iframe src="${there}/frame"></iframe><object data="${there}/object"></object>
    <video src="${there}/film"></video><link rel="prefetch" href="${there}/next">
    <link rel="stylesheet" href="${there}/style"><p>x</p>
    <style>@import "${there}/more"; p { background: url(${there}/back) }</style>
    <img src="x" onerror="window.ran = true"><svg><image href="${there}/vector"/></svg>`;
  for (const script of ["<script>window.ran = true</", `<script src="${there}/script"></`])
    place.append(document.createRange().createContextualFragment(`${script}script>`));
  fetch(`${there}/fetch`).catch(() => {});
  try { new WebSocket(`${there.replace("http", "ws")}/socket`); } catch {}
  navigator.sendBeacon(`${there}/beacon`, "x");
  import(`${there}/module`).catch(() => {});
}"""


def test_what_a_stranger_writes_runs_nothing_and_asks_nobody(browser: Browser, server: str) -> None:
    """Another server counts who comes to it: nobody does."""
    came: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.path)
            self.send_error(404)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("localhost", 0), Elsewhere) as running, browser.new_page() as tab:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        there = f"http://localhost:{running.server_port}"
        look(tab, f"{server}/map?model=vae-digits-2")
        tab.evaluate(WRITTEN, there)
        tab.wait_for_timeout(1000)
        assert tab.evaluate("window.ran") is None
        assert came == []
        tab.goto(f"{there}/of-its-own")
        assert came[0] == "/of-its-own"
        running.shutdown()


class Slides(BaseHTTPRequestHandler):
    """Slides with a page in a frame: that of the address behind theirs."""

    def do_GET(self) -> None:
        page = f'<iframe src="{self.path[1:]}" width="900" height="700"></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def slides() -> Iterator[str]:
    """The address of slides on this machine."""
    with ThreadingHTTPServer(("localhost", 0), Slides) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://localhost:{running.server_port}"
        running.shutdown()


def test_slides_show_it_where_they_may(tab: Page, slides: str, server: str, public_server: str) -> None:
    tab.goto(f"{slides}/{public_server}/generate?model=vae-digits-2")
    tab.frame_locator("iframe").get_by_role("heading", name="Pictures from sliders").wait_for()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(f"{slides}/{server}/generate?model=vae-digits-2")
    tab.wait_for_timeout(1000)
    assert tab.frame_locator("iframe").locator("[data-testid=stApp]").count() == 0
    assert any("frame-ancestors" in each for each in said)

"""Pages behind proxies, below a path, in a frame, from two copies of the server: all is there, and nothing foreign."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from harness import LESSONS, serve, settle
from playwright.sync_api import Browser, Page
from proxy import Proxy

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

    def __init__(self, page: Page) -> None:
        self.wrong: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("response", lambda got: self.wrong.append(f"{got.status} {got.url}") if got.status >= 400 else None)


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab of a browser that has nothing yet."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


def look(tab: Page, address: str) -> list[str]:
    """Open a page, wait until all of it is drawn, and return what it asked for."""
    watch = Watch(tab)
    tab.goto(address)
    tab.wait_for_selector("h1")
    settle(tab)
    tab.wait_for_function(PICTURES)
    tab.wait_for_function(f"() => {{ const {{ canvases, drawn }} = ({DRAWN})(); return canvases === drawn; }}")
    assert not watch.wrong
    assert tab.locator("[data-testid=stException], [data-testid=stAlert]").count() == 0
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
    tab.frame_locator("iframe").get_by_role("heading", name="Generate").wait_for()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(f"{slides}/{server}/generate?model=vae-digits-2")
    tab.wait_for_timeout(1000)
    assert tab.frame_locator("iframe").locator("[data-testid=stApp]").count() == 0
    assert any("frame-ancestors" in each for each in said)

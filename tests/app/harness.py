"""What the tests of the app share: a server as people start it, and how to wait for a page."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from google.protobuf.message import Message
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Node

from app import pages

MAIN = Path(__file__).parents[2] / "app" / "main.py"
IMAGES = tuple(name for name, page in pages.PAGES.items() if page.needs.startswith("images"))  # pages that work on them
PAGES = tuple(pages.PAGES)
CHOOSING = tuple(
    name for name, page in pages.PAGES.items() if page.needs not in ("texts", "nothing")
)  # a model of images
LESSONS = tuple(pages.LESSONS)
STARTED = 120  # seconds
NOWHERE = "http://127.0.0.1:9"
NO_NETWORK = {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "no_proxy": "127.0.0.1,localhost"}
Open = Callable[..., AppTest]
Visit = Callable[..., Page]


def text(app: AppTest) -> str:
    """Everything that a page says in HTML, warnings and notes."""
    parts = [*app.get("html"), *app.warning, *app.info, *app.caption, *app.title]
    return "\n".join(getattr(part, "value", None) or getattr(part.proto, "body", "") for part in parts)


def choose(app: AppTest, model: str) -> AppTest:
    """What a press on a name of the picker does: the address names another model."""
    app.query_params["model"] = model
    return app.run()


def pick(page: Page, model: str) -> None:
    """Choose a model in the sidebar, by its name."""
    page.locator(".vc-picker summary").click()
    page.locator(".vc-picker input").fill(model)
    page.locator(f".vc-picker a[data-value='{model}']").click()


def picked(page: Page) -> str:
    """The model that the sidebar says is chosen."""
    return page.locator(".vc-picker summary b").inner_text()


def charts(app: AppTest) -> list[dict[str, Any]]:
    """What the charts of a page are sent, from the top."""
    return [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.component_name == "chart"]


def named(chart: dict[str, Any]) -> list[str]:
    """The names in a chart's legend, kind by kind."""
    kinds = ("fields", "bars", "lines", "arrows", "dots")
    return list(dict.fromkeys(mark["name"] for kind in kinds for mark in chart[kind] if mark["name"]))


def code(app: AppTest, language: str = "python") -> list[str]:
    """What is behind the page, which is opened for it."""
    if not app.code:
        for box in ("behind open", "behind-numbers open"):
            app.session_state[box] = True
        app.run()
    return [each.value for each in app.code if each.language == language]


def strings(app: AppTest) -> Iterator[tuple[str, str]]:
    """Every string that a page sends, with the kind of element that it is in."""

    def inside(node: Node) -> Iterator[tuple[str, str]]:
        if getattr(node, "proto", None) is not None:
            yield from ((node.type, text) for text in texts_of(node.proto))
        for child in getattr(node, "children", {}).values():
            yield from inside(child)

    return inside(app._tree)


def texts_of(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for each in value if field.is_repeated else [value]:
                yield from texts_of(each)
        elif field.type == field.TYPE_STRING:
            yield from value if field.is_repeated else [value]


MARKDOWN = re.compile(r"(?<!\\)!?\[(x|a)\]|(?<!\\)<(img|script|a) |https?://|www\.f|:material/skull|:red\[|(?<!\\)\$x")
HTML = re.compile(r"<img src=x|<script>(alert|window)|<a href=\"http|src=\"http")
NEITHER = ("selectbox", "multiselect", "text_input", "code", "bidi_component", "page_link")  # nor are signs in these


def check_signs(app: AppTest) -> None:
    """What the tests' strangers write is nowhere on a page a link, a picture, a script, an icon or a formula."""
    for kind, said in strings(app):
        signs = HTML if kind == "html" else MARKDOWN
        assert kind in NEITHER or not signs.search(said), (kind, said)


def path_of(page: str, query: str) -> str:
    """The address of a page, below the server's."""
    return f"{'' if page == 'start' else page}?{query}"


def fitting(page: str) -> str:
    """The address of a page with a model of MNIST that it shows."""
    return path_of(page, f"model={pages.PAGES[page].fits if page in PAGES else 'vae-mnist-2'}")


class Row(NamedTuple):
    """What a page says beside and below one strip of pictures."""

    note: str
    captions: list[str]


def rows_of(app: AppTest) -> dict[str, Row]:
    """The strips of pictures on a page, by their titles."""
    strip = r'<section class="vc-row[^>]*><header><b>(.*?)</b><span>(.*?)</span>.*?<ol>(.*?)</ol>'
    found = re.findall(strip, text(app), re.DOTALL)
    return {title: Row(note, re.findall(r"<li[^>]*>(.*?)</li>", items, re.DOTALL)) for title, note, items in found}


def terms(app: AppTest) -> dict[str, str]:
    """The terms of a lesson's formulas and what they are now."""
    return dict(all_terms(app))


def all_terms(app: AppTest) -> list[tuple[str, str]]:
    """The same of a lesson whose formula is there more than once."""
    return [(plain(symbol), value) for symbol, value in re.findall(r"<b>(.*?)</b><i>([^<]*)</i>", text(app))]


def plain(said: str) -> str:
    """What is read of a little HTML: formulas in letters, no entry of the glossary."""
    words = re.sub(r"<small popover.*?</small>", "", said).replace("<wbr>", " ")
    return unescape(re.sub(r"<[^>]*>", "", words))


def table(app: AppTest) -> dict[str, list[float]]:
    """The rows of a page's tables, by their titles; a cell that is empty is left out."""
    rows = re.findall(r"<tr><th style[^>]*>(.*?)</th>(.*?)</tr>", text(app), re.DOTALL)
    return {plain(title): [number(cell) for cell in re.findall(r"<td>([^<]+)</td>", cells)] for title, cells in rows}


def number(word: str) -> float:
    return float(word.replace("−", "-").replace(",", "").rstrip("°%"))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def serve(folder: Path, *options: str, below: str = "", **environment: str) -> Iterator[str]:
    """Start ``python -m app`` in a folder that is not the project's; afterwards its log holds two lines, and no more.

    It cannot reach the network: where data is not at hand, no test waits for a download.
    """
    port, log = free_port(), folder / "server.log"
    command = [sys.executable, "-m", "app", "--port", str(port), "--no-browser", "--base-path", below, *options]
    path = os.pathsep.join([str(MAIN.parents[1]), os.environ.get("PYTHONPATH", "")])
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ
            | NO_NETWORK
            | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "VAECORE_ROUNDS": "0"}
            | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}/{below}".rstrip("/")
        wait_for(f"{address}/_stcore/health", process, log)
        yield address
    finally:
        process.terminate()
        process.wait(10)
    assert_quiet(log.read_text())


@contextmanager
def served() -> Iterator[str]:
    """The app as people start it, for a benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        yield from serve(Path(folder))


def assert_quiet(log: str) -> None:
    """What a server has printed from its start to its end is two lines, beside the strangers that it refused."""
    lines = [line for line in log.splitlines() if not line.startswith("No socket for a page of")]
    assert len(lines) == 2, log
    assert lines[0] == "Loading the models ..."
    assert re.fullmatch(r"The explorer is open at http://\S+( and http://\S+)? \(Ctrl\+C stops it\)", lines[1])


def wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(10 * STARTED):
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    pytest.fail(f"the server did not answer within {STARTED} s: {log.read_text()}")


SETTLED = """() => {
  const before = window.vaecoreElements;
  const now = (window.vaecoreElements = document.querySelectorAll("*").length);
  const ran = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning";
  return ran && now === before && !document.querySelector("[data-stale=true], [data-testid=stSkeleton]");
}"""


def settle(page: Page) -> None:
    """Wait until the script has run, and what it sent is drawn: nothing is blank or old, and nothing more was added."""
    page.wait_for_timeout(150)
    page.wait_for_function(SETTLED, polling=50)


def stand_still(page: Page) -> None:
    """Wait until nothing was added for a while: a busy machine draws a long page well after it has come."""
    before = -1
    while before != (before := page.evaluate("document.querySelectorAll('*').length")):
        page.wait_for_timeout(500)

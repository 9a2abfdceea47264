"""From the end of a stroke to the cursor on the map: `python tests/benchmarks/drawing.py`, machine idle.

The server and headless Chromium share the machine. On the page *Map*, 60 strokes by the mouse, of 24 moves each, up to
six on the canvas at a time: from the time at which the browser had the pointer's release until the cursor is drawn on
the map of the codes, and until the next frame has begun, when it is on the screen at the latest. A conditional model
reads with the class that it was told, or with the one that reconstructs best until the server has said the likeliest.
"""

import math
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "app"))
from harness import serve, settle

STROKES, MOVES, TOGETHER = 60, 24, 6
QUERIES = {
    "vae-mnist-2": "",
    "conv-vae-mnist-2": "",
    "conv-vae-mnist-16": "",
    "cvae-mnist-16": "&said=7",
    "cvae-mnist-16, to say": "",
    "ae-mnist-2": "",
}
P95 = 60
# The maps draw the cursor while the window tells them of the code; a listener that is added later is called after that.
WATCH = """() => {
  addEventListener("pointerup", (event) => (window.ended = event.timeStamp), true);
  addEventListener("vaecore:code", ({ detail }) => {
    if (ended === null || !detail.code || drawn !== null) return;
    const begun = ended;
    window.drawn = performance.now() - begun;
    requestAnimationFrame(() => (window.shown = performance.now() - begun));
  });
}"""
START = "[window.ended, window.drawn, window.shown] = [null, null, null]"


def strokes(page: Page) -> tuple[list[float], list[float]]:
    """Milliseconds from each stroke's end to the cursor, and to the frame after it."""
    paper, drawn, shown = page.locator(".pad canvas"), [], []
    for number in range(STROKES):
        if number % TOGETHER == 0:
            page.get_by_role("button", name="Clear").click()
            settle(page)
        box = paper.bounding_box()
        assert box is not None
        page.evaluate(START)
        for step in range(MOVES):
            turn = 2 * math.pi * step / MOVES + number
            x, y = 0.5 + 0.3 * math.cos(turn), 0.5 + 0.35 * math.sin(turn * (1 + number % 3))
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if step == 0:
                page.mouse.down()
        page.mouse.up()
        page.wait_for_function("shown !== null")
        drawn.append(float(page.evaluate("drawn")))
        shown.append(float(page.evaluate("shown")))
        settle(page)
    return drawn, shown


def said(times: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(times):7.1f} / {statistics.quantiles(times, n=20)[-1]:<7.1f}"


def main() -> None:
    """Print the table."""
    print(f"{'ms, p50 / p95':26}{'cursor drawn':>16}  {'next frame':>16}   bar: p95 {P95} ms")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for address in serve(Path(folder)):
            for name, more in QUERIES.items():
                page.goto(f"{address}/map?model={name.split(',')[0]}&draw=true{more}")
                page.wait_for_selector(".maps[data-ready]")
                page.wait_for_selector(".reading[data-ready]")
                settle(page)
                page.evaluate(START)
                page.evaluate(WATCH)
                drawn, shown = strokes(page)
                verdict = "met" if statistics.quantiles(shown, n=20)[-1] <= P95 else "MISSED"
                print(f"{name:26}{said(drawn)}  {said(shown)}   {verdict}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()

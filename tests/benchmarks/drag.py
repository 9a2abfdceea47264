"""A drag on the page *Generate*, from the pointer to the picture: `python tests/benchmarks/drag.py`, machine idle.

The server and headless Chromium share the machine. 200 moves of the pointer over a slider and over the plane, for a
decoder of two numbers and one of sixteen: from the event's own time to the picture on the canvas, and pictures a
second. The reference, in the same run, is the native slider of the same page: it sends nothing while it is dragged, so
it is timed from its release (a key's) to the next picture.
"""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "app"))
from harness import served, settle

MOVES, RELEASES = 200, 20
MODELS = ("vae-mnist-2", "conv-vae-mnist-2", "cvae-mnist-16", "conv-vae-mnist-16")
P50, P95, RATE = 10, 20, 50
# The event's time is when the browser had it; a picture is there once putImageData has returned.
WATCH = """() => {
  window.drawn = [];
  let begun = null;
  addEventListener("pointermove", (event) => (begun = event.timeStamp), true);
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    put.apply(this, given);
    if (begun !== null) drawn.push([performance.now(), performance.now() - begun]);
  };
}"""
PICTURE = "[...document.querySelectorAll('.vc-pixels')].at(-1)?.src"


def drag(page: Page, where: str) -> tuple[list[float], float]:
    """Milliseconds from each move to its picture, and pictures a second."""
    part = page.locator(where).first
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    assert box is not None
    x, y = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(x + 0.1 * box["width"], y)
    page.mouse.down()
    page.evaluate("drawn.length = 0")
    for i in range(MOVES):
        share = 0.5 + 0.4 * (1 if (i // 50) % 2 else -1) * (1 - (i % 50) / 25)
        page.mouse.move(x + share * box["width"], y)
    drawn = page.evaluate("drawn")
    page.mouse.up()
    settle(page)
    seconds = (drawn[-1][0] - drawn[0][0]) / 1000
    return [latency for _, latency in drawn], (len(drawn) - 1) / seconds


def native(page: Page) -> list[float]:
    """Milliseconds from a key on the native slider, which is a release to it, to the next picture."""
    page.get_by_role("slider", name="Temperature").focus()
    page.evaluate("addEventListener('keydown', (event) => (window.pressed = event.timeStamp), true)")
    times = []
    for i in range(RELEASES):
        before = page.evaluate(PICTURE)
        page.keyboard.press("ArrowLeft" if i % 2 else "ArrowRight")
        handle = page.wait_for_function(f"before => {PICTURE} !== before && performance.now() - pressed", arg=before)
        times.append(float(handle.json_value()))
        settle(page)
    return times


def said(times: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(times):7.1f} / {statistics.quantiles(times, n=20)[-1]:<7.1f}"


def main() -> None:
    """Print the table."""
    print(f"{'':36}{'ms, p50 / p95':>17}  pictures/s   bars {P50} / {P95} ms, {RATE} pictures/s")
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for model in MODELS:
            page.goto(f"{address}/generate?model={model}")
            page.wait_for_selector(".sliders[data-ready]")
            settle(page)
            page.evaluate(WATCH)
            for name, where in (("slider", ".rows input"), ("plane", ".pad")):
                if page.locator(where).first.is_visible():
                    times, rate = drag(page, where)
                    met = statistics.median(times) <= P50 and statistics.quantiles(times, n=20)[-1] <= P95
                    met = met and rate >= RATE
                    print(f"{f'{model}, {name}':36}{said(times)}  {rate:9.1f}   {'met' if met else 'MISSED'}")
        print(f"{'native slider, after its release':36}{said(native(page))}  {0:9.1f}   reference")
        browser.close()


if __name__ == "__main__":
    main()

"""Every page in a cold browser, and the map of ten thousand: `python tests/benchmarks/pages.py`, machine idle.

The server is up, as people start it, and has answered nobody: *Start* is the first, the others come once it has
imported what only they need and has opened each for nobody. Each page opens in a browser process of its own, with
nothing in its cache: from the address to the page drawn and its script at rest. Then the map: from its address to ten
thousand points drawn, from the pointer to the thumbnail, from the end of a lasso to its gallery.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "app"))
from harness import LESSONS, PAGES, fitting, serve

READY, MAP, HOVER, LASSO = 1.6, 0.8, 20, 150  # bars: seconds, seconds, ms, ms
MOVES, LASSOS = 200, 20
WARM = 40  # seconds after the first page, in which the server opens each page once for nobody
REST = """document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
  && document.querySelector('h1') && !document.querySelector('[data-testid=stSkeleton]')"""
WATCH = """() => {
  window.moved = [];
  addEventListener('pointermove', (event) => {
    const begun = event.timeStamp;
    queueMicrotask(() => moved.push(performance.now() - begun));
  });
  addEventListener('pointerup', (event) => {
    const begun = event.timeStamp;
    queueMicrotask(() => (window.chosen = performance.now() - begun));
  });
}"""


def browser(playwright: Playwright) -> Browser:
    """A browser process that has seen nothing."""
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])


def opened(playwright: Playwright, address: str, component: str = "") -> float:
    """Seconds until a page stands in a new browser."""
    running = browser(playwright)
    page = running.new_page(viewport={"width": 1280, "height": 900})
    begun = time.perf_counter()
    page.goto(address)
    page.wait_for_function(REST)
    if component:
        page.wait_for_selector(component)
    taken = time.perf_counter() - begun
    running.close()
    return taken


def verdict(value: float, bar: float) -> str:
    """Say whether a bar is met."""
    return "met" if value <= bar else "MISSED"


def hover(page: Page) -> list[float]:
    """Milliseconds from each move of the pointer to the picture under it."""
    box = page.locator(".over").first.bounding_box()
    assert box is not None
    page.evaluate(WATCH)
    for i in range(MOVES):
        x, y = 0.2 + 0.6 * ((i * 37) % 100) / 100, 0.2 + 0.6 * ((i * 53) % 100) / 100
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    return page.evaluate("moved")


def lasso(page: Page) -> list[float]:
    """Milliseconds from the end of each lasso to its gallery."""
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".over").first.bounding_box()
    assert box is not None
    taken = []
    for i in range(LASSOS):
        left, top = box["x"] + (0.2 + 0.01 * i) * box["width"], box["y"] + 0.3 * box["height"]
        page.mouse.move(left, top)
        page.mouse.down()
        for across, down in ((0.4, 0.0), (0.4, 0.4), (0.0, 0.4), (0.0, 0.1)):
            page.mouse.move(left + across * box["width"], top + down * box["height"], steps=5)
        page.mouse.up()
        taken.append(float(page.evaluate("chosen")))
        assert page.locator(".gallery").is_visible()
    return taken


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for address in serve(Path(folder), OMP_NUM_THREADS=str(os.cpu_count()), VAECORE_ROUNDS="1"):
            print(f"{'page, cold browser':28} {'seconds':>8}   bar {READY}")
            for page in (*PAGES, *LESSONS):
                taken = opened(playwright, f"{address}/{fitting(page)}")
                print(f"{page:28} {taken:8.2f}   {verdict(taken, READY)}")
                if page == "start":
                    time.sleep(WARM)
            times = sorted(
                opened(playwright, f"{address}/map?model=vae-mnist-2", ".maps[data-drawn]") for _ in range(5)
            )
            print(f"{'map of 10,000, ready':28} {times[2]:8.2f} s   bar {MAP}   {verdict(times[2], MAP)}")
            running = browser(playwright)
            page = running.new_page(viewport={"width": 1280, "height": 1200})
            page.goto(f"{address}/map?model=vae-mnist-2")
            page.wait_for_selector(".maps[data-ready]")
            page.wait_for_function(REST)
            for name, found, bar in (
                ("hover to thumbnail", hover(page), HOVER),
                ("lasso to gallery", lasso(page), LASSO),
            ):
                said = f"{statistics.median(found):8.1f} / {p95(found):.1f} ms"
                print(f"{name:28} {said}   bar p95 {bar}   {verdict(p95(found), bar)}")
            running.close()


if __name__ == "__main__":
    main()

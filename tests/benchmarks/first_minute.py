"""The first minute at 1366x768: `python tests/benchmarks/first_minute.py`.

How high Start is; what a click on each of its tiles leads to, and how far one must scroll to see that; and on every
page, opened on its own model, whether something of its result is in sight: a picture, a map or a chart of which at
least half, or 100 pixels, are on the screen.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "app"))
from harness import LESSONS, PAGES, fitting, served, settle

DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
ABOVE, WHOLE = 1000, {1440: 2500, 390: 5000}  # bars: pixels of Start above its gallery, and of all of it
PARTS = {  # by a tile: the page that it leads to, and what is to be seen there
    "What does it keep?": ("reconstruct", ".vc-row.vc-reconstruction img, .vc-row.vc-baseline img"),
    "Codes beside t-SNE": ("map", ".plane"),
    "Walk between two digits": ("interpolate", ".vc-row img, .film canvas, .paths canvas"),
    "Digits from sliders": ("generate", "input[type=range], .sliders canvas"),
    "Lessons": ("sampling", ".vc-row img"),
}
# How far the least of what is to be seen lies below the screen; of everything that is drawn, how much is in sight.
BELOW = """parts => Math.max(0, ...parts.slice(0, 2).map(part =>
  part.getBoundingClientRect().top + Math.min(100, part.getBoundingClientRect().height / 2) - innerHeight))"""
SEEN = """results => results.some(result => {
  const { top, bottom, height } = result.getBoundingClientRect();
  return height > 20 && Math.min(bottom, innerHeight) - Math.max(top, 0) >= Math.min(100, height / 2);
})"""
RESULTS = ":is(img, .plane, canvas, .sheet > svg, .vc-ledger)"


def opened(browser: Browser, address: str, size: dict[str, int]) -> Page:
    """A page that stands still, in a window of its own."""
    page = browser.new_page(viewport=size)
    page.goto(address)
    page.wait_for_selector("h1")
    page.wait_for_timeout(1500)
    settle(page)
    return page


def heights(browser: Browser, address: str) -> None:
    """Print how high Start is."""
    for width, bar in WHOLE.items():
        page = opened(browser, address, {"width": width, "height": 844})
        main = page.get_by_test_id("stMain")
        above = main.locator(".vc-search").last.evaluate("search => search.getBoundingClientRect().top")
        whole = main.evaluate("main => main.scrollHeight")
        met = "met" if whole <= bar and (above <= ABOVE or width == PHONE["width"]) else "MISSED"
        print(f"Start at {width}: {above:.0f} pixels above the gallery, {whole} in all   bar {bar}   {met}")
        page.close()


def main() -> None:
    """Print the tables."""
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        heights(browser, address)
        for tile, (name, parts) in PARTS.items():
            page = opened(browser, address, DESKTOP)
            page.locator(".vc-tile", has_text=tile).click()
            page.wait_for_url(f"**/{name}*")
            page.wait_for_selector(f"[data-testid=stMain] :is({parts})")
            page.wait_for_timeout(2000)
            settle(page)
            below = page.locator(f"[data-testid=stMain] :is({parts})").evaluate_all(BELOW)
            print(f"{tile:28} 1 click, {below:.0f} pixels to scroll   {'met' if below == 0 else 'MISSED'}")
            page.close()
        seen = 0
        for name in (*PAGES, *LESSONS):
            page = opened(browser, f"{address}/{fitting(name)}", DESKTOP)
            found = page.locator(f"[data-testid=stMain] {RESULTS}").evaluate_all(SEEN)
            seen += found
            if not found:
                print(f"{name}: its result is out of sight")
            page.close()
        print(f"{seen} of {len(PAGES) + len(LESSONS)} pages and lessons show a result without scrolling")


if __name__ == "__main__":
    main()

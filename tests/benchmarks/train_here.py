"""The page *Train here* while it trains: `python tests/benchmarks/train_here.py`, machine idle.

The server and headless Chromium share the machine. For digits, points and, where it is at hand, MNIST: frames a second
that the page could draw and pictures a second that it did, the milliseconds that a picture keeps its thread, the time
from the press of Play to the first frame that moved, and the time from a move of the slider back in time to all that it
shows.
"""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from vaecore.serving import sheets

sys.path.append(str(Path(__file__).parents[1] / "app"))
from harness import served, settle

SECONDS, MOVES, STARTS = 5, 40, 7
BARS = {"frames/s": 50, "a picture, longest ms": 20, "Play to a frame, p50 ms": 200, "back in time, p95 ms": 50}
WATCH = """(root) => {
  window.root = root;
  window.moved = (act) => new Promise((resolve) => {
    const begun = performance.now();
    const before = root.dataset.step + "," + root.dataset.at;
    const watch = new MutationObserver(() => {
      if (root.dataset.step + "," + root.dataset.at === before) return;
      watch.disconnect();
      resolve(performance.now() - begun);
    });
    watch.observe(root, { attributes: true });
    act();
  });
}"""
TRAINING = """(seconds) => new Promise((resolve) => {
  let [frames, pictures] = [0, 0];
  const blocks = [];
  const end = performance.now() + 1000 * seconds;
  const watch = new MutationObserver(() => (pictures += 1));
  watch.observe(root, { attributeFilter: ["data-step"] });
  const plain = window.requestAnimationFrame;
  window.requestAnimationFrame = (draw) => plain((now) => {
    const begun = performance.now();
    draw(now);
    blocks.push(performance.now() - begun);
  });
  const frame = () => {
    frames += 1;
    if (performance.now() < end) return plain(frame);
    window.requestAnimationFrame = plain;
    resolve({ frames: frames / seconds, pictures: pictures / seconds, blocks });
  };
  plain(frame);
})"""
PLAY = "() => moved(() => root.querySelector('.play').click())"
BACK = """(share) => moved(() => {
  const scrub = root.querySelector(".scrub");
  const at = Math.round(share * Number(scrub.max));
  scrub.value = String(at === Number(root.dataset.at) ? (at ? at - 1 : 1) : at);
  scrub.dispatchEvent(new Event("input"));
})"""


def measured(page: Page) -> dict[str, float]:
    """The figures of one set."""
    page.locator(".train").evaluate(WATCH)
    starts = []
    for _ in range(STARTS):
        starts.append(page.evaluate(PLAY))
        page.locator(".play").click()
        page.wait_for_selector(".train[data-running=false]")
    page.locator(".play").click()
    found = page.evaluate(TRAINING, SECONDS)
    page.locator(".play").click()
    page.wait_for_selector(".train[data-running=false]")
    back = [page.evaluate(BACK, ((i * 0.618034) % 1)) for i in range(MOVES)]
    return {
        "frames/s": found["frames"],
        "pictures/s": found["pictures"],
        "a picture, p95 ms": statistics.quantiles(found["blocks"], n=20)[-1],
        "a picture, longest ms": max(found["blocks"]),
        "Play to a frame, p50 ms": statistics.median(starts),
        "back in time, p95 ms": statistics.quantiles(back, n=20)[-1],
    }


def verdict(name: str, value: float) -> str:
    """Whether a bar is met."""
    if name not in BARS:
        return ""
    met = value >= BARS[name] if name == "frames/s" else value <= BARS[name]
    return f"bar {BARS[name]}: {'met' if met else 'MISSED'}"


def main() -> None:
    """Print the table."""
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        for name in ("digits", "moons", *(["mnist"] if sheets.at_hand("mnist") else [])):
            page.goto(f"{address}/train_here?set={name}")
            page.wait_for_selector(".train[data-ready]")
            settle(page)
            print(name)
            for what, value in measured(page).items():
                print(f"  {what:26}{value:8.1f}   {verdict(what, value)}".rstrip())
        browser.close()


if __name__ == "__main__":
    main()

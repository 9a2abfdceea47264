"""What a set of one's own takes from its drop to its sheet: `python tests/benchmarks/upload.py [ROUNDS]`, machine idle.

2,000 colour pictures of 64x64, made from a seed, in a zip that is dropped on the page *Train*; the server and headless
Chromium share the machine. Printed are the seconds until the page shows how they were read, and whether a bar was seen
before; the bar is 5 s. The reference, in the same run, reads the same zip without a page.
"""

import io
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from vaecore import serving

sys.path.append(str(Path(__file__).parents[1] / "app"))
from harness import served, settle

COUNT, SIDE, CLASSES, LIMIT = 2000, 64, ("round", "striped", "light"), 5.0
DROP = "[data-testid=stFileUploaderDropzoneInput]"


def made(place: Path) -> Path:
    """A zip of pictures in folders of classes."""
    draws = np.random.default_rng(0)
    across, down = np.meshgrid(np.linspace(0, 1, SIDE), np.linspace(0, 1, SIDE))
    with zipfile.ZipFile(place / "pictures.zip", "w") as archive:
        for number in range(COUNT):
            x, y, size = draws.random(3)
            spot = np.exp(-((across - x) ** 2 + (down - y) ** 2) / (0.02 + 0.05 * size))[..., None] * draws.random(3)
            kind = number % len(CLASSES)
            picture = (spot, spot * (np.sin(20 * across)[..., None] > 0), 1 - spot)[kind]
            noisy = np.clip(picture + draws.normal(0, 0.03, picture.shape), 0, 1)
            written = io.BytesIO()
            Image.fromarray(np.rint(255 * noisy).astype(np.uint8)).save(written, "PNG")
            archive.writestr(f"{CLASSES[kind]}/{number:04}.png", written.getvalue())
    return place / "pictures.zip"


def dropped(page: Page, path: Path) -> tuple[float, bool]:
    """Seconds from a drop to its sheet, and whether a bar was seen before."""
    page.evaluate(
        """() => {
          window.bars = 0;
          const look = () => (bars += document.querySelectorAll("[data-testid=stProgress]").length);
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    began = time.monotonic()
    page.locator(DROP).first.set_input_files(path)
    page.wait_for_selector(".vc-seen img")
    return time.monotonic() - began, page.evaluate("bars") > 0


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder, served() as address, sync_playwright() as playwright:
        path = made(Path(folder))
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for _ in range(rounds):
            began = time.monotonic()
            serving.brought.read(str(path))
            alone = time.monotonic() - began
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.goto(f"{address}/train")
            page.wait_for_selector("[data-testid=stFileUploader]")
            settle(page)
            seconds, bar = dropped(page, path)
            met = "met" if seconds <= LIMIT and bar else "MISSED"
            seen = "a bar" if bar else "no bar"
            print(f"{seconds:5.2f} s to the sheet, {seen} before: {met}; read without a page {alone:.2f} s")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()

"""Networks in the page, milliseconds a run: `python tests/benchmarks/network.py [NAME ...]`, machine idle.

Every shipped model's decoder and encoder, exported and run by `vaecore/browser/network.js` in headless Chromium,
and torch on the same numbers in this process, one row at a time, on one thread: both as the median and the 95th
percentile of 200 runs (in the page: of twenty times ten), after 100 that let the compilers settle.
"""

import argparse
import base64
import os
import shutil
import statistics
import time

import torch
from playwright.sync_api import sync_playwright

import vaecore
from vaecore.browser import script
from vaecore.checkpoint import names
from vaecore.export import export

ENGINE = script("network.js")
WARM, RUNS = 100, 200
BARS = {"conv-vae-mnist-2": 4.0}
# A clock in a page counts in tenths of a millisecond: every measurement is of ten runs.
TIME = """([networks, weights, warm, runs]) => {
  const bytes = Uint8Array.from(atob(weights), (each) => each.charCodeAt(0));
  const floats = new Float32Array(bytes.buffer);
  return Object.fromEntries(Object.entries(networks).map(([name, described]) => {
    const network = new Network(described, floats);
    const inputs = described.inputs.map((size) => (size === 1 ? 1 : new Float32Array(size).fill(0.5)));
    for (let i = 0; i < warm; i++) network.run(...inputs);
    const times = Array.from({ length: runs }, () => {
      const begun = performance.now();
      for (let i = 0; i < 10; i++) network.run(...inputs);
      return (performance.now() - begun) / 10;
    });
    return [name, times];
  }));
}"""


@torch.no_grad()
def torch_times(name: str) -> list[float]:
    """Milliseconds of the decoder's runs in torch."""
    model = vaecore.load(name, device="cpu").model
    z = torch.full((1, model.latent), 0.5)
    label = torch.ones(1, dtype=torch.int64) if model.classes else None
    times = []
    for _ in range(WARM + RUNS):
        begun = time.perf_counter()
        model.likelihood(z, label).mean  # noqa: B018
        times.append(1000 * (time.perf_counter() - begun))
    return times[WARM:]


def summary(times: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(times):6.2f} / {statistics.quantiles(times, n=20)[-1]:<6.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=names())
    torch.set_num_threads(1)
    system = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    print(f"{'milliseconds, p50 / p95':30}{'decoder, page':>15} {'decoder, torch':>16} {'encoder, page':>16}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])
        page = browser.new_page()
        page.add_script_tag(content=ENGINE)
        for name in parser.parse_args().names:
            exported = export(vaecore.load(name, device="cpu").model)
            weights = base64.b64encode(exported.weights).decode()
            found = page.evaluate(TIME, [exported.networks, weights, WARM, RUNS // 10])
            decoder, bar = found["decoder"], BARS.get(name)
            said = "" if bar is None else f"bar {bar}: {'met' if statistics.median(decoder) <= bar else 'MISSED'}"
            print(f"{name:30}{summary(decoder)}  {summary(torch_times(name))}   {summary(found['encoder'])} {said}")
        browser.close()


if __name__ == "__main__":
    main()

"""Every page on a desktop, a tablet and a phone, light and dark: nothing sticks out, all can be read."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files

import pytest
from harness import LESSONS, PAGES, Visit, fitting, settle
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

pytestmark = pytest.mark.browser
WIDTHS = (1440, 820, 390)
AXED = (1440, 390)
SCHEMES = {"light": "rgb(252, 251, 248)", "dark": "rgb(20, 22, 28)"}
ELSEWHERE = ("stack?model=vae-mnist-2", "map?model=nonsense", "reconstruct?model=vae-mnist-2&data=/nowhere")
CHANGE = 600  # ms, within which all colours are those of the other scheme

# What scrolls sideways on purpose is left out, and so is what Streamlit draws within its own controls.
FAULTS = r"""() => {
  const SCROLLS = ".vc-strip, .stHtml:has(.vc-named), .vc-table, .vc-product, .films, [data-testid=stCode]";
  const CONTROLS = ["DataFrame", "Selectbox", "MultiSelect", "Slider"].map((one) => `[data-testid=st${one}]`);
  const OTHERS = CONTROLS;
  // A word of the glossary is within a line, which is no target's room; around it there is some, see `.vc-term::after`.
  const PRESSED = "button:not(.vc-term), a[href], input[type=range], summary, [role=slider], [role=button]";
  const LEAST = 4.5, FINGER = 24;
  const main = document.querySelector("[data-testid=stMain]"), room = main.getBoundingClientRect();
  const sidebar = document.querySelector("[data-testid=stSidebar][aria-expanded=true]");
  const found = [];

  function* within(root) {
    for (const part of root.children) {
      if (part.matches(OTHERS)) continue;
      yield part;
      yield* within(part);
      if (part.shadowRoot) yield* within(part.shadowRoot);
    }
  }
  const above = (part) => part.parentElement ?? part.getRootNode().host ?? null;
  function* upwards(part) { for (let each = part; each; each = above(each)) yield each; }
  const scrolled = (part) => [...upwards(part)].some((each) => each.matches(SCROLLS));
  const line = document.createRange();
  const leaks = (part, end) => [...part.childNodes].some((node) => {
    if (node.nodeType === 1 ? node.matches(OTHERS) : node.nodeType !== 3) return false;
    line.selectNode(node);
    const box = line.getBoundingClientRect();
    return box.width > 1 && box.right > end + 1;
  });
  const own = (part) => [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const said = (part) => part.innerText?.trim() || [...part.shadowRoot?.children ?? []].map(said).join("");
  const seen = (part) => {
    const box = part.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && part.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  };
  const name = (part) => `${part.localName}.${[...part.classList].filter((one) => !one.includes("emotion")).join(".")}`
    + `[${part.dataset?.testid ?? ""}] "${(part.innerText ?? "").trim().slice(0, 40)}"`;
  const tell = (what, part, ...sizes) => found.push(`${what}: ${name(part)} ${sizes.map((one) => +one.toFixed(2))}`);

  const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }), known = new Map();
  const channels = (color) => {
    if (!known.has(color)) {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = color;
      brush.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
      known.set(color, [red, green, blue, alpha / 255]);
    }
    return known.get(color);
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((one, index) => a * one + (1 - a) * below[index]);
  const paper = (part) => {
    const color = channels(getComputedStyle(part).backgroundColor);
    if (color[3] === 1) return color;
    const next = above(part);
    return next ? over(color, paper(next)) : [255, 255, 255];
  };
  const light = (color) => {
    const linear = (one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
    const [red, green, blue] = color.map((one) => linear(one / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (part) => {
    const [red, green, blue, alpha] = channels(getComputedStyle(part).color), below = paper(part);
    const opacity = [...upwards(part)].reduce((product, each) => product * getComputedStyle(each).opacity, alpha);
    const [low, high] = [over([red, green, blue, opacity], below), below].map(light).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  if (main.scrollWidth > main.clientWidth) tell("the page scrolls sideways", main, main.scrollWidth, main.clientWidth);
  for (const part of [...within(main), ...(sidebar ? within(sidebar) : [])]) {
    if (!(part instanceof HTMLElement) || !seen(part)) continue;
    const style = getComputedStyle(part), box = part.getBoundingClientRect();
    const wide = part.scrollWidth - part.clientWidth, tall = part.scrollHeight - part.clientHeight;
    const cuts = (way) => way === "hidden" || way === "clip", inline = ["inline", "contents"].includes(style.display);
    if (main.contains(part) && !scrolled(part) && (box.right > room.right + 1 || box.left < room.left - 1))
      tell("sticks out of the page", part, box.left, box.right, room.left, room.right);
    if (!inline && wide > 1 && !scrolled(part) && said(part))
      if (cuts(style.overflowX)) tell("is cut off", part, part.scrollWidth, part.clientWidth);
      else if (leaks(part, box.right)) tell("is wider than its room", part, part.scrollWidth, part.clientWidth);
    if (!inline && tall > 1 && cuts(style.overflowY) && said(part))
      tell("is cut off below", part, part.scrollHeight, part.clientHeight);
    if (own(part) && !part.closest(":disabled, [aria-disabled=true]") && contrast(part) < LEAST)
      tell("is hard to read", part, contrast(part));
    if (innerWidth < 640 && part.matches(PRESSED) && Math.min(box.width, box.height) < FINGER)
      tell("is too small for a finger", part, box.width, box.height);
  }
  return found;
}"""


# What those would say of a page who cannot see it, or not well, or have no mouse: nothing serious.
AXE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) =>
      `${id}: ${target.join(" ")} ${[...any, ...all, ...none].map((one) => one.message).join("; ")}`));
}"""


@pytest.fixture
def complaints(windows: Callable[[int, str], BrowserContext]) -> Iterator[list[str]]:
    """The errors that the console tells of."""
    window, found = windows(WIDTHS[0], "light"), []

    def take(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(message.text)

    window.on("console", take)
    yield found
    window.remove_listener("console", take)


@pytest.mark.parametrize("page", [*PAGES, *LESSONS])
def test_every_page_fits_and_can_be_read(visit: Visit, complaints: list[str], page: str) -> None:
    opened = visit(fitting(page), width=WIDTHS[0])
    assert opened.locator("h1").count() == 1
    assert opened.locator("[data-testid=stException]").count() == 0
    faults = faults_of(opened)
    assert not faults, "\n".join(faults)
    assert not complaints


@pytest.mark.parametrize("path", ELSEWHERE)
def test_what_a_page_cannot_show_is_said_so_that_it_can_be_read(visit: Visit, path: str) -> None:
    faults = faults_of(visit(path, width=WIDTHS[0]))
    assert not faults, "\n".join(faults)


def faults_of(page: Page) -> list[str]:
    """What is wrong with a page at any width, in either scheme."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, background in SCHEMES.items():
            wear(page, scheme, background)
            faults = page.evaluate(FAULTS)
            if faults:
                page.wait_for_timeout(CHANGE)
                faults = page.evaluate(FAULTS)
            if width in AXED:
                faults += axe(page)
            found += [f"{width} px, {scheme}: {fault}" for fault in faults]
    return found


def axe(page: Page) -> list[str]:
    """What axe finds serious or critical on a page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_source())
    return page.evaluate(AXE)


@cache
def axe_source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def wear(page: Page, scheme: str, background: str) -> None:
    """Change to a scheme, which is ours."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.wait_for_function(
        "color => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === color",
        arg=background,
    )
    settle(page)

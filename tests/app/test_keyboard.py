"""By keyboard alone: Tab comes by every control of a page and shows where it is; what it meets answers."""

from collections.abc import Callable

import pytest
from harness import LESSONS, PAGES, Visit, settle, stand_still
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
FITTING = {
    "generate": "cvae-digits-2",
    "interpolate": "cvae-digits-2",
    "conditional": "cvae-digits-2",
    "features": "sparse-kl-digits",
    "sensitivity": "contractive-digits",
    "stack": "stacked-digits",
    "hierarchy": "ladder-digits",
}
COMPONENTS = {"generate": ".sliders", "map": ".maps", "interpolate": ".paths", "posterior": ".ellipse"}

# What takes the focus, through shadow roots, and what can be seen of that: on itself or near by, for Streamlit draws
# a radio's ring beside its input, and a number's around it. Nothing moves meanwhile: a ring that fades in is late.
WATCH = """() => {
  const CONTROLS =
    "button, input, select, textarea, summary, a[href], [role=slider], [role=combobox], [tabindex='0'], canvas";
  const LOOKS = ["outlineStyle", "outlineColor", "boxShadow", "borderTopColor", "borderBottomColor", "backgroundColor"];
  function* all(root) {
    for (const each of root.querySelectorAll("*")) {
      yield each;
      if (each.shadowRoot) yield* all(each.shadowRoot);
    }
  }
  const look = (part) => {
    const around = [];
    for (let up = part.parentElement; up && around.length < 6; up = up.parentElement) around.push(up);
    const parts = [part, ...part.children, ...(part.parentElement?.children ?? []), ...around];
    return parts.flatMap((each) => LOOKS.map((name) => getComputedStyle(each)[name])).join();
  };
  const labels = (part) => [...(part.labels ?? [])].map((each) => each.textContent).join("");
  const named = (part) => {
    const ids = (part.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
    const said = ids.map((id) => part.getRootNode().getElementById(id)?.textContent ?? "").join("");
    return (part.ariaLabel || said || labels(part) || part.textContent || part.title).trim();
  };
  const inTable = (part) => (part.closest("[data-testid=stDataFrame]") ? "table " : "");
  const said = (part) => `${part.localName}${part.className ? `.${part.className}` : ""} ${named(part).slice(0, 40)}`;
  const told = (part) => inTable(part) + said(part);
  const style = document.createElement("style");
  style.textContent = "*, *::before, *::after { transition: none !important; animation: none !important }";
  document.head.append(style);
  const seen = new Set(), before = new Map();
  for (const each of all(document)) if (each.tabIndex >= 0) before.set(each, look(each));
  const group = (part) => part.closest("[role=radiogroup], [data-testid=stButtonGroup]");
  // The arrows of a list or a number do what its buttons do; those of a group walk in it; a canvas that has no tabindex
  // is a picture, or has its control beside it.
  const spared =
    "[data-testid=stSelectbox] button, [data-testid=stMultiSelect] button, [data-testid^=stNumberInputStep]";
  window.keyboard = {
    controls: () => [...all(document)].filter((each) =>
      each.matches(CONTROLS) && !each.matches(spared) && !each.disabled && each.getBoundingClientRect().width &&
      each.checkVisibility({ visibilityProperty: true }) && (each.localName !== "canvas" || each.onpointerdown)),
    next() {
      let part = document.activeElement;
      while (part?.shadowRoot?.activeElement) part = part.shadowRoot.activeElement;
      if (part === document.body || part === [...seen][0]) return null;
      seen.add(part);
      return { told: told(part), name: named(part), shows: before.get(part) !== look(part) };
    },
    missed() {
      const groups = new Set([...seen].map(group));
      return this.controls().filter((each) => !seen.has(each) && !(group(each) && groups.has(group(each)))).map(told);
    },
  };
  return keyboard.controls().length;
}"""
TABLE = "table "  # Streamlit's, which draws its own ring; Tab goes through a row's cells


def opened(visit: Visit, path: str) -> Page:
    page = visit(path)
    component = COMPONENTS.get(path.split("?")[0])
    if component:
        page.wait_for_selector(f"{component}[data-ready]")
    settle(page)
    stand_still(page)
    return page


@pytest.mark.parametrize("name", [*PAGES, *LESSONS])
def test_tab_comes_by_every_control(visit: Visit, name: str) -> None:
    model = FITTING.get(name, "vae-digits-2")
    page = opened(visit, f"{'' if name == 'start' else name}?model={model}")
    controls, stops = page.evaluate(WATCH), []
    for _ in range(2 * controls + 20):
        page.keyboard.press("Tab")
        stop = page.evaluate("keyboard.next()")
        if stop is None:
            break
        stops.append(stop)
    else:
        pytest.fail(f"Tab is trapped at {stops[-1]['told']}")
    assert len(stops) > 10
    assert page.evaluate("keyboard.missed()") == []
    own = [stop for stop in stops if not stop["told"].startswith(TABLE)]
    assert [stop["told"] for stop in own if not stop["name"]] == []
    assert [stop["told"] for stop in own if not stop["shows"]] == []


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the first such part has the focus."""
    part = page.locator(selector).first
    for _ in range(80):
        page.keyboard.press("Tab")
        if part.evaluate("part => part.getRootNode().activeElement === part"):
            return
    pytest.fail(f"Tab does not come to {selector}")


def address_has(words: str) -> Callable[[Page], None]:
    return lambda page: page.wait_for_url(f"**{words}*")


def shows(selector: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator(selector).first).to_be_visible()


Use = tuple[str, str, Callable[[Page], None]]  # what has the focus, the keys, and what they are to do
USES: dict[str, list[Use]] = {
    "generate?model=cvae-digits-2": [
        (".rows input", "ArrowRight", address_has("z1=51")),
        (".classes [tabindex='0']", "ArrowRight", address_has("label=4")),
        (".pad", "ArrowDown", address_has("z2=49")),
        ("button.reset", "Enter", address_has("z1=50&z2=50")),
    ],
    "map?model=vae-digits-2&draw=true": [
        (".pad canvas", "Space ArrowRight ArrowRight Space", address_has("drawing=")),
        (".maps .over", "ArrowRight", shows(".card")),
        (".maps .over", "Enter", shows(".gallery")),
    ],
    "interpolate?model=vae-digits-2": [
        (".handle", "ArrowRight", address_has("a_at=")),
        (".handle + .handle", "Shift+ArrowUp", address_has("b_at=")),
        ("button.play", "Enter", shows("button:text-is('Pause')")),
        (".player input", "ArrowRight", address_has("stop=")),
    ],
    "posterior?model=vae-digits-2": [(".ellipse .over", "ArrowRight", address_has("q="))],
    "interpolate?model=cvae-digits-2": [
        ("[data-testid=stButtonGroup] [role=radio]", "ArrowRight Space", address_has("from=Drawing"))
    ],
    "subspace": [("role=button[name='Step']", "Enter", address_has("step=1"))],
}


@pytest.mark.parametrize("path", USES)
def test_what_tab_comes_to_answers_to_keys(visit: Visit, path: str) -> None:
    page = opened(visit, path)
    page.set_default_timeout(5000)
    for part, keys, answers in USES[path]:
        if not page.locator(part).first.evaluate("part => part.getRootNode().activeElement === part"):
            tab_to(page, part)
        for key in keys.split():
            page.keyboard.press(key)
        answers(page)
        settle(page)

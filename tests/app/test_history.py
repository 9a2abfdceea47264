"""What the browser's Back button does: it leads to the page or the model before, however much was moved since."""

import re
from collections.abc import Callable

import pytest
from harness import Visit, pick, picked, settle
from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


def steps(page: Page) -> int:
    return page.evaluate("history.length")


def middle(part: Locator) -> tuple[float, float]:
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, part: Locator, across: float, down: float) -> None:
    x, y = middle(part)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=3)
    page.mouse.up()


def turn(page: Page) -> None:
    """Three gestures on Generate."""
    for number, key in enumerate(("ArrowRight", "PageUp", "ArrowUp")):
        page.get_by_role("slider", name="z₁").press(key)
        page.wait_for_url(f"**z1={(51, 61, 62)[number]}*")
        settle(page)


def bend(page: Page) -> None:
    """Three gestures on Interpolate."""
    for across in (30, 20, -40):
        before = page.url
        drag(page, page.locator(".handle").first, across, 20)
        page.wait_for_url(lambda address, before=before: address != before)
        settle(page)


def draw(page: Page) -> None:
    """Three strokes on the Map's canvas."""
    page.get_by_text("Draw on the map").click()
    page.wait_for_url("**draw=true*")
    settle(page)
    for number in range(3):
        before = page.url
        drag(page, page.locator(".paper"), 15 * number, 40 - 20 * number)
        page.wait_for_url(lambda address, before=before: address != before)
        settle(page)


def words(page: Page) -> str:
    """What the page says of its state."""
    return re.sub(r"\s+", " ", page.get_by_test_id("stMain").inner_text())


@pytest.mark.parametrize(
    ("name", "component", "move"),
    [
        ("Pictures from sliders", ".sliders", turn),
        ("Walk between pictures", ".paths", bend),
        ("Map of the codes", ".maps", draw),
    ],
)
def test_a_gesture_is_no_step_of_history(visit: Visit, name: str, component: str, move: Callable[[Page], None]) -> None:
    page = visit("reconstruct?model=vae-digits-2")
    page.get_by_text("Pictures", exact=True).click()
    page.get_by_role("menuitem", name=name).click()
    page.wait_for_selector(f"{component}[data-ready]")
    settle(page)
    before = steps(page)
    move(page)
    assert steps(page) == before
    address, said = page.url, words(page)
    page.reload()
    page.wait_for_selector(f"{component}[data-ready]")
    settle(page)
    assert (page.url, words(page)) == (address, said)
    page.go_back()
    page.wait_for_url("**/reconstruct?*")
    page.get_by_role("heading", name="Squeeze and rebuild", level=1).wait_for()


def test_back_shows_the_model_before(visit: Visit) -> None:
    page = visit("generate?model=cvae-digits-2&label=7")
    page.wait_for_selector(".sliders[data-ready]")
    before = steps(page)
    pick(page, "vae-digits-2")
    page.wait_for_url("**model=vae-digits-2*")
    settle(page)
    turn(page)
    assert steps(page) == before + 1
    page.go_back()
    page.wait_for_url("**model=cvae-digits-2*")
    page.get_by_role("radio", name="7", exact=True, checked=True).wait_for()
    settle(page)
    assert picked(page) == "cvae-digits-2"
    page.go_forward()
    page.wait_for_url("**model=vae-digits-2*")
    page.get_by_role("radio", name="7", exact=True).wait_for(state="detached")
    assert picked(page) == "vae-digits-2"

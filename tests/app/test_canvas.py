"""The canvas in a real browser: strokes by mouse and finger, undo and clear by keyboard."""

import numpy as np
import pytest
from harness import Visit, settle
from playwright.sync_api import Browser, ConsoleMessage, Page

from vaecore import serving

pytestmark = pytest.mark.browser
PAGE = "conditional?model=cvae-digits-2&from=a%20drawing"
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
BAR = [(0.4, 0.5), (0.65, 0.5)]
CLASSES = ".vc-family >> nth=0 >> .vc-all img"
# With a page in the address Streamlit asks for its own files below it first, and is told that they are not there.
OWN = "/_stcore/"


@pytest.fixture
def opened(visit: Visit) -> Page:
    """The page with an empty canvas."""
    page = visit(PAGE)
    page.wait_for_selector(".pad[data-ready]")
    return page


def place(page: Page, point: tuple[float, float]) -> tuple[float, float]:
    box = page.locator(".pad canvas").bounding_box()
    assert box is not None
    return box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"]


def stroke(page: Page, points: list[tuple[float, float]]) -> None:
    """Draw with the mouse."""
    page.locator(".pad canvas").scroll_into_view_if_needed()
    page.mouse.move(*place(page, points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, point), steps=6)
    page.mouse.up()


def ink(page: Page) -> int:
    """How many pixels of the canvas are not black."""
    return page.locator(".pad canvas").evaluate(
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
        ".data.filter((value, i) => i % 4 === 3 && value > 0).length"
    )


def drawn(page: Page) -> list[np.ndarray]:
    """The strokes in the address."""
    words = page.evaluate("new URL(location).searchParams.get('drawing')")
    return serving.unpack_drawing(words or "")


def wait_for_strokes(page: Page, count: int) -> None:
    """Wait until so many strokes are in the address, which Python writes."""
    page.wait_for_function(
        "count => (new URL(location).searchParams.get('drawing') || '').split('.').filter(Boolean).length === count",
        arg=count,
    )
    settle(page)


def test_a_stroke_shows_every_class(opened: Page) -> None:
    errors: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and OWN not in message.location["url"]:
            errors.append(message.text)

    opened.on("console", listen)
    assert opened.locator(".vc-family").count() == 0
    stroke(opened, SEVEN)
    assert ink(opened) > 0
    wait_for_strokes(opened, 1)
    opened.wait_for_selector(".vc-family")
    assert opened.locator(CLASSES).count() == 10
    assert opened.evaluate("[...document.querySelectorAll('.vc-family img')].every(image => image.naturalWidth > 0)")
    np.testing.assert_allclose(drawn(opened)[0], SEVEN, atol=0.01)
    assert "7 is likeliest" in opened.locator(".vc-ballot").inner_text()
    assert opened.locator("[data-testid=stException]").count() == 0
    assert not errors


def test_python_hears_of_a_stroke_once_it_has_ended(opened: Page) -> None:
    opened.mouse.move(*place(opened, SEVEN[0]))
    opened.mouse.down()
    opened.mouse.move(*place(opened, SEVEN[1]), steps=10)
    opened.wait_for_timeout(400)
    assert ink(opened) > 0
    assert not drawn(opened)
    opened.mouse.up()
    wait_for_strokes(opened, 1)


def test_undo_and_clear_by_keyboard(opened: Page) -> None:
    stroke(opened, SEVEN)
    wait_for_strokes(opened, 1)
    whole = ink(opened)
    stroke(opened, BAR)
    wait_for_strokes(opened, 2)
    assert ink(opened) > whole
    undo, clear = (opened.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    undo.focus()
    opened.keyboard.press("Enter")
    wait_for_strokes(opened, 1)
    assert ink(opened) == whole
    opened.keyboard.press("Tab")
    assert clear.evaluate("button => button.matches(':focus-visible')")
    assert clear.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    opened.keyboard.press("Space")
    wait_for_strokes(opened, 0)
    assert ink(opened) == 0
    opened.wait_for_selector(".vc-family", state="detached")


def test_it_says_what_it_is(opened: Page) -> None:
    assert opened.get_by_role("img", name="Draw a digit here").count() == 1
    stroke(opened, BAR)
    assert opened.locator(".said").text_content() == "1 stroke"
    assert opened.locator(".said").get_attribute("role") == "status"


def test_a_drawing_is_there_again_from_its_address_and_after_other_pages(opened: Page, visit: Visit) -> None:
    stroke(opened, SEVEN)
    stroke(opened, BAR)
    wait_for_strokes(opened, 2)
    other = visit(opened.url.split("/", 3)[3])
    other.wait_for_selector(".pad[data-ready]")
    assert ink(other) == pytest.approx(ink(opened), rel=0.01)
    other.get_by_text("the prior", exact=True).click()
    other.wait_for_selector(".pad", state="detached")
    wait_for_strokes(other, 0)
    other.get_by_text("a drawing", exact=True).click()
    wait_for_strokes(other, 2)
    assert ink(other) == pytest.approx(ink(opened), rel=0.01)
    stroke(other, BAR)
    wait_for_strokes(other, 3)


def test_a_finger_draws_and_does_not_scroll(browser: Browser, server: str) -> None:
    """Touches as the device sends them, on a window that scrolls."""
    context = browser.new_context(viewport={"width": 390, "height": 640}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{server}/{PAGE}")
    page.wait_for_selector(".pad[data-ready]")
    settle(page)
    page.locator(".pad canvas").scroll_into_view_if_needed()
    top = page.locator(".pad canvas").bounding_box()["y"]
    device = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(place(page, each) for each in points)]
        device.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})

    touch("Start", (0.5, 0.2))
    for step in range(1, 8):
        touch("Move", (0.5, 0.2 + 0.08 * step))
    touch("Start", (0.5, 0.76), (0.9, 0.9))  # a second finger draws nothing
    touch("Move", (0.5, 0.8), (0.1, 0.9))
    touch("End")
    wait_for_strokes(page, 1)
    (line,) = drawn(page)
    np.testing.assert_allclose(line[[0, -1]], [(0.5, 0.2), (0.5, 0.8)], atol=0.02)
    assert page.locator(".pad canvas").bounding_box()["y"] == top
    context.close()

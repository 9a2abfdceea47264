"""The path studio in a real browser: ends that are dragged, films that follow, the player, the address."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from harness import Visit, pick, settle
from playwright.sync_api import Browser, Locator, Page

import vaecore
from vaecore import serving
from vaecore.browser import TOKENS, component

pytestmark = pytest.mark.browser
COMPONENT = component("paths")
PIXELS = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)"""
Mount = Callable[[dict[str, Any]], Page]


def opened(visit: Visit, query: str, **window: Any) -> Page:  # noqa: ANN401
    page = visit(f"interpolate?{query}", **window)
    page.wait_for_selector(".paths[data-ready]")
    settle(page)
    return page


def asked(page: Page) -> dict[str, str]:
    """What the address says."""
    return {key: values[0] for key, values in parse_qs(urlparse(page.url).query).items()}


def film(page: Page, number: int = 0) -> np.ndarray:
    """The pixels of a film of digits: the one that is looked at, its nearest images, the others."""
    return np.array(page.locator(".grid div canvas").nth(number).evaluate(PIXELS)).reshape(32, -1)


def decoded(model: str, codes: np.ndarray) -> np.ndarray:
    """What torch makes of digits' codes, as a film: 4 pixels for one, gaps of 2 left out."""
    images = 255 * vaecore.load(model, device="cpu").decode(codes)[:, 0].clip(0, 1)
    return np.concatenate(list(images.repeat(4, 1).repeat(4, 2)), axis=1)


def without_gaps(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, np.arange(pixels.shape[1]) % 34 < 32]


def around(page: Page) -> list[list[str]]:
    """The captions below the nearest images and in the row of neighbours."""
    return page.locator("ol").evaluate_all(
        "lists => lists.map(list => [...list.children].map(each => each.textContent))"
    )


def middle(part: Locator) -> tuple[float, float]:
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def grasp(page: Page, end: int) -> None:
    page.mouse.move(*middle(page.locator(".handle").nth(end)))
    page.mouse.down()


def drag_to(page: Page, across: float, down: float) -> None:
    """Move what is held to a place of the plane, in shares of its side."""
    box = page.locator(".over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=4)
    page.wait_for_timeout(100)


def line_of(page: Page, model: str, kind: str, steps: int = 11) -> np.ndarray:
    """The codes of a path whose A the address has, and whose B is the first 8."""
    own, tests = vaecore.load(model, device="cpu"), vaecore.dataset("digits", "test")
    b = own.encode(tests.images[np.flatnonzero(tests.labels == 8)[:1]])[0]
    a = np.array([float(word) for word in asked(page)["a_at"].split()], np.float32)
    return own.interpolate(a, b, steps, kind)


@pytest.mark.parametrize(("path", "kind"), [("Straight", "linear"), ("Spherical", "spherical")])
def test_films_follow_an_end_that_is_dragged(visit: Visit, path: str, kind: str) -> None:
    page = opened(visit, f"model=vae-digits-2&path={path}")
    seen = [film(page)]
    grasp(page, 0)
    for across, down in ((0.4, 0.3), (0.3, 0.6)):
        drag_to(page, across, down)
        seen.append(film(page))
        assert (seen[-1] != seen[-2]).any()
    assert "a_at" not in asked(page)
    live, said = film(page), around(page)
    page.mouse.up()
    page.wait_for_url("**a_at=*")
    page.wait_for_selector(".paths[data-ready]")
    settle(page)
    assert asked(page)["a_from"] == "Map"
    assert page.locator(".stale").count() == 0
    assert around(page) == said  # what the page has computed, Python computes too
    np.testing.assert_allclose(without_gaps(live), decoded("vae-digits-2", line_of(page, "vae-digits-2", kind)), atol=1)
    np.testing.assert_allclose(film(page), live, atol=1)
    again = opened(visit, page.url.split("interpolate?")[1])
    np.testing.assert_array_equal(film(again), film(page))
    assert around(again) == said


def test_what_waits_for_the_end_of_a_gesture_is_pale(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2&path=Through the data")
    before = film(page)
    grasp(page, 1)
    drag_to(page, 0.2, 0.2)
    assert page.locator(".stale").count() == 4  # the film, its nearest images, their number, the density
    np.testing.assert_array_equal(film(page), before)
    page.mouse.up()
    page.wait_for_url("**b_at=*")
    page.wait_for_selector(".stale", state="detached")
    settle(page)
    assert (film(page) != before).any()


def test_a_conditional_model_is_told_what_a_is(visit: Visit) -> None:
    page = opened(visit, "model=cvae-digits-2")
    grasp(page, 0)
    drag_to(page, 0.45, 0.7)
    live = film(page)
    page.mouse.up()
    page.wait_for_url("**a_at=*")
    settle(page)
    page.wait_for_selector(".paths[data-ready]")
    np.testing.assert_allclose(film(page), live, atol=1)


def test_the_keyboard_moves_an_end_and_escape_brings_it_back(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2&a_from=Map&a_at=0 0")
    handle = page.get_by_role("button", name=re.compile("^A, z ="))
    handle.focus()
    page.keyboard.down("ArrowRight")
    page.keyboard.down("ArrowRight")
    page.wait_for_timeout(100)
    assert asked(page)["a_at"] == "0 0"
    page.keyboard.press("Escape")
    page.keyboard.up("ArrowRight")
    page.wait_for_timeout(300)
    assert asked(page)["a_at"] == "0 0"
    assert "A: z = (0.00, 0.00)" in page.locator(".map figcaption").inner_text()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda address: "a_at=0&" not in address and "a_at=0+0" not in address)
    settle(page)
    across, up = (float(word) for word in asked(page)["a_at"].split())
    assert across > 0
    assert up == pytest.approx(0, abs=1e-9)
    page.keyboard.press("Shift+ArrowUp")
    page.wait_for_function("before => !location.search.includes(before)", arg=f"a_at={across:g}+0&")
    settle(page)
    assert float(asked(page)["a_at"].split()[1]) == pytest.approx(10 * across, rel=0.01)


def test_a_finger_drags_an_end_and_does_not_scroll(browser: Browser, server: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 640}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{server}/interpolate?model=vae-digits-2")
    page.wait_for_selector(".paths[data-ready]")
    settle(page)
    page.locator(".plane").scroll_into_view_if_needed()
    plane, (x, y) = page.locator(".plane").bounding_box(), middle(page.locator(".handle").nth(1))
    assert plane is not None
    device = context.new_cdp_session(page)
    for kind, up in [("Start", 0), *(("Move", 12 * step) for step in range(1, 6)), ("End", 0)]:
        points = [] if kind == "End" else [{"x": x, "y": y - up, "id": 0}]
        device.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    page.wait_for_url("**b_at=*")
    settle(page)
    after = page.locator(".plane").bounding_box()
    assert after is not None
    assert after == pytest.approx(plane, abs=1)
    assert asked(page)["b_from"] == "Map"
    context.close()


def test_a_longer_code_has_its_ends_at_images(visit: Visit) -> None:
    laid = serving.maps.latent_map(vaecore.load("pca-digits", device="cpu"))
    page = opened(visit, "model=pca-digits")
    grasp(page, 0)
    drag_to(page, 0.6, 0.3)
    said = page.locator(".pictures figcaption").nth(1).inner_text()
    assert page.locator(".stale").count() >= 3
    page.mouse.up()
    page.wait_for_url("**a_at=*")
    settle(page)
    row = int(asked(page)["a_at"])
    assert laid.labels is not None
    assert said == f"A at test image {row}, {laid.labels[laid.index == row][0]}"
    page.locator(".handle").first.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("row => !location.search.includes(`a_at=${row}&`)", arg=row)
    settle(page)
    places = serving.paths.projection(laid.codes).places(laid.codes)
    went = [places[laid.index == number][0] for number in (row, int(asked(page)["a_at"]))]
    assert went[1][0] < went[0][0]


def test_a_click_on_the_plane_brings_the_nearer_end(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2&a_from=Map&a_at=-1 0&b_from=Map&b_at=1 0")
    (ax, ay), (bx, _) = (middle(page.locator(".handle").nth(end)) for end in (0, 1))
    page.mouse.click(ax + 0.8 * (bx - ax), ay - 60)
    page.wait_for_function("!location.search.includes('b_at=1+0')")
    settle(page)
    assert asked(page)["a_at"] == "-1 0"
    assert float(asked(page)["b_at"].split()[1]) > 0


def test_the_player_is_scrubbed_and_played(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2&steps=9")
    assert "stop" not in asked(page)
    step = page.get_by_role("slider", name="Step", exact=True)
    assert step.input_value() == "4"
    step.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**stop=6*")
    settle(page)
    assert "step 6 of 9" in page.locator(".pictures figcaption").first.inner_text()
    assert page.locator("li.now").first.inner_text() == "62%"
    large = np.array(page.locator(".pictures canvas").first.evaluate(PIXELS)).reshape(8, 8)
    np.testing.assert_array_equal(large, film(page)[1::4, 5 * 34 + 1 : 5 * 34 + 32 : 4])
    page.get_by_role("button", name="Play").press("Enter")
    page.wait_for_timeout(450)
    assert asked(page)["stop"] == "6"
    page.get_by_role("button", name="Pause").press("Enter")
    page.wait_for_url(lambda address: "stop=6" not in address)
    settle(page)
    assert int(asked(page)["stop"]) - 1 == int(step.input_value())
    page.locator(".grid div canvas").first.click(position={"x": 4, "y": 10})
    page.wait_for_url("**stop=1*")


def test_nothing_moves_by_itself_where_motion_is_not_wanted(browser: Browser, server: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{server}/interpolate?model=vae-digits-2")
    page.wait_for_selector(".paths[data-ready]")
    assert not page.locator(".play").is_visible()
    assert page.get_by_role("slider", name="Step", exact=True).is_visible()
    context.close()


def test_the_ends_are_there_again_after_other_pages_and_follow_another_model(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2&a_from=Map&a_at=0.5 -1&stop=3")
    page.get_by_text("Pictures", exact=True).click()
    page.get_by_role("menuitem", name="Map of the codes").click()
    page.wait_for_url("**/map?*")
    settle(page)
    page.get_by_text("Pictures", exact=True).click()
    page.get_by_role("menuitem", name="Walk between pictures").click()
    page.wait_for_url("**/interpolate?*a_at=0.5*")
    page.wait_for_selector(".paths[data-ready]")
    settle(page)
    assert "A: z = (0.50, −1.00)" in page.locator(".map figcaption").inner_text()
    pick(page, "ae-digits-2")
    page.wait_for_url("**model=ae-digits-2*")
    settle(page)
    page.wait_for_selector(".paths[data-ready]")
    assert (asked(page)["a_at"], asked(page)["stop"]) == ("0.5 -1", "3")
    np.testing.assert_allclose(
        without_gaps(film(page)), decoded("ae-digits-2", line_of(page, "ae-digits-2", "linear")), atol=1
    )


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (820, "dark"), (390, "light")])
@pytest.mark.parametrize("model", ["vae-digits-2", "pca-digits"])
def test_nothing_is_wider_than_its_room(visit: Visit, model: str, width: int, scheme: str) -> None:
    page = opened(visit, f"model={model}&steps=17&a_from=Map&b_from=Drawing", width=width, scheme=scheme)
    wider = """() => [...document.querySelectorAll('[data-testid=stMain] [data-testid=stColumn], [data-testid=stMain]')]
      .filter(part => part.scrollWidth > part.clientWidth + 1).length"""
    assert page.evaluate(wider) == 0


@pytest.fixture
def mount(browser: Browser) -> Iterator[Mount]:
    """The component alone on a page, without Streamlit: `told` holds what it told Python."""
    page = browser.new_page(viewport={"width": 900, "height": 1200})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(f"<style>{TOKENS.read_text()}{COMPONENT.css}</style><div id=here>{COMPONENT.html}</div>")
    page.add_script_tag(content=COMPONENT.js.replace("export default", "window.component ="))
    page.evaluate("window.told = []")

    def update(data: dict[str, Any]) -> Page:
        page.evaluate(
            """data => component({ data, parentElement: document.getElementById("here"),
            setStateValue: (_, stand) => told.push(stand) })""",
            data,
        )
        page.wait_for_timeout(60)
        return page

    yield update
    page.close()
    assert errors == []


def packed(values: np.ndarray) -> str:
    return f"data:application/octet-stream;base64,{base64.b64encode(values.astype('<f4').tobytes()).decode()}"


def ground(**more: object) -> dict[str, Any]:
    points = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [0, 0]])
    return {
        "points": packed(points), "free": True, "axes": ["a", "b"], "radius": 1.0, "usual": 2.0,
        "index": [7, 8, 9, 10, 11], "labels": None, "names": [], "colors": ["#3f90da"], "inks": ["#ffffff"],
        "atlas": None, "columns": 5, "made": False,
    } | more  # fmt: skip


def data(**more: object) -> dict[str, Any]:
    """What Python tells of a path of three steps from (-1, 0) to (1, 0) over four corners and their middle."""
    line = [[-1, 0], [-0.5, 0], [0, 0], [0.5, 0], [1, 0]]
    around = {"nearest": [0, 4, 1], "distances": [1, 0, 1], "neighbours": [2, 1, 2], "density": [1, 0.7, 0.6, 0.7, 1]}
    dot = "data:image/gif;base64,R0lGODlhAQABAIAAAP///////yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
    way = {"kind": "linear", "title": "Straight", "note": "a line", "trouble": "", "film": dot, "line": line, **around}
    return {
        "steps": 3, "fine": 2, "step": 1, "turn": 0, "shape": [1, 1, 1], "shares": ["0%", "50%", "100%"], "ways": [way],
        "ends": [{"title": "one", "place": [-1, 0], "point": 0}, {"title": "two", "place": [1, 0], "point": 1}],
        "label": None, "follows": False, "ground": ground(), "network": None, "weights": None,
    } | more  # fmt: skip


def test_an_answer_to_an_earlier_move_takes_nothing_back(mount: Mount) -> None:
    page = mount(data(turn=4))
    handle = page.locator(".handle").first
    handle.focus()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(40)
    assert page.evaluate("told.map(each => each.turn)") == [5, 6]
    stands = page.locator(".map figcaption").inner_text()
    mount(data(turn=5))
    assert page.locator(".map figcaption").inner_text() == stands
    mount(data(turn=6))  # Python has the last word
    assert page.locator(".map figcaption").inner_text() == "A: one · B: two"


def test_both_ends_are_told_until_python_knows(mount: Mount) -> None:
    page = mount(data())
    for end in (0, 1):
        page.locator(".handle").nth(end).focus()
        page.keyboard.press("ArrowUp")
    assert page.evaluate("told.map(each => Object.keys(each.ends).join())") == ["a", "a,b"]


def test_a_held_key_is_one_gesture_and_ends_with_the_focus(mount: Mount) -> None:
    page = mount(data())
    page.locator(".handle").first.focus()
    for _ in range(4):
        page.keyboard.down("ArrowUp")
    assert page.evaluate("told.length") == 0
    page.locator(".handle").nth(1).focus()
    assert page.evaluate("told.length") == 1
    assert float(page.evaluate("told[0].ends.a").split()[1]) == pytest.approx(4 * 2.24 / 80, rel=0.01)


def test_a_press_that_moves_nothing_tells_nothing(mount: Mount) -> None:
    page = mount(data())
    page.mouse.move(*middle(page.locator(".handle").first))
    page.mouse.down()
    page.mouse.up()
    assert page.evaluate("told.length") == 0


def test_another_pointer_moves_nothing(mount: Mount) -> None:
    page = mount(data())
    grasp(page, 0)
    drag_to(page, 0.3, 0.3)
    said = page.locator(".map figcaption").inner_text()
    for kind in ("pointermove", "pointerup", "pointercancel"):
        page.locator(".handle").nth(0).dispatch_event(kind, {"pointerId": 77, "clientX": 5, "clientY": 5})
    assert page.locator(".map figcaption").inner_text() == said
    page.mouse.up()
    assert page.evaluate("told.length") == 1


def test_another_model_ends_a_gesture(mount: Mount) -> None:
    page = mount(data())
    grasp(page, 0)
    drag_to(page, 0.3, 0.3)
    mount(data(ground=ground(points=packed(np.eye(2))), turn=0))
    assert page.locator(".map figcaption").inner_text() == "A: one · B: two"
    page.mouse.up()
    assert page.evaluate("told.length") == 0


def test_without_real_codes_there_are_films_and_a_player(mount: Mount) -> None:
    ways = [*data()["ways"], {"kind": "data", "title": "Data", "note": "", "trouble": "There is none.", "film": None}]
    for name in ("line", "nearest", "distances", "neighbours", "density"):
        ways[0].pop(name)
    page = mount(data(ground=None, ways=ways))
    assert not page.locator(".map").is_visible()
    assert page.locator(".grid").inner_text().split("\n")[-1] == "There is none."
    assert page.locator(".grid div canvas").count() == 1
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("told.at(-1).step") == 2
    mount(data(ground=None, ways=ways[::-1]))  # the one that cannot be had is looked at
    assert page.locator(".paths").get_attribute("data-ready") == "true"


def test_what_is_said_of_a_step(mount: Mount) -> None:
    page = mount(data(ground=ground(labels=[0, 1, 0, 1, 0], names=["left", "right"])))
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    said = "nearest: test image 7, left, at 1.0; 2 neighbours"
    assert page.get_by_role("slider").get_attribute("aria-valuetext") == f"step 1 of 3, {said}"
    assert around(page)[1:] == [["left\n7", "left\n11", "right\n8"], ["2", "1", "2"]]


def test_weights_that_do_not_come_leave_films_pale_until_python_answers(mount: Mount) -> None:
    page = mount(data(weights="http://127.0.0.1:9/nobody", network={}))
    grasp(page, 0)
    drag_to(page, 0.3, 0.3)
    assert page.locator(".stale canvas").count() == 1  # the numbers are known here
    assert around(page)[2][0] == "2"
    page.mouse.up()
    mount(data(turn=1, weights="http://127.0.0.1:9/nobody", network={}))
    assert page.locator(".stale").count() == 0

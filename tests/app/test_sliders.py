"""The sliders of a code in a real browser: what moves decodes at once, and the address follows when it ends."""

import base64
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from harness import Visit, pick, settle
from playwright.sync_api import Browser, Locator, Page

import vaecore
from vaecore.browser import TOKENS, component

pytestmark = pytest.mark.browser
COMPONENT = component("sliders")
PIXELS = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)"""


def pixels(page: Page) -> np.ndarray:
    """The red of every pixel of the decoded image."""
    return np.array(page.locator(".decoded canvas").evaluate(PIXELS))


def percents(page: Page) -> dict[str, float]:
    """Where the sliders stand, as the address says."""
    return {key: float(value) for key, value in re.findall(r"(z\d+)=([\d.]+)", page.url)}


def box(part: Locator) -> tuple[float, float, float, float]:
    part.scroll_into_view_if_needed()
    found = part.bounding_box()
    assert found is not None
    return found["x"], found["y"], found["width"], found["height"]


def opened(visit: Visit, query: str) -> Page:
    page = visit(f"generate?{query}")
    page.wait_for_selector(".sliders[data-ready]")
    return page


def expected(model: str, at: dict[str, float], label: int | None = None) -> np.ndarray:
    """What torch decodes at percents of the prior."""
    own = vaecore.load(model, device="cpu")
    places = np.array([at.get(f"z{i + 1}", 50.0) for i in range(own.latent)])
    ends = own.quantiles(np.linspace(0, 1, 101).clip(0.005, 0.995))
    code = np.array([np.interp(place, np.arange(101), ends[:, i]) for i, place in enumerate(places)], np.float32)
    image = own.decode(code[None], None if label is None else np.array([label]))[0, 0]
    return 255 * np.clip(image, 0, 1).ravel()


def test_the_picture_follows_the_slider_and_the_address_its_end(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2&z2=80")
    seen = [pixels(page)]
    x, y, width, height = box(page.locator(".rows input").first)
    page.mouse.move(x + width / 2, y + height / 2)
    page.mouse.down()
    for share in (0.6, 0.75, 0.9):
        page.mouse.move(x + share * width, y + height / 2)
        seen.append(pixels(page))
    assert all((before != after).any() for before, after in pairwise(seen))
    assert percents(page) == {"z2": 80}
    page.mouse.up()
    page.wait_for_url("**z1=*")
    at = percents(page)
    assert at["z1"] == pytest.approx(90, abs=4)
    np.testing.assert_allclose(pixels(page), expected("vae-digits-2", at), atol=1)
    again = opened(visit, page.url.split("?")[1])
    np.testing.assert_array_equal(pixels(again), pixels(page))


def test_the_mark_is_dragged_over_the_plane(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2")
    page.get_by_role(
        "slider", name="z₁"
    ).focus()  # which the pointer takes away: the end of a key's gesture, not of this
    x, y, width, height = box(page.locator(".pad"))
    page.mouse.move(x + 0.5 * width, y + 0.5 * height)
    page.mouse.down()
    page.mouse.move(x + 0.25 * width, y + 0.25 * height, steps=5)
    moved = pixels(page)
    page.mouse.up()
    page.wait_for_url("**z1=*")
    at = percents(page)
    assert (at["z1"], at["z2"]) == (pytest.approx(24.4, abs=1), pytest.approx(75.6, abs=1))
    np.testing.assert_array_equal(pixels(page), moved)
    mark, pad = page.locator(".pad i"), page.locator(".pad")
    assert box(mark)[0] + box(mark)[2] / 2 - box(pad)[0] == pytest.approx(0.25 * width, abs=3)


def test_every_class_is_one_press_away(visit: Visit) -> None:
    page = opened(visit, "model=cvae-digits-2&label=4&z1=20")
    np.testing.assert_allclose(pixels(page), expected("cvae-digits-2", {"z1": 20}, 4), atol=1)
    page.get_by_role("radio", name="7", exact=True).click()
    np.testing.assert_allclose(pixels(page), expected("cvae-digits-2", {"z1": 20}, 7), atol=1)
    page.wait_for_url("**label=7*")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**label=8*")
    assert page.get_by_role("radio", name="8", exact=True).get_attribute("aria-checked") == "true"
    assert percents(page) == {"z1": 20}


def test_a_keyboard_moves_everything(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2")
    page.get_by_role("slider", name="z₁").focus()
    for key in ("ArrowRight", "ArrowUp", "PageUp"):
        page.keyboard.press(key)
    page.wait_for_url("**z1=62*")
    page.locator(".pad").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**z2=49*")
    page.get_by_role("button", name="Reset").press("Enter")
    page.wait_for_url("**z1=50&z2=50*")


def test_a_draw_moves_every_number_and_an_animation_stops_where_it_is(visit: Visit) -> None:
    page = opened(visit, "model=cvae-mnist-16")
    page.get_by_role("button", name="Random").click()
    page.wait_for_url(lambda address: address.count("&z") > 12)  # those without a slider too
    settle(page)
    page.get_by_role("button", name="Animate").click()
    before = pixels(page)
    page.wait_for_function("before => document.querySelector('[data-testid=stMain]').textContent !== before", arg="")
    page.wait_for_timeout(400)
    assert (pixels(page) != before).any()
    page.get_by_role("button", name="Stop").click()
    settle(page)
    stands = pixels(page)
    page.wait_for_timeout(200)
    np.testing.assert_array_equal(pixels(page), stands)
    np.testing.assert_allclose(stands, expected("cvae-mnist-16", percents(page), 3), atol=2)


def test_a_native_control_beside_them_keeps_its_place_in_the_address(visit: Visit) -> None:
    page = opened(visit, "model=pca-digits&all=true&temperature=0.5")
    page.get_by_role("slider", name="z₃", exact=True).press("ArrowRight")
    page.wait_for_url("**z3=51*")
    settle(page)
    assert page.locator("[data-testid=stException]").count() == 0
    assert "all=true" in page.url


def test_whoever_comes_back_finds_the_address_as_it_was(visit: Visit) -> None:
    page = opened(visit, "model=cvae-digits-2&z1=80&label=7")
    page.get_by_text("Pictures", exact=True).click()
    page.get_by_role("menuitem", name="Map of the codes").click()
    page.wait_for_url("**/map?*")
    settle(page)
    page.get_by_text("Pictures", exact=True).click()
    page.get_by_role("menuitem", name="Pictures from sliders").click()
    page.wait_for_url("**/generate?*z1=80*")
    settle(page)
    assert "label=7" in page.url
    page.wait_for_selector(".sliders[data-ready]")
    np.testing.assert_allclose(pixels(page), expected("cvae-digits-2", {"z1": 80}, 7), atol=1)


def test_another_model_ends_an_animation(visit: Visit) -> None:
    page = opened(visit, "model=cvae-digits-2&label=4")
    page.get_by_role("button", name="Animate").click()
    pick(page, "vae-digits-2")
    page.wait_for_url("**model=vae-digits-2*")
    settle(page)
    page.get_by_role("button", name="Animate").wait_for()  # it said Stop
    page.get_by_role("slider", name="z₂").press("ArrowLeft")
    page.wait_for_url("**z2=*")
    settle(page)
    assert page.locator("[data-testid=stException]").count() == 0
    np.testing.assert_allclose(pixels(page), expected("vae-digits-2", percents(page)), atol=1)


def test_another_model_takes_the_sliders_over(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2&z1=80")
    pick(page, "ae-digits-2")
    page.wait_for_url("**model=ae-digits-2*")
    settle(page)
    np.testing.assert_allclose(pixels(page), expected("ae-digits-2", {"z1": 80}), atol=1)
    assert percents(page) == {"z1": 80}


@pytest.fixture
def mount(browser: Browser) -> Iterator[Callable[[dict[str, Any]], Page]]:
    """The component alone on a page, without Streamlit: `told` holds what it told Python."""
    page = browser.new_page()
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
        return page

    yield update
    page.close()
    assert errors == []


def data(**more: object) -> dict[str, Any]:
    """What Python tells of a code of two numbers and images of 2 x 2 pixels, as `sliders` does."""
    column = np.linspace(-1, 1, 101).tolist()
    return {
        "middle": [0, 0], "quantiles": {0: column, 1: column}, "shown": [0, 1], "names": ["a", "b"],
        "classes": [], "label": None, "percents": {}, "turn": 0, "shape": [1, 2, 2], "network": None, "weights": None,
        "picture": [0, 0.2, 0.4, 1.5], "plane": None,
    } | more  # fmt: skip


def decoding(**more: object) -> dict[str, Any]:
    """The same with a decoder for the page, that of vae-digits-2."""
    own = vaecore.load("vae-digits-2", device="cpu")
    exported = own.exported("decoder")
    assert exported is not None
    columns = own.quantiles(np.linspace(0, 1, 101).clip(0.005, 0.995))
    weights = "data:application/octet-stream;base64," + base64.b64encode(exported.weights).decode()
    told = {"network": exported.networks["decoder"], "weights": weights, "shape": [1, 8, 8]}
    return data(quantiles={i: columns[:, i].tolist() for i in range(2)}, **(told | more))


def test_where_the_page_cannot_decode_the_server_is_asked_while_it_moves(
    mount: Callable[[dict[str, Any]], Page],
) -> None:
    page = mount(data())
    assert pixels(page).tolist() == [0, 51, 102, 255]
    x, y, width, height = box(page.locator(".rows input").first)
    page.mouse.move(x + width / 2, y + height / 2)
    page.mouse.down()
    page.mouse.move(x + 0.8 * width, y + height / 2, steps=3)
    page.wait_for_function("told.length > 0")
    first = page.evaluate("told[0]")
    assert (first["percents"]["0"] > 60, first["label"]) == (True, None)
    mount(data(picture=[1, 1, 0, 0], percents={0: 55}))  # the answer, while the pointer is elsewhere already
    assert pixels(page).tolist() == [255, 255, 0, 0]
    assert float(page.locator(".rows input").first.input_value()) > 60
    page.mouse.up()
    assert page.evaluate("told.at(-1).percents[0]") == pytest.approx(80, abs=4)


def test_an_answer_to_an_earlier_move_takes_nothing_back(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(data(turn=4))
    slider = page.locator(".rows input").first
    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)  # longer than the server would be asked after
    assert page.evaluate("told.map(each => [each.turn, each.percents[0]])") == [[5, 51], [6, 52]]
    mount(data(turn=5, percents={0: 51}))
    assert float(slider.input_value()) == 52
    mount(data(turn=6, percents={0: 30}))  # Python has the last word
    assert float(slider.input_value()) == 30


def test_a_held_key_is_one_gesture(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(decoding())
    page.wait_for_function("document.querySelector('canvas').width === 8")
    slider = page.locator(".rows input").first
    slider.focus()
    for _ in range(5):
        page.keyboard.down("ArrowRight")
    assert float(slider.input_value()) == 55
    assert page.evaluate("told.length") == 0
    page.keyboard.up("ArrowRight")
    assert page.evaluate("told.map(each => each.percents[0])") == [55]


def test_a_key_whose_end_is_not_seen_ends_with_the_focus(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(decoding())
    page.locator(".rows input").first.focus()
    page.keyboard.down("ArrowRight")
    page.locator(".rows input").nth(1).focus()
    assert page.evaluate("told.map(each => each.percents[0])") == [51]


def test_a_hand_on_a_slider_stops_the_animation(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(decoding())
    page.get_by_role("button", name="Animate").click()
    page.wait_for_timeout(100)
    slider = page.locator(".rows input").first
    x, y, width, height = box(slider)
    page.mouse.move(x + 0.9 * width, y + height / 2)
    page.mouse.down()
    held = slider.input_value()
    page.wait_for_timeout(200)
    assert slider.input_value() == held
    page.mouse.up()
    page.get_by_role("button", name="Animate").wait_for()


def test_weights_that_do_not_come_leave_the_server_to_decode(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(decoding(weights="data:text/plain,short", picture=[1.0] * 64))
    page.wait_for_function("document.querySelector('canvas').width === 8")
    assert pixels(page).tolist() == [255] * 64
    mount(decoding())
    page.wait_for_timeout(300)
    np.testing.assert_allclose(pixels(page), expected("vae-digits-2", {}), atol=1)


def test_a_server_that_sends_no_pictures_is_told_that_one_is_needed(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(decoding(weights="data:text/plain,short", picture=None))
    page.wait_for_function("told.length > 0")
    assert page.evaluate("told[0].blind") is True
    mount(decoding(weights="data:text/plain,short", picture=[1.0] * 64, turn=page.evaluate("told[0].turn")))
    page.wait_for_function("document.querySelector('canvas').width === 8")
    assert pixels(page).tolist() == [255] * 64
    assert page.evaluate("told.length") == 1
    mount(decoding(picture=None))
    page.wait_for_timeout(300)
    np.testing.assert_allclose(pixels(page), expected("vae-digits-2", {}), atol=1)
    page.locator(".rows input").first.press("ArrowRight")
    assert page.evaluate("told.at(-1).blind") is False


def test_pictures_in_colour(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(data(shape=[3, 1, 2], picture=[1, 0, 0.2, 0.4, 0, 1]))
    canvas = page.locator(".decoded canvas")
    found = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    assert found == [255, 51, 0, 255, 0, 102, 255, 255]


def test_weights_that_come_late_belong_to_the_model_that_is_chosen(mount: Callable[[dict[str, Any]], Page]) -> None:
    late = []
    page = mount(data())
    page.route("**/late", lambda route: late.append(route))
    mount(decoding(weights="http://127.0.0.1:9/late"))
    page.wait_for_timeout(100)
    mount(data(picture=[0, 0, 1, 1]))
    assert len(late) == 1
    late[0].fulfill(
        body=base64.b64decode(decoding()["weights"].split(",")[1]), headers={"Access-Control-Allow-Origin": "*"}
    )
    page.wait_for_timeout(200)
    assert pixels(page).tolist() == [0, 0, 255, 255]


def test_the_plane_is_zoomed_into(visit: Visit) -> None:
    """What is shown closely is decoded anew; the mark is where it was, and goes where it is put."""
    page = opened(visit, "model=vae-digits-2&z1=60&z2=60")
    sheet, pad = page.locator(".pad canvas"), page.locator(".pad")
    assert not sheet.is_visible()
    for _ in range(3):
        page.get_by_role("button", name="Zoom into the plane").click()
    page.wait_for_timeout(400)
    assert sheet.is_visible()
    mark, (x, y, width, height) = page.locator(".pad i"), box(pad)
    place = box(mark)
    for share in (0.9, 0.1):
        page.mouse.click(x + share * width, y + share * height)
    page.wait_for_url(lambda url: percents(page).get("z1") not in (None, 60))
    settle(page)
    at = percents(page)
    span = 96 / 1.6**3
    assert place[0] + place[2] / 2 - x == pytest.approx(width * share_of(60, 60 - span * 58 / 96, span), abs=3)
    assert 60 - span < at["z1"] < 60 < at["z2"] < 60 + span
    cell = """(canvas, [column, row]) => [...canvas.getContext('2d').getImageData(8 * column, 8 * row, 8, 8).data]
      .filter((_, i) => i % 4 === 0)"""
    low = 60 - span * 58 / 96
    for column, row in ((0, 15), (15, 0), (7, 4)):
        there = {"z1": low + span * column / 15, "z2": low + span * (15 - row) / 15}
        found = sheet.evaluate(cell, [column, row])
        np.testing.assert_allclose(found, expected("vae-digits-2", there), atol=1)
    page.get_by_role("button", name="Whole plane").click()
    assert not sheet.is_visible()


def share_of(percent: float, low: float, span: float, side: int = 16) -> float:
    """Where a percent stands on a plane that shows a span from a low end."""
    return ((percent - low) / span * (side - 1) + 0.5) / side


def test_the_same_code_through_other_models(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2&z1=80&through=iaf-digits-2&through=pca-digits")
    figures = page.locator(".beside figure")
    assert figures.locator("figcaption").all_inner_texts() == ["iaf-digits-2"]  # a PCA of 32 numbers is no kin
    found = np.array(figures.locator("canvas").evaluate(PIXELS))
    np.testing.assert_allclose(found, expected("iaf-digits-2", {"z1": 80}), atol=1)
    x, y, width, height = box(page.locator(".rows input").first)
    page.mouse.move(x + width / 2, y + height / 2)
    page.mouse.down()
    page.mouse.move(x + 0.3 * width, y + height / 2)
    assert (np.array(figures.locator("canvas").evaluate(PIXELS)) != found).any()
    page.mouse.up()

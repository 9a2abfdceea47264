"""The maps in a real browser: what is under the pointer, a lasso and its gallery, zoom, keys."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from harness import Visit, settle
from playwright.sync_api import Browser, Locator, Page, Route

import vaecore
from vaecore import serving
from vaecore.browser import TOKENS, component

pytestmark = pytest.mark.browser
FIVE = [7, 8, 9, 10, 11]
COMPONENT = component("maps")
PIXELS = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)"""
INK = """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
  .filter((value, i) => i % 4 === 3 && value > 0).length"""


def pixels(canvas: Locator) -> np.ndarray:
    return np.array(canvas.evaluate(PIXELS))


def opened(visit: Visit, query: str) -> Page:
    page = visit(f"map?{query}&beside=all")
    page.wait_for_selector(".maps[data-ready]")
    settle(page)
    return page


def point_at(page: Page, number: int, across: float, down: float) -> None:
    """Move the mouse to a place of a map, in shares of its sides."""
    over = page.locator(".over").nth(number)
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])


def box(page: Page, start: tuple[float, float], end: tuple[float, float], number: int = 0) -> None:
    """Draw a box on a map."""
    page.get_by_role("button", name="Box").click()
    point_at(page, number, *start)
    page.mouse.down()
    point_at(page, number, *end)
    page.mouse.up()


def card(page: Page) -> tuple[Locator, Locator]:
    return page.locator(".card figure").nth(0), page.locator(".card figure").nth(1)


@pytest.mark.parametrize("model", ["vae-digits-2", "cvae-digits-2"])
def test_what_is_under_the_pointer_is_shown_and_decoded(visit: Visit, model: str) -> None:
    own = vaecore.load(model, device="cpu")
    laid, tests = serving.maps.latent_map(own), vaecore.dataset("digits", "test")
    assert laid.labels is not None
    page = opened(visit, f"model={model}")
    found = 0
    for across, down in [(0.5, 0.5), (0.35, 0.6), (0.6, 0.35), (0.45, 0.55)]:
        point_at(page, 0, across, down)
        real, made = card(page)
        place = np.array([float(value) for value in re.findall(r"-?\d+\.\d+", made.inner_text())], dtype=np.float32)
        distances = np.linalg.norm(laid.codes - place, axis=1)
        label = None
        if "condition" in own.abilities:  # that of the nearest image, as far as two places say which that is
            label = np.array([tests.names.index(made.inner_text().split(" as ")[1])])
            assert distances[laid.labels == label].min() <= distances.min() + 0.01
        expected = 255 * np.clip(own.decode(place[None], label), 0, 1).ravel()
        np.testing.assert_allclose(
            pixels(made.locator("canvas")), expected, atol=8
        )  # the place is written with two places
        if real.is_visible():
            found += 1
            name, row = re.findall(r"(\S+) · image (\d+)", real.inner_text())[0]
            point = int(np.flatnonzero(laid.index == int(row))[0])
            assert distances[point] <= distances.min() + 0.05
            assert tests.names[tests.labels[int(row)]] == name
            np.testing.assert_allclose(pixels(real.locator("canvas")), 255 * tests.images[int(row)].ravel(), atol=1)
            assert all(page.locator(".over").nth(other).evaluate(INK) > 0 for other in range(3))
    assert found


def test_away_from_the_points_of_another_map_there_is_nothing(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2")
    point_at(page, 1, 0.01, 0.01)
    assert not page.locator(".card").is_visible()
    point_at(page, 0, 0.01, 0.01)
    assert page.locator(".card").is_visible()  # the first map decodes everywhere
    page.mouse.move(2, 2)
    page.wait_for_selector(".card", state="hidden")
    assert page.locator(".over").first.evaluate(INK) == 0


def test_a_box_and_a_lasso_make_a_gallery(visit: Visit) -> None:
    laid = serving.maps.latent_map(vaecore.load("vae-digits-2", device="cpu"))
    page = opened(visit, "model=vae-digits-2")
    box(page, (0.02, 0.02), (0.98, 0.98), 2)
    said = page.locator(".said").inner_text()
    counts = {name: int(count) for count, name in re.findall(r"(\d+) × (\S+?)(?:,|$)", said)}
    whole = int(said.split()[0])
    assert 0.97 * len(laid.index) <= whole <= len(laid.index)
    assert sum(counts.values()) == whole
    assert page.locator(".pictures canvas").count() == 60
    page.get_by_role("button", name="Lasso").click()
    for i, (across, down) in enumerate([(0.3, 0.3), (0.7, 0.3), (0.5, 0.8), (0.3, 0.35)]):
        point_at(page, 2, across, down)
        if i == 0:
            page.mouse.down()
    page.mouse.up()
    assert 0 < int(page.locator(".said").inner_text().split()[0]) < whole
    page.get_by_role("button", name="Clear").click()
    assert not page.locator(".gallery").is_visible()


def test_zoom_and_home(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2")
    base = page.locator(".plane canvas").first
    home = pixels(base)
    page.get_by_role("button", name="Zoom in").click()
    assert (pixels(base) != home).any()
    page.get_by_role("button", name="Zoom out").click()
    np.testing.assert_array_equal(pixels(base), home)
    point_at(page, 0, 0.3, 0.3)
    page.mouse.wheel(0, -100)
    page.wait_for_timeout(50)
    assert (pixels(base) != home).any()
    page.get_by_role("button", name="Move").click()
    zoomed = pixels(base)
    point_at(page, 0, 0.3, 0.3)
    page.mouse.down()
    point_at(page, 0, 0.6, 0.6)
    page.mouse.up()
    assert (pixels(base) != zoomed).any()
    page.get_by_role("button", name="Whole map").click()
    np.testing.assert_array_equal(pixels(base), home)


def test_a_keyboard_walks_over_a_map(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2")
    page.locator(".over").first.focus()
    page.keyboard.press("ArrowRight")
    made = card(page)[1]
    first = made.inner_text()
    page.keyboard.press("ArrowUp")
    second = made.inner_text()
    assert second != first
    page.get_by_role("button", name="Zoom in").evaluate("button => button.click()")  # the focus stays on the map
    assert made.inner_text() == second
    page.keyboard.press("Escape")
    assert not page.locator(".card").is_visible()
    page.locator(".over").nth(2).focus()
    for _ in range(40):
        page.keyboard.press("ArrowDown")
        if page.locator(".card").is_visible():
            break
    page.keyboard.press("Enter")
    assert page.locator(".said").inner_text().startswith("1 image:")
    page.keyboard.press("Enter")
    assert not page.locator(".gallery").is_visible()


def test_classes_that_are_brought_out_and_another_model(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2")
    base = page.locator(".plane canvas").first
    before = pixels(base)
    page.get_by_role("button", name="4", exact=True).click()
    settle(page)
    page.wait_for_timeout(200)
    assert (pixels(base) != before).any()
    page.locator(".vc-picker summary").click()
    page.locator(".vc-picker input").fill("pca-digits")
    page.locator(".vc-picker input").press("Enter")
    page.wait_for_url("**model=pca-digits*")
    settle(page)
    page.locator(".planes figcaption", has_text="Codes of pca-digits, along their principal axes").wait_for()
    own = vaecore.load("pca-digits", device="cpu")
    plane = serving.paths.projection(serving.maps.latent_map(own).codes)
    decodes_to(page, lambda place: plane.middle + plane.axes @ place)
    page.get_by_text("two numbers", exact=True).click()
    page.locator(".planes figcaption", has_text=re.compile("Codes of pca-digits$")).wait_for()
    settle(page)
    middle = own.quantiles(np.array([0.5]))[0]
    decodes_to(page, lambda place: np.concatenate([place, middle[2:]]))


def decodes_to(page: Page, code_at: Callable[[np.ndarray], np.ndarray]) -> None:
    """What stands under the pointer in the middle of the first map is what pca-digits decodes there."""
    point_at(page, 0, 0.5, 0.5)
    place = np.array([float(value) for value in re.findall(r"-?\d+\.\d+", card(page)[1].inner_text())], np.float32)
    code = code_at(place).astype(np.float32)
    expected = 255 * np.clip(vaecore.load("pca-digits", device="cpu").decode(code[None]), 0, 1).ravel()
    np.testing.assert_allclose(pixels(card(page)[1].locator("canvas")), expected, atol=8)


def test_a_lasso_is_in_the_address_and_is_drawn_from_it(visit: Visit) -> None:
    page = opened(visit, "model=vae-digits-2")
    box(page, (0.3, 0.3), (0.7, 0.7))
    page.wait_for_url("**lasso=codes_*")
    said = page.locator(".said").inner_text()
    again = visit(page.url.split("/")[-1])
    again.wait_for_selector(".maps[data-ready]")
    assert again.locator(".said").inner_text() == said
    again.get_by_role("button", name="Clear").click()
    again.wait_for_function("!location.search.includes('lasso')")


@pytest.mark.parametrize(
    "lasso",
    ["codes", "codes_1", "codes_1_2_3", "codes_x_1", "codes_nan_1_2_3_4_5", "nowhere_0_0_1_0_1_1", "<b>_1_2", "_"],
)
def test_a_lasso_that_is_none_chooses_nothing(visit: Visit, lasso: str) -> None:
    page = opened(visit, f"model=vae-digits-2&lasso={lasso}")
    assert not page.locator(".gallery").is_visible()


def test_two_maps_stand_whole_beside_each_other(visit: Visit) -> None:
    page = visit("map?model=vae-digits-2")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.wait_for_selector(".maps[data-ready]")
    settle(page)
    boxes = [page.locator(".plane").nth(number).bounding_box() for number in range(page.locator(".plane").count())]
    assert len(boxes) == 2
    left, right = boxes
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["width"] == right["width"] > 350
    assert all(each["y"] + each["height"] <= 768 for each in (left, right))


@pytest.fixture
def mount(browser: Browser) -> Iterator[Callable[[dict[str, Any]], Page]]:
    """The component alone on a page, without Streamlit."""
    page = browser.new_page(has_touch=True)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(
        f"<style>{TOKENS.read_text()}{COMPONENT.css}</style><div id=here style='width: 400px'>{COMPONENT.html}</div>"
    )
    page.add_script_tag(content=COMPONENT.js.replace("export default", "window.component ="))

    def update(data: dict[str, Any]) -> Page:
        page.evaluate(
            "data => component({ data, parentElement: document.getElementById('here'), setStateValue() {} })", data
        )
        page.wait_for_selector(".maps[data-ready]", state="attached")
        return page

    yield update
    page.close()
    assert errors == []


def floats(*parts: object) -> str:
    """Numbers as an address of them."""
    joined = np.concatenate([np.ravel(part) for part in parts]).astype("<f4").tobytes()
    return f"data:application/octet-stream;base64,{base64.b64encode(joined).decode()}"


def five_points(index: list[int] = FIVE, labels: list[int] | None = None, **more: object) -> dict[str, Any]:
    """What Python tells of four corners and their middle, as `maps` does."""
    return {
        "points": floats([[-1, -1], [1, -1], [1, 1], [-1, 1], [0, 0]]),
        "images": floats(index, labels or []), "labelled": labels is not None, "scaled": False,
        "middle": [], "basis": [], "kinds": ["pca"],
        "count": 5, "titles": ["one"], "axes": [None], "facts": [[["trust", "0.5"]]],
        "names": [], "colors": ["#3f90da"], "inks": ["#ffffff"], "focus": [], "shape": [1, 1, 1],
        "atlas": None, "prior": False, "network": None, "weights": None,
    } | more  # fmt: skip


def test_a_finger_leaves_the_card_to_be_read(mount: Callable[[dict[str, Any]], Page]) -> None:
    dot = "data:image/gif;base64,R0lGODlhAQABAIAAAP///////yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
    page = mount(five_points(labels=[0, 1, 0, 1, 1], names=["a", "b"], atlas={"address": dot, "columns": 5}))
    box = page.locator(".over").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.locator(".card").inner_text() == "b · image 11"
    page.touchscreen.tap(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    assert not page.locator(".card").is_visible()


def test_axes_are_equal_and_classes_have_their_colours(mount: Callable[[dict[str, Any]], Page]) -> None:
    """Points twice as far apart across as up are so on the screen too; those of another class fade."""
    wide = np.array([[-2, -1], [2, -1], [2, 1], [-2, 1], [0, 0]], dtype="<f4")
    told = {"points": floats(wide), "labels": [0, 0, 1, 1, 1], "names": [], "colors": ["#ff0000", "#0000ff"]}
    colour = """(canvas, [x, y]) => {
      const side = canvas.width / devicePixelRatio, at = (place) => Math.round(place * devicePixelRatio);
      const scale = side / (4 * 1.12);
      return [...canvas.getContext("2d").getImageData(at(side / 2 + x * scale), at(side / 2 - y * scale), 1, 1).data];
    }"""
    for focus, red, blue in (([], 204, 204), ([1], 38, 204)):
        base = mount(five_points(**told, focus=focus)).locator(".plane canvas").first
        for place, expected in zip(wide.tolist()[:4], ["red", "red", "blue", "blue"], strict=True):
            r, _, b, alpha = base.evaluate(colour, place)
            assert ((r, b) == (255, 0)) == (expected == "red")
            assert alpha == pytest.approx(red if expected == "red" else blue, abs=3)


def test_what_was_asked_for_last_is_shown_whole(mount: Callable[[dict[str, Any]], Page]) -> None:
    """Points that come late, and other classes meanwhile: neither is mixed with what came before."""
    page = mount(five_points(index=[1, 2, 3, 4, 5]))
    late: list[Route] = []
    page.route("**/late", lambda route: late.append(route))
    ask = "data => void component({ data, parentElement: document.getElementById('here') })"
    page.evaluate(ask, five_points(points="http://127.0.0.1:9/late"))
    page.evaluate(ask, five_points(points="http://127.0.0.1:9/late", focus=[1]))
    point_at(page, 0, 0.5, 0.5)
    assert page.locator(".card").inner_text() == "image 5"  # the old map, and what was said of it
    page.wait_for_timeout(100)
    points = base64.b64decode(str(five_points()["points"]).split(",")[1])
    for route in late:
        route.fulfill(body=points, headers={"Access-Control-Allow-Origin": "*"})
    page.wait_for_selector(".maps[data-ready]")
    point_at(page, 0, 0.51, 0.5)
    assert page.locator(".card").inner_text() == "image 11"


def test_a_second_pointer_draws_nothing(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(five_points())
    page.get_by_role("button", name="Box").click()
    point_at(page, 0, 0.4, 0.6)
    page.mouse.down()
    point_at(page, 0, 0.6, 0.5)
    for kind in ("pointermove", "pointerup"):
        page.locator(".over").dispatch_event(
            kind, {"pointerId": 77, "pointerType": "touch", "clientX": 1, "clientY": 1}
        )
    point_at(page, 0, 0.98, 0.02)
    page.mouse.up()
    assert page.locator(".said").inner_text() == "2 images"


def test_a_selection_stays_when_only_the_axes_change(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(five_points())
    box(page, (0.4, 0.6), (0.98, 0.02))
    mount(five_points(points=floats(np.arange(10))))
    assert page.locator(".said").inner_text() == "2 images"
    mount(five_points(index=[0, 1, 2, 3, 4]))
    assert not page.locator(".gallery").is_visible()


def test_points_that_do_not_arrive_are_asked_for_again(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(five_points(points="http://127.0.0.1:9/nobody"))
    assert "did not arrive" in page.locator(".planes").inner_text()
    mount(five_points())
    assert page.locator(".over").count() == 1


def test_points_without_classes_images_or_decoder(mount: Callable[[dict[str, Any]], Page]) -> None:
    page = mount(five_points())
    assert page.locator("dl").inner_text().split() == ["trust", "0.5"]
    point_at(page, 0, 0.5, 0.5)
    assert page.locator(".over").evaluate(INK) > 0
    assert page.locator(".card").inner_text() == "image 11"
    for down, said in ((0.6, "2 images"), (0.4, "1 image")):
        box(page, (0.4, down), (0.98, 0.02))
        assert page.locator(".said").inner_text() == said
    point_at(page, 0, 0.5, 0.5)
    page.mouse.down()
    page.mouse.up()  # a click is no box
    assert not page.locator(".gallery").is_visible()


def test_the_posterior_under_the_pointer_is_to_scale(mount: Callable[[dict[str, Any]], Page]) -> None:
    corners = [[-1, -1], [1, -1], [1, 1], [-1, 1], [0, 0]]
    scales = [[0.1, 0.1]] * 4 + [[0.4, 0.2]]
    page = mount(five_points(points=floats(corners, scales), scaled=True))
    point_at(page, 0, 0.5, 0.5)
    drawn = """canvas => {
      const { width, height } = canvas, alpha = (x, y) => canvas.getContext("2d").getImageData(x, y, 1, 1).data[3];
      const lit = (n, at) => Array.from({ length: n }, (_, i) => i).filter((i) => at(i) > 100);
      const ends = (found) => [found[0], found.at(-1)];
      return [ends(lit(width, (x) => alpha(x, height >> 1))), ends(lit(height, (y) => alpha(width >> 1, y))), width];
    }"""
    across, up, side = page.locator(".over").evaluate(drawn)
    unit = side / (2 * 1.12)  # pixels: the map opens on its points and a margin
    assert np.ptp(across) == pytest.approx(4 * 0.4 * unit, abs=4)  # the outer ellipse, at two scales
    assert np.ptp(up) == pytest.approx(4 * 0.2 * unit, abs=4)


@pytest.mark.usefixtures("mnist_folder")
def test_ten_thousand_images_and_the_perplexity_in_the_address(visit: Visit) -> None:
    page = opened(visit, "model=vae-mnist-2&perplexity=5")
    titles = page.locator(".planes figcaption").all_inner_texts()
    assert titles[2:] == ["t-SNE of the same images, perplexity 5", "UMAP of the same images"]
    assert "All 10,000 test images, scored on 2,000 of them" in page.locator("[data-testid=stMain]").inner_text()
    box(page, (0.01, 0.01), (0.99, 0.99), 1)
    assert 9500 < int(page.locator(".said").inner_text().split()[0]) <= 10000
    assert page.locator(".pictures canvas").count() == 60
    page.wait_for_timeout(200)  # the maps make room for the gallery
    before = pixels(page.locator(".plane canvas").nth(4))
    slider = page.get_by_role("slider", name="Perplexity of t-SNE")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_url("**perplexity=15*")
    page.locator(".planes figcaption", has_text="perplexity 15").wait_for()
    assert (pixels(page.locator(".plane canvas").nth(4)) != before).any()
    assert int(page.locator(".said").inner_text().split()[0]) > 9500  # the selection stays

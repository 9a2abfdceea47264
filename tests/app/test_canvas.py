"""The canvas in a real browser: strokes by mouse, finger and keys, what reads them, undo and clear."""

import re

import numpy as np
import pytest
from harness import Visit, pick, settle
from playwright.sync_api import Browser, ConsoleMessage, Page

import vaecore
from vaecore import serving

pytestmark = pytest.mark.browser
PAGE = "conditional?model=cvae-digits-2&from=a%20drawing"
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
BAR = [(0.4, 0.5), (0.65, 0.5)]
CLASSES = ".vc-family >> nth=0 >> .vc-all img"
# With a page in the address Streamlit asks for its own files below it first, and is told that they are not there.
OWN = "/_stcore/"
PIXELS = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)"""
INK = """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  .data.filter((value, i) => i % 4 === 3 && value > 0).length"""


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
    return page.locator(".pad canvas").evaluate(INK)


def drawn(page: Page) -> list[np.ndarray]:
    """The strokes in the address."""
    words = page.evaluate("new URL(location).searchParams.get('drawing')")
    return serving.drawings.unpack_drawing(words or "")


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
    assert opened.get_by_role("application", name="Draw here with the mouse").count() == 1
    assert {each.get_attribute("aria-label") for each in opened.get_by_role("img").all()} >= {
        "What the model sees",
        "Its code",
        "Its reconstruction",
    }
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


def pixels(page: Page, figure: str) -> np.ndarray:
    """The red of every pixel of a figure beside the canvas."""
    return np.array(page.locator(f".reading {figure} canvas").evaluate(PIXELS))


def code(page: Page) -> list[float]:
    """The first numbers of the code, as they are written."""
    return [float(number) for number in re.findall(r"-?\d+\.\d+", page.locator(".code figcaption").inner_text())]


def open_drawing(visit: Visit, query: str) -> Page:
    page = visit(query)
    page.wait_for_selector(".pad[data-ready]")
    page.wait_for_selector(".reading[data-ready]")
    return page


def read_by(model: str, strokes: list[np.ndarray], label: int | None = None) -> tuple[np.ndarray, ...]:
    """What Python makes of strokes: the image, its code, its reconstruction."""
    own = vaecore.load(model, device="cpu")
    image = serving.drawings.drawing(strokes, own.shape)
    labels = None if label is None else np.array([label])
    codes = own.encode(image[None], labels)
    return 255 * image.ravel(), codes[0], 255 * own.decode(codes, labels).clip(0, 1).ravel()


@pytest.mark.parametrize("model", ["vae-digits-2", "conv-vae-mnist-2", "ae-digits-128"])
def test_a_drawing_is_read_while_it_is_drawn(visit: Visit, model: str) -> None:
    page = open_drawing(visit, f"reconstruct?model={model}&show=your%20drawing")
    page.mouse.move(*place(page, SEVEN[0]))
    page.mouse.down()
    page.mouse.move(*place(page, SEVEN[1]), steps=5)
    page.wait_for_timeout(60)  # more than a frame
    early = pixels(page, ".seen")
    assert early.any()
    assert not drawn(page)
    page.mouse.move(*place(page, SEVEN[2]), steps=5)
    page.mouse.up()
    assert (pixels(page, ".seen") != early).any()
    wait_for_strokes(page, 1)
    seen, expected, made = read_by(model, drawn(page))
    np.testing.assert_allclose(pixels(page, ".seen"), seen, atol=8)  # the address has fewer points than the canvas
    np.testing.assert_allclose(code(page), expected[:4], atol=0.05 + 0.01 * np.abs(expected).max())
    assert np.abs(pixels(page, ".made") - made).mean() < 2
    assert page.locator(".vc-gallery figure").count() == 5
    page.get_by_role("button", name="Clear").click()
    assert not pixels(page, ".seen").any()
    wait_for_strokes(page, 0)
    assert page.locator(".vc-gallery").count() == 0


def test_a_conditional_model_is_told_the_class(visit: Visit) -> None:
    text = serving.drawings.pack_drawing([np.array(SEVEN)])
    page = open_drawing(visit, f"reconstruct?model=cvae-digits-2&show=your%20drawing&drawing={text}")
    for label in (7, 2):
        page.get_by_role("radio", name=str(label), exact=True).click()
        page.wait_for_url(f"**said={label}*")
        settle(page)
        page.wait_for_timeout(100)
        np.testing.assert_allclose(code(page), read_by("cvae-digits-2", drawn(page), label)[1], atol=0.006)
        assert f"read as {label}" in page.locator(".vc-gallery").inner_text()


def test_until_python_says_the_class_it_is_the_one_that_reconstructs_best(visit: Visit) -> None:
    page = open_drawing(visit, "reconstruct?model=cvae-digits-2&show=your%20drawing")
    page.mouse.move(*place(page, SEVEN[0]))
    page.mouse.down()
    for point in SEVEN[1:]:
        page.mouse.move(*place(page, point), steps=6)
    page.wait_for_timeout(60)
    name = page.locator(".made figcaption").inner_text()
    page.mouse.up()
    wait_for_strokes(page, 1)
    own = vaecore.load("cvae-digits-2", device="cpu")
    image = np.repeat(serving.drawings.drawing(drawn(page), own.shape)[None], 10, axis=0)
    errors = ((own.reconstruct(image, np.arange(10)) - image) ** 2).sum((1, 2, 3))
    assert name == f"Decoded as {own.classes[errors.argmin()]}"
    said = serving.styles.class_elbos(own, image[:1])[0].argmax()
    page.locator(".made figcaption", has_text=f"Decoded as {own.classes[said]}").wait_for()


def test_keys_draw(visit: Visit) -> None:
    page = open_drawing(visit, "reconstruct?model=vae-digits-2&show=your%20drawing")
    paper = page.get_by_role("application")
    paper.focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Space")
    assert page.locator(".said").text_content() == "0 strokes, the pen is down"
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.keyboard.down("ArrowDown")
    for _ in range(5):
        page.keyboard.press("ArrowLeft")  # with the other held, aslant
    page.keyboard.up("ArrowDown")
    page.keyboard.press("Space")
    wait_for_strokes(page, 1)
    (line,) = drawn(page)
    np.testing.assert_allclose(line[0], (0.5, 0.44), atol=0.001)
    assert any(np.allclose(point, (0.7, 0.44), atol=0.03) for point in line)
    np.testing.assert_allclose(line[-1], (0.6, 0.56), atol=0.001)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")  # it was not meant
    assert page.locator(".said").text_content() == "1 stroke"
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")  # a key's stroke ends with the focus
    wait_for_strokes(page, 2)
    paper.focus()
    page.keyboard.press("Backspace")
    wait_for_strokes(page, 1)


def test_what_the_page_cannot_run_the_server_reads(visit: Visit, server: str) -> None:
    """Where no weights come, as from a server that has no addresses for them."""
    page = visit("start")
    page.context.route("**/blob/**", lambda route: route.abort())
    try:
        page.goto(f"{server}/reconstruct?model=vae-digits-2&show=your%20drawing")
        page.wait_for_selector(".reading[data-ready]")
        settle(page)
        stroke(page, SEVEN)
        wait_for_strokes(page, 1)
        page.wait_for_timeout(200)
        _, expected, made = read_by("vae-digits-2", drawn(page))
        np.testing.assert_allclose(code(page), expected, atol=0.006)
        np.testing.assert_allclose(pixels(page, ".made"), made, atol=1)
    finally:
        page.context.unroute("**/blob/**")


@pytest.mark.parametrize("model", ["vae-digits-2", "cvae-digits-2", "conv-vae-mnist-16", "ae-digits-128"])
def test_the_cursor_on_the_maps_follows_the_drawing(request: pytest.FixtureRequest, visit: Visit, model: str) -> None:
    if "mnist" in model:
        request.getfixturevalue("mnist_folder")
    page = open_drawing(visit, f"map?model={model}&draw=true")
    page.wait_for_selector(".maps[data-ready]")
    over = page.locator(".over")
    empty = over.nth(0).evaluate(INK)
    page.evaluate("addEventListener('vaecore:code', ({ detail }) => { window.told = detail; })")
    stroke(page, SEVEN)
    assert page.evaluate("told.code !== null")  # at once, before Python knows of the stroke
    told = page.evaluate("({ code: [...told.code], pca: [...told.pca], model: told.model })")
    assert told["model"] == model
    wait_for_strokes(page, 1)
    own = vaecore.load(model, device="cpu")
    image = serving.drawings.drawing(drawn(page), own.shape)
    labels = serving.styles.class_elbos(own, image[None]).argmax(1) if "condition" in own.abilities else None
    np.testing.assert_allclose(told["code"], own.encode(image[None], labels)[0], atol=0.15)
    np.testing.assert_allclose(told["pca"], serving.comparison.baseline(own, 2).encode(image[None])[0], atol=0.1)
    assert over.nth(0).evaluate(INK) > empty == 0
    tests = vaecore.dataset(own.dataset)
    codes = own.encode(tests.images, tests.labels if "condition" in own.abilities else None)
    near = np.argsort(np.linalg.norm(codes - told["code"], axis=1))[:8]
    shown = [int(word) for word in re.findall(r"image (\d+)", page.locator(".row").inner_html())[::2]]
    if own.latent <= 64:
        assert shown[:1] == near[:1].tolist()
        assert len(set(shown) & set(near.tolist())) >= 7  # equals may change places
    page.get_by_role("button", name="Clear").click()
    page.wait_for_selector(".nearest", state="hidden")
    assert over.nth(0).evaluate(INK) == 0


def test_another_model_reads_the_same_drawing_on_its_own_map(visit: Visit) -> None:
    text = serving.drawings.pack_drawing([np.array(SEVEN)])
    page = open_drawing(visit, f"map?model=vae-digits-2&draw=true&drawing={text}")
    page.wait_for_selector(".nearest:not([hidden])")
    first = code(page)
    pick(page, "ae-digits-2")
    page.wait_for_url("**model=ae-digits-2*")
    settle(page)
    page.locator(".planes figcaption", has_text="Codes of ae-digits-2").wait_for()
    page.wait_for_selector(".nearest:not([hidden])")
    page.wait_for_timeout(200)
    assert code(page) != first
    np.testing.assert_allclose(code(page), read_by("ae-digits-2", drawn(page))[1], atol=0.006)
    page.get_by_text("Draw on the map").click()
    page.wait_for_selector(".pad", state="detached")
    settle(page)
    assert "drawing=" not in page.url
    assert page.locator(".over").first.evaluate(INK) == 0

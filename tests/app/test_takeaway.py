"""A page to take away, opened from a file without a network: what it decodes and encodes is what torch does."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from harness import Visit
from playwright.sync_api import Browser, Page

import vaecore
from vaecore import serving

pytestmark = pytest.mark.browser
PIXELS = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)"""
INK = """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  .data.filter((value, i) => i % 4 === 3 && value > 0).length"""
TRAIN = "document.querySelector('[data-component=train]').shadowRoot.querySelector('.train')"
TELL = "addEventListener('vaecore:code', ({ detail }) => { window.told = detail.code && [...detail.code]; })"
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Write a model's page, or a text, to a file and open that; nothing else may be asked for, whoever would answer."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page, errors, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("blob:") else asked.append(request.url))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)

    def run(name: str, width: int = 1280, text: str = "") -> Page:
        file = tmp_path / f"{name}.html"
        file.write_text(text or serving.takeaway.take_away(vaecore.load(name, device="cpu")), "utf-8")
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(file.as_uri())
        for part in (".train",) if text else (".maps", ".sliders"):
            page.wait_for_selector(f"{part}[data-ready]")
        assert asked == [file.as_uri()]
        return page

    yield run
    context.close()
    assert errors == []
    assert len(asked) == 1


def pixels(page: Page, where: str) -> np.ndarray:
    return np.array(page.locator(where).evaluate(PIXELS))


def expected(name: str, code: np.ndarray, label: int | None = None) -> np.ndarray:
    own = vaecore.load(name, device="cpu")
    image = own.decode(code[None].astype(np.float32), None if label is None else np.array([label]))[0]
    return 255 * image.clip(0, 1).ravel()


def draw(page: Page) -> None:
    page.locator(".pad canvas[role=application]").scroll_into_view_if_needed()
    box = page.locator(".pad canvas[role=application]").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


@pytest.mark.parametrize("name", ["vae-mnist-2", "conv-vae-mnist-2", "pca-digits", "cvae-digits-2", "ae-digits-128"])
def test_a_slider_decodes_as_torch_does(opened: Open, name: str) -> None:
    page, own = opened(name), vaecore.load(name, device="cpu")
    slider = page.locator(".rows input").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    seen = []
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in (0.6, 0.75, 0.9):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        seen.append(pixels(page, ".decoded canvas"))
    page.mouse.up()
    assert all((before != after).any() for before, after in pairwise(seen))
    percent, index = float(slider.input_value()), int(slider.get_attribute("data-index") or "")
    quantiles = serving.codes.percentiles(own)
    code = quantiles[50].copy()
    code[index] = np.interp(percent, np.arange(101), quantiles[:, index])
    label = 3 if "condition" in own.abilities else None
    np.testing.assert_allclose(
        seen[-1], expected(name, code, label), atol=0.51 + 255e-3
    )  # half a grey, and a thousandth


def test_a_drawing_is_encoded_and_found_on_the_map(opened: Open) -> None:
    page, own = opened("vae-mnist-2"), vaecore.load("vae-mnist-2", device="cpu")
    page.wait_for_selector(".reading[data-ready]")
    page.evaluate(TELL)
    empty = page.locator(".over").evaluate(INK)
    draw(page)
    image = pixels(page, ".seen canvas").reshape(1, 28, 28).astype(np.float32) / 255
    strokes = serving.drawings.drawing([np.array(SEVEN)], own.shape)
    assert np.abs(image - strokes).mean() < 0.01
    told = np.array(page.evaluate("told"))
    np.testing.assert_allclose(told, own.encode(image[None])[0], atol=0.02)  # the pixels that are read here have 8 bits
    np.testing.assert_allclose(pixels(page, ".made canvas"), expected("vae-mnist-2", told), atol=1)
    assert page.locator(".over").evaluate(INK) > empty == 0
    laid = serving.maps.latent_map(own)
    nearest = int(np.linalg.norm(laid.codes - told, axis=1).argmin())
    first = page.locator(".nearest .row canvas").first
    assert f"image {laid.index[nearest]} " in (first.get_attribute("title") or "")
    np.testing.assert_allclose(
        np.array(first.evaluate(PIXELS)), expected("vae-mnist-2", laid.codes[nearest]), atol=2
    )  # decoded here: the file holds no picture


def test_the_map_decodes_under_the_pointer(opened: Open) -> None:
    page = opened("cvae-digits-2")
    box = page.locator(".over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.55 * box["height"])
    said = page.locator(".card figcaption").last.inner_text()
    place = np.array([float(number) for number in re.findall(r"-?\d+\.\d+", said)])
    label = int(re.findall(r"as (\d)", said)[0])
    np.testing.assert_allclose(
        pixels(page, ".card figure:last-child canvas"), expected("cvae-digits-2", place, label), atol=8
    )
    page.get_by_role("radio", name="7", exact=True).click()
    np.testing.assert_allclose(pixels(page, ".decoded canvas"), expected("cvae-digits-2", np.zeros(2), 7), atol=1)


def test_a_longer_code_has_its_axes_chosen(opened: Open) -> None:
    page = opened("pca-digits")
    own = vaecore.load("pca-digits", device="cpu")
    before = pixels(page, ".plane canvas >> nth=0")
    page.get_by_label("Across").select_option("z₃")
    page.wait_for_selector(".maps[data-ready]")
    page.wait_for_timeout(100)
    assert (pixels(page, ".plane canvas >> nth=0") != before).any()
    box = page.locator(".over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    code = serving.codes.percentiles(own)[50].copy()
    said = page.locator(".card figcaption").last.inner_text()
    code[[2, 1]] = [float(number) for number in re.findall(r"-?\d+\.\d+", said)]
    np.testing.assert_allclose(pixels(page, ".card figure:last-child canvas"), expected("pca-digits", code), atol=8)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["vae-digits-2", "ae-mnist-30"])
def test_nothing_is_wider_than_the_window(opened: Open, name: str, width: int) -> None:
    page = opened(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").inner_text() == name
    assert name in page.locator(".card dl, section.card .note").all_inner_texts()[-1]


def loss(page: Page) -> float:
    return float(page.locator(".loss dd").first.inner_text().split()[0])


def play(page: Page, steps: int) -> None:
    before = int(page.locator(".train").get_attribute("data-step") or "")
    page.click(".play")
    page.wait_for_function(f"{TRAIN}.dataset.step > {before + steps}")
    page.click(".play")
    page.wait_for_selector(".train[data-running=false]")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_trains_from_a_file_and_goes_back(opened: Open, width: int) -> None:
    page = opened("train", width, serving.trainer.alone("digits", {"objective": "autoencoder", "seed": "5"}))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    start = loss(page)
    play(page, 200)
    assert loss(page) < 0.8 * start
    with page.expect_download() as found:
        page.click(".take")
    assert found.value.suggested_filename == "autoencoder-digits-trained-here.zip"
    page.locator(".scrub").press("Home")
    page.wait_for_selector(".train[data-step='0']")
    assert loss(page) == start
    page.locator("[name=set]").select_option("moons")
    page.wait_for_selector(".train.plane")
    assert "seed=5" in page.url
    assert "set=moons" in page.url  # so that it opens there again
    check_falls(page)


def check_falls(page: Page) -> None:
    """Check that a hundred steps more make the loss less."""
    start = loss(page)
    play(page, 100)
    assert loss(page) < start


def test_a_network_trains_beside_a_model(opened: Open) -> None:
    page = opened("cvae-digits-2")
    page.wait_for_selector(".train[data-ready]")
    assert page.locator("[name=objective]").input_value() == "cvae"
    check_falls(page)


def test_train_here_offers_it_with_what_is_set(visit: Visit) -> None:
    page = visit("train_here?set=spiral&hidden=16")
    page.wait_for_selector(".train[data-ready]")
    with page.expect_download() as found:
        page.get_by_role("button", name="A page to take away").click()
    assert found.value.suggested_filename == "train-spiral.html"
    told = re.search(r'id="training">(.*?)</script>', Path(found.value.path()).read_text("utf-8"), re.DOTALL)
    assert told
    settings = json.loads(told[1])["data"]["settings"]
    assert settings["set"] == "spiral"
    assert settings["hidden"] == "16"


@pytest.mark.parametrize("path", ["map", "generate"])
def test_pages_offer_it(visit: Visit, path: str) -> None:
    page = visit(f"{path}?model=vae-digits-2")
    with page.expect_download() as found:
        page.get_by_role("button", name="A page to take away").click()
    assert found.value.suggested_filename == "vae-digits-2.html"
    assert Path(found.value.path()).read_text("utf-8") == serving.takeaway.take_away(
        vaecore.load("vae-digits-2", device="cpu")
    )

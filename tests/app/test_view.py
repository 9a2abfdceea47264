"""Beside the menu of every page: a link, a frame and a picture to take; the theme; large type; the phone's drawer."""

from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from harness import LESSONS, PAGES, Open, Visit, fitting, picked, serve, settle, text
from PIL import Image
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
PHONE = 390
DARK, LIGHT = "rgb(20, 22, 28)", "rgb(252, 251, 248)"
CLOSED = "[data-testid=stSidebar][data-collapsed=true]"
# The first row of a frame that is not its paper, and whether what it shows has come.
TOP = """() => {
  const PARTS = "img, canvas, button, b, .stBidiComponent, .stSlider";
  const all = [...document.querySelectorAll(`[data-testid=stMain] :is(${PARTS})`)];
  const seen = all.filter((each) => each.checkVisibility() && each.getBoundingClientRect().height > 1);
  return Math.min(...seen.map((each) => each.getBoundingClientRect().top));
}"""


def share(page: Page) -> None:
    page.get_by_role("button", name="Share").click()
    page.locator("#vc-share:popover-open").wait_for()


def background(page: Page, color: str) -> None:
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", color)


def test_a_link_opens_the_same_view(visit: Visit) -> None:
    page = visit("map?model=vae-digits-2")
    page.get_by_role("radio", name="PCA").click()
    page.wait_for_url("**beside=*")
    settle(page)
    share(page)
    link = page.locator("#vc-link").input_value()
    assert link == page.url
    page.locator("[data-copies=vc-link]").click()
    expect(page.locator("#vc-share [role=status]")).to_have_text("Copied.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Share")).to_be_focused()
    other = visit(link.partition("/map")[1].lstrip("/") + link.partition("/map")[2])
    assert picked(other) == "vae-digits-2"
    assert other.url == link


def test_the_panel_is_used_by_keys(visit: Visit) -> None:
    page = visit("sampling")
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-copies=vc-link]")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("#vc-share").wait_for(state="hidden")


@pytest.mark.parametrize("path", [fitting("map"), fitting("reconstruct"), "sampling"])
def test_a_picture_is_of_what_the_page_shows(visit: Visit, tmp_path: Path, path: str) -> None:
    page = visit(path)
    share(page)
    with page.expect_download() as download:
        page.locator(".vc-save").click()
    name = download.value.suggested_filename
    assert name.startswith(path.partition("?")[0])
    assert name.endswith(".png")
    download.value.save_as(tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 200
        assert np.asarray(picture.convert("L"), dtype=float).std() > 5
    expect(page.locator("#vc-share [role=status]")).to_have_text(f"Saved as {name}.")


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder of slides, and another site that shows them."""
    folder = tmp_path_factory.mktemp("slides")

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    Thread(target=site.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{site.server_port}"
    site.shutdown()


@pytest.fixture(scope="module")
def shown(slides: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose pages those slides may show."""
    yield from serve(tmp_path_factory.mktemp("shown"), "--embed", slides[1], "--embed", "file:")


@pytest.mark.parametrize("controls", [False, True])
@pytest.mark.parametrize("from_file", [False, True])
def test_a_frame_shows_the_picture_alone_from_its_top(
    visit: Visit, browser: Browser, slides: tuple[Path, str], shown: str, controls: bool, from_file: bool
) -> None:
    page = visit("map?model=vae-digits-2", base=shown)
    share(page)
    expect(page.locator(".vc-framers")).to_contain_text(slides[1])
    page.locator(".vc-with input").set_checked(controls)
    folder, site = slides
    (folder / "slide.html").write_text(
        f"<!doctype html><body style='margin: 0'>{page.locator('#vc-code').input_value()}"
    )
    slide = browser.new_page(viewport={"width": 1280, "height": 720})
    slide.goto((folder / "slide.html").as_uri() if from_file else f"{site}/slide.html")
    frame = slide.frames[1]
    frame.wait_for_selector(".maps[data-ready]")
    settle(slide.frames[1])
    assert 0 <= frame.evaluate(TOP) <= 16
    for part in ("header", "[data-testid=stSidebar]", "h1", ".vc-bar"):
        assert not any(each.is_visible() for each in frame.locator(part).all())
    assert (
        frame.get_by_text("Perplexity").count() == 0 or frame.get_by_text("Perplexity").first.is_visible() == controls
    )
    shot = folder / "slide.png"
    slide.screenshot(path=shot)
    with Image.open(shot) as picture:
        assert np.asarray(picture.convert("L"), dtype=float)[:600].std() > 5
    slide.close()


def test_no_other_page_shows_a_server_that_was_not_told_of_it(visit: Visit) -> None:
    page = visit("map?model=vae-digits-2")
    share(page)
    expect(page.locator(".vc-framers")).to_contain_text("--embed")


@pytest.mark.parametrize("width", [1366, 1920])
def test_large_type_is_in_the_address(visit: Visit, width: int) -> None:
    page = visit("reconstruct?model=vae-digits-2", width=width)
    size = "getComputedStyle(document.documentElement).fontSize"
    before = float(page.evaluate(size).removesuffix("px"))
    page.get_by_role("button", name="Large type").click()
    page.wait_for_url("**present=true*")
    settle(page)
    assert float(page.evaluate(size).removesuffix("px")) >= 1.3 * before
    expect(page.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("stSidebar").wait_for(state="hidden")
    page.get_by_test_id("stTopNavLink").first.click()
    page.get_by_role("heading", name="What does an autoencoder keep?").wait_for()
    page.wait_for_url("**present=true*")
    settle(page)
    page.keyboard.press("p")
    page.wait_for_function("!location.search.includes('present')")
    settle(page)
    assert float(page.evaluate(size).removesuffix("px")) == before


def test_what_is_typed_is_no_key_of_the_page(visit: Visit) -> None:
    page = visit("?model=vae-digits-2")
    page.locator("[data-testid=stMain] .vc-search input").press_sequentially("pp")
    page.wait_for_timeout(300)
    assert "present" not in page.url


def test_nothing_scrolls_sideways_in_large_type(visit: Visit) -> None:
    page = visit("?present=true", width=1366)
    for name in (*PAGES, *LESSONS):
        page.goto(f"{page.url.partition('?')[0].rpartition('/')[0]}/{fitting(name)}&present=true")
        page.wait_for_selector("h1")
        settle(page)
        for width in (1920, 1366):
            page.set_viewport_size({"width": width, "height": 900})
            settle(page)
            main = page.get_by_test_id("stMain")
            assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), (name, width)


def test_the_theme_is_kept(browser: Browser, server: str) -> None:
    window = browser.new_context(color_scheme="light")
    page = window.new_page()
    page.goto(f"{server}/map?model=vae-digits-2")
    page.wait_for_selector("h1")
    background(page, LIGHT)
    page.get_by_role("button", name="Theme").click()
    page.get_by_label("Dark").check()
    background(page, DARK)
    page.reload()
    background(page, DARK)
    page.goto(f"{server}/sampling")
    background(page, DARK)
    page.get_by_role("button", name="Theme").click()
    expect(page.get_by_label("Dark")).to_be_checked()
    page.get_by_label("As the system").check()
    background(page, LIGHT)
    page.emulate_media(color_scheme="dark")
    background(page, DARK)
    window.close()


def opened(page: Page) -> Page:
    page.get_by_test_id("stExpandSidebarButton").click()
    page.wait_for_selector("[data-testid=stSidebar]:not([data-collapsed=true])")
    return page


def test_the_drawer_closes_after_a_choice(visit: Visit) -> None:
    page = visit("map?model=vae-digits-2", width=PHONE)
    opened(page).locator(".vc-picker summary").click()
    page.locator(".vc-picker a[data-value='pca-digits']").click()
    page.wait_for_selector(CLOSED, state="attached")
    page.wait_for_url("**model=pca-digits*")
    opened(page).get_by_test_id("stSidebarNavLink").last.click()
    page.wait_for_selector(CLOSED, state="attached")
    page.wait_for_url(f"**/{LESSONS[-1]}*")
    settle(page)
    opened(page).locator("[data-testid=stSidebar] [data-testid=stPageLink] a").first.click()
    page.wait_for_selector(CLOSED, state="attached")
    page.wait_for_url(f"**/{LESSONS[0]}*")


def test_the_drawer_closes_after_a_choice_of_images(visit: Visit) -> None:
    page = visit("map?model=vae-mnist-2", width=PHONE)
    opened(page).locator(".st-key-data input").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="fashion-mnist").click()
    page.wait_for_selector(CLOSED, state="attached")
    page.wait_for_url("**data=*")


def test_the_drawer_lists_every_page(visit: Visit) -> None:
    page = opened(visit("map?model=vae-digits-2", width=PHONE))
    links = page.get_by_test_id("stSidebarNavLink")
    assert links.count() == len(PAGES) + len(LESSONS)
    assert page.get_by_test_id("stSidebarNavViewButton").count() == 0
    for link in links.all():
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 40


def test_what_is_wider_than_a_phone_shows_it_and_scrolls_by_keys(visit: Visit) -> None:
    page = visit("sampling", width=PHONE)
    strip = page.locator("[data-more]").first
    expect(strip).to_have_attribute("data-more", "right")
    assert strip.get_attribute("role") == "region"
    assert (strip.get_attribute("aria-label") or "").endswith("scrolls sideways")
    strip.focus()
    page.keyboard.press("ArrowRight")
    expect(strip).to_have_attribute("data-more", "left right")


def test_it_goes_where_there_is_room(visit: Visit) -> None:
    page = visit("sampling", width=PHONE)
    page.locator("[data-more]").first.wait_for()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator("[data-more]")).to_have_count(0)


def test_large_type_is_for_those_who_ask(open_page: Open) -> None:
    assert "stExpandSidebarButton" not in text(open_page("reconstruct", model="vae-digits-2"))
    app = open_page("reconstruct", model="vae-digits-2", present="true")
    assert "font-size: 21px" in text(app)
    app.query_params["present"] = "false"
    app.run()
    assert "font-size: 21px" not in text(app)
    assert "present" not in app.query_params

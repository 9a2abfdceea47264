"""What only a browser can show: the pages as people meet them."""

import pytest
from harness import Visit, settle

pytestmark = pytest.mark.browser
SIDEBAR_MODEL = "[data-testid=stSidebar] input"


def test_the_model_is_in_the_url_and_stays_on_every_page(visit: Visit) -> None:
    page = visit("")
    assert "model=" in page.url
    card = page.locator("[data-testid=stVerticalBlock]", has=page.locator("h4", has_text="cvae-digits-2")).last
    card.get_by_role("link", name="Generate").click()
    page.wait_for_url("**/generate?model=cvae-digits-2*")
    settle(page)
    assert page.locator(SIDEBAR_MODEL).first.input_value() == "cvae-digits-2"
    page.get_by_text("Pictures", exact=True).click()
    page.get_by_role("menuitem", name="Interpolate").click()
    page.wait_for_url("**/interpolate?model=cvae-digits-2*")
    chooser = page.locator(SIDEBAR_MODEL).first
    chooser.fill("ae-digits-2")
    chooser.press("Enter")
    page.wait_for_url("**/interpolate?model=ae-digits-2*")
    page.get_by_role("link", name="Start").click()
    page.wait_for_url("**/?model=ae-digits-2*")


def test_pictures_are_loaded_and_crisp(visit: Visit) -> None:
    page = visit("?model=vae-digits-2")
    page.wait_for_selector(".vc-card")
    page.wait_for_function("[...document.querySelectorAll('.vc-pixels')].every(image => image.complete)")
    assert page.evaluate("[...document.querySelectorAll('.vc-pixels')].every(image => image.naturalWidth > 0)")
    assert page.evaluate("getComputedStyle(document.querySelector('.vc-pixels')).imageRendering") == "pixelated"
    source = page.locator(".vc-sheet").first.get_attribute("src")
    answer = page.request.get(page.url.split("?")[0] + source)
    assert "immutable" in answer.headers["cache-control"]


def test_a_mistyped_model_gets_a_sentence(visit: Visit) -> None:
    page = visit("map?model=vae-minst-2")
    assert "vae-minst-2" in page.locator("[data-testid=stAlert]").inner_text()
    assert page.locator("[data-testid=stException]").count() == 0


def test_offline_a_model_of_mnist_still_works(visit: Visit, offline_server: str) -> None:
    page = visit("reconstruct?model=ae-mnist-2", base=offline_server)
    assert "Until then" in page.locator("[data-testid=stAlert]").inner_text()
    assert page.locator(".vc-row").count() == 5
    page.get_by_role("button", name="Open vae-digits-2").click()
    page.wait_for_url("**model=vae-digits-2*")
    settle(page)
    assert page.locator("[data-testid=stAlert]").count() == 0

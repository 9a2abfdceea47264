"""What only a browser can show: the pages as people meet them."""

import pytest
from harness import Visit, pick, picked, settle

pytestmark = pytest.mark.browser


def test_the_model_is_in_the_url_and_stays_on_every_page(visit: Visit) -> None:
    page = visit("")
    assert "model=" in page.url
    page.locator(".vc-search input").last.fill("cvae-digits")
    page.get_by_role("link", name="cvae-digits-2").click()
    page.wait_for_url("**/conditional?model=cvae-digits-2*")
    settle(page)
    assert picked(page) == "cvae-digits-2"
    page.get_by_text("Pictures", exact=True).click()
    page.get_by_role("menuitem", name="Walk between pictures").click()
    page.wait_for_url("**/interpolate?model=cvae-digits-2*")
    pick(page, "ae-digits-2")
    page.wait_for_url("**/interpolate?model=ae-digits-2*")
    settle(page)
    page.get_by_role("link", name="Start").click()
    page.wait_for_url("**/?model=ae-digits-2*")


def test_pictures_are_loaded_and_crisp(visit: Visit) -> None:
    page = visit("?model=vae-digits-2")
    page.wait_for_selector(".vc-tile")
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

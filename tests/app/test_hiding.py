"""Links for a class: what the address names is hidden, on every page that is opened from it."""

import pytest
from harness import Open, Visit, settle, text

from app.session import hiding


def test_controls_are_hidden_by_their_keys() -> None:
    assert hiding.selectors("model,data") == ".st-key-model, .st-key-data"
    assert hiding.selectors("sidebar k") == f"{hiding.PARTS['sidebar']}, .st-key-k"
    assert "<" not in hiding.selectors("</style><script>alert(1)</script>")


def test_nothing_is_hidden_unasked(open_page: Open) -> None:
    assert "display: none !important" not in text(open_page("reconstruct", model="vae-digits-2"))
    assert ".st-key-k {" in text(open_page("reconstruct", model="vae-digits-2", hide="k"))


@pytest.mark.browser
def test_what_is_hidden_stays_hidden_on_the_next_page(visit: Visit) -> None:
    page = visit("reconstruct?model=vae-digits-2&hide=sidebar,images,behind")
    assert page.locator(".st-key-k").is_visible()
    for part in (".st-key-images", ".st-key-behind", "[data-testid=stSidebar]"):
        page.locator(part).first.wait_for(state="hidden")
    page.get_by_test_id("stTopNavLink").first.click()
    page.get_by_role("heading", name="What does an autoencoder keep?").wait_for()
    settle(page)
    assert "hide=sidebar" in page.url
    page.locator("[data-testid=stSidebar]").wait_for(state="hidden")

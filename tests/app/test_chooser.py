"""Which model is meant by what was typed, and which images are offered."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from harness import Open, Visit, settle
from playwright.sync_api import Page

import vaecore
from vaecore import serving


@pytest.fixture
def letters(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more row in the table of data sets."""
    digits = serving.DATASETS["digits"]
    row = replace(digits, loader=replace(digits.loader, read=lambda folder, split: digits.load(folder, "train")))
    monkeypatch.setitem(serving.DATASETS, "letters", row)


@pytest.mark.usefixtures("letters")
def test_one_more_data_set_is_offered_in_the_sidebar_and_on_the_anomaly_page(open_page: Open) -> None:
    app = open_page("anomaly", model="vae-digits-2", unseen="letters")
    assert not app.exception
    assert app.selectbox(key="data").options == ["digits", "letters"]
    assert app.selectbox(key="unseen").value == "letters"
    app = open_page("reconstruct", model="vae-digits-2", data="letters")
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="data").value == "letters"


def test_the_sidebar_offers_what_the_model_can_read(open_page: Open) -> None:
    expected = [name for name, row in serving.DATASETS.items() if row.offers((1, 28, 28))]
    assert open_page("generate", model="vae-mnist-2").selectbox(key="data").options == expected
    assert expected == ["mnist", "fashion-mnist", "kmnist"]


def found(page: Page) -> list[str]:
    """The names that the picker leaves."""
    return page.locator(".vc-picker li:visible a").evaluate_all("links => links.map(({ dataset }) => dataset.value)")


def test_the_picker_finds_by_any_part_and_opens_the_first_at_enter(visit: Visit) -> None:
    page = visit("generate?model=vae-digits-2&z1=20")
    settle(page)
    page.locator(".vc-picker summary").click()
    field = page.locator(".vc-picker input")
    field.fill("zebra")
    assert found(page) == []
    assert page.locator(".vc-picker .vc-nothing").is_visible()
    field.fill("DIGITS beta")
    assert found(page) == ["beta-vae-digits-4"]
    field.fill("fashion")
    names = found(page)
    assert names[0] == "pca-fashion-mnist"
    assert all("fashion" in name for name in names)
    field.fill("digits cvae")
    field.press("Enter")
    page.wait_for_function("document.querySelector('.vc-picker summary b').innerText === 'cvae-digits-2'")
    assert "model=cvae-digits-2" in page.url


def test_what_is_none_of_the_names_is_a_folder(visit: Visit, tmp_path: Path) -> None:
    run = shutil.copytree(vaecore.load("ae-digits-2", device="cpu").folder, tmp_path / "mine")
    page = visit("generate?model=vae-digits-2")
    settle(page)
    page.locator(".vc-picker summary").click()
    page.locator(".vc-picker input").fill(str(run))
    page.locator(".vc-picker input").press("Enter")
    page.wait_for_function("document.querySelector('.vc-picker summary b').innerText === 'mine'")


def test_arrows_go_along_the_names_and_escape_closes(visit: Visit) -> None:
    page = visit("generate?model=vae-digits-2")
    settle(page)
    page.locator(".vc-picker summary").click()
    page.locator(".vc-picker input").fill("ladder")
    for key in ("ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.value") == "ladder-digits"
    page.keyboard.press("Escape")
    assert not page.locator(".vc-picker section").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_gallery_is_searched_as_one_types(visit: Visit) -> None:
    page = visit("?model=vae-digits-2")
    settle(page)
    lines = page.locator(".vc-kind li a")
    field = page.locator(".vc-search input").last
    field.fill("restore noise")
    assert page.locator(".vc-kind h4:visible").all_inner_texts() == []
    field.fill("ladder")
    assert sorted(page.locator("article li:visible a").all_inner_texts()) == ["ladder-digits", "ladder-mnist"]
    field.fill("")
    assert lines.count() >= len(vaecore.names()) - 3
    field.fill("ladder-digits")
    field.press("Enter")
    page.wait_for_function("document.querySelector('h1')?.innerText === 'Levels of a code'")
    assert "model=ladder-digits" in page.url

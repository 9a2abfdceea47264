"""Training in the page, in a real browser: Play lowers the loss, time turns back, an address repeats a run."""

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from at_hand import folder_with
from harness import Open, Visit, text
from playwright.sync_api import Page, expect

import vaecore
from app import pages
from vaecore.serving import sheets

pytestmark = pytest.mark.browser
OBJECTIVES = (
    "linear", "autoencoder", "denoising", "sparse-l1", "sparse-kl", "contractive", "vae", "beta-vae", "cvae",
)  # fmt: skip


def opened(visit: Visit, query: str = "") -> Page:
    page = visit(f"train_here?{query}")
    page.wait_for_selector(".train[data-ready]")
    return page


def step(page: Page) -> int:
    return int(page.locator(".train").get_attribute("data-step") or "")


def losses(page: Page) -> list[float]:
    """What the terms are on the test images."""
    return [float(found) for found in re.findall(r"([\d.]+) test", page.locator(".loss dl").inner_text())]


def until(page: Page, holds: Callable[[Page], bool]) -> None:
    for _ in range(200):
        if holds(page):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"at step {step(page)}: {page.locator('.bar').inner_text()}")


def at_step(page: Page, wanted: int) -> None:
    expect(page.locator(f".train[data-step='{wanted}'][data-running=false]")).to_be_visible()


def one_epoch(page: Page) -> int:
    """Steps after an epoch more."""
    before = step(page)
    page.click(".epoch")
    until(page, lambda page: step(page) > before and page.locator(".train[data-running=false]").count() == 1)
    return step(page)


@pytest.mark.parametrize("query", ["", "set=moons", "objective=sparse-kl", "objective=denoising&noise=gaussian"])
def test_play_lowers_the_loss_and_pause_keeps_it(visit: Visit, query: str) -> None:
    page = opened(visit, query)
    (before, *_) = losses(page)
    page.click(".play")
    until(page, lambda page: step(page) > 300)
    expect(page.locator(".play")).to_have_text("Pause")
    page.click(".play")
    expect(page.locator(".play")).to_have_text("Play")
    (after, *_) = losses(page)
    assert after < 0.95 * before
    stands = step(page)
    page.wait_for_timeout(300)
    assert step(page) == stands
    assert not page.locator(".trouble").is_visible()


def test_one_batch_is_a_step_and_an_epoch_ends(visit: Visit) -> None:
    page = opened(visit, "batch=256")
    page.click(".one")
    at_step(page, 1)
    assert one_epoch(page) == sheets.sheet("digits").training // 256


def test_time_turns_back_by_keys_and_goes_on_as_a_branch(visit: Visit) -> None:
    page = opened(visit, "objective=autoencoder")
    seen = [losses(page)]
    for _ in range(3):
        one_epoch(page)
        seen.append(losses(page))
    scrub = page.locator(".scrub")
    scrub.focus()
    page.keyboard.press("Home")
    at_step(page, 0)
    assert losses(page) == seen[0]
    expect(page.locator(".time output")).to_have_text("epoch 0")
    page.keyboard.press("ArrowRight")
    until(page, lambda page: losses(page) == seen[1])
    page.locator("[name=rate]").select_option("0.0001")
    one_epoch(page)
    expect(page.locator(".time output")).to_have_text("epoch 2")
    assert seen[2][0] < losses(page)[0] < seen[1][0]
    assert "pale" in page.locator(".loss figcaption").inner_text()


def test_an_address_repeats_a_run(visit: Visit) -> None:
    page = opened(visit)
    page.locator("[name=objective]").select_option("cvae")
    page.wait_for_url("**objective=cvae*")
    page.locator("[name=seed]").fill("12")
    page.locator("[name=seed]").press("Enter")
    page.wait_for_url("**seed=12*")
    one_epoch(page)
    again = opened(visit, page.url.partition("?")[2])
    assert again.locator("[name=objective]").input_value() == "cvae"
    one_epoch(again)
    assert losses(again) == losses(page)
    again.locator("[name=seed]").fill("13")
    again.locator("[name=seed]").press("Enter")
    until(again, lambda page: step(page) == 0)
    one_epoch(again)
    assert losses(again) != losses(page)


def test_what_acts_at_once_starts_nothing_again(visit: Visit) -> None:
    page = opened(visit, "objective=beta-vae")
    done = one_epoch(page)
    slider = page.locator("[name=beta]")
    slider.focus()
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "16"
    page.click(".one")
    at_step(page, done + 1)
    page.locator("[name=latent]").select_option("4")
    at_step(page, 0)


@pytest.mark.data
def test_a_large_set_comes_when_it_is_asked_for(visit: Visit) -> None:
    folder_with("mnist")
    page = opened(visit)
    page.locator("[name=set]").select_option("mnist")
    page.wait_for_url("**set=mnist*")
    until(page, lambda page: losses(page)[0] > 100)
    page.click(".one")
    at_step(page, 1)


@pytest.mark.usefixtures("no_data")
def test_a_set_that_is_not_here_is_said_in_a_sentence(open_page: Open) -> None:
    app = open_page("train_here", set="mnist")
    assert not app.exception
    assert app.title[0].value == pages.PAGES["train_here"].title
    assert "Traceback" not in text(app)
    (sent,) = (each.proto.json for each in app.get("bidi_component"))
    assert "MNIST, 28\\u00d728 is not at hand: vaecore.dataset('mnist') downloads it, once." in sent


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_what_is_taken_along_opens_like_any_run(visit: Visit, objective: str, tmp_path: Path) -> None:
    page = opened(visit, f"objective={objective}")
    page.click(".play")
    until(page, lambda page: step(page) > 100)
    page.click(".play")
    expect(page.locator(".train[data-running=false]")).to_be_visible()
    with page.expect_download() as waited:
        page.click(".take")
    with zipfile.ZipFile(waited.value.path()) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    expect(page.locator(".taken")).to_contain_text(f'vaecore.load("{folder.name}")')
    explorer = vaecore.load(folder, device="cpu")
    tests = vaecore.dataset("digits")
    told = {"labels": tests.labels[:10]} if "condition" in explorer.abilities else {}
    rebuilt = explorer.reconstruct(tests.images[:10], **told)
    error = float(np.square(rebuilt - tests.images[:10]).sum((1, 2, 3)).mean())
    said = re.search(r"[\d.]+", page.locator(".made:not(.second) span").inner_text())
    assert said
    assert error == pytest.approx(float(said[0]), rel=0.01)
    assert f"{step(page)} steps in a page" in explorer.card["made"]


def test_twins_go_in_lockstep_and_an_address_repeats_them(visit: Visit) -> None:
    page = opened(visit, "objective=beta-vae&beta=1")
    page.locator("[name=twin]").select_option("beta")
    page.wait_for_url("**twin=beta*")
    page.locator("[name=other]").select_option("8")
    page.wait_for_url("**twin=beta%3A8*")
    at_step(page, 0)
    start = twins(page)
    assert start[0] == start[1]
    one_epoch(page)
    one_epoch(page)
    seen = twins(page)
    assert seen[0] != seen[1]
    expect(page.locator(".codes figcaption")).to_contain_text(["β 1", "β 8"])
    assert page.locator(".rows canvas:visible").count() == 4
    page.locator(".scrub").focus()
    page.keyboard.press("Home")
    until(page, lambda page: twins(page) == start)
    again = opened(visit, page.url.partition("?")[2])
    one_epoch(again)
    one_epoch(again)
    assert twins(again) == seen
    with again.expect_download() as waited:
        again.click(".take")
    with zipfile.ZipFile(waited.value.path()) as packed:
        cards = {name: packed.read(name) for name in packed.namelist() if name.endswith("card.json")}
    assert [json.loads(card)["recipe"]["settings"]["beta"] for card in cards.values()] == [1, 8]
    again.locator("[name=twin]").select_option("None")
    again.wait_for_url(lambda address: "twin" not in address)
    assert again.locator(".codes:visible").count() == 1


def twins(page: Page) -> list[str]:
    """What the terms of both are on the test images, as they are written: the distortion first."""
    said = page.locator(".loss dd").first.inner_text()
    assert said.endswith(" test")
    return said.removesuffix(" test").split(" · ")


def test_seeds_say_whether_twins_differ_by_more(visit: Visit) -> None:
    page = opened(visit, "objective=beta-vae&beta=0.1&twin=beta:8&batch=256")
    verdict = page.locator(".verdict")
    page.click(".three")
    expect(verdict).to_contain_text("Train for an epoch first")
    for _ in range(3):
        one_epoch(page)
    seen = twins(page)
    page.click(".three")
    expect(verdict).to_contain_text("Rate", timeout=60_000)
    said = verdict.inner_text()
    assert "β 8 against 0.1, seeds 0, 1, 2, tested after 3 epochs" in said
    found = {name: (float(far), way, bool(no)) for name, far, way, no in re.findall(SENTENCE, said)}
    assert list(found) == ["Distortion", "Rate", "Elbo"]
    assert found["Rate"][1:] == ("lower", False)
    assert (found["Distortion"][1] == "higher") == (float(seen[0]) < float(seen[1]))
    page.click(".three")
    expect(page.locator(".three")).to_have_text("Stop")
    page.locator("[name=rate]").select_option("0.001")  # what is found would be of other settings
    expect(page.locator(".three")).to_have_text("Over three seeds")
    expect(verdict).to_be_empty()
    page.locator("[name=speed]").select_option("10")
    page.click(".three")
    page.click(".three")
    expect(verdict).to_be_empty()
    assert not page.locator(".trouble").is_visible()


SENTENCE = r"(\w+) ([\d.]+) nats (higher|lower): (no )?larger than the difference between seeds, [\d.]+\."


def test_a_speed_acts_at_once_and_is_in_the_address(visit: Visit) -> None:
    page = opened(visit, "speed=1")
    assert page.locator("[name=speed]").input_value() == "1"
    page.click(".play")
    until(page, lambda page: step(page) == 1)
    page.wait_for_timeout(300)
    assert step(page) == 1
    page.locator("[name=speed]").select_option("full")
    page.wait_for_url(lambda address: "speed" not in address)
    until(page, lambda page: step(page) > 100)
    page.locator("[name=speed]").select_option("1")
    page.wait_for_url("**speed=1*")
    page.click(".play")
    expect(page.locator(".train[data-running=false]")).to_be_visible()


@pytest.mark.parametrize(("annealing", "wanted"), [("linear", (10, 0.5, 4)), ("cyclic", (10, 0.5, 1))])
def test_a_climbing_beta_is_in_what_is_taken_along(
    visit: Visit, annealing: str, wanted: tuple[int, float, int], tmp_path: Path
) -> None:
    page = opened(visit, f"annealing={annealing}&climb=5&batch=256")
    one_epoch(page)
    if annealing == "linear":  # a climb of five epochs is half of ten
        for _ in range(9):
            one_epoch(page)
    with page.expect_download() as waited:
        page.click(".take")
    with zipfile.ZipFile(waited.value.path()) as packed:
        packed.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    recipe = vaecore.load(folder, device="cpu").card["recipe"]
    settings = recipe["settings"]
    assert settings["annealing"] == annealing
    found = recipe["training"]["epochs"], settings["annealing_share"], settings.get("annealing_cycles", 4)
    assert found == wanted


DRAWN = {
    3: [(0.3, 0.2), (0.6, 0.17), (0.68, 0.32), (0.48, 0.47), (0.7, 0.62), (0.62, 0.82), (0.3, 0.82)],
    4: [(0.6, 0.85), (0.6, 0.15), (0.28, 0.62), (0.75, 0.62)],
    5: [(0.68, 0.17), (0.35, 0.17), (0.33, 0.47), (0.58, 0.43), (0.7, 0.62), (0.58, 0.83), (0.3, 0.8)],
}


def draw(page: Page, count: int) -> None:
    """Keep so many drawings of three digits, each a little narrower than the one before."""
    canvas = page.locator(".pad canvas")
    for place in range(count):
        label = 3 + place % 3
        canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
        box = canvas.bounding_box()
        assert box is not None
        wide = box["width"] * (1 - 0.05 * place)
        first, *others = [(box["x"] + x * wide, box["y"] + y * box["height"]) for x, y in DRAWN[label]]
        page.mouse.move(*first)
        page.mouse.down()
        for each in others:
            page.mouse.move(*each)
        page.mouse.up()
        page.locator(f".classes input[value='{label}']").check()
        page.click(".keep")


def test_ten_drawings_train_a_network_that_opens_like_any_run(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit("train_here?set=drawn&objective=autoencoder&latent=3")
    page.wait_for_selector(".train.waiting")
    expect(page.locator(".play")).to_be_disabled()
    draw(page, 9)
    expect(page.locator(".count")).to_contain_text("1 more")
    draw(page, 1)
    expect(page.locator(".count")).to_contain_text("8 to train on, 80 with copies; 2 to test on")
    page.wait_for_selector(".train[data-step='0']:not(.waiting)")
    (before, *_) = losses(page)
    page.click(".play")
    until(page, lambda page: step(page) > 200)
    page.click(".play")
    expect(page.locator(".train[data-running=false]")).to_be_visible()
    (after, *_) = losses(page)
    assert after < before
    with page.expect_download() as waited:
        page.click(".take")
    with zipfile.ZipFile(waited.value.path()) as packed:
        packed.extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    explorer = vaecore.load("autoencoder-drawn-trained-here", device="cpu")
    tests, others = (vaecore.dataset(explorer.dataset, split) for split in ("test", "train"))
    assert len(tests.images) + len(others.images) == 10
    assert tests.names == ("3", "4", "5")
    shown = page.locator(".kept.held canvas").last.evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 8, 8).data].filter((_, i) => i % 4 === 0)"
    )
    np.testing.assert_array_equal(255 * tests.images[-1].ravel(), shown)
    drawn = np.concatenate([others.images, tests.images])[-2:]  # all that was never trained on
    error = float(np.square(explorer.reconstruct(drawn) - drawn).sum((1, 2, 3)).mean())
    said = re.search(r"[\d.]+", page.locator(".made:not(.second) span").inner_text())
    assert said
    assert error == pytest.approx(float(said[0]), rel=0.01, abs=6e-4)  # as it is written


def test_drawings_stay_in_the_window_and_each_can_be_removed(visit: Visit) -> None:
    page = visit("train_here?set=drawn", 390)
    page.wait_for_selector(".train.waiting")
    lines = [{"label": i, "strokes": [[[0.5, 0.5], [i / 10, i / 20]]]} for i in range(9)]
    page.evaluate("text => sessionStorage.setItem('vaecore drawings', text)", json.dumps(lines))
    page.reload()
    page.wait_for_selector(".kept")
    draw(page, 1)
    page.wait_for_selector(".train[data-step]:not(.waiting)")
    page.locator(".copies input").uncheck()
    expect(page.locator(".count")).to_have_text(re.compile("^8 to train on; 2 to test on"))
    page.reload()
    page.wait_for_selector(".train[data-step]:not(.waiting)")
    assert page.locator(".kept").count() == 10
    page.locator(".kept").last.click()
    page.wait_for_selector(".train.waiting")
    assert json.loads(page.evaluate("sessionStorage.getItem('vaecore drawings')")) == lines
    page.locator("[name=set]").select_option("digits")
    page.wait_for_selector(".train[data-step='0']:not(.waiting)")
    expect(page.locator(".pad")).to_be_hidden()

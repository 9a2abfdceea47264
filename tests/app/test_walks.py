"""Sliders along principal directions and along the noise of levels: pictures, names, draws, addresses."""

import json
import re
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from harness import Open, Visit, code, settle
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

import vaecore
from vaecore import serving
from vaecore.data import dataset

DIRECTED = ("ae-digits-128", "stacked-digits", "denoising-digits")
HIERARCHIES = ("hierarchical-digits", "ladder-digits")
PIXELS = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)"""


def steered(app: AppTest) -> dict[str, Any]:
    """What the sliders of the page are told."""
    assert not app.exception
    return next(
        data for data in (json.loads(each.proto.json) for each in app.get("bidi_component")) if "quantiles" in data
    )


def leading(rows: np.ndarray) -> np.ndarray:
    """The leading right singular vector of centred rows, its largest entry positive."""
    vector = np.linalg.svd(rows - rows.mean(0), full_matrices=False)[2][0]
    return vector * np.sign(vector[np.abs(vector).argmax()])


@pytest.mark.parametrize("model", DIRECTED)
def test_a_code_whose_numbers_go_together_opens_along_its_principal_directions(open_page: Open, model: str) -> None:
    own = vaecore.load(model, device="cpu")
    told = steered(open_page("generate", model=model))
    assert told["names"] == [f"direction {i}" for i in range(1, 13)]
    real = serving.axes.training_codes(own)
    base = np.array(told["middle"], np.float32)
    assert (np.abs(real - base).max(1) < 1e-5).any()  # a random code is one of a training image: there is no prior
    moved = steered(open_page("generate", model=model, v1="90"))
    axis = leading(real)
    place = np.percentile(real @ axis, [90]) - np.interp(
        told["home"]["0"], range(101), np.percentile(real @ axis, range(101))
    )
    expected = own.decode((base + place * axis)[None].astype(np.float32))
    np.testing.assert_allclose(moved["picture"], expected.ravel(), atol=2e-3)
    assert moved["percents"] == {"0": 90}


@pytest.mark.parametrize("model", [*DIRECTED, *HIERARCHIES, "vae-digits-2", "pca-digits"])
def test_a_walk_from_an_image_begins_at_its_reconstruction(open_page: Open, model: str) -> None:
    told = steered(open_page("generate", model=model, base="a test image", of="4", which="3"))
    own, tests = vaecore.load(model, device="cpu"), dataset("digits", "test")
    row = np.flatnonzero(tests.labels == 4)[2]
    expected = own.reconstruct(tests.images[row : row + 1])
    np.testing.assert_allclose(told["picture"], expected.ravel(), atol=1e-4)
    assert told["percents"] == {}


def test_the_image_that_a_conditional_model_starts_from_brings_its_class(open_page: Open) -> None:
    told = steered(open_page("generate", model="cvae-digits-2", base="a test image", of="4", which="3"))
    assert told["label"] == 4


@pytest.mark.parametrize("model", HIERARCHIES)
def test_each_level_of_a_hierarchy_has_sliders_of_its_own(open_page: Open, model: str) -> None:
    own = vaecore.load(model, device="cpu")
    told = steered(open_page("generate", model=model))
    sizes = serving.levels.sizes(own)
    first, *_, last = dict.fromkeys(told["groups"])
    assert (first, last) == (f"Level {len(sizes)} (top)", "Level 1 (by the image)")
    moved = steered(open_page("generate", model=model, v1="95"))
    noise, axis = np.array(told["middle"], np.float32), np.array(told["basis"][0])
    assert not axis[: -sizes[-1]].any()
    normal = NormalDist().inv_cdf
    below = int(told["home"]["0"])
    share = told["home"]["0"] - below
    at_home = (1 - share) * normal(below / 100) + share * normal((below + 1) / 100)
    expected = serving.levels.decode(own, (noise + (normal(0.95) - at_home) * axis)[None].astype(np.float32))
    np.testing.assert_allclose(moved["picture"], expected.ravel(), atol=1e-3)


@pytest.mark.parametrize("model", HIERARCHIES)
def test_names_of_levels_and_of_sliders_never_collide(open_page: Open, model: str) -> None:
    levels = {f"z{number}".translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")) for number in range(1, 10)}
    for walk in ("each level's noise", "principal directions", "single numbers"):
        told = steered(open_page("generate", model=model, walk=walk, all="true"))
        names = told["names"]
        assert len(set(names)) == len(names)
        assert not {*names} & {*levels, *told["groups"]}


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("ae-digits-128", {"v2": "70"}),
        ("ladder-digits", {"base": "a test image", "of": "7", "v1": "20", "v5": "90"}),
        ("pca-digits", {"base": "a draw", "drawn": "17", "z3": "80"}),
        ("beta-vae-digits-4", {"walk": "principal directions", "v1": "33"}),
    ],
)
def test_the_program_decodes_what_the_page_shows(open_page: Open, model: str, parameters: dict[str, str]) -> None:
    app = open_page("generate", model=model, **parameters)
    told = steered(app)
    space: dict[str, Any] = {}
    exec(code(app)[1], space)
    np.testing.assert_allclose(told["picture"], space["image"].ravel(), atol=1e-3)


def pixels(page: Page) -> np.ndarray:
    """The red of every pixel of the decoded image."""
    return np.array(page.locator(".decoded canvas").evaluate(PIXELS))


def opened(visit: Visit, query: str) -> Page:
    page = visit(f"generate?{query}")
    page.wait_for_selector(".sliders[data-ready]")
    return page


@pytest.mark.browser
@pytest.mark.parametrize(("model", "name"), [("ae-digits-128", "direction 1"), ("ladder-digits", "noise 3.1")])
def test_a_direction_moves_the_picture_in_the_page_and_a_link_restores_it(
    visit: Visit, open_page: Open, model: str, name: str
) -> None:
    page = opened(visit, f"model={model}")
    before = pixels(page)
    slider = page.get_by_role("slider", name=name, exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    during = pixels(page)
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert (pixels(page) != during).any()  # before any answer of the server: that comes when it ends
    assert "v1=" not in page.url
    page.mouse.up()
    page.wait_for_url("**v1=*")
    settle(page)
    moved = pixels(page)
    assert (moved != before).any()
    again = opened(visit, page.url.split("?")[1])
    np.testing.assert_array_equal(pixels(again), moved)
    at = re.search(r"v1=([\d.]+)", page.url)
    assert at is not None
    picture = steered(open_page("generate", model=model, v1=at[1]))["picture"]
    np.testing.assert_allclose(moved, 255 * np.clip(picture, 0, 1), atol=1)
    page.get_by_role("button", name="Reset").click()
    settle(page)
    np.testing.assert_array_equal(pixels(page), before)


@pytest.mark.browser
def test_random_takes_another_draw_whose_number_is_in_the_address(visit: Visit, open_page: Open) -> None:
    page = opened(visit, "model=vae-digits-2&z1=80")
    page.get_by_role("button", name="Random").click()
    page.wait_for_url("**drawn=*")
    settle(page)
    number = re.search(r"drawn=(\d+)", page.url)
    assert number is not None
    own = vaecore.load("vae-digits-2", device="cpu")
    drawn = serving.draws.codes(own, "codes", 1, int(number[1]), serving.axes.training_codes(own))
    np.testing.assert_allclose(pixels(page), 255 * own.decode(drawn)[0].ravel(), atol=1)
    again = opened(visit, page.url.split("?")[1])
    np.testing.assert_array_equal(pixels(again), pixels(page))

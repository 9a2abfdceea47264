"""Features: what the units look for, how often they are on, which fire for an image."""

from dataclasses import replace

import numpy as np
import pytest
from harness import Open, charts, named, rows_of, text

import vaecore
from app.results import units
from app.results.data import pictures
from app.results.units import Units
from app.session import state

SHOWN = Units(
    name="three",
    filters=np.array([1.0, -3.0, 2.0], np.float32).reshape(3, 1, 1, 1),
    shallow=True,
    size=np.array([0.2, 0.3, 0.9]),
    mean=np.array([0.2, -0.3, 0.9]),
    lifetime=np.array([0.5, 0.9, 0.1]),
    population=0.5,
    on=0.5,
    wanted=None,
)


def test_units_are_put_in_order() -> None:
    assert units.ordered(SHOWN, "active").tolist() == [2, 1, 0]
    assert units.ordered(SHOWN, "selective").tolist() == [1, 0, 2]
    assert units.ordered(SHOWN, "strong").tolist() == [1, 2, 0]
    assert sorted(units.ordered(SHOWN, "random")) == [0, 1, 2]


def test_of_a_deep_model_no_activity_orders_the_first_layer() -> None:
    deep = replace(SHOWN, shallow=False)
    assert deep.orders == ("strong", "random")
    assert units.ordered(deep, "active").tolist() == units.ordered(deep, "strong").tolist()


def test_sheets_hold_every_unit_once_and_a_smaller_model_keeps_its_last() -> None:
    many = replace(SHOWN, filters=np.arange(1.0, 251).reshape(-1, 1, 1, 1))
    assert units.sheets(SHOWN, many) == 3
    seen = np.concatenate([units.on_sheet(many, "strong", number).ravel() for number in (1, 2, 3)])
    assert seen.tolist() == list(range(250, 0, -1))
    assert len(units.on_sheet(SHOWN, "strong", 3)) == 3


def test_the_units_that_fire_are_those_furthest_from_zero() -> None:
    image = vaecore.dataset("digits", split="test").images[7]
    code = vaecore.load("pca-digits").encode(image[None])[0]
    firing = units.firing(state.Model("pca-digits"), image)
    assert firing.top[0] == np.abs(code).argmax()
    np.testing.assert_allclose(firing.values, code[firing.top], rtol=1e-5)
    assert firing.on == (np.abs(code) > 0.1 * np.abs(code).max()).sum()
    assert firing.profile[0] == 1
    assert (np.diff(firing.profile) <= 0).all()
    assert firing.places[-1] == 100


def test_the_activity_is_that_of_the_codes_of_the_test_images() -> None:
    found = pictures(state.Model("pca-digits"), "digits")
    codes = vaecore.load("pca-digits").encode(found.images)
    shown = units.units(state.Model("pca-digits"), found)
    np.testing.assert_allclose(shown.size, np.abs(codes).mean(0), rtol=1e-4)
    assert shown.on == pytest.approx((np.abs(codes) > 0.1 * np.abs(codes).max(1, keepdims=True)).mean())


@pytest.mark.usefixtures("trained")
def test_a_sparse_model_stands_beside_its_twin_with_the_wanted_activity(open_page: Open) -> None:
    app = open_page("features", model="sparse-kl-digits")
    assert not app.exception
    assert app.selectbox(key="other").value == "ae-digits-128"
    assert {"sparse-kl-digits", "PCA-32"} & set(app.selectbox(key="other").options) == set()
    assert "wanted: 0.05" in named(charts(app)[0])
    assert [len(rows_of(app)[name].captions) for name in ("sparse-kl-digits", "ae-digits-128")] == [16, 16]
    assert "100 of 128 units, active first" in text(app)
    app.number_input(key="sheet").set_value(2).run()
    assert "28 of 128 units, active first" in text(app)


@pytest.mark.usefixtures("trained")
def test_another_model_can_stand_beside(open_page: Open) -> None:
    app = open_page("features", model="sparse-kl-digits", other="pca-digits")
    assert not app.exception
    assert "32 of 32 units" in text(app)
    assert named(charts(app)[1]) == ["sparse-kl-digits", "pca-digits"]


def test_a_deep_model_shows_its_filters_and_says_why_its_code_has_none(open_page: Open) -> None:
    app = open_page("features", model="ae-digits-2")
    assert not app.exception
    assert app.get("button_group")[0].proto.options[0].content == "strong"
    assert "above the first layer" in text(app)
    assert "ae-digits-2" not in rows_of(app)


@pytest.mark.parametrize("model", ["vae-digits-2", "cvae-digits-2"])
def test_in_the_place_of_a_model_without_units_stands_one_of_its_data(open_page: Open, model: str) -> None:
    app = open_page("features", model=model)
    assert not app.exception
    shown = app.session_state["stand-in"].model
    assert f"{model} has no single layer" in text(app)
    assert f"This page shows {shown} instead." in text(app)
    assert vaecore.load(shown, device="cpu").dataset == "digits"
    assert shown in rows_of(app)
    assert app.session_state["model"] == model == app.query_params["model"]


def test_drawing_again_and_the_class_choose_the_image(open_page: Open) -> None:
    app = open_page("features", model="pca-digits", of="3", which="2")
    assert app.number_input(key="which").value == 2
    before = rows_of(app)["pca-digits"].captions
    app.selectbox(key="of").set_value("4").run()
    assert not app.exception
    assert rows_of(app)["pca-digits"].captions != before
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert not app.exception


def test_a_link_that_names_no_such_model_beside_opens_all_the_same(open_page: Open) -> None:
    app = open_page("features", model="pca-digits", other="nonsense", units="nonsense", sheet="99")
    assert not app.exception
    assert app.selectbox(key="other").value in units.others(state.Model("pca-digits"))

"""Charts are pure: arrays in, marks out. What the page draws of them is looked at in a browser."""

import re
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from harness import Visit, settle
from playwright.sync_api import Page

from app.components.plot import data_of, said_of
from app.figures import charts, fields, marks, sketches
from app.figures.charts import Group, Series
from app.figures.marks import COLORS, Axis, Bars, Chart, Dots, Line, Rule
from vaecore import browser

RANDOM = np.random.default_rng(0)


LINES = (
    Series("model", np.array([0.0, 0.5, 1.0]), np.array([1.0, 2.0, 4.0]), "reconstruction"),
    Series("PCA", np.array([0.0, 0.5, 1.0]), np.array([3.0, 3.0, 5.0]), "baseline"),
)


def test_lines_have_their_variables_colours_and_a_mark_where_they_pass_a_place() -> None:
    chart = charts.lines(LINES, Axis("level"), "error", at=0.75)
    lines = marks.marks(chart, Line)
    assert [line.name for line in lines] == ["model", "PCA"]
    assert [line.color for line in lines] == [COLORS["reconstruction"], COLORS["baseline"]]
    assert len({line.dash for line in lines}) == 2  # colour alone tells nobody apart who does not see it
    assert [float(dots.y[0]) for dots in marks.marks(chart, Dots)] == [pytest.approx(3.0), pytest.approx(4.0)]
    assert [(rule.axis, rule.at) for rule in marks.marks(chart, Rule)] == [("x", 0.75)]


def test_a_reference_does_not_shrink_what_it_is_compared_with() -> None:
    far = Series("far", np.array([0.0, 1.0]), np.array([0.0, 1000.0]), "x")
    assert 5 < charts.lines(LINES, Axis(), "error", reference=far).ends("y")[1] < 10


def test_a_linear_axis_begins_at_zero_and_a_logarithmic_one_is_asked_for() -> None:
    assert charts.lines(LINES, Axis(), "y").ends("y") == (0, pytest.approx(5 * marks.ROOM))
    low, high = charts.lines(LINES, Axis(), "y", scale="log").ends("y")
    assert 0.5 < low < 1 < 5 < high < 8


def test_what_is_not_finite_does_not_stretch_an_axis() -> None:
    far = [Series("a", np.array([0.0, 1.0, np.nan]), np.array([2.0, np.inf, 1.0]))]
    assert charts.lines(far, Axis(), "y").ends("y") == (0, pytest.approx(2 * marks.ROOM))
    assert marks.extent(np.array([np.nan])) == (0, 1)
    assert marks.extent(np.array([7.0])) == (6.5, 7.5)
    assert marks.extent(np.array([0.0, -1, 10, 1000]), log=True, room=0.5) == pytest.approx((1, 10000))


def test_a_histogram_gives_each_group_shares_of_its_own_size_over_the_same_bins() -> None:
    groups = [Group("few", np.array([0.1, 0.9]), "z"), Group("many", RANDOM.random(1000), "error")]
    chart = charts.histogram(groups, "score", at={"threshold": 0.5}, bins=10)
    (few, many), (place,) = marks.marks(chart, Bars), marks.marks(chart, Line)
    np.testing.assert_array_equal(few.low, many.low)
    np.testing.assert_allclose(few.low[1:], few.high[:-1])
    assert sum(few.values) == pytest.approx(1)
    assert sum(many.values) == pytest.approx(1)
    assert sorted(few.values)[-2:] == [0.5, 0.5]
    assert few.said[0].startswith("few: 50.0% from ")
    assert (place.name, list(place.x)) == ("threshold", [0.5, 0.5])


def test_a_histogram_leaves_infinite_values_out_of_its_axis() -> None:
    (bars,) = marks.marks(charts.histogram([Group("a", np.array([0.0, 1.0, np.inf]))], "x", bins=4), Bars)
    assert np.isfinite([bars.low, bars.high]).all()
    assert sum(bars.values) == pytest.approx(2 / 3)


def test_rings_are_a_gaussian_at_one_and_two_scales() -> None:
    mean, covariance = np.array([1.0, -2.0]), np.array([[2.0, 0.6], [0.6, 0.5]])
    x, y = fields.rings(mean, np.linalg.cholesky(covariance))
    away = np.stack([x, y], 1)[np.isfinite(x)] - mean
    distances = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away))
    np.testing.assert_allclose(np.sort(distances), np.repeat([1.0, 2.0], len(distances) // 2))
    assert np.isnan(x).sum() == 2


def test_a_landscape_is_deep_where_the_divergence_is_small() -> None:
    values = np.array([[3.0, 1.0], [2.0, 5.0]])
    chart = sketches.landscape(np.array([0.0, 1]), np.array([0.1, 1]), values, (np.zeros(1), np.ones(1)), [], "z")
    (field,) = marks.marks(chart, marks.Field)
    assert field.values.argmax() == values.argmin()
    assert field.values.argmin() == values.argmax()
    np.testing.assert_allclose(field.up, [-1, 0])


def test_what_is_sent_is_what_json_holds() -> None:
    line = Line(np.array([0, np.nan, np.inf]), np.array([1 / 3, 1, 2]), "#000000", "a\nb")
    sent = data_of(Chart((line,), Axis("x"), Axis("y")))
    assert sent["lines"][0]["x"] == [0, None, None]
    assert sent["lines"][0]["y"] == [0.333333, 1, 2]
    assert sent["lines"][0]["name"] == "a b"
    assert said_of(Chart((line,), Axis("x"), Axis("y"))) == "Chart of y over x: a b"


def test_the_colours_are_those_of_the_style_sheet() -> None:
    style = browser.TOKENS.read_text("utf-8")
    assert all(f"--vc-{variable}: {color};" in style for variable, color in COLORS.items())


# In the browser


def opened(visit: Visit, address: str) -> Page:
    page = visit(address)
    page.wait_for_selector(".plot[data-ready]")
    settle(page)
    return page


@pytest.mark.browser
def test_a_chart_is_never_empty_while_its_lesson_plays(visit: Visit) -> None:
    page = opened(visit, "subspace")
    page.evaluate(WATCH)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Stop").wait_for()
    page.wait_for_function("window.seen.changes >= 6")
    seen: dict[str, Any] = page.evaluate("window.seen")
    assert seen["empty"] == 0, seen
    assert seen["frames"] > 20


# Every frame: how many charts there are, whether each has its lines, and how often they were drawn anew.
WATCH = """() => {
  const hosts = [...document.querySelectorAll("*")].map((each) => each.shadowRoot);
  const roots = hosts.filter((root) => root?.querySelector(".plot"));
  const count = roots.length;
  window.seen = { frames: 0, empty: 0, changes: 0, count };
  let before = "";
  const look = () => {
    const now = roots.map((root) => root.querySelector(".sheet > svg").innerHTML).join("");
    const shown = roots.every((root) => root.host.isConnected && root.querySelectorAll(".sheet svg path").length > 5);
    window.seen.frames += 1;
    window.seen.empty += !shown;
    window.seen.changes += now !== before;
    before = now;
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.mark.browser
def test_the_pointer_reads_every_line_at_its_place_and_so_do_keys(visit: Visit) -> None:
    page = opened(visit, "features?model=sparse-kl-mnist")
    sheet, card = page.locator(".plot .sheet").last, page.locator(".plot .card").last
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box is not None
    sheet.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    said = card.inner_text()
    assert re.search(r"sparse-kl-mnist: \d\.\d\d", said), said
    sheet.press("ArrowRight")
    assert card.inner_text() != said
    page.mouse.move(0, 0)
    assert card.is_hidden()


@pytest.mark.browser
def test_keys_choose_a_place_on_a_landscape(visit: Visit) -> None:
    page = opened(visit, "divergence?mean=1&scale=0.7")
    sheet, card = (page.locator(f".st-key-divergence-landscape .{part}") for part in ("sheet", "card"))
    sheet.press("ArrowLeft")
    said = re.fullmatch(r"start at mean (\S+), scale (\S+)", card.inner_text())
    assert said
    sheet.press("Enter")
    page.wait_for_url(lambda url: "mean=1" not in url)
    settle(page)
    mean = float(parse_qs(urlparse(page.url).query)["mean"][0])
    assert mean == pytest.approx(float(said[1].replace("−", "-")), abs=0.06)

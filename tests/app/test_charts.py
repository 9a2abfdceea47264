"""Charts are pure: arrays in, traces out."""

import numpy as np
import pytest

from app.figures import charts
from app.figures.charts import Group, Series
from vaecore import browser

RANDOM = np.random.default_rng(0)


LINES = (
    Series("model", np.array([0.0, 0.5, 1.0]), np.array([1.0, 2.0, 4.0]), "reconstruction"),
    Series("PCA", np.array([0.0, 0.5, 1.0]), np.array([3.0, 3.0, 5.0]), "baseline"),
)


def test_lines_have_their_variables_colours_and_a_mark_where_they_pass_a_place() -> None:
    figure = charts.lines(LINES, "level", "error", at=0.75)
    drawn = [trace for trace in figure.data if trace.mode == "lines"]
    assert [trace.name for trace in drawn] == ["model", "PCA"]
    assert [trace.line.color for trace in drawn] == [charts.COLORS["reconstruction"], charts.COLORS["baseline"]]
    assert len({trace.line.dash for trace in drawn}) == 2  # colour alone tells nobody apart who does not see it
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert [mark.y[0] for mark in marks] == [pytest.approx(3.0), pytest.approx(4.0)]
    assert [line.x0 for line in figure.layout.shapes] == [0.75]


def test_a_reference_does_not_shrink_what_it_is_compared_with() -> None:
    far = Series("far", np.array([0.0, 1.0]), np.array([0.0, 1000.0]), "x")
    assert 5 < charts.lines(LINES, "level", "error", reference=far).layout.yaxis.range[1] < 10


def test_no_chart_can_be_dragged() -> None:
    for figure in (charts.lines(LINES, "x", "y"), charts.histogram([Group("a", RANDOM.random(9))], "x")):
        assert figure.layout.dragmode is False
        assert figure.layout.xaxis.fixedrange
        assert figure.layout.yaxis.fixedrange


def test_a_logarithmic_axis_is_asked_for() -> None:
    assert charts.lines(LINES, "x", "y", scale="log").layout.yaxis.type == "log"
    assert charts.lines(LINES, "x", "y").layout.yaxis.rangemode == "tozero"


def test_a_histogram_gives_each_group_shares_of_its_own_size_over_the_same_bins() -> None:
    groups = [Group("few", np.array([0.1, 0.9]), "z"), Group("many", RANDOM.random(1000), "error")]
    few, many, place = charts.histogram(groups, "score", at={"threshold": 0.5}, bins=10).data
    np.testing.assert_array_equal(few.x, many.x)
    assert sum(few.y) == pytest.approx(1)
    assert sum(many.y) == pytest.approx(1)
    assert sorted(few.y)[-2:] == [0.5, 0.5]
    assert (place.name, list(place.x)) == ("threshold", [0.5, 0.5])


def test_a_histogram_leaves_infinite_values_out_of_its_axis() -> None:
    (bars,) = charts.histogram([Group("a", np.array([0.0, 1.0, np.inf]))], "x", bins=4).data
    assert np.isfinite(bars.x).all()
    assert sum(bars.y) == pytest.approx(2 / 3)


def test_the_colours_are_those_of_the_style_sheet() -> None:
    style = browser.TOKENS.read_text("utf-8")
    assert all(f"--vc-{variable}: {color};" in style for variable, color in charts.COLORS.items())

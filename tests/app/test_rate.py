"""Rate and distortion, run without a browser."""

import re
from pathlib import Path

import numpy as np
import pytest
from harness import Open, charts, choose, text

import vaecore
from app.figures import tradeoffs
from app.figures.marks import COLORS, Bars, Line, Words, marks
from app.results import rates
from app.results.rates import Member
from app.session.state import Model
from vaecore import serving
from vaecore.checkpoint import SOURCES
from vaecore.serving.studies.rates import Terms

BETAS = (0.1, 1.0, 8.0)
NAMES = {beta: f"price-{beta:g}" for beta in BETAS}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small network at three prices of the rate, after a few epochs each."""
    folder = tmp_path_factory.mktemp("family")
    for beta, name in NAMES.items():
        few = {"latent": 3, "hidden": (32,), "epochs": 12}
        vaecore.train("beta-vae-digits-4", out=folder / name, device="cpu", beta=beta, **few)
    return folder


@pytest.fixture
def family(fresh: None, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These among the pretrained models."""
    monkeypatch.setattr("vaecore.checkpoint.SOURCES", (runs, *SOURCES))


def measured(runs: Path) -> list[Terms]:
    images = vaecore.dataset("digits").images
    return [serving.rates.elbo_terms(vaecore.load(runs / name, device="cpu"), images) for name in NAMES.values()]


@pytest.mark.usefixtures("family")
def test_the_plane_has_a_point_for_each_beta_and_the_line_of_the_chosen_one(open_page: Open, runs: Path) -> None:
    app = open_page("rate", model=NAMES[1.0])
    assert not app.exception
    terms, figure = measured(runs), charts(app)[0]
    lines = {line["name"]: line for line in figure["lines"]}
    curve, line = lines["one model for each β"], lines["slope −1"]
    np.testing.assert_allclose(curve["x"], [each.rate for each in terms], rtol=1e-4)
    np.testing.assert_allclose(curve["y"], [each.distortion for each in terms], rtol=1e-4)
    assert figure["dots"][0]["colors"] == [COLORS["z"], COLORS["reconstruction"], COLORS["z"]]
    (x0, x1), (y0, y1) = line["x"], line["y"]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(-1, rel=1e-4)
    assert y0 - (terms[1].rate - x0) == pytest.approx(terms[1].distortion, rel=1e-4)
    written = {each.label: float(each.value.replace("−", "-")) for each in app.metric}
    assert written["elbo"] == pytest.approx(terms[1].elbo, abs=0.006)
    assert written["Rate"] == pytest.approx(terms[1].rate, abs=0.006)


@pytest.mark.usefixtures("family")
def test_another_price_is_another_model(open_page: Open, runs: Path) -> None:
    app = open_page("rate", model=NAMES[1.0])
    control = app.segmented_control(key="beta")
    assert (control.value, list(control.options)) == (1.0, ["0.1", "1", "8"])
    control.set_value(8.0).run()
    assert not app.exception
    assert app.session_state["model"] == NAMES[8.0]
    assert app.query_params["model"] == NAMES[8.0]
    line = next(each for each in charts(app)[0]["lines"] if each["name"] == "slope −8")
    (x0, x1), (y0, y1) = line["x"], line["y"]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(-8, rel=1e-4)
    choose(app, NAMES[0.1])
    assert app.segmented_control(key="beta").value == 0.1


@pytest.mark.usefixtures("family")
def test_the_units_are_sorted_and_the_collapsed_ones_counted(open_page: Open, runs: Path) -> None:
    app = open_page("rate", model=NAMES[1.0])
    images, counts = vaecore.dataset("digits").images, []
    for place, name in enumerate(NAMES.values(), start=1):
        mean, scale = vaecore.load(runs / name, device="cpu").posterior(images)
        divergence = ((mean**2 + scale**2 - 1) / 2 - np.log(scale)).mean(axis=0)
        chart = charts(app)[place]
        np.testing.assert_allclose(chart["bars"][0]["values"], np.sort(divergence)[::-1], rtol=1e-3, atol=1e-5)
        order = [f"z{'₁₂₃'[unit]}" for unit in np.argsort(-divergence)]
        assert [text for _, text in chart["x"]["ticks"]] == order
        counts.append(int((divergence < 0.01).sum()))
    found = re.findall(r"<b>β = [\d.]+</b><span>(\w+) of 3 units (?:is|are) collapsed", text(app))
    assert found == [str(count) if count else "none" for count in counts]
    assert counts[0] == 0 < counts[2]  # so that neither none nor all is always right


@pytest.mark.usefixtures("family")
def test_the_same_images_and_samples_by_every_price(open_page: Open, runs: Path) -> None:
    app = open_page("rate", model=NAMES[1.0])
    titles = re.findall(r'class="vc-row vc-(\w+)"><header><b>(.*?)</b><span>(distortion|rate|class)', text(app))
    expected = [("x", "Originals", "class")]
    for kind in ("distortion", "rate"):
        colors = ("x", "reconstruction", "x")
        expected += [(color, f"β = {beta:g}", kind) for color, beta in zip(colors, BETAS, strict=True)]
    assert titles == expected
    before = text(app)
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert app.number_input(key="seed").value == 1
    assert text(app) != before


@pytest.mark.usefixtures("family")
def test_a_model_alone_shows_its_own_rates_and_who_forms_a_family(open_page: Open) -> None:
    app = open_page("rate", model="vae-digits-2")
    assert not app.exception
    assert "stands alone" in app.info[0].value
    assert not [each for each in app.segmented_control if each.key == "beta"]
    assert len(charts(app)) == 1
    button = next(each for each in app.button if "β from 0.1 to 8" in each.label)
    button.click().run()
    assert not app.exception
    assert app.session_state["model"] in NAMES.values()
    assert app.segmented_control(key="beta").value in BETAS


@pytest.mark.usefixtures("family")
def test_a_hierarchy_shows_its_layers(open_page: Open) -> None:
    app = open_page("rate", model="ladder-digits")
    assert not app.exception
    own = vaecore.load("ladder-digits", device="cpu")
    terms = serving.rates.elbo_terms(own, vaecore.dataset("digits").images)
    chart = charts(app)[0]
    assert [text for _, text in chart["y"]["ticks"]] == ["z₃", "z₂", "z₁"]
    np.testing.assert_allclose(chart["bars"][0]["values"], terms.rates[::-1], rtol=1e-4)


@pytest.mark.usefixtures("family")
def test_in_the_place_of_a_model_without_a_rate_stands_one_with_one(open_page: Open) -> None:
    app = open_page("rate", model="ae-digits-2")
    assert not app.exception
    assert "ae-digits-2 has no prior, so that its code has no rate. This page shows" in text(app)
    assert charts(app)
    assert [each for each in app.button if "β from 0.1 to 8" in each.label]


def test_without_any_family_the_page_says_how_to_make_one(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, fresh: None
) -> None:
    monkeypatch.setattr("app.results.rates.serving.relatives.families", list)
    app = open_page("rate", model="ae-digits-2")
    assert not app.exception
    assert "vaecore train beta-vae-digits-4 --set beta=1" in app.markdown[0].value


@pytest.mark.usefixtures("family")
def test_runs_of_ones_own_and_images_of_ones_own(open_page: Open, runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    np.savez(path, images=np.random.default_rng(0).random((60, 8, 8), dtype=np.float32))
    app = open_page("rate", model=str(runs / NAMES[1.0]), data=str(path))
    assert not app.exception
    assert not app.warning
    assert "Measured over 6 test images" in text(app)
    app.segmented_control(key="beta").set_value(0.1).run()
    assert not app.exception
    assert app.session_state["data"] == str(path)


# Numbers and charts


def terms(rate: float, distortion: float) -> Terms:
    return Terms(np.array([rate]), distortion, (1,), 1)


def test_who_pays_less_at_a_price() -> None:
    shown = [
        Member(beta, Model(str(beta)), terms(rate, distortion))
        for beta, rate, distortion in ((0.5, 10.0, 20.0), (1.0, 8.0, 23.0), (4.0, 1.0, 40.0))
    ]
    assert rates.undercut(shown, shown[0]) is None
    assert rates.undercut(shown, shown[1]) == (0.5, pytest.approx(1.0))
    assert rates.undercut(shown, shown[2]) is None
    assert rates.best(shown) is shown[0]


def test_collapsed_are_those_below_the_threshold() -> None:
    found = Terms(np.array([0.009, 1.0, 0.011, 0.0]), 1.0, (1, 1, 1, 1), 1)
    assert rates.collapsed(found, rates.SILENT) == 2
    order, values = rates.sorted_units(found)
    assert order.tolist() == [1, 2, 0, 3]
    assert values.tolist() == [1.0, 0.011, 0.009, 0.0]


@pytest.mark.parametrize("offset", [100.0, -300.0])
def test_lines_of_one_elbo_are_round_have_slope_minus_one_and_say_their_elbo(offset: float) -> None:
    x, y = np.array([2.0, 10.0, 25.0]), np.array([60.0, 30.0, 20.0]) + offset
    figure = tradeoffs.plane((4.0, 1.0, 0.5), x, y, 1)
    (low, high), (bottom, top) = figure.ends("x"), figure.ends("y")
    assert low < 2 < 25 < high
    assert bottom < 20 + offset < 60 + offset < top
    lines = [each for each in marks(figure, Line) if each.name == "the same elbo"]
    assert 3 <= len(lines) <= 9
    for each, said in zip(lines, marks(figure, Words), strict=True):
        totals = np.asarray(each.x) + np.asarray(each.y)
        np.testing.assert_allclose(totals, totals[0])
        assert float(said.text.replace("−", "-")) == pytest.approx(-totals[0], abs=1e-6)
        assert said.x + said.y == pytest.approx(totals[0])
        assert min(each.x) >= low - 1e-9
        assert max(each.x) <= high + 1e-9
        assert min(each.y) >= bottom - 1e-9
        assert max(each.y) <= top + 1e-9


def test_bars_below_the_threshold_are_grey_and_all_share_an_axis() -> None:
    figure = tradeoffs.units(["z₁", "z₂"], np.array([1.0, 0.001]), 0.01, 3.0)
    (bars,) = marks(figure, Bars)
    assert bars.colors == [COLORS["z"], COLORS["x"]]
    assert figure.ends("y")[1] > 3
    assert figure.x.ticks == {0: "z₁", 1: "z₂"}
    many = tradeoffs.units([str(unit) for unit in range(50)], np.ones(50), 0.01, 3.0)
    assert many.x.ticks == {}


def test_a_negative_share_of_a_level_stays_in_sight() -> None:
    figure = tradeoffs.levels(["z₂", "z₁"], np.array([3.0, -0.5]), 0.1)
    (bars,) = marks(figure, Bars)
    assert figure.ends("x")[0] < -0.5
    assert bars.texts == ["3.00", "−0.50"]
    assert bars.colors == [COLORS["z"], COLORS["x"]]

"""The lessons: one idea a page, run without a browser."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from harness import LESSONS, Open, Visit, all_terms, number, settle, terms, text
from streamlit.testing.v1 import AppTest

from app import pages
from app.results import divergences, gradients, holes, prices, subspaces
from vaecore import checkpoint


def conclusion(app: AppTest) -> str:
    """What the lesson says that was seen."""
    assert not app.exception
    assert app.subheader[-1].value == "What you saw"
    return app.main.markdown[-1].value


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


@pytest.mark.parametrize("page", LESSONS)
def test_every_lesson_opens_whatever_model_was_chosen(open_page: Open, page: str) -> None:
    app = open_page("generate", model="cvae-digits-2")
    app.switch_page(f"lessons/{page}.py").run()
    assert app.title[0].value == pages.LESSONS[page].title
    assert not app.warning
    assert len(conclusion(app)) > 100
    assert terms(app)
    app.switch_page("views/generate.py").run()
    assert app.session_state["model"] == "cvae-digits-2"


@pytest.mark.parametrize("page", LESSONS)
@pytest.mark.usefixtures("no_data")
def test_every_lesson_works_without_mnist(open_page: Open, page: str) -> None:
    app = open_page(page)
    assert not app.warning
    assert len(conclusion(app)) > 100


@pytest.mark.parametrize("page", LESSONS)
def test_a_lesson_whose_model_is_missing_says_what_trains_it(
    open_page: Open, page: str, fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cvae-digits-2").symlink_to(checkpoint.find("cvae-digits-2"))
    monkeypatch.setattr("vaecore.checkpoint.SOURCES", (tmp_path,))
    app = open_page(page)
    assert not app.exception
    assert "vaecore train" in app.info[0].value


def test_subspace_descends_step_by_step(open_page: Open) -> None:
    app = open_page("subspace", start="5")
    path = subspaces.descent(5)
    for index in range(3):
        assert app.select_slider(key="step").value == subspaces.STEPS[index]
        found = terms(app)
        assert number(found["E‖x − BAx‖²"]) == pytest.approx(path[index].error, abs=6e-4)
        assert number(found["λₖ₊₁ + … + λₙ"]) + number(found["excess"]) == pytest.approx(path[index].error, abs=1.1e-3)
        assert f"{path[index].angles[0]:.1f}°" in conclusion(app)
        press(app, "Step")
    app.select_slider(key="step").set_value(subspaces.STEPS[-1]).run()
    assert "The subspace is found" in conclusion(app)


def test_a_descent_plays_to_its_end_and_stays_there(open_page: Open) -> None:
    app = press(open_page("subspace", step="640"), "Play")
    assert app.session_state["step plays"]
    seen = [app.select_slider(key="step shown").value]
    while app.session_state["step plays"]:
        app.run()
        seen += [box.value for box in app.select_slider if box.key == "step shown"]
    assert seen[0] == 800
    assert app.select_slider(key="step").value == 1000
    assert press(app, "Another start").session_state["step"] == 1000
    assert not app.exception


def test_a_descent_is_stopped_where_it_is(open_page: Open) -> None:
    app = press(press(open_page("subspace"), "Play"), "Stop")
    assert not app.session_state["step plays"]
    assert app.select_slider(key="step").value == app.session_state["step"] > 0


def test_the_terms_of_a_divergence_add_up_and_its_table_holds_the_closed_form(open_page: Open) -> None:
    app = open_page("divergence", kl="forward", p="three, uneven", mean="-1.5", scale="0.75", steps="0")
    found = {name: number(value) for name, value in terms(app).items()}
    whole = found.pop("KL(p ‖ q)")
    entropy = found.pop("H(p)")
    assert whole == pytest.approx(sum(found.values()) - entropy, abs=0.025)
    before = conclusion(app)
    app.select_slider(key="steps").set_value(60).run()
    p = divergences.MIXTURES["three, uneven"]
    rows = re.findall(r"<tr><th style[^>]*>(.*?)</th><td>(.*?)</td><td>(.*?)</td>", text(app))
    assert [(number(mean), number(scale)) for _, mean, scale in rows[:2]] == [
        pytest.approx((p.mean, p.scale), abs=0.006)
    ] * 2
    assert terms(app)["(E z − m)² / 2s²"] == "0.00"
    assert conclusion(app) == before  # that of the real posterior, which no step changes


def test_where_q_starts_decides_where_reverse_kl_ends(open_page: Open) -> None:
    app = open_page("divergence", steps="60")
    told = [part.value for part in app.main.markdown if "Reverse KL asks" in part.value]
    assert "at 2.00, as low as any" in told[0]
    app.slider(key="mean").set_value(-1.0).run()
    told = [part.value for part in app.main.markdown if "Reverse KL asks" in part.value]
    assert "at −2.00, as low as any" in told[0]
    press(app, "Start at p's mean and scale")
    assert app.slider(key="mean").value == 0
    assert app.select_slider(key="steps").value == 0


def test_the_two_ellipses_of_a_real_posterior_each_win_by_their_own_measure(open_page: Open) -> None:
    app = open_page("divergence", digit="3", draw="4")
    rows = re.findall(r"<tr><th style[^>]*>(least.*?)</th><td>(.*?)</td><td>(.*?)</td>", text(app))
    (covering, seeking) = [[number(word) for word in row[1:]] for row in rows]
    assert covering[0] < seeking[0]
    assert seeking[1] < covering[1]
    assert app.segmented_control(key="digit").value == "3"
    assert f"{seeking[0]:.2f} nats" in conclusion(app)


def test_the_table_of_estimators_says_what_was_computed(open_page: Open) -> None:
    app = open_page("reparameterisation", digit="5", width="2.0", samples="10", noise="3", by="log scales")
    row = gradients.rows()[5]
    exact = gradients.exact(row, 2.0)
    found = re.findall(r"<tr><th style[^>]*>(.*?)</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>", text(app))
    told = {name: [number(word or "0") for word in words] for name, *words in found}
    assert told["exact, by quadrature"][:2] == pytest.approx(exact.gradient[2:], abs=0.006)
    for name in ("score function", "with a baseline", "pathwise"):
        own = exact.variances[name.split()[-1].replace("function", "score")][2:].sum()
        assert told[name][2] == pytest.approx(np.sqrt(own / 10), abs=0.006)
        assert told[name][:2] == pytest.approx(exact.gradient[2:], abs=4 * np.sqrt(own / 2000))
    assert f"{exact.variances['score'][2:].sum() / exact.variances['pathwise'][2:].sum():,.0f} times" in conclusion(app)


def test_a_sample_is_its_mean_and_its_scaled_noise(open_page: Open) -> None:
    found = terms(open_page("reparameterisation", width="4.0"))
    z, mean, scale, noise = (
        np.array([number(word) for word in found[name].strip("()").split(", ")]) for name in ("z", "m", "s", "ε")
    )
    np.testing.assert_allclose(z, mean + scale * noise, atol=0.03)


@pytest.mark.parametrize("by", ["means", "log scales"])
@pytest.mark.parametrize("width", ["0.25", "4.0"])
def test_the_variance_said_is_the_one_measured(open_page: Open, by: str, width: str) -> None:
    assert not open_page("reparameterisation", by=by, width=width).exception
    row = gradients.rows()[3]
    for name, spread in gradients.spreads(row, float(width), by, 100, 0).items():
        assert spread.measured == pytest.approx(spread.variance, rel=0.5), name


def test_an_autoencoder_is_not_where_the_prior_is(open_page: Open) -> None:
    app = open_page("sampling", models="digits")
    shares = [holes.share_of_prior(name) for name in holes.pairs()["digits"]]
    assert shares[0] < 0.5 < shares[1]
    assert all(f"**{share:.0%}**" in conclusion(app) for share in shares)
    values = [number(value) for name, value in all_terms(app) if name in ("KL", "mᵀm", "tr S", "log det S")]
    found = list(zip(*[iter(values)] * 4, strict=True))
    for nats, offset, spread, volume in found:
        assert nats == pytest.approx((offset + spread - volume - 2) / 2, abs=0.02)
    assert len(found) == 2
    assert found[0][0] > 10 > 1 > found[1][0]


def test_a_place_in_the_address_is_drawn_around(open_page: Open) -> None:
    deep = holes.draw("ae-digits-2", "around", 0, holes.deepest("ae-digits-2"))
    told = text(open_page("sampling", models="digits", sampled=holes.WAYS["around"]))
    assert f"1\n× {deep.distances[0]:.1f}" in told
    own = holes.draw("ae-digits-2", "around", 0, (1.25, -3.0))
    told = text(open_page("sampling", models="digits", sampled=holes.WAYS["around"], ae="1.25 -3"))
    assert f"1\n× {own.distances[0]:.1f}" in told
    told = text(open_page("sampling", models="digits", sampled=holes.WAYS["around"], ae="here"))
    assert f"1\n× {deep.distances[0]:.1f}" in told


def test_the_dearest_model_is_shown_after_a_guess(open_page: Open) -> None:
    app = open_page("price", price="8.0")
    assert "Guess first" in app.info[0].value
    assert "At β = 8 " not in conclusion(app)
    app.segmented_control(key="guess").set_value("2").run()
    assert not app.info
    dearest = prices.members(prices.kin())[-1]
    assert f"{prices.active(dearest)} of 10" in " ".join(part.value for part in app.main.markdown)
    assert f"At β = 8 a code costs **{dearest.terms.rate:.1f} nats**" in conclusion(app)
    found = terms(app)
    assert number(found["objective"]) == pytest.approx(
        number(found["−E log p(x|z)"]) + number(found["β"]) * number(found["KL(q(z|x) ‖ p(z))"]), abs=0.05
    )


def test_neighbours_along_beta_exchange_between_their_prices() -> None:
    shown = prices.members(prices.kin())
    assert prices.exchange(shown, shown[0]) is None
    for before, member in pairwise(shown):
        found = prices.exchange(shown, member)
        assert found is not None
        paid = member.terms.distortion - before.terms.distortion
        assert found.rate == pytest.approx(paid / (before.terms.rate - member.terms.rate))
        assert found.fair == (before.beta <= found.rate <= member.beta)


@pytest.mark.browser
def test_a_descent_plays_by_itself_and_its_address_is_written_when_it_stops(visit: Visit) -> None:
    page = visit("subspace?step=500")
    before = page.evaluate("history.length")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Stop").wait_for()
    page.wait_for_url("**step=1000*", timeout=20_000)
    page.get_by_role("button", name="Play").wait_for()
    settle(page)
    assert page.get_by_text("The subspace is found").count() == 1
    assert page.evaluate("history.length") - before <= 2


@pytest.mark.browser
def test_a_click_on_the_landscape_is_where_q_starts(visit: Visit) -> None:
    page = visit("divergence?steps=10")
    chart = page.locator(".st-key-divergence-landscape .sheet")
    box = chart.bounding_box()
    assert box is not None
    chart.click(position={"x": 0.25 * box["width"], "y": 0.5 * box["height"]})
    page.wait_for_url("**mean=-*")
    settle(page)
    assert "steps=10" not in page.url


@pytest.mark.browser
def test_a_click_on_a_map_draws_around_it(visit: Visit) -> None:
    page = visit("sampling?models=digits")
    chart = page.locator("[class*=st-key-map-autoencoder] .sheet")
    chart.click()
    page.wait_for_url("**ae=*")
    settle(page)
    assert "around" in page.url

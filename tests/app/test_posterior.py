"""Posterior: the true posterior of one picture, run without a browser, and q dragged in one."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from harness import Open, Visit, choose, settle, text
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

import vaecore
from app.results import ellipses
from app.results.ellipses import Ellipse, Slider
from app.results.posteriors import Verdict, verdict
from app.views.posterior import steering
from vaecore import serving
from vaecore.serving import Explorer
from vaecore.serving.studies.posterior import Approximation, TruePosterior

RANDOM = np.random.default_rng(0)
GAP = "gap = KL(q ‖ p(z|x))"


def metrics(app: AppTest) -> dict[str, float]:
    return {each.label: float(each.value.replace("−", "-")) for each in app.metric}


def table(app: AppTest) -> dict[str, list[float]]:
    """The numbers of each row of the table of bounds, standard errors left out."""
    rows = re.findall(r"<tr><th style[^>]*>(.*?)</th>(.*?)</tr>", text(app))
    cells = {name: re.findall(r"<td>([^<]*)</td>", row) for name, row in rows}
    return {name: [float(cell.split("±")[0].replace("−", "-")) for cell in found] for name, found in cells.items()}


def notes(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def stands(app: AppTest) -> Ellipse:
    return Ellipse(*(app.slider(key=key).value for key in steering.SLIDERS))


class Known:
    """What serving says of the second three of the test digits, black and white."""

    def __init__(self, explorer: Explorer, binary: bool = True) -> None:
        found = vaecore.dataset("digits")
        self.row = np.flatnonzero(found.labels == 3)[1]
        image = found.images[self.row]
        self.image = serving.posterior.binarised(image) if binary else image
        self.label = 3 if "condition" in explorer.abilities else None
        self.truth = serving.posterior.true_posterior(explorer, self.image, self.label)
        self.encoder = serving.posterior.encoder_posterior(explorer, self.image, self.label)


@pytest.mark.parametrize("name", ["vae-digits-2", "cvae-digits-2", "iaf-digits-2"])
def test_the_numbers_are_those_of_the_picture_shown(open_page: Open, name: str) -> None:
    app = open_page("posterior", model=name, of="3", which="2", drawn="200")
    assert not app.exception
    known = Known(vaecore.load(name, device="cpu"))
    assert metrics(app) == {
        "log p(x), nats": pytest.approx(known.truth.log_evidence, abs=0.006),
        "elbo of the encoder's q": pytest.approx(known.encoder.elbo, abs=0.006),
        GAP: pytest.approx(known.truth.log_evidence - known.encoder.elbo, abs=0.006),
        "effective samples of 200": pytest.approx(
            serving.posterior.importance(known.encoder.log_weights[:200])[1], abs=0.06
        ),
    }
    row, best = (table(app)[each] for each in ("the encoder&#x27;s q", "the best ellipse"))
    bounds = [known.encoder.bounds[k][0] for k in (5, 50, 500)]
    assert row[:4] == pytest.approx([known.encoder.elbo, *bounds], abs=0.006)
    assert row[4:] == pytest.approx([metrics(app)[GAP], metrics(app)["effective samples of 200"]], abs=0.011)
    assert ("flow" in app.markdown[-1].value) == (name == "iaf-digits-2")
    if name != "iaf-digits-2":
        assert best[0] >= row[0]
        assert best[4] <= row[4]


def test_moving_q_shows_its_bound_beside_the_encoders(open_page: Open, vae: Explorer) -> None:
    app = open_page("posterior", model="vae-digits-2", of="3", which="2")
    known, pictures = Known(vae), text(app)
    assert "your q" not in table(app)
    app.slider(key="mean1").set_value(1.0).run()
    app.slider(key="log2").set_value(-2.0).run()
    assert not app.exception
    mean, scale = np.array([1.0, stands(app).mean2]), np.exp([stands(app).log_scale1, -2.0])
    own = serving.posterior.gaussian_posterior(vae, known.image, mean, scale)
    assert metrics(app)["elbo of your q"] == pytest.approx(own.elbo, abs=0.006)
    assert metrics(app)[GAP] == pytest.approx(known.truth.log_evidence - own.elbo, abs=0.006)
    assert metrics(app)[GAP] > 1
    assert app.metric[1].delta == f"{own.elbo - known.encoder.elbo:+.2f} beside the encoder's"
    assert app.metric[2].delta == f"{known.encoder.elbo - own.elbo:+.2f}"
    assert list(table(app)) == ["your q", "the encoder&#x27;s q", "the best ellipse"]
    assert f"z = (1.00, {own.mean[1]:.2f})".replace("-", "−") in text(app)
    press(app, "Back to the encoder")
    assert text(app) == pictures


def test_the_button_goes_to_the_best_ellipse(open_page: Open) -> None:
    app = open_page("posterior", model="vae-digits-2")
    press(app, "To the best ellipse")
    rows = table(app)
    assert rows["your q"][4] == pytest.approx(rows["the best ellipse"][4], abs=0.011)
    assert rows["your q"][4] < rows["the encoder&#x27;s q"][4] - 1


def test_the_sliders_begin_at_the_encoder_for_every_picture(open_page: Open, vae: Explorer) -> None:
    app = open_page("posterior", model="vae-digits-2", of="3", which="2", q="1 0.5 -1 -2")
    assert stands(app) == (1.0, 0.5, -1.0, -2.0)
    assert "elbo of your q" in metrics(app)
    app.number_input(key="which").set_value(3).run()
    assert "elbo of the encoder's q" in metrics(app)
    assert "q" not in app.query_params
    app.number_input(key="which").set_value(2).run()
    q = Known(vae).encoder
    assert stands(app) == pytest.approx([*q.mean, *np.log(q.scale)], abs=0.0051)
    app.slider(key="mean1").set_value(1.0).run()
    assert app.query_params["q"][0].split()[0] == "1"
    choose(app, "cvae-digits-2")
    assert not app.exception
    assert "elbo of the encoder's q" in metrics(app)


@pytest.mark.parametrize("asked", ["1 2 3", "a b c d", "nan 0 0 0", "1e9 0 0 0"])
def test_a_url_that_asks_for_no_ellipse_is_no_trouble(open_page: Open, asked: str) -> None:
    app = open_page("posterior", model="vae-digits-2", q=asked)
    assert not app.exception
    assert ("elbo of your q" in metrics(app)) == (asked == "1e9 0 0 0")


def test_another_picture_is_drawn(open_page: Open) -> None:
    app = open_page("posterior", model="vae-digits-2")
    before = text(app)
    press(app, "Draw again")
    assert not app.exception
    assert 1 <= app.number_input(key="which").value <= 179
    assert text(app) != before


def test_the_whole_plane_lets_the_mean_go_further(open_page: Open) -> None:
    app = open_page("posterior", model="vae-mnist-2")
    if app.warning:  # no MNIST here: digits decoded by the model, which are as good
        assert "Until then" in app.warning[0].value
    near = app.slider(key="mean1")
    app.toggle(key="plane").set_value(True).run()
    far = app.slider(key="mean1")
    assert near.max - near.min < 3 < 8 <= far.max - far.min
    assert far.value == near.value
    assert "elbo of the encoder's q" in metrics(app)
    app.slider(key="mean1").set_value(-3.0).run()
    assert metrics(app)[GAP] > 10
    app.toggle(key="plane").set_value(False).run()
    assert not app.exception
    assert app.slider(key="mean1").value == app.slider(key="mean1").min == pytest.approx(near.min)


def test_grey_pixels_are_called_grey(open_page: Open, vae: Explorer) -> None:
    app = open_page("posterior", model="vae-digits-2", of="3", which="2", binarise="false")
    known = Known(vae, binary=False)
    assert metrics(app)["grey bound, nats"] == pytest.approx(known.truth.log_evidence, abs=0.006)
    assert not [label for label in metrics(app) if "log p(x)" in label]
    assert "cross-entropy" in notes(app)
    app.toggle(key="binarise").set_value(True).run()
    assert "log p(x), nats" in metrics(app)
    assert "cross-entropy" not in notes(app)
    assert "learned from grey pixels" in notes(app)


def test_a_gaussian_likelihood_has_nothing_to_binarise(open_page: Open, tmp_path: Path) -> None:
    folder = vaecore.train("vae-digits-2", out=tmp_path / "run", device="cpu", epochs=1, likelihood="gaussian")
    app = open_page("posterior", model=str(folder))
    assert not app.exception
    assert not [toggle for toggle in app.toggle if toggle.key == "binarise"]
    assert "log p(x), nats" in metrics(app)
    assert "grey" not in notes(app)


@pytest.mark.usefixtures("fresh")
def test_a_grid_that_was_given_up_is_said_to_be_coarse(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("vaecore.serving.studies.posterior.grids.MOST", 0)
        assert "may be off by" in notes(open_page("posterior", model="conv-vae-digits-2"))
    st.cache_resource.clear()
    assert "may be off by" not in notes(open_page("posterior", model="conv-vae-digits-2"))


@pytest.mark.usefixtures("mnist_folder")
@pytest.mark.parametrize(("name", "stands"), [("pca-digits", "conv-vae-digits-2"), ("vae-mnist-20", "vae-mnist-2")])
def test_a_model_that_does_not_fit_gets_a_sentence_and_a_model_that_does(
    open_page: Open, name: str, stands: str
) -> None:
    app = open_page("posterior", model=name)
    assert not app.exception
    assert f"{name} has no likelihood on a plane of codes" in text(app)
    shown = vaecore.load(app.session_state["stand-in"].model, device="cpu")
    assert shown.name == stands
    assert serving.posterior.in_plane(shown)
    assert shown.dataset == vaecore.load(name, device="cpu").dataset
    assert "elbo of the encoder's q" in metrics(app)


def test_own_images_without_labels_and_a_class_without_images(open_page: Open, tmp_path: Path) -> None:
    images = RANDOM.random((40, 8, 8), dtype=np.float32)
    np.savez(tmp_path / "bare.npz", images=images)
    app = open_page("posterior", model="vae-digits-2", data=str(tmp_path / "bare.npz"))
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="of").options == ["any"]
    np.savez(tmp_path / "rare.npz", images=images, labels=np.arange(40))
    app = open_page("posterior", model="vae-digits-2", data=str(tmp_path / "rare.npz"))
    absent = set(map(str, range(40))) - set(map(str, vaecore.dataset(str(tmp_path / "rare.npz")).labels.tolist()))
    app.selectbox(key="of").set_value(min(absent)).run()
    assert not app.exception
    assert app.warning[0].value == f"There is no image of class {min(absent)} here; choose another."


# Sliders and windows


def gaussian(mean: tuple[float, float], scale: tuple[float, float], elbo: float = 0.0) -> Approximation:
    return Approximation(
        np.array(mean, float), np.array(scale, float), True, np.zeros((1, 2), np.float32), np.zeros(1), elbo, 0.0, {}
    )


@pytest.fixture
def standard() -> TruePosterior:
    """N((2, 0), 1) on a fine grid."""
    side = np.linspace(-5, 5, 201)
    density = np.exp(-np.add.outer(side**2, side**2) / 2) / (2 * np.pi)
    return TruePosterior(2 + side, side, density, -10.0, 0.0)


def test_the_window_is_a_square_that_holds_the_posterior_and_every_ellipse(standard: TruePosterior) -> None:
    (across, up), half = ellipses.window(standard, [], False)
    assert (across, up) == pytest.approx((2, 0), abs=0.1)
    assert half == pytest.approx(np.sqrt(-2 * np.log(ellipses.ALL_BUT)) * (1 + ellipses.MARGIN), rel=0.03)
    (across, up), half = ellipses.window(standard, [gaussian((7, 0), (0.5, 1.0))], False)
    assert across + half > 8
    assert across - half < -1
    assert ellipses.window(standard, [], True) == ((0.0, 0.0), pytest.approx(2 + 3.41, abs=0.1))


def test_sliders_reach_over_the_window_in_round_steps(standard: TruePosterior) -> None:
    (across, up), half = ellipses.window(standard, [], False)
    first, second, *logs = ellipses.sliders(standard, [], False)
    assert first.low < across - half < across + half < first.high
    assert second.low < up - half < up + half < second.high
    assert first.step == second.step == 0.01
    assert logs == [ellipses.LOG_SCALES] * 2
    wide = ellipses.sliders(standard, [], True)
    assert wide[0].step == first.step
    assert wide[0].low < -5 < 5 < wide[0].high


def test_an_ellipse_is_put_on_the_steps_and_within_the_ends() -> None:
    ends = [Slider(-1.0, 1.0, 0.01)] * 2 + [Slider(-7.0, 1.0, 0.1)] * 2
    assert ellipses.nearest(gaussian((0.3333, -9.0), (np.exp(-1.26), 1e-9)), ends) == (0.33, -1.0, -1.3, -7.0)


def test_what_a_verdict_says_adds_up(standard: TruePosterior) -> None:
    found = verdict(standard, gaussian((0, 0), (1, 1), -10.767), gaussian((0, 0), (1, 1), -10.004))
    assert found == Verdict(0.77, pytest.approx(0.0), pytest.approx(0.77))


def test_the_lines_hold_what_an_ellipse_holds(standard: TruePosterior) -> None:
    """Of a Gaussian, the lines are its ellipses at one and at two scales."""
    low, high = ellipses.levels(standard)
    assert [low, high] == pytest.approx((np.exp([-2, -0.5]) / (2 * np.pi)).tolist(), rel=0.02)


# In the browser


def numbers(page: Page) -> list[float]:
    """The evidence, the elbo, the gap and the effective samples, as the map says."""
    said = page.locator(".ellipse .numbers b").all_inner_texts()
    return [float(each.replace("\N{MINUS SIGN}", "-")) for each in said]


def opened(visit: Visit, query: str, width: int = 1280, scheme: str = "light") -> tuple[Page, dict[str, float]]:
    page = visit(f"posterior?{query}", width=width, scheme=scheme)
    page.wait_for_selector(".ellipse[data-ready]")
    plane = page.locator(".ellipse .over")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box is not None
    return page, box


def asked(page: Page) -> Ellipse:
    found = ellipses.parse(re.search(r"[?&]q=([^&]*)", page.url)[1].replace("+", " "))
    assert found is not None
    return found


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("name", ["vae-digits-2", "cvae-digits-2", "iaf-digits-2"])
def test_the_bound_follows_the_dragged_ellipse(visit: Visit, name: str, width: int, scheme: str) -> None:
    """What the page reckons while q is dragged is what the server finds once it rests: by another lattice, exactly."""
    own = vaecore.load(name, device="cpu")
    known = Known(own)
    page, box = opened(visit, f"model={name}&of=3&which=2", width, scheme)
    assert numbers(page) == []
    x, y, half = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    seen = []
    for share in (0.05, 0.12, 0.2):
        page.mouse.move(x + share * half, y - share * half)
        seen.append(numbers(page))
    assert "q=" not in page.url
    assert all(abs(before[1] - after[1]) > 0.01 for before, after in pairwise(seen))
    page.mouse.up()
    page.wait_for_url("**q=*")
    q = asked(page)
    exact = serving.posterior.gaussian_posterior(own, known.image, np.array(q[:2]), np.exp(q[2:]), known.label)
    evidence, elbo, gap, effective = seen[-1]
    assert (evidence, elbo) == pytest.approx((known.truth.log_evidence, exact.elbo), abs=0.03)
    assert gap == pytest.approx(known.truth.log_evidence - exact.elbo, abs=0.03)
    assert effective == pytest.approx(serving.posterior.importance(exact.log_weights[:50])[1], rel=0.03, abs=0.1)
    page.get_by_text("elbo of your q").wait_for()
    page.get_by_role("button", name="Back to the encoder").click()
    page.locator(".numbers", has_text="Drag the dot").wait_for()
    settle(page)
    assert "q=" not in page.url
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth") <= 0


@pytest.mark.browser
def test_an_arm_changes_one_scale_and_the_keys_change_everything(visit: Visit) -> None:
    page, box = opened(visit, "model=vae-digits-2&of=3&which=2&q=-1.2+0.5+0+-1.5&plane=true")
    reach = box["width"] / 2 / 4  # pixels of one unit: the whole plane is 8 units wide
    x, y = box["x"] + box["width"] / 2 - 1.2 * reach, box["y"] + box["width"] / 2 - 0.5 * reach
    page.mouse.move(x + reach, y)
    page.mouse.down()
    page.mouse.move(x + 2 * reach, y + 5)
    page.mouse.up()
    page.wait_for_url(lambda url: "-1.2+0.5+0+-1.5" not in url)
    assert asked(page) == pytest.approx((-1.2, 0.5, np.log(2), -1.5), abs=0.06)
    settle(page)
    before = asked(page)
    page.locator(".ellipse .over").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    page.wait_for_function("before => !location.search.includes(before)", arg=f"{before[0]:g}+")
    after = asked(page)
    assert after[0] > before[0]
    assert after[3] == pytest.approx(before[3] - 0.05, abs=0.011)
    assert (after[1], after[2]) == pytest.approx((before[1], before[2]), abs=0.011)


@pytest.mark.browser
def test_the_picture_at_the_mean_is_what_torch_decodes(visit: Visit) -> None:
    page, _ = opened(visit, "model=vae-digits-2&of=3&which=2&q=-1.2+0.5+-1+-1.5")
    page.wait_for_selector(".ellipse figure:not([hidden])")
    drawn = page.locator(".ellipse figure canvas").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 8, 8).data].filter((_, i) => i % 4 === 0)"
    )
    image = vaecore.load("vae-digits-2", device="cpu").decode(np.array([[-1.2, 0.5]], np.float32))
    np.testing.assert_allclose(drawn, 255 * image.ravel(), atol=1)

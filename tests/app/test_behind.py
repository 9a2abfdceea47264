"""What is behind a page: the objective's source as it runs, and programs that run and say what the page says."""

import contextlib
import inspect
import io
import re

import numpy as np
import pytest
from harness import LESSONS, Open, code, number, rows_of, table, terms

import vaecore
from vaecore import serving

FITTING = {
    "reconstruct": "vae-digits-2",
    "map": "vae-digits-2",
    "generate": "cvae-digits-2",
    "interpolate": "cvae-digits-2",
    "conditional": "cvae-digits-2",
    "corrupt": "cvae-digits-2",
    "features": "ae-digits-128",
    "sensitivity": "contractive-digits",
    "stack": "stacked-digits",
    "anomaly": "vae-digits-2",
    "posterior": "vae-digits-2",
    "rate": "cvae-digits-2",
    "hierarchy": "ladder-digits",
    "verse": "couplets-tang",
}


def run(program: str) -> str:
    """Everything that a program prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(program, {})
    return said.getvalue()


def numbers(program: str) -> list[list[float]]:
    """The numbers that a program prints, by the line."""
    return [[float(each) for each in re.findall(r"-?\d[\d.]*(?:e-?\d+)?", line)] for line in run(program).splitlines()]


@pytest.mark.parametrize(("page", "model"), FITTING.items())
def test_the_program_of_every_page_runs(open_page: Open, page: str, model: str) -> None:
    app = open_page(page, **{"verse" if page == "verse" else "model": model})
    assert not app.exception
    source, program = code(app)
    assert source.startswith(("def loss", "@"))
    assert f"vaecore.load({model!r})" in program
    run(program)
    (command,) = code(app, "bash")
    assert command.startswith(f"vaecore evaluate {model}")


@pytest.mark.parametrize("name", vaecore.names())
def test_the_source_is_that_of_the_class_that_defines_it(name: str) -> None:
    own = vaecore.load(name, device="cpu")
    found = serving.objectives.objective(own)
    module, _, qualified = found.place.rpartition(".")[0].rpartition(".")
    owner = next(each for each in type(own.model).__mro__ if each.__qualname__ == qualified)
    assert owner.__module__ == module
    method = found.place.rsplit(".", 1)[1]
    assert method in vars(owner)
    assert [line.strip() for line in inspect.getsource(vars(owner)[method]).splitlines()] == [
        line.strip() for line in found.source.splitlines()
    ]


def test_the_errors_of_the_program_are_those_of_the_page(open_page: Open) -> None:
    app = open_page("reconstruct", model="vae-digits-2", show="by row", rows="3 14 15", k="3")
    captions = [float(each) for row in rows_of(app).values() if row.note == "sum of squares" for each in row.captions]
    printed = [float(each) for each in re.findall(r"[\d.]+", run(code(app)[1]))]
    assert len(captions) == 3  # PCA's: both rows have one title
    np.testing.assert_allclose(printed[3:], captions, atol=0.051)


def test_the_bound_of_the_program_is_that_of_the_page(open_page: Open) -> None:
    app = open_page("posterior", model="vae-digits-2", q="-1 0.5 -1 -2", of="3", which="2")
    evidence, elbo, gap = (float(each) for each in run(code(app)[1]).split())
    shown = {each.label: float(each.value.replace("\N{MINUS SIGN}", "-")) for each in app.metric}
    assert shown["log p(x), nats"] == pytest.approx(evidence, abs=0.006)
    assert shown["elbo of your q"] == pytest.approx(elbo, abs=0.006)
    assert shown["gap = KL(q ‖ p(z|x))"] == pytest.approx(gap, abs=0.011)


def test_the_program_decodes_where_the_sliders_stand(open_page: Open) -> None:
    app = open_page("generate", model="cvae-digits-2", z1="80", label="7")
    own, names = vaecore.load("cvae-digits-2", device="cpu"), {}
    exec(code(app)[1], names)
    expected = own.decode(own.quantiles(np.array([0.8, 0.5])).diagonal()[None], np.array([7]))
    np.testing.assert_allclose(names["image"], expected, atol=1e-5)


@pytest.mark.parametrize("page", LESSONS)
def test_every_lesson_shows_the_objective_of_its_model_and_what_measures_it(open_page: Open, page: str) -> None:
    app = open_page(page)
    assert not app.exception
    (source,) = (each for each in code(app) if each.startswith(("def loss", "@")))
    (name,) = re.findall(r"^explorer = vaecore.load\('(.*)'\)", code(app)[-1], re.MULTILINE)
    assert source == serving.objectives.objective(vaecore.load(name, device="cpu")).source
    assert code(app, "bash") == [f"vaecore evaluate {name}"]


def test_the_program_of_sampling_draws_where_the_page_does(open_page: Open) -> None:
    app = open_page("sampling", models="digits", sampled="around a place", again="3", ae="1.25 -3")
    plain, plain_fit, variational, fit = numbers(code(app)[-1])
    captions = [[number(each.split("× ")[1]) for each in row.captions] for row in rows_of(app).values()]
    np.testing.assert_allclose([plain[1:], variational[1:]], captions, atol=0.051)
    assert number(terms(app)["KL"]) == pytest.approx(variational[0], abs=0.006)
    np.testing.assert_allclose(table(app)["N(0, I)"], [100 * each for each in (*plain_fit, *fit)], atol=0.51)


@pytest.mark.usefixtures("mnist_folder")
def test_the_program_of_the_price_pays_what_the_page_says(open_page: Open) -> None:
    app = open_page("price", price="0.5")
    (rate, distortion, elbo), (units,) = numbers(code(app)[-1])
    found = terms(app)
    assert number(found["KL(q(z|x) ‖ p(z))"]) == pytest.approx(rate, abs=0.006)
    assert number(found["−E log p(x|z)"]) == pytest.approx(distortion, abs=0.006)
    assert elbo == pytest.approx(-rate - distortion)
    assert f"uses **{units:.0f}** units" in app.main.markdown[-1].value


def test_the_programs_of_the_divergences_end_where_the_page_does(open_page: Open) -> None:
    app = open_page("divergence", p="three, uneven", kl="forward", mean="-1.5", scale="0.75", steps="7", digit="3")
    first, _, second = code(app)
    shown = table(app)
    now, _ = numbers(first)
    np.testing.assert_allclose(now, shown["q now"], atol=0.006)
    ((wide, narrow, gap, least),) = numbers(second)
    np.testing.assert_allclose([wide, gap], shown["least KL(p ‖ q)"], atol=0.006)
    np.testing.assert_allclose([narrow, least], shown["least KL(q ‖ p)"], atol=0.006)


def test_the_program_of_the_estimators_estimates_what_the_page_does(open_page: Open) -> None:
    app = open_page("reparameterisation", digit="5", width="2.0", samples="10", noise="3", by="log scales")
    exact, *ways = numbers(code(app)[-1])
    shown = table(app)
    np.testing.assert_allclose(exact, shown["exact, by quadrature"], atol=0.006)
    for name, found in zip(("score function", "with a baseline", "pathwise"), ways, strict=True):
        np.testing.assert_allclose(found, shown[name][:3], atol=0.006)


def test_the_program_of_the_descent_descends_as_far_as_the_page(open_page: Open) -> None:
    app = open_page("subspace", start="5", step="13")
    (error, least, largest, smallest), (shipped,) = numbers(code(app)[-1])
    found = terms(app)
    assert number(found["E‖x − BAx‖²"]) == pytest.approx(error, abs=6e-4)
    assert number(found["λₖ₊₁ + … + λₙ"]) == pytest.approx(least, abs=6e-4)
    assert found["θ₁ … θₖ"] == f"{largest:.1f}° … {smallest:.1f}°"
    assert f"ended **{shipped:.1f}°**" in app.main.markdown[-1].value

"""What is behind a page: the objective's source as it runs, and programs that run and say what the page says."""

import contextlib
import inspect
import io
import re

import numpy as np
import pytest
from harness import Open, rows_of
from streamlit.testing.v1 import AppTest

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


def code(app: AppTest, language: str = "python") -> list[str]:
    return [each.value for each in app.code if each.language == language]


def run(program: str) -> str:
    """Everything that a program prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(program, {})
    return said.getvalue()


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
    found = serving.objective(own)
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

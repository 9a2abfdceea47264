"""Paired differences of two models, against Student's test by another library and figures by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import ttest_rel

import vaecore
from vaecore.__main__ import main
from vaecore.comparing import difference
from vaecore.data import Images
from vaecore.recipes import find


def test_an_interval_is_that_of_a_paired_test() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(40, generator=generator), torch.randn(40, generator=generator) + 0.3
    found, expected = difference(a, b, smaller=True), ttest_rel(a.double().numpy(), b.double().numpy())
    low, high = expected.confidence_interval(0.95)
    assert found.mean / found.error == pytest.approx(expected.statistic, rel=1e-6)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6)
    assert found.ahead == pytest.approx(float((a < b).double().mean()))
    back = difference(b, a, smaller=True)
    assert (back.mean, back.low, back.high) == pytest.approx((-found.mean, -found.high, -found.low))
    assert back.ahead == pytest.approx(1 - found.ahead)


def test_pairs_are_sharper_than_two_figures_apart() -> None:
    shared = torch.randn(200, generator=torch.Generator().manual_seed(1)) * 10
    found = difference(shared + 0.1, shared, smaller=True)
    assert found.low == pytest.approx(found.high, abs=1e-4)
    assert found.low > 0.09
    assert found.ahead == 0


def test_the_same_model_is_not_ahead_of_itself() -> None:
    found = vaecore.compare("vae-digits-2", "vae-digits-2", samples=2, device="cpu")
    assert found.keys() == {"squared_error", "grey_bound"}
    for each in found.values():
        assert (each.mean, each.error, each.low, each.high, each.ahead) == (0, 0, 0, 0, 0.5)


def test_errors_are_those_of_the_two_models(test_digits: Images) -> None:
    found = vaecore.compare("ae-digits-2", "pca-digits", device="cpu")
    assert found.keys() == {"squared_error"}
    errors = [
        np.square(vaecore.load(name, device="cpu").reconstruct(test_digits.images) - test_digits.images).sum((1, 2, 3))
        for name in ("ae-digits-2", "pca-digits")
    ]
    assert found["squared_error"].mean == pytest.approx(float((errors[0] - errors[1]).mean()), rel=1e-4)
    assert found["squared_error"].images == len(test_digits)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            "vae-digits-2",
            "vae-mnist-2",
            "expected two models of one data set, got vae-digits-2 of digits and",
        ),
        ("couplets-tang", "vae-digits-2", "couplets-tang: expected a model of images, got one of texts"),
        ("vae-digits-2", "nobody", "nobody"),
    ],
)
def test_what_cannot_be_compared_is_refused(first: str, second: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        vaecore.compare(first, second, device="cpu")


def test_likelihoods_of_other_pixels_are_not_compared(tmp_path: Path) -> None:
    run = vaecore.train("vae-digits-2", out=tmp_path / "run", device="cpu", epochs=1, binarise=True)
    assert find("vae-digits-2").training.binarise is False
    assert vaecore.compare(run, "vae-digits-2", samples=2, device="cpu").keys() == {"squared_error"}


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "ae-digits-2", "--against", "pca-digits", "--device", "cpu"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "ae-digits-2 less pca-digits, image by image"
    assert second.startswith("squared_error")
    assert "ahead on" in second
    assert main(["evaluate", "ae-digits-2", "--against", "pca-digits", "--write"]) != 0
    assert "expected --against alone" in capsys.readouterr().err

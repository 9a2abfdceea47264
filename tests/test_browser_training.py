"""What the page's training is held against is what torch gives today: `python tests/browser/training.py` writes it."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent / "browser"))
import training


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return json.loads(training.PLACE.read_text("utf-8"))


def decoded(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_the_cases_are_those_that_are_kept(kept: dict[str, Any]) -> None:
    assert list(kept["cases"]) == list(training.CASES)
    assert {name: training.build(name) for name in training.CASES} == {
        name: case["build"] for name, case in kept["cases"].items()
    }


@pytest.mark.parametrize("case", training.CASES)
def test_they_are_fresh(kept: dict[str, Any], case: str) -> None:
    """Within what another machine's sums change: far less than the page may."""
    fresh, old = training.trained(case), kept["cases"][case]
    for name, gradient in fresh["gradients"].items():
        ours, theirs = decoded(gradient), decoded(old["gradients"][name])
        assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max(), name
    assert fresh["curve"].keys() == old["curve"].keys()
    for name, term in fresh["curve"].items():
        np.testing.assert_allclose(term, old["curve"][name], rtol=2e-4, err_msg=name)

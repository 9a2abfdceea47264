"""The answers that `node --test` holds the page's JavaScript against are those that Python gives today."""

import base64
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaecore.export.steps import MAPS

FOLDER = Path(__file__).parent / "browser"
sys.path.append(str(FOLDER))
import answers  # noqa: E402


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return json.loads(answers.PLACE.read_text("utf-8"))


def same(found: object, expected: object) -> bool:
    """The same up to what another version of torch or zlib changes."""
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and list(found) == list(expected)
            and all(same(found[k], expected[k]) for k in found)
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float):
        return found == pytest.approx(expected, rel=1e-5, abs=1e-6)
    return found == expected or (isinstance(found, str) and isinstance(expected, str) and holds_same(found, expected))


def holds_same(found: str, expected: str) -> bool:
    ours, theirs = (base64.b64decode(text) for text in (found, expected))
    try:
        return zlib.decompress(ours) == zlib.decompress(theirs)
    except zlib.error:
        return np.allclose(np.frombuffer(ours, "<f4"), np.frombuffer(theirs, "<f4"), rtol=1e-5, atol=1e-6)


def test_they_are_fresh(kept: dict[str, Any]) -> None:
    """`python tests/browser/answers.py` writes them anew."""
    fresh = json.loads(answers.text())
    assert list(fresh) == list(kept)
    assert [name for name in fresh if not same(fresh[name], kept[name])] == []


def test_a_changed_number_is_seen(kept: dict[str, Any]) -> None:
    assert same(kept["elbo"], json.loads(json.dumps(kept["elbo"])))
    assert not same(kept["elbo"], kept["elbo"] | {"elbo": kept["elbo"]["elbo"] + 0.01})
    codes = np.frombuffer(base64.b64decode(kept["codes"]["codes"]), "<f4") + 0.01
    assert not same(kept["codes"], kept["codes"] | {"codes": answers.floats(codes)})


def test_they_use_all_that_a_page_can_run(kept: dict[str, Any]) -> None:
    described = [found["described"] for found in kept["functions"].values()]
    described += [each for found in kept["networks"].values() for each in found["described"].values()]
    steps = [step for network in described for step in network["steps"]]
    assert {step["function"] for step in steps if step["op"] == "map"} == set(MAPS)
    assert {step["function"] for step in steps if step["op"] == "combine"} == {"add", "sub", "mul", "div"}
    assert len({step["op"] for step in steps}) == 10, "every row of the table in vaecore.export"


def test_they_hold_weights_of_every_kind(kept: dict[str, Any]) -> None:
    for kind, packed in kept["weights"].items():
        assert kind in [part[3] for part in packed["layout"]]

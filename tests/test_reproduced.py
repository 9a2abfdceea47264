"""`vaecore evaluate NAME` gives what the card says: every figure of three cards, on whatever machine this is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vaecore
from vaecore import checkpoint


def numbers(metrics: dict[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a card, by its place."""
    for key, value in metrics.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{before}{key}.")
        else:
            yield from ((f"{before}{key}.{place}", each) for place, each in enumerate(np.ravel(value).tolist()))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cvae-digits-2", "sparse-kl-mnist", "beta-vae-mnist-10-beta-1"])
def test_a_card_is_repeated(name: str, mnist_folder: Path, fashion_folder: Path) -> None:
    """Within a fifth of the figure's own error, or a thousandth of it: products are added up in another order."""
    card = checkpoint.read_card(checkpoint.find(name))
    protocol = card["evaluation"]
    again = vaecore.evaluate(name, samples=protocol["samples"], seed=protocol["seed"], data_dir=mnist_folder)
    kept, found = dict(numbers(card["metrics"])), dict(numbers(again))
    assert kept.keys() == found.keys()
    for key, value in kept.items():
        place, _, row = key.rpartition(".")
        error = kept.get(f"{place}_error.{row}", 0.0)
        assert found[key] == pytest.approx(value, rel=1e-3, abs=max(error / 5, 2e-4)), key

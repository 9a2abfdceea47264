"""Drawings are prepared in the page as in Python: `drawing.js` against `vaecore.serving.drawing`."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from vaecore import serving
from vaecore.browser import script

pytestmark = pytest.mark.browser
PREPARE = "([strokes, shape]) => [...prepareDrawing(strokes, shape)]"
SHAPES = [(1, 28, 28), (1, 8, 8), (3, 12, 20), (1, 32, 32), (1, 20, 20)]
BAR = 1e-6


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    tab = browser.new_page()
    tab.add_script_tag(content=script("drawing.js"))
    yield tab
    tab.close()


def handwriting(seed: int) -> list[np.ndarray]:
    """Strokes as a hand makes them: one to four, of smooth turns, each point a few pixels from the last."""
    draws = np.random.default_rng(seed)
    strokes = []
    for _ in range(draws.integers(1, 5)):
        steps = draws.integers(1, 80)
        direction = draws.uniform(0, 2 * np.pi) + draws.normal(0, 0.3, steps).cumsum()
        way = draws.uniform(0.003, 0.03, steps)[:, None] * np.stack([np.cos(direction), np.sin(direction)], 1)
        strokes.append((draws.uniform(0.1, 0.9, 2) + way.cumsum(0)).clip(0, 1))
    return strokes


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_handwriting_is_the_same_image(page: Page, shape: tuple[int, int, int]) -> None:
    worst = 0.0
    for seed in range(40):
        strokes = handwriting(seed)
        found = np.array(page.evaluate(PREPARE, [[stroke.tolist() for stroke in strokes], list(shape)]))
        expected = serving.drawings.drawing(strokes, shape).ravel()
        assert expected.any()
        worst = max(worst, float(np.abs(found - expected).max()))
    assert worst < BAR


@pytest.mark.parametrize(
    "strokes",
    [
        [[[0.2, 0.7]]],
        [[[0.2, 0.7], [0.21, 0.7]]],
        [[[0.5, 0.1], [0.5, 0.9]]],
        [[[0.1, 0.1], [0.1, 0.1], [0.9, 0.9]], [[0.3, 0.3]]],
        [[[0.1 + 0.15 * (i % 2), 0.1 + 0.01 * i] for i in range(81)] + [[0.9, 0.5]]],
    ],
    ids=["dot", "short", "line", "twice the same point", "nearly all ink at one end"],
)
@pytest.mark.parametrize("shape", SHAPES[:2], ids=str)
def test_odd_strokes_too(page: Page, strokes: list[list[list[float]]], shape: tuple[int, int, int]) -> None:
    found = page.evaluate(PREPARE, [strokes, list(shape)])
    expected = serving.drawings.drawing([np.array(stroke) for stroke in strokes], shape).ravel()
    np.testing.assert_allclose(found, expected, atol=BAR)

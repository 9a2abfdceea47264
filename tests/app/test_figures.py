"""Figures are pure: arrays in, pixels and traces out."""

import io
from html import escape

import numpy as np
import pytest
from PIL import Image

from app.figures import sprites
from app.markup import strips
from app.session.blobs import Blobs

RANDOM = np.random.default_rng(0)


def test_pixels_are_clipped_grey_repeated_and_colour_kept() -> None:
    grey = np.array([[[[-0.5, 0.0], [1.0, 1.5]]]], dtype=np.float32)
    assert sprites.pixels(grey)[0, :, :, 0].tolist() == [[0, 0], [255, 255]]
    colour = RANDOM.random((2, 3, 4, 5), dtype=np.float32)
    np.testing.assert_allclose(sprites.pixels(colour) / 255, np.moveaxis(colour, 1, -1), atol=0.5 / 255)


def test_heat_is_one_scale_for_all_maps() -> None:
    small, large = np.full((1, 1, 2, 2), 0.2, np.float32), np.full((1, 1, 2, 2), 0.8, np.float32)
    top = sprites.top_of(small, large)
    assert top == pytest.approx(0.8)
    assert sprites.heat(large, top)[0, 0, 0].tolist() == list(sprites.HEAT[-1])
    assert sprites.heat(small, top).sum() < sprites.heat(large, top).sum()
    assert sprites.heat(0 * small, 0.0)[0, 0, 0].tolist() == list(sprites.HEAT[0])


def test_sheet_puts_every_cell_in_its_place_and_leaves_gaps_clear() -> None:
    cells = RANDOM.integers(0, 256, (5, 3, 4, 3), dtype=np.uint8)
    picture = sprites.sheet(cells, columns=2, gap=1)
    assert picture.shape == (3 * 4 - 1, 2 * 5 - 1, 4)
    np.testing.assert_array_equal(picture[4:7, 5:9, :3], cells[3])
    assert (picture[3] == 0).all()
    assert (picture[8:, 5:] == 0).all()


def test_png_round_trip() -> None:
    picture = sprites.sheet(RANDOM.integers(0, 256, (2, 3, 3, 3), dtype=np.uint8), 2)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(sprites.png(picture)))), picture)


def test_ten_classes_have_ten_colours() -> None:
    assert len({sprites.class_color(label) for label in range(10)}) == 10
    assert sprites.class_color(10) == sprites.class_color(0)


def test_equation_is_escaped_typeset_and_coloured() -> None:
    text = strips.equation("-elbo = E_q[-log p(x|z)] < ||x - x^||^2")
    assert escape('<mi class="vc-z">z</mi>') in text
    assert "&lt; ‖" in text  # in letters
    assert escape("&lt;</mo>") in text
    assert "²" in text
    assert "-elbo" not in text


def test_blobs_are_addressed_by_content_and_the_oldest_leave() -> None:
    blobs = Blobs(capacity=10)
    assert blobs.put(b"abc", "text/plain") == "data:text/plain;base64,YWJj"
    blobs.served = True
    first, second = blobs.put(b"12345678", "text/plain"), blobs.put(b"abcdefgh", "text/plain")
    assert blobs.get(first.removeprefix("blob/")) is None
    assert blobs.get(second.removeprefix("blob/")) == (b"abcdefgh", "text/plain")
    assert blobs.put(b"abcdefgh", "text/plain") == second

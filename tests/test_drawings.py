"""Drawings: strokes prepared as the images that a model was trained on."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from PIL import Image, ImageDraw

from vaecore import serving
from vaecore.data import Images
from vaecore.serving import drawings
from vaecore.serving.studies.drawings import (
    BOX,
    DOT,
    MIDDLE,
    PEN,
    SIDE,
    STEPS,
    THIN,
    drawing,
    pack_drawing,
    unpack_drawing,
)

MNIST, DIGITS = (1, 28, 28), (1, 8, 8)
TURN = np.linspace(0, 2 * np.pi, 60)
SHAPES = {
    "seven": [np.array([[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]), np.array([[0.4, 0.5], [0.65, 0.5]])],
    "circle": [np.stack([0.5 + 0.2 * np.cos(TURN), 0.5 + 0.3 * np.sin(TURN)], 1)],
    "upright line": [np.array([[0.5, 0.1], [0.5, 0.9]])],
    "level line": [np.array([[0.05, 0.5], [0.95, 0.5]])],
    "ell": [np.array([[0.2, 0.1], [0.2, 0.9], [0.6, 0.9]])],
    "zigzag": [np.random.default_rng(0).random((12, 2))],
}
every_shape = pytest.mark.parametrize("strokes", SHAPES.values(), ids=SHAPES)


def sides(picture: ndarray, above: float = 0.0) -> tuple[int, int]:
    """How many rows and columns lie between the first and the last ink."""
    rows, columns = np.nonzero(picture > above)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def centre_of_mass(picture: ndarray) -> ndarray:
    """Of rows and columns, the centre of pixel i at i."""
    return np.array([(picture * place).sum() for place in np.indices(picture.shape)]) / picture.sum()


@every_shape
def test_the_larger_side_of_the_ink_is_twenty_pixels(strokes: list[ndarray]) -> None:
    picture = drawing(strokes, MNIST)[0]
    assert abs(max(sides(picture)) - 20) <= 1
    assert abs(max(sides(picture, 0.5)) - 20) <= 1


@every_shape
def test_the_centre_of_mass_is_the_middle(strokes: list[ndarray]) -> None:
    centre = centre_of_mass(drawing(strokes, MNIST)[0])
    assert np.abs(centre - (SIDE - 1) / 2).max() <= 0.5
    np.testing.assert_allclose(centre, MIDDLE, atol=0.1)


def test_the_middle_is_between_that_of_the_frame_and_that_of_mnist(mnist: tuple[Images, Images]) -> None:
    images = mnist[1].images[:1000, 0]
    centres = np.array([centre_of_mass(image) for image in images]).mean(axis=0)
    np.testing.assert_allclose(((SIDE - 1) / 2 + centres) / 2, MIDDLE, atol=0.05)
    assert {max(sides(image)) for image in images} == {BOX}


@every_shape
@pytest.mark.parametrize("shape", [MNIST, DIGITS], ids=["mnist", "digits"])
def test_a_drawing_moved_or_scaled_is_the_same_picture(strokes: list[ndarray], shape: tuple[int, int, int]) -> None:
    picture = drawing(strokes, shape)
    for scale, way in ((1.0, (0.3, -0.2)), (0.2, (0.0, 0.0)), (0.37, (0.5, 0.1))):
        np.testing.assert_allclose(drawing([scale * stroke + way for stroke in strokes], shape), picture, atol=1e-5)
    wider = [stroke * [1.0, 0.6] for stroke in strokes]
    if min(sides(picture[0])) > 4:  # a line has one side only
        assert np.abs(drawing(wider, shape) - picture).max() > 0.1


@pytest.mark.parametrize("shape", [MNIST, DIGITS], ids=["mnist", "digits"])
def test_right_is_right_and_down_is_down(shape: tuple[int, int, int]) -> None:
    picture = drawing(SHAPES["ell"], shape)[0]
    rows, columns = picture.sum(axis=1), picture.sum(axis=0)
    assert rows.argmax() > len(rows) / 2  # the foot of an L is at the bottom
    assert columns.argmax() < len(columns) / 2  # its stem is at the left
    assert sides(drawing(SHAPES["level line"], MNIST)[0])[0] < 5


def test_the_pen_is_as_wide_as_it_says() -> None:
    line = drawing(SHAPES["upright line"], MNIST)[0]
    across = line[10:18].sum(axis=1)  # away from the round ends
    np.testing.assert_allclose(across, 2 * PEN, atol=0.02)


@every_shape
def test_the_ink_is_what_another_painter_makes_of_it(strokes: list[ndarray]) -> None:
    """Pillow, at 32 times the resolution, scaled down by area."""
    fine = 32
    boxed = [stroke + (BOX - 1) / 2 for stroke in drawings._scaled(strokes)]
    image = Image.new("L", (fine * BOX, fine * BOX))
    pen = ImageDraw.Draw(image)
    for stroke in boxed:
        places = (stroke + 0.5) * fine
        for x, y in places:
            pen.ellipse([x - PEN * fine, y - PEN * fine, x + PEN * fine, y + PEN * fine], fill=255)
        pen.line([tuple(place) for place in places], fill=255, width=round(2 * PEN * fine))
    expected = np.asarray(image, np.float64).reshape(BOX, fine, BOX, fine).mean(axis=(1, 3)) / 255
    painted = drawings._inked(boxed, BOX)
    assert np.abs(painted - expected).mean() < 0.02
    assert np.abs(painted - expected).max() < 0.45  # in the nook of a corner, where two edges share a pixel
    assert painted.sum() == pytest.approx(expected.sum(), rel=0.04)


def test_a_dot_stays_a_dot() -> None:
    for strokes in ([np.array([[0.2, 0.7]])], [np.array([[0.2, 0.7], [0.2 + DOT / 2, 0.7]])]):
        picture = drawing(strokes, MNIST)[0]
        assert max(sides(picture)) <= 4
        assert picture.sum() == pytest.approx(np.pi * PEN**2, rel=0.1)
        np.testing.assert_allclose(centre_of_mass(picture), MIDDLE, atol=0.1)


def test_no_ink_leaves_the_frame() -> None:
    """Nearly all of it at one end: its centre of mass in the middle would push the other end out."""
    scribble = np.array([[0.1 + 0.15 * (i % 2), 0.1 + 0.01 * i] for i in range(81)] + [[0.9, 0.5]])
    picture = drawing([scribble], MNIST)[0]
    assert abs(sides(picture, 0.5)[1] - 20) <= 1
    whole = drawings._inked([stroke + SIDE for stroke in drawings._scaled([scribble])], 2 * SIDE)
    assert picture.sum() == pytest.approx(whole.sum(), rel=0.006)


@every_shape
def test_on_eight_by_eight_the_ink_fills_the_image_by_area(strokes: list[ndarray]) -> None:
    picture = drawing(strokes, DIGITS)[0]
    filled = drawings._filled(strokes)
    by_hand = np.kron(filled, np.ones((2, 2))).reshape(8, 5, 8, 5).mean(axis=(1, 3))  # 40 pixels are 8 times 5
    np.testing.assert_allclose(picture, by_hand, atol=1e-6)
    assert max(sides(picture, 0.2)) == 8


def test_by_area_keeps_the_mean_and_what_need_not_change() -> None:
    picture = np.random.default_rng(0).random((20, 20))
    for side in (3, 8, 13, 20, 32):
        assert drawings._by_area(picture, side).mean() == pytest.approx(picture.mean())
    np.testing.assert_allclose(drawings._by_area(picture, 20), picture)
    np.testing.assert_allclose(drawings._by_area(picture, 10), picture.reshape(10, 2, 10, 2).mean((1, 3)))


def test_other_shapes_get_the_picture_in_their_middle() -> None:
    image = drawing(SHAPES["seven"], (3, 12, 20))
    assert image.shape == (3, 12, 20)
    assert image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1
    assert not image[:, :, [0, 1, 2, 3, 16, 17, 18, 19]].any()
    np.testing.assert_array_equal(image[0], image[2])


@pytest.mark.parametrize("strokes", [[], [np.zeros((0, 2))]], ids=["none", "one without points"])
def test_nothing_is_no_drawing(strokes: list[ndarray]) -> None:
    with pytest.raises(ValueError, match="at least one stroke"):
        drawing(strokes, MNIST)
    assert pack_drawing(strokes) == ""
    assert unpack_drawing("") == []


@pytest.mark.parametrize("of", [pack_drawing, lambda strokes: drawing(strokes, MNIST)], ids=["pack", "draw"])
def test_what_is_no_number_is_refused(of: Callable[[list[ndarray]], object]) -> None:
    with pytest.raises(ValueError, match="no numbers"):
        of([np.array([[0.1, np.nan], [0.2, 0.2]])])


points = st.lists(st.tuples(st.integers(0, STEPS), st.integers(0, STEPS)), min_size=1, max_size=30)


@given(st.lists(points, min_size=1, max_size=4))
def test_a_packed_drawing_comes_back(coordinates: list[list[tuple[int, int]]]) -> None:
    """Points on the grid come back as they were, but those that the line passes anyway; twice packed is once."""
    strokes = [np.array(stroke) / STEPS for stroke in coordinates]
    text = pack_drawing(strokes)
    found = unpack_drawing(text)
    assert pack_drawing(found) == text
    assert len(found) == len(strokes)
    for stroke, back in zip(strokes, found, strict=True):
        assert {*map(tuple, np.rint(back * STEPS))} <= {*map(tuple, np.rint(stroke * STEPS))}
        np.testing.assert_allclose(back[[0, -1]], stroke[[0, -1]], atol=1e-9)
        lines = drawings._distances(stroke, back[: max(len(back) - 1, 1)], back[-max(len(back) - 1, 1) :])
        assert lines.min(axis=1).max() <= THIN + 1e-9


def test_a_straight_stroke_takes_eight_characters_and_no_comma() -> None:
    line = np.linspace([0.1, 0.2], [0.8, 0.6], 200)
    text = pack_drawing([line, line[::-1]])
    assert len(text) == 17
    assert text.replace(".", "").replace("-", "").replace("_", "").isalnum()


@every_shape
def test_packing_changes_no_picture_that_anyone_could_tell(strokes: list[ndarray]) -> None:
    again = drawing(unpack_drawing(pack_drawing(strokes)), MNIST)
    assert np.abs(again - drawing(strokes, MNIST)).max() < 0.12


@pytest.mark.parametrize("text", ["abc", "a!cd", "abcdé", "abcd..abcd", ".", "abcde"])
def test_what_was_never_packed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a drawing"):
        unpack_drawing(text)


def test_the_model_reads_what_is_drawn() -> None:
    """Digits of straight strokes and arcs, as one draws them; with right and down taken for each other, it does not."""
    explorer = serving.loading.load("cvae-mnist-16", device="cpu")
    arc = np.linspace(-0.75 * np.pi, 0.5 * np.pi, 30)
    bow = np.stack([0.5 + 0.15 * np.cos(arc), np.sin(arc)], 1)
    digits = {
        0: SHAPES["circle"],
        1: [np.array([[0.53, 0.15], [0.47, 0.85]])],
        3: [np.concatenate([bow * [1, 0.16] + [0, 0.32], bow * [1, 0.18] + [0, 0.66]])],
        4: [np.array([[0.38, 0.2], [0.32, 0.55], [0.7, 0.55]]), np.array([[0.62, 0.25], [0.58, 0.85]])],
        7: [SHAPES["seven"][0]],
    }
    images = np.stack([drawing(strokes, MNIST) for strokes in digits.values()])
    assert serving.styles.class_elbos(explorer, images).argmax(axis=1).tolist() == list(digits)
    swapped = serving.styles.class_elbos(explorer, np.ascontiguousarray(images.swapaxes(2, 3))).argmax(axis=1)
    assert (swapped == list(digits)).sum() <= 2


@pytest.mark.parametrize(
    ("strokes", "named"),
    [
        ([np.full((1, 2), 0.5)] * 20_001, "at most 20,000 points, got 20,001 .VAECORE_MAX_DRAWING_POINTS"),
        ([np.stack([np.linspace(0, 1, 9000), np.arange(9000) % 2], 1)], "at most 2,000 corners"),
        ([np.random.default_rng(0).random((5, 2))] * 500, "at most 2,000 corners, got 2,5"),
    ],
)
def test_a_drawing_larger_than_any_is_refused(strokes: list[ndarray], named: str) -> None:
    with pytest.raises(ValueError, match=f"a drawing: expected {named}"):
        pack_drawing(strokes)


def test_a_packed_drawing_larger_than_any_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 2,000 corners, got 2,001"):
        unpack_drawing("A" * 4 * 2001)

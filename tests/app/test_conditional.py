"""Conditional, run without a browser: one style in every class."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from harness import Open, choose, text
from PIL import Image
from streamlit.testing.v1 import AppTest

import vaecore
from app.figures import sprites
from app.markup import strips
from app.markup.exhibits import Exhibit
from app.results import conditional, drawings
from app.results.data import Pictures, Source
from app.session.state import Model
from app.views.conditional import classes
from vaecore import serving
from vaecore.serving import Explorer

MODEL = "cvae-digits-2"
SEVEN = [np.array([[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]), np.array([[0.4, 0.5], [0.65, 0.5]])]
ONE = [np.array([[0.5, 0.1], [0.5, 0.9]])]
DRAWN = serving.drawings.pack_drawing(SEVEN)
OPTION, CANVAS = "a drawing", "drawing canvas"


def bodies(app: AppTest) -> list[str]:
    """The pieces of HTML that are shown, which the style sheet is not."""
    return [part.proto.body for part in app.get("html") if "<style>" not in part.proto.body]


def html(app: AppTest) -> str:
    return "\n".join(bodies(app))


def address(app: AppTest) -> str:
    """The drawing in the address."""
    return "".join(app.query_params.get("drawing", ""))


def pictures(shown: str) -> list[np.ndarray]:
    """What a piece of HTML shows, as RGB or RGBA bytes."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', shown)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in found]


def family(app: AppTest) -> tuple[np.ndarray | None, np.ndarray]:
    """The source of the first row of classes, and the classes."""
    shown = next(part for part in bodies(app) if "vc-family" in part)
    source, _, rest = shown.rpartition('<div class="vc-all">')
    before = pictures(source)
    return before[0] if before else None, np.stack(pictures(rest))


def votes(app: AppTest) -> list[tuple[str, float]]:
    """The probability of each class on the card of a drawing."""
    found = re.findall(r'<dt>(\w+)</dt><dd><i style="width:([\d.]+)%', html(app))
    return [(name, float(share) / 100) for name, share in found]


def said(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def test_an_image_is_written_as_every_class(open_page: Open, cvae: Explorer) -> None:
    app = open_page("conditional", model=MODEL, of="4", which="2")
    assert not app.exception
    images = vaecore.dataset("digits")
    row = np.flatnonzero(images.labels == 4)[1]
    source, cells = family(app)
    np.testing.assert_array_equal(source, sprites.pixels(images.images[row : row + 1])[0])
    code = cvae.encode(images.images[row : row + 1], np.array([4]))
    np.testing.assert_array_equal(cells, sprites.pixels(serving.styles.in_every_class(cvae, code)[0]))
    assert re.search(r'<figure class="vc-chosen">[^>]*alt="4">', html(app))
    assert f"test image {row}" in html(app)


def test_a_table_has_a_row_for_every_style(open_page: Open, cvae: Explorer) -> None:
    app = open_page("conditional", model=MODEL, of="4", styles="5")
    images = vaecore.dataset("digits")
    table = next(part for part in bodies(app) if 'class="vc-product' in part)
    heads, body = pictures(table)
    assert heads.shape[0] == body.shape[0] == 5 * 32 + 4 * 4  # cells of 4 times 8 pixels, gaps of 4
    assert body.shape[1] == 10 * 32 + 9 * 4
    shown = [heads[36 * row : 36 * row + 32 : 4, :32:4, 0] for row in range(5)]
    of_fours = sprites.pixels(images.images[images.labels == 4])[..., 0]
    rows = [next(i for i, four in enumerate(of_fours) if (four == head).all()) for head in shown]
    assert rows[0] == 0
    assert len(set(rows)) == 5
    third = np.flatnonzero(images.labels == 4)[rows[2]]
    code = cvae.encode(images.images[third : third + 1], np.array([4]))
    seven = sprites.pixels(cvae.decode(code, np.array([7])))[0, ..., 0]
    np.testing.assert_array_equal(body[72:104:4, 36 * 7 : 36 * 7 + 32 : 4, 0], seven)


def test_a_style_of_the_prior_has_no_class_of_its_own(open_page: Open, cvae: Explorer) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": "the prior", "style": "41"})
    assert not app.exception
    source, cells = family(app)
    assert source is None
    assert "vc-chosen" not in html(app)
    expected = serving.styles.in_every_class(cvae, serving.styles.prior_codes(cvae, np.array([41])))[0]
    np.testing.assert_array_equal(cells, sprites.pixels(expected))
    assert re.search(r'vc-heads"><li>41</li><li>42</li>', html(app))
    press(app, "Draw a style")
    assert app.number_input(key="style").value != 41
    assert not np.array_equal(family(app)[1], cells)


def test_the_model_says_what_is_drawn(open_page: Open, cvae: Explorer) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION, "drawing": DRAWN})
    assert not app.exception
    image = serving.drawings.drawing(serving.drawings.unpack_drawing(DRAWN), (1, 8, 8))
    elbos = serving.styles.class_elbos(cvae, image[None])[0]
    shares = serving.styles.class_posterior(elbos)
    assert [name for name, _ in votes(app)] == [str(label) for label in range(10)]
    np.testing.assert_allclose([share for _, share in votes(app)], shares, atol=6e-4)
    likeliest = int(elbos.argmax())
    assert f"<em>{likeliest} is likeliest</em>" in html(app)
    assert f"read as {likeliest}" in html(app)
    assert "approximation" in said(app)
    source, cells = family(app)
    np.testing.assert_array_equal(source, sprites.pixels(image[None])[0])
    code = cvae.encode(image[None], np.array([likeliest]))
    np.testing.assert_array_equal(cells, sprites.pixels(serving.styles.in_every_class(cvae, code)[0]))


def test_one_may_know_better_what_one_drew(open_page: Open, cvae: Explorer) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION, "drawing": DRAWN, "said": "2"})
    assert "read as 2" in html(app)
    image = serving.drawings.drawing(serving.drawings.unpack_drawing(DRAWN), (1, 8, 8))
    code = cvae.encode(image[None], np.array([2]))
    np.testing.assert_array_equal(family(app)[1], sprites.pixels(serving.styles.in_every_class(cvae, code)[0]))


def test_how_far_the_model_can_be_believed_is_measured(open_page: Open, cvae: Explorer) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION, "drawing": DRAWN})
    images = vaecore.dataset("digits")
    right = (serving.styles.class_elbos(cvae, images.images).argmax(axis=1) == images.labels).mean()
    share, count = re.search(r"right one for (\d+)% of (\d+) test images", said(app)).groups()
    assert int(count) == len(images) == 179
    assert int(share) / 100 == pytest.approx(right, abs=0.02)


def test_nothing_is_shown_until_something_is_drawn(open_page: Open) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION})
    assert not app.exception
    assert "Nothing is drawn yet" in said(app)
    assert "vc-family" not in html(app)
    assert not address(app)
    assert len(app.metric) == 3  # what needs no drawing is there


def test_a_stroke_changes_the_page_and_the_address(open_page: Open) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION})
    app.session_state[CANVAS] = {"strokes": [stroke.tolist() for stroke in SEVEN]}
    app.run()
    assert not app.exception
    assert address(app) == DRAWN
    seven = family(app)[1]
    app.session_state[CANVAS] = {"strokes": [stroke.tolist() for stroke in ONE]}
    app.run()
    assert address(app) == serving.drawings.pack_drawing(ONE)
    assert not np.array_equal(family(app)[1], seven)
    app.session_state[CANVAS] = {"strokes": []}
    app.run()
    assert "Nothing is drawn yet" in said(app)
    assert not address(app)


def test_a_drawing_waits_while_one_looks_elsewhere(open_page: Open) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION, "drawing": DRAWN})
    app.segmented_control(key="from").set_value("the prior").run()
    assert not address(app)
    app.segmented_control(key="from").set_value(OPTION).run()
    assert address(app) == DRAWN
    assert len(votes(app)) == 10


def test_a_drawing_is_prepared_for_the_next_model_anew(open_page: Open) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION, "drawing": DRAWN})
    choose(app, "cvae-mnist-2")
    assert not app.exception
    assert family(app)[0].shape == (28, 28, 3)


def test_a_broken_drawing_leaves_the_canvas_empty(open_page: Open) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION, "drawing": "abc"})
    assert not app.exception
    assert "cut short" in said(app)
    assert "vc-family" not in html(app)


def test_what_is_no_stroke_gets_a_sentence(open_page: Open) -> None:
    app = open_page("conditional", **{"model": MODEL, "from": OPTION})
    for wrong in ([[[0.1, 0.2, 0.3]]], [[0.1, 0.2]], [[["a", "b"]]]):
        app.session_state[CANVAS] = {"strokes": wrong}
        app.run()
        assert not app.exception
        assert len(app.warning) == 1


def test_a_walk_moves_one_number(open_page: Open, cvae: Explorer) -> None:
    app = open_page("conditional", model=MODEL, of="4", dim="z₂", at="1.5")
    shown = [part for part in bodies(app) if "vc-family" in part]
    images = vaecore.dataset("digits")
    row = np.flatnonzero(images.labels == 4)[0]
    code = cvae.encode(images.images[row : row + 1], np.array([4]))
    assert f"z₂ of test image {row} itself is {code[0, 1]:.2f}".replace("-", "−") in said(app)
    code[0, 1] = 1.5
    np.testing.assert_array_equal(
        np.stack(pictures(shown[1])), sprites.pixels(serving.styles.in_every_class(cvae, code)[0])
    )
    stops = re.findall(r'<ol class="vc-heads">(.*?)</ol>', html(app))[0]
    assert re.findall("<li>(.*?)</li>", stops)[::5] == ["−2.5", "0.0", "2.5"]


def test_the_number_that_moves_most_comes_first(open_page: Open) -> None:
    app = open_page("conditional", model="cvae-mnist-16")
    effects = serving.styles.effects(vaecore.load("cvae-mnist-16", device="cpu"))
    options = app.selectbox(key="dim").options
    order = np.argsort(-effects)
    assert list(options) == [strips.subscript("z", index) for index in order]
    assert app.selectbox(key="dim").value == options[0]


def test_what_the_code_still_holds_is_beside_what_it_would_have_to(open_page: Open, cvae: Explorer) -> None:
    app = open_page("conditional", model=MODEL)
    told, plain = serving.styles.label_left(cvae), serving.styles.label_left(vaecore.load("vae-digits-2", device="cpu"))
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown == {
        "Read from cvae-digits-2's codes": f"{told.accuracy:.1%}",
        "From vae-digits-2's, never told": f"{plain.accuracy:.1%}",
        "Always naming the commonest class": f"{told.chance:.1%}",
    }


def test_in_the_place_of_a_model_that_is_told_nothing_stands_one_that_is(open_page: Open) -> None:
    app = open_page("conditional", model="vae-digits-2")
    assert not app.exception
    assert "never told the class" in text(app)
    assert "This page shows cvae-digits-2 instead." in text(app)
    assert len(family(app)[1]) == 10


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("way", ["a test image", OPTION, "the prior"])
def test_without_mnist_all_but_the_probe_is_there(open_page: Open, way: str) -> None:
    app = open_page("conditional", **{"model": "cvae-mnist-2", "from": way, "drawing": DRAWN})
    assert not app.exception
    assert "Until then" in app.warning[0].value
    assert len(family(app)[1]) == 10
    assert not app.metric
    assert "images with classes" in app.info[0].value


def test_a_model_of_ones_own_images(open_page: Open, tmp_path: Path) -> None:
    """In colour, of three classes with long names, one of which has one image among the test images."""
    random = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = random.random((60, 12, 12, 3), dtype=np.float32) * (1 + labels[:, None, None, None]) / 3
    np.savez(tmp_path / "own.npz", images=images, labels=labels)
    folder = vaecore.train(
        "cvae-digits-2", out=tmp_path / "run", device="cpu", epochs=1, dataset=str(tmp_path / "own.npz")
    )
    for way in (OPTION, "the prior", "a test image"):
        app = open_page("conditional", **{"model": str(folder), "from": way, "drawing": DRAWN})
        assert not app.exception
        assert family(app)[1].shape == (3, 12, 12, 3)
    assert [metric.label for metric in app.metric][-1] == "Always naming the commonest class"
    assert len(app.metric) == 2  # no plain model of these images


def test_a_class_without_images_gets_a_sentence(open_page: Open, tmp_path: Path) -> None:
    images = vaecore.dataset("digits")
    rows = np.flatnonzero(images.labels != 4).tolist() + np.flatnonzero(images.labels == 4)[:1].tolist()
    path = tmp_path / "few.npz"
    np.savez(path, images=images.images[rows], labels=images.labels[rows])
    assert 4 not in vaecore.dataset(str(path)).labels  # it fell into the training split
    app = open_page("conditional", model=MODEL, data=str(path), of="4")
    assert not app.exception
    assert "no image of class 4" in app.warning[0].value


# HTML


def test_rows_are_as_even_as_can_be() -> None:
    cells = np.zeros((10, 4, 4, 3), np.uint8)
    assert "--wide:10;--narrow:5" in classes.family(cells, "0123456789", None, None)
    assert "--wide:7;--narrow:5" in classes.family(cells[[0] * 14], "abcdefghijklmn", None, None)
    assert "--wide:3;--narrow:3" in classes.family(cells[:3], "abc", None, None)


def test_the_head_of_a_row_is_as_high_as_the_row() -> None:
    """Both pictures are scaled to the widths of their columns: heights agree if widths go by the files' sizes."""
    cells = np.zeros((3, 7, 28, 28, 3), np.uint8)
    shown = classes.table(cells[:, 0], cells, "abcdefg")
    heads, body = pictures(shown)
    ratio = float(re.search(r"--body:([\d.]+)fr", shown)[1])
    assert heads.shape[0] == body.shape[0]
    assert body.shape[1] / heads.shape[1] == pytest.approx(ratio, abs=1e-3)


def test_names_of_classes_are_escaped() -> None:
    cells = np.zeros((1, 1, 4, 4, 3), np.uint8)
    source = Exhibit("<i>source</i>", cells[0, 0], "<u>note</u>")
    shown = classes.family(cells[0], ["<s>class</s>"], 0, source) + classes.table(["<s>1</s>"], cells, ["<s>a</s>"])
    assert not re.search("<(s|u)>|<i>source", shown)
    for name in ("&lt;i&gt;source", "&lt;u&gt;note", "&lt;s&gt;class", "&lt;s&gt;1", "&lt;s&gt;a"):
        assert name in shown


def test_fellows_begin_with_the_style_itself(cvae: Explorer) -> None:
    images = vaecore.dataset("digits")
    found = Pictures(images.images, images.labels, tuple(images.names), Source("digits"))
    model = Model(MODEL)
    style = conditional.of_image(model, found, 5)
    fellows = conditional.fellows(model, found, style, 6)
    assert fellows[0] is style
    assert len({each.number for each in fellows}) == 6
    assert {int(images.labels[each.number]) for each in fellows} == {int(images.labels[5])}
    drawn = conditional.fellows(model, found, conditional.of_drawing(model, drawings.drawn(model, DRAWN), 7), 4)
    assert [each.number is None for each in drawn] == [True, False, False, False]
    last = conditional.fellows(model, found, conditional.of_prior(model, conditional.SEEDS - 1), 3)
    assert [each.number for each in last] == [conditional.SEEDS - 1, 0, 1]

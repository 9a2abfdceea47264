"""The path studio without a browser: what it tells its component, and what can be taken home."""

import base64
import csv
import io
import json
from typing import Any

import numpy as np
import pytest
from harness import Open, text
from PIL import Image
from streamlit.testing.v1 import AppTest

import vaecore
from app.figures import sprites
from app.results import paths
from app.results.paths import Ends
from app.session.state import find
from vaecore import serving

STROKE = serving.drawings.pack_drawing([np.array([[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]])])


def studio(app: AppTest) -> dict[str, Any]:
    """What the component of the paths is told."""
    assert not app.exception
    told = [json.loads(each.proto.json) for each in app.get("bidi_component")]
    return next(each for each in told if "ways" in each)


def film(told: dict[str, Any], number: int = 0) -> np.ndarray:
    """The grey pictures of a path, [steps, h, w]."""
    data = base64.b64decode(told["ways"][number]["film"].split(",")[1])
    sheet = np.array(Image.open(io.BytesIO(data)))[:, :, 0]
    return np.stack(np.split(sheet, told["steps"], axis=1))


def test_three_paths_between_two_test_images(open_page: Open) -> None:
    own, tests = vaecore.load("vae-digits-2", device="cpu"), vaecore.dataset("digits", "test")
    told = studio(open_page("interpolate", model="vae-digits-2", steps="7"))
    assert [way["kind"] for way in told["ways"]] == ["linear", "spherical", "data"]
    assert (told["steps"], told["step"], told["label"]) == (7, 3, None)
    rows = [int(np.flatnonzero(tests.labels == label)[0]) for label in (3, 8)]
    assert [end["title"] for end in told["ends"]] == [f"test image {rows[0]}, 3", f"test image {rows[1]}, 8"]
    a, b = own.encode(tests.images[rows])
    np.testing.assert_allclose([end["place"] for end in told["ends"]], [a, b], atol=1e-5)
    around = serving.paths.surroundings(serving.maps.latent_map(own).codes)
    assert told["ground"]["radius"] == pytest.approx(around.radius)
    for number, kind in enumerate(("linear", "spherical", "data")):
        codes = own.interpolate(a, b, 7, kind)
        np.testing.assert_allclose(film(told, number), 255 * own.decode(codes)[:, 0].clip(0, 1), atol=1)
        way, company = told["ways"][number], serving.paths.company(codes, around)
        assert way["nearest"] == company.nearest.tolist()
        assert way["neighbours"] == company.neighbours.tolist()
        np.testing.assert_allclose(np.array(way["line"])[:: told["fine"]], codes, atol=1e-4)
        np.testing.assert_allclose(way["density"][:: told["fine"]], company.density, rtol=1e-3)


def test_the_path_of_the_link_comes_first(open_page: Open) -> None:
    told = studio(open_page("interpolate", model="vae-digits-2", path="Through the data", stop="2"))
    assert ([way["kind"] for way in told["ways"]], told["step"]) == (["data", "linear", "spherical"], 1)


def test_a_link_puts_ends_on_the_map(open_page: Open) -> None:
    app = open_page("interpolate", model="vae-digits-2", a_from="Map", a_at="0.5 -1.25", b_from="Map", b_at="12")
    told = studio(app)
    laid = serving.maps.latent_map(vaecore.load("vae-digits-2", device="cpu"))
    assert told["ends"][0]["place"] == [0.5, -1.25]
    assert told["ends"][1]["place"] == pytest.approx(laid.codes[laid.index == 12][0].tolist())
    assert "z = (0.50, −1.25)" in text(app)


@pytest.mark.parametrize("words", ["somewhere", "nan 1", "1e9 1", "1 2 3", "99999", ""])
def test_a_place_that_is_none_is_where_the_end_was(open_page: Open, words: str) -> None:
    expected = studio(open_page("interpolate", model="vae-digits-2"))["ends"][0]["place"]
    told = studio(open_page("interpolate", model="vae-digits-2", a_from="Map", a_at=words))
    np.testing.assert_allclose(told["ends"][0]["place"], expected, rtol=1e-3)


def test_of_a_longer_code_the_map_offers_its_images(open_page: Open) -> None:
    laid = serving.maps.latent_map(vaecore.load("pca-digits", device="cpu"))
    app = open_page("interpolate", model="pca-digits", a_from="Map", a_at="17")
    told = studio(app)
    assert (told["ground"]["free"], told["ends"][0]["point"]) == (False, int(np.flatnonzero(laid.index == 17)[0]))
    assert told["weights"] is None
    told = studio(open_page("interpolate", model="pca-digits", a_from="Map", a_at="0.5 -1.25"))
    tests = vaecore.dataset("digits", "test")
    assert told["ends"][0]["title"] == f"test image {np.flatnonzero(tests.labels == 3)[0]}, 3"  # where A was


def test_a_drawing_of_the_link_is_an_end(open_page: Open) -> None:
    own = vaecore.load("vae-digits-2", device="cpu")
    told = studio(open_page("interpolate", model="vae-digits-2", b_from="Drawing", b_drawing=STROKE))
    image = serving.drawings.drawing(serving.drawings.unpack_drawing(STROKE), own.shape)
    assert told["ends"][1]["title"] == "a drawing"
    np.testing.assert_allclose(told["ends"][1]["place"], own.encode(image[None])[0], atol=1e-5)
    app = open_page("interpolate", model="vae-digits-2", b_from="Drawing")
    assert "Nothing is drawn yet: B is test image" in text(app)


def test_what_every_step_is_told(open_page: Open) -> None:
    app = open_page("interpolate", model="cvae-digits-2")
    told = studio(app)
    assert (told["label"], told["follows"]) == (3, True)
    before = film(told)
    app.segmented_control(key="told").set_value("7").run()
    told = studio(app)
    assert (told["label"], told["follows"]) == (7, False)
    assert (film(told) != before).any()
    drawn = studio(open_page("interpolate", model="cvae-digits-2", a_from="Drawing", a_drawing=STROKE))
    assert drawn["ends"][0]["title"] == f"a drawing, read as {drawn['label']}"


def test_an_end_that_was_a_test_image_is_it_again(open_page: Open) -> None:
    app = open_page("interpolate", model="vae-digits-2", a="5", a_class="1")
    was = studio(app)["ends"][0]
    app.segmented_control(key="a_from").set_value("Map").run()
    on_map = studio(app)["ends"][0]
    assert on_map["title"].startswith("z = ")
    np.testing.assert_allclose(on_map["place"], was["place"], rtol=1e-3)
    app.segmented_control(key="a_from").set_value("Test set").run()
    assert studio(app)["ends"][0] == was


def test_two_others_leave_an_end_on_the_map(open_page: Open) -> None:
    app = open_page("interpolate", model="vae-digits-2", a_from="Map", a_at="0.5 -1.25")
    before = studio(app)["ends"]
    next(button for button in app.button if button.label == "Two others").click().run()
    after = studio(app)["ends"]
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.usefixtures("no_data")
def test_without_real_codes_two_paths_are_left(open_page: Open) -> None:
    app = open_page("interpolate", model="ae-mnist-1000", path="Spherical")
    told = studio(app)
    assert told["ground"] is None
    assert [way["film"] is None for way in told["ways"]] == [False, False, True]
    assert told["ways"][2]["trouble"]
    assert "without a map" in text(app)
    told = studio(open_page("interpolate", model="vae-mnist-2"))
    assert told["ground"]["made"]
    assert told["ends"][0]["title"].startswith("decoded image")
    assert not any(way["trouble"] for way in told["ways"])


def test_the_numbers_of_the_paths(open_page: Open) -> None:
    del open_page
    model = find("vae-digits-2")
    of, ends = paths.ground(model), Ends((-1.0, 0.5), (1.5, -0.5))
    ways = {kind: paths.way(model, ends, kind, 5, None) for kind in ("linear", "data")}
    rows = list(csv.DictReader(io.StringIO(paths.table(ways, of).decode())))
    assert [(row["path"], row["step"], row["share"]) for row in rows[:2]] == [
        ("linear", "1", "0"),
        ("linear", "2", "0.25"),
    ]
    assert len(rows) == 10
    laid = of.laid
    for row in rows:
        code = np.array([float(row["z1"]), float(row["z2"])])
        away = np.linalg.norm(laid.codes - code, axis=1)
        assert int(row["nearest_row"]) == laid.index[away.argmin()]
        assert laid.labels is not None
        assert int(row["nearest_class"]) == laid.labels[away.argmin()]
        assert float(row["distance"]) == pytest.approx(away.min(), abs=1e-4)
        assert int(row["neighbours"]) == (away <= of.around.radius).sum()
    bare = paths.table(ways, None).decode().splitlines()
    assert bare[0] == "path,step,share,z1,z2"


def test_a_film_goes_there_and_back() -> None:
    cells = np.zeros((4, 6, 6, 3), np.uint8)
    cells += np.array([0, 80, 160, 240], np.uint8)[:, None, None, None]
    film = Image.open(io.BytesIO(sprites.gif(cells, 120)))
    assert (film.n_frames, film.info["loop"], film.info["duration"]) == (6, 0, 120)
    seen = []
    for frame in range(film.n_frames):
        film.seek(frame)
        seen.append(np.array(film.convert("RGB"))[0, 0, 0])
    np.testing.assert_allclose(seen, [0, 80, 160, 240, 160, 80], atol=2)

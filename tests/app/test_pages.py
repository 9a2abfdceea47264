"""Every page, run without a browser."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import IMAGES, PAGES, Open, text
from streamlit.testing.v1 import AppTest

import vaecore
import vaecore.serving
from app import pages
from app.results import exports, layouts, tiles
from app.session import state
from app.session.blobs import BLOBS
from app.session.plain import plain
from vaecore.serving import Explorer

DIGITS = [name for name in vaecore.names() if name.endswith("digits") or "-digits-" in name]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("model", DIGITS)
def test_every_page_opens_every_kind_of_model(open_page: Open, page: str, model: str) -> None:
    app = open_page(page, model=model)
    assert not app.exception
    assert not app.warning
    assert app.session_state["model"] == model
    assert len(app.title) == 1


def test_start_shows_every_model(open_page: Open) -> None:
    shown = text(open_page("start"))
    assert all(f">{name}</a>" in shown for name in set(vaecore.names()) - set(vaecore.serving.texts.text_names()))


def test_a_tile_leads_to_its_page_and_model(open_page: Open) -> None:
    shown = text(open_page("start"))
    for tile in tiles.TILES.values():
        chooser = "verse" if tile.page == "verse" else "model"
        query = f"?{chooser}={tile.model}" if tile.model else ""
        assert f'href="{tile.page}{query}"' in shown
        assert tile.page in pages.PAGES | pages.LESSONS


def test_reconstruct_compares_with_pca_of_the_same_size(open_page: Open) -> None:
    app = open_page("reconstruct", model="vae-digits-2")
    assert app.slider(key="k").value == 2
    errors = [float(metric.value) for metric in app.metric]
    app.slider(key="k").set_value(20).run()
    assert not app.exception
    again = [float(metric.value) for metric in app.metric]
    assert again[0] == errors[0]
    assert again[1] < errors[1]


@pytest.mark.parametrize("way", ["random", "model ahead", "PCA ahead", "largest error", "by row"])
def test_reconstruct_picks_images_in_every_way(open_page: Open, way: str) -> None:
    app = open_page("reconstruct", model="ae-digits-2", show=way, of="3")
    assert not app.exception
    assert not app.warning
    if way != "by row":
        assert app.selectbox(key="of").value == "3"


def test_drawing_again_shows_other_images(open_page: Open) -> None:
    app = open_page("reconstruct", model="vae-digits-2")
    before = text(app)
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert app.number_input(key="seed").value == 1
    assert text(app) != before


def test_a_row_that_is_not_there_gets_a_sentence(open_page: Open) -> None:
    app = open_page("reconstruct", model="vae-digits-2", show="by row", rows="1 99999")
    assert not app.exception
    assert "99999 is not a row" in app.warning[0].value


def test_map_of_a_long_code_has_its_dimensions_chosen(open_page: Open) -> None:
    assert not [box for box in open_page("map", model="pca-digits").selectbox if box.key == "x"]
    app = open_page("map", model="pca-digits", along="two numbers")
    assert (app.selectbox(key="x").value, app.selectbox(key="y").value) == ("z₁", "z₂")
    app.selectbox(key="x").set_value("z₃").run()
    assert not app.exception
    assert not [box for box in open_page("map", model="vae-digits-2").selectbox if box.key == "x"]


def steered(app: AppTest) -> dict[str, Any]:
    """What the sliders of the page are told."""
    assert not app.exception
    return json.loads(app.get("bidi_component")[0].proto.json)


def test_generate_opens_where_a_link_says(open_page: Open) -> None:
    own = vaecore.load("vae-digits-2", device="cpu")
    told = steered(open_page("generate", model="vae-digits-2", z1="90", z2="34.5"))
    assert told["percents"] == {"0": 90, "1": 34.5}
    assert (told["classes"], told["label"]) == ([], None)
    ends = own.quantiles(np.array([0.34, 0.35, 0.9]))
    code = np.array([[ends[2, 0], ends[:2, 1].mean()]], dtype=np.float32)
    np.testing.assert_allclose(told["picture"], own.decode(code).ravel(), atol=1e-5)


@pytest.mark.parametrize(
    ("word", "percents"), [("fast", {}), ("120", {"0": 99}), ("-3", {"0": 1}), ("50", {}), ("nan", {"0": 1})]
)
def test_a_link_that_says_nonsense_opens_the_nearest(open_page: Open, word: str, percents: dict[str, float]) -> None:
    assert steered(open_page("generate", model="vae-digits-2", z1=word))["percents"] == percents


def test_generate_hides_most_of_a_long_code_until_asked(open_page: Open) -> None:
    app = open_page("generate", model="pca-digits", z30="90")
    latent = vaecore.load("pca-digits").latent
    told = steered(app)
    assert (len(told["shown"]), len(told["quantiles"]), told["percents"]) == (12, latent, {"29": 90})
    app.toggle(key="all").set_value(True).run()
    assert len(steered(app)["shown"]) == latent
    assert len(steered(open_page("generate", model="pca-digits", all="true"))["shown"]) == latent


def test_a_code_of_hundreds_can_be_moved_where_it_is_shown(open_page: Open) -> None:
    told = steered(open_page("generate", model="ae-digits-128"))
    assert sorted(map(int, told["quantiles"])) == sorted(told["shown"])
    assert (len(told["shown"]), len(told["middle"])) == (12, 128)


def test_a_decoder_that_the_page_cannot_run_is_run_here(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Explorer, "exported", lambda *_: None)
    monkeypatch.setattr(BLOBS, "served", True)
    exports._decoder.clear()
    try:
        told = steered(open_page("generate", model="vae-digits-2", z1="90"))
    finally:
        exports._decoder.clear()
    assert (told["network"], told["weights"]) == (None, None)
    assert len(told["picture"]) == 64


def test_without_a_place_for_weights_the_server_decodes(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """`streamlit run app/main.py` has no blob/: the weights would travel with every answer."""
    assert steered(open_page("generate", model="vae-digits-2"))["weights"] is None
    monkeypatch.setattr(BLOBS, "served", True)
    assert steered(open_page("generate", model="vae-digits-2"))["weights"].startswith("blob/")


def test_images_with_other_classes_are_refused_by_a_conditional_model(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "letters.npz"
    np.savez(path, images=np.zeros((20, 8, 8), np.uint8), labels=np.arange(20) % 2)
    app = open_page("reconstruct", model="cvae-digits-2", data=str(path))
    assert "needs one of its own 10 classes" in app.warning[0].value


def test_a_model_without_a_prior_says_why_it_cannot_be_sampled(open_page: Open) -> None:
    app = open_page("generate", model="ae-digits-2")
    assert "has no prior" in app.info[0].value
    assert steered(app)["label"] is None


def test_the_class_of_a_conditional_model_changes_what_it_draws(open_page: Open) -> None:
    three, seven, unknown = (
        steered(open_page("generate", model="cvae-digits-2", label=name)) for name in ("3", "7", "x")
    )
    assert (three["label"], seven["label"], unknown["label"]) == (3, 7, 3)
    assert three["picture"] == unknown["picture"] != seven["picture"]
    assert three["plane"]["address"] != seven["plane"]["address"]


def test_an_unknown_model_gets_a_sentence_and_a_way_back(open_page: Open) -> None:
    app = open_page("start", model="vae-digit-2")
    assert not app.exception
    assert "vae-digit-2" in app.warning[0].value
    app.button[0].click().run()
    assert not app.exception
    assert not app.warning
    assert app.session_state["model"] in vaecore.names()


def test_images_of_another_size_get_a_sentence_and_a_way_back(open_page: Open, own_images: Path) -> None:
    app = open_page("reconstruct", model="ae-mnist-2", data=str(own_images))
    assert "28" in app.warning[0].value
    app = open_page("interpolate", model="vae-digits-2", data="no-such-set")
    assert "no-such-set" in app.warning[0].value
    app.button[0].click().run()
    assert not app.warning


def test_the_map_shows_other_images_than_the_models_own_by_its_codes(open_page: Open, own_images: Path) -> None:
    app = open_page("map", model="vae-digits-2", data=str(own_images))
    assert not app.exception
    assert not app.warning
    assert "vae-digits-2 has never learned" in text(app)
    images = vaecore.dataset(own_images, split="test")
    laid = layouts.layout(state.Model("vae-digits-2"), str(own_images))
    own = vaecore.load("vae-digits-2", device="cpu")
    np.testing.assert_allclose(laid.codes, own.encode(images.images), rtol=1e-4, atol=1e-5)
    assert (laid.whole, laid.planes, laid.scored.scores) == (True, {}, {})
    assert laid.pca is not None
    assert laid.pca.shape == (len(images), 2)


@pytest.mark.usefixtures("fashion_folder")
def test_fashion_lies_on_the_map_of_a_model_of_digits_beside_its_own_planes() -> None:
    laid = layouts.layout(state.Model("vae-mnist-2"), "fashion-mnist")
    assert laid.names[0] == "T-shirt/top"
    assert set(laid.planes) >= {"tsne-30", "umap-15"}
    assert all(len(plane.points) == len(laid.codes) == 10_000 for plane in laid.planes.values())


def test_own_images_can_be_looked_at(open_page: Open, own_images: Path) -> None:
    app = open_page("reconstruct", model="vae-digits-2", data=str(own_images))
    assert not app.exception
    assert not app.warning
    assert own_images.name in text(app)


def test_what_was_read_of_own_images_is_said_below_their_choice(open_page: Open, own_images: Path) -> None:
    """As plain text: the names of what else is in a file are anyone's."""
    np.savez(own_images, images=np.zeros((60, 8, 8), np.uint8), **{"![x](y)": np.zeros(1)})
    app = open_page("reconstruct", model="vae-digits-2", data=str(own_images))
    said = "60 images of 8 x 8 pixels; not looked at: ![x](y); every pixel of every image is 0 of 255"
    assert plain(said) in [caption.value for caption in app.sidebar.caption]
    assert "8 x 8 pixels" not in text(open_page("reconstruct", model="vae-digits-2", data="digits"))


@pytest.fixture
def own_images(tmp_path: Path) -> Path:
    path = tmp_path / "own.npz"
    random = np.random.default_rng(0)
    np.savez(path, images=random.random((60, 8, 8), dtype=np.float32), labels=np.arange(60) % 3)
    return path


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("no_data")
def test_a_model_of_mnist_works_without_mnist(open_page: Open, page: str) -> None:
    app = open_page(page, model="ae-mnist-2")
    assert not app.exception
    assert len(app.title) == 1
    assert ["Until then" in warning.value for warning in app.warning] == [True] * (page in IMAGES)


@pytest.mark.usefixtures("no_data")
def test_a_run_says_of_which_images_its_figures_are(open_page: Open, tmp_path: Path) -> None:
    """Those that were held out, until it is evaluated."""
    shutil.copytree(vaecore.load("ae-mnist-2", device="cpu").folder, tmp_path / "run")
    file = tmp_path / "run" / "card.json"
    card = json.loads(file.read_text())
    del card["evaluation"]
    file.write_text(json.dumps(card | {"measured_on": "validation"}))
    for model, split, told in (("ae-mnist-2", "test", 0), (str(tmp_path / "run"), "validation", 1)):
        shown = text(open_page("start", model=model))
        assert shown.count("<dt>measured on</dt><dd>validation images</dd>") == shown.count("measured on") == told
        titles = [each.value for each in open_page("reconstruct", model=model).subheader]
        assert f"Mean squared error, as measured on the {split} images" in titles


def test_scores_tell_ours_beside_the_published(open_page: Open) -> None:
    app = open_page("scores", model="vae-digits-2")
    (model, _), (ours, seeds), (published, where), (_, command) = ledger(app)["vae-mnist-50"]
    assert (model, published) == ("vae-mnist-50", "86.76")
    assert "Burda" in where
    card = vaecore.load("vae-mnist-50", device="cpu").card
    assert ours.startswith(f"{-card['metrics']['log_likelihood']:.2f} ±")
    assert seeds.endswith("over 3 seeds")
    assert command == card["evaluation"]["command"]


def ledger(app: AppTest) -> dict[str, list[tuple[str, str]]]:
    """The rows of the table by model: what each cell says, and what stands below it."""
    rows = re.findall(r"<tr>(<td>.*?)</tr>", text(app))
    found = [re.findall(r"<td>(.*?)<small>(.*?)</small></td>", row) for row in rows]
    return {cells[0][0]: cells for cells in found}


@pytest.mark.parametrize("measure", vaecore.serving.scores.RANKED)
def test_every_measure_has_its_table(open_page: Open, measure: str) -> None:
    app = open_page("scores", measure=measure)
    assert not app.exception
    assert len(ledger(app)) == len(vaecore.serving.scores.scores(measure)) or app.info

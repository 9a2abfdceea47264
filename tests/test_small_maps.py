"""Maps of next to nothing: planes that can be shown are, the others are missing with a sentence, none is made up."""

from dataclasses import replace
from pathlib import Path

import misbehaving
import numpy as np
import pytest
import torch
from small_sets import run_on

import vaecore
from vaecore import checkpoint
from vaecore.__main__ import main
from vaecore.checkpoint import CARD
from vaecore.evaluation import latent
from vaecore.evaluation.latent import continuity, shortest_path, trustworthiness
from vaecore.evaluation.outside import Task
from vaecore.evaluation.planes import spread, transductive_neighbour_accuracy, tsne
from vaecore.serving import Explorer
from vaecore.serving.loading import load
from vaecore.serving.studies.maps import latent_map
from vaecore.serving.studies.maps import of_codes as maps
from vaecore.serving.takeaway import take_away

SIZES = (2, 3, 10, 19, 30, 40)
KINDS = ("noise", "one pixel", "black or white", "equal")
EQUAL = np.full((40, 3), 0.3, np.float32)
ONE_OFF = EQUAL.copy()
ONE_OFF[7, 1] = np.nan


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (EQUAL, "a map needs images that differ: all 40 are equal"),
        (EQUAL + np.float32(1e-9) * np.arange(40)[:, None], "a map needs images that differ: all 40 are equal"),
        (np.zeros((3, 2)), "a map needs images that differ: all 3 are equal"),
        (ONE_OFF, "a map needs finite numbers: of 40 images 1 are not"),
        (np.full((5, 2), np.inf), "a map needs finite numbers: of 5 images 5 are not"),
        (np.arange(6.0).reshape(3, 2) * 1e300, "a map needs finite numbers: of 3 images 3 are not"),
        (np.ones((1, 4)), "a map needs at least 2 images, got 1"),
        (np.ones((0, 4)), "a map needs at least 2 images, got 0"),
        (np.ones((4, 0)), "a map needs images of at least one number, got none"),
    ],
)
def test_what_has_no_spread_is_told_in_a_sentence(points: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        spread(points, "images")


def test_what_has_a_spread_is_left_as_it_is() -> None:
    points = np.array([[0.0, 1.0], [0.0, 1.1]])
    assert spread(points) is points


@pytest.mark.parametrize("count", [2, 3, 4, 40])
def test_nothing_native_is_run_on_points_without_variance(count: int) -> None:
    """t-SNE of three equal images is a segmentation fault."""
    equal, other = EQUAL[:count], np.random.default_rng(0).random((count, 3), dtype=np.float32)
    labels = np.zeros(count, dtype=np.int64)
    for call in (
        lambda: tsne(equal),
        lambda: trustworthiness(equal, other),
        lambda: trustworthiness(other, equal),
        lambda: continuity(equal, other),
        lambda: transductive_neighbour_accuracy(equal, labels),
        lambda: shortest_path(equal, other[0], other[1], 5),
    ):
        with pytest.raises(ValueError, match=r"^a map needs"):
            call()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", SIZES)
def test_every_set_has_the_planes_that_it_can_have(kind: str, count: int, tmp_path: Path) -> None:
    own = load(run_on(tmp_path, kind, count), device="cpu")
    found = latent_map(own)
    tests = vaecore.dataset(own.dataset, "test")
    n = len(tests)
    assert found.codes.shape == (n, 2)
    assert (found.pca is None) == ("pca" in found.missing)
    assert (found.tsne is None) == ("tsne" in found.missing)
    differing = len(np.unique(tests.images.reshape(n, -1), axis=0)) > 1
    assert ("tsne" not in found.missing) == (differing and n >= 3)
    assert ("pca" not in found.missing) == differing
    for plane in (found.codes, found.pca, found.tsne):
        assert plane is None or np.isfinite(plane).all()
    assert all(0 <= value <= 1 for scores in found.scores.values() for value in scores.values())
    assert found.scores.keys() == (
        {"codes", "pca", "tsne"} - found.missing.keys() if "tsne" not in found.missing else set()
    )
    page = take_away(own)
    assert ('<p class="note">a map needs' in page) == ("codes" in found.missing)
    assert ("Drag over the map" in page) == ("codes" not in found.missing)


def collapsed(own: Explorer) -> Explorer:
    """The model with an encoder that says of every image the same."""
    with torch.no_grad():
        for parameter in own.model.encoder.parameters():
            parameter.zero_()
    return own


def test_of_a_collapsed_model_the_images_are_still_laid_out(tmp_path: Path) -> None:
    own = collapsed(load(run_on(tmp_path, "noise", 100), device="cpu"))
    found = latent_map(own)
    assert found.missing == {"codes": "a map needs codes that differ: all 10 are equal"}
    assert found.scores.keys() == {"pca", "tsne"}
    assert latent_map(Explorer(own.model, own.recipe, own.card)).missing == found.missing, "kept, and read again"
    with pytest.raises(ValueError, match="a map needs codes that differ"):
        own.interpolate(found.codes[0], found.codes[1] + 1, 5, path="data")


@pytest.mark.parametrize(
    ("function", "said"), [("crash", "its process was ended by SIGSEGV"), ("stumble", "failed with ZeroDivisionError")]
)
def test_where_the_t_sne_crashes_the_other_planes_are_shown(
    function: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = load(run_on(tmp_path, "noise", 100), device="cpu")
    monkeypatch.setattr(latent, "LAYING_OUT", Task(Path(misbehaving.__file__), function, "the map"))
    found = latent_map(own)
    assert found.tsne is None
    assert found.missing.keys() == {"tsne"}
    assert said in found.missing["tsne"]
    assert found.pca is not None
    with pytest.raises(ValueError, match=r"^the map: "):
        maps.keep_map(found, tmp_path / maps.MAP)
    assert latent_map(own) is found, "not again for every page"


def test_a_umap_of_ones_own_images_is_kept_with_the_map(tmp_path: Path) -> None:
    folder = run_on(tmp_path, "noise", 100)
    found = latent_map(load(folder, device="cpu"))
    umap = np.random.default_rng(0).random((10, 2), dtype=np.float32)
    maps.keep_map(replace(found, umap=umap), folder / maps.MAP)
    assert latent_map(load(folder, device="cpu")).umap == pytest.approx(umap, abs=1e-3)


def test_identical_images_end_no_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Trained, mapped, exported and evaluated from the shell."""
    np.savez(
        tmp_path / "own.npz", images=np.repeat(np.random.default_rng(0).integers(0, 256, (1, 8, 8), np.uint8), 40, 0)
    )
    run = vaecore.train("vae-digits-2", dataset=tmp_path / "own.npz", out=tmp_path / "run", device="cpu", epochs=1)
    assert main(["export", str(run), "--html", str(tmp_path / "page.html")]) == 0
    assert "a map needs" in (tmp_path / "page.html").read_text()
    capsys.readouterr()
    assert main(["evaluate", str(run), "--write", "--samples", "5", "--device", "cpu"]) == 0
    assert "map.safetensors is not kept: a map needs images that differ: all 4 are equal" in capsys.readouterr().out
    assert not (run / maps.MAP).exists()
    assert checkpoint.read_card(run)["metrics"]["squared_error"] >= 0
    assert (run / CARD).exists()


def test_maps_of_two_models_do_not_wait_for_one_another(tmp_path: Path) -> None:
    own = load(run_on(tmp_path, "noise", 100), device="cpu")
    seen: list[str] = []
    with maps._alone("another map", lambda *_: pytest.fail("waited")):
        latent_map(own, lambda stage, share: seen.append(stage))
    assert seen[0] == "Reading the images"
    assert "Waiting for another visitor's map" not in seen


def test_a_map_says_how_far_it_is(tmp_path: Path) -> None:
    own = load(run_on(tmp_path, "noise", 2000), device="cpu")
    seen: list[tuple[str, float]] = []
    latent_map(own, lambda stage, share: seen.append((stage, share)))
    shares = [share for stage, share in seen if stage not in ("Starting",)]
    assert shares == sorted(shares)
    assert {stage for stage, _ in seen} >= {
        "Reading the images",
        "Encoding the images",
        "Fitting the principal components",
        "Drawing the t-SNE",
    }
    assert 0 <= shares[0] <= shares[-1] <= 1

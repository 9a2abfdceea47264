"""The judges of generated images: those that ship, those that are trained, and what they make a figure of."""

import json
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
import torch

from vaecore import checkpoint
from vaecore.data import Images, dataset
from vaecore.data.batches import present
from vaecore.evaluation import generation, judges
from vaecore.evaluation.generation import by_judges, frechet_distance
from vaecore.evaluation.judges import BUILDS, Judge, digest, fingerprint, look
from vaecore.reading import read_tensors

HOME = checkpoint.SOURCES[1] / judges.FOLDER
CPU = torch.device("cpu")


def told(name: str) -> dict[str, Any]:
    return checkpoint.read_card(checkpoint.find(name))


@pytest.fixture
def shipped(digits: Images, tmp_path: Path) -> dict[str, Judge]:
    return judges.judges(digits, tmp_path, CPU)


def test_those_of_the_digits_ship(shipped: dict[str, Judge], test_digits: Images, tmp_path: Path) -> None:
    assert list(shipped) == ["convolutional", "residual"]
    assert not list(tmp_path.iterdir()), "nothing was trained"
    for name, judge in shipped.items():
        card = json.loads((HOME / f"digits-{name}.json").read_text())
        right = look(judge, present(test_digits.pixels)).classes == test_digits.target
        assert float(right.double().mean()) == pytest.approx(card["accuracy"], abs=1e-9)
        assert card["accuracy"] > 0.97
        assert card["parameters"] == sum(p.numel() for p in judge.parameters())
        assert 0 <= card["calibration_error"] < 0.03
    assert fingerprint(shipped) != fingerprint({"one": shipped["residual"]})


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_those_of_the_large_sets_are_known_by_their_images(
    name: str, tmp_path: Path, mnist_folder: Path, fashion_folder: Path
) -> None:
    folder = mnist_folder if name == "mnist" else fashion_folder
    images, tests = dataset(name, "train", folder), dataset(name, "test", folder)
    some = tests.rows(torch.arange(2000))
    for build, judge in judges.judges(images, tmp_path, CPU).items():
        card = json.loads((HOME / f"{name}-{build}.json").read_text())
        right = (look(judge, present(some.pixels)).classes == some.target).double()
        assert float(right.mean()) == pytest.approx(card["accuracy"], abs=4 * sqrt(card["accuracy"] / 4 / 2000))
        assert card["images"] == digest(images)
    assert not list(tmp_path.iterdir())


def test_they_take_little_room() -> None:
    assert sum(path.stat().st_size for path in HOME.iterdir()) < 1.4e6


def test_the_features_of_training_images_have_a_variance_of_100(shipped: dict[str, Judge], digits: Images) -> None:
    for judge in shipped.values():
        seen = look(judge, present(digits.pixels)).features.double()
        assert float(seen.var(0).sum()) == pytest.approx(100, rel=1e-2)


def test_other_images_get_judges_of_their_own_once(
    digits: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "STEPS", 60)
    own = Images(255 - digits.pixels[:600], digits.target[:600], digits.names)
    first = judges.judges(own, tmp_path, CPU)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(judges, "trained", lambda *_: pytest.fail("trained again"))
    again = judges.judges(own, tmp_path, CPU)
    assert fingerprint(first) == fingerprint(again)
    for name, judge in first.items():
        for key, tensor in judge.state_dict().items():
            assert torch.equal(tensor, again[name].state_dict()[key]), "as it is kept, before it is"


def test_images_all_alike_give_numbers(digits: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "STEPS", 3)
    alike = Images(digits.pixels[:1].repeat(40, 1, 1, 1), digits.target[:40], digits.names)
    for judge in judges.judges(alike, tmp_path, CPU).values():
        assert look(judge, present(alike.pixels)).features.isfinite().all()


def test_builds_differ(digits: Images) -> None:
    made = [build.make(digits.shape, 10) for build in BUILDS.values()]
    assert len({tuple(judge.state_dict()) for judge in made}) == len({build.seed for build in BUILDS.values()}) == 2


def test_a_mean_of_judges_is_as_uncertain_as_judges_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "spread", lambda: {"coverage": 0.2, "coverage_ceiling": 0.0, "frechet": 0.1})
    both = {"one": (0.8, 0.01), "other": (0.9, 0.01)}
    found = by_judges("coverage", both, "coverage")
    assert (found["coverage_one"], found["coverage_other_error"], found["coverage"]) == (0.8, 0.01, pytest.approx(0.85))
    assert found["coverage_error"] == pytest.approx(sqrt(0.01**2 + 1.5 * (0.2 * 0.85 * 0.15) ** 2))
    assert by_judges("coverage_ceiling", both, "coverage")["coverage_ceiling_error"] == pytest.approx(0.01)
    assert by_judges("frechet_one_gaussian", {"one": (2.0, 0.0)}, "frechet")["frechet_one_gaussian_error"] == (
        pytest.approx(0.2 * sqrt(2))
    )


def test_a_distance_is_a_share_of_the_variance() -> None:
    """Of Gaussians in closed form: as far as their means, for equal covariances."""
    a = torch.randn(5000, 4, generator=torch.Generator().manual_seed(0)) * 5  # total variance 100
    assert frechet_distance(a, a + 1.0) == pytest.approx(4, rel=1e-3)


@pytest.mark.parametrize("name", [name for name in checkpoint.names() if "frechet" in told(name)["metrics"]])
def test_a_card_names_the_judges_that_ship(name: str) -> None:
    card = told(name)
    found = {}
    for build, how in BUILDS.items():
        found[build] = how.make(tuple(card["shape"]), len(card["classes"]))
        found[build].load_state_dict(read_tensors(HOME / f"{card['data']['name'].split('/')[0]}-{build}.safetensors"))
    assert card["evaluation"]["judges"] == fingerprint(found)

"""Every page of a model that was trained on next to nothing: a picture or a sentence, and no figure that is none."""

import re
from pathlib import Path

import numpy as np
import pytest
from harness import IMAGES, Open, text
from small import trained
from streamlit.testing.v1 import AppTest

CASES = [
    *((name, "drawings", 3) for name in ("vae-digits-2", "cvae-digits-2", "stacked-digits", "hierarchical-digits")),
    ("sparse-kl-digits", "drawings", 19),
    ("one-class-digits", "one class", 30),
    ("vae-digits-2", "one pixel", 19),
    ("pca-digits", "equal images", 30),
]
NONE = re.compile(r"\b(nan|inf|infinity)\b", re.IGNORECASE)
TAG = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.DOTALL)  # pictures are in tags


def figures(app: AppTest) -> list[str]:
    """What a page says in words and numbers, and what it tells its components."""
    told = [component.proto.json for component in app.get("bidi_component")]
    return [TAG.sub(" ", text(app)), *(metric.value for metric in app.metric), *told]


def opened(open_page: Open, page: str, run: Path) -> list[str]:
    """The sentences of a page that is as it should be."""
    app = open_page(page, model=str(run / "run"), data=str(run / "mine.npz"))
    assert not app.exception, page
    assert len(app.title) == 1
    assert not [said for said in figures(app) if NONE.search(said)], page
    return [warning.value for warning in app.warning]


@pytest.mark.parametrize(("name", "kind", "size"), CASES)
@pytest.mark.usefixtures("fresh")
def test_every_page_opens(name: str, kind: str, size: int, open_page: Open, tmp_path: Path) -> None:
    trained(name, kind, size, tmp_path)
    pages = ("start", "map", "generate", "scores", *IMAGES)
    said = {page: opened(open_page, page, tmp_path) for page in pages}
    silent = {"sensitivity", "map"}  # which may say what they need; one sentence each
    assert not [page for page in pages if said[page] and page not in silent]
    assert all(len(said[page]) <= 1 for page in pages)


@pytest.mark.usefixtures("fresh")
def test_one_test_image_says_why_nothing_is_ignored(open_page: Open, tmp_path: Path) -> None:
    trained("vae-digits-2", "drawings", 15, tmp_path)
    (sentence,) = opened(open_page, "sensitivity", tmp_path)
    assert "expected two that differ, got one" in sentence


@pytest.mark.parametrize("size", [2, 30])
@pytest.mark.usefixtures("fresh")
def test_few_lines_are_verse(size: int, open_page: Open, tmp_path: Path) -> None:
    trained("couplets-tang", "drawings", size, tmp_path)
    app = open_page("verse", model=str(tmp_path / "run"))
    assert not app.exception
    assert not app.warning
    assert not [said for said in figures(app) if NONE.search(said)]


def test_case_19(open_page: Open, tmp_path: Path) -> None:
    """Fifteen images are one test image: a pretrained model of their size says on the page what it needs."""
    drawn = np.random.default_rng(0).integers(0, 256, (15, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "fifteen.npz", images=drawn)
    app = open_page("sensitivity", model="vae-digits-2", data=str(tmp_path / "fifteen.npz"))
    assert not app.exception
    assert "expected two that differ, got one" in app.warning[0].value

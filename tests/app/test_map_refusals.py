"""The Map page of next to nothing: what there is to see, and a sentence for what there is not."""

from pathlib import Path
from types import SimpleNamespace

import misbehaving
import pytest
import streamlit as st
from harness import Open, text
from small_sets import run_on

from app.session import progress
from vaecore.evaluation import latent
from vaecore.evaluation.outside import Task


def titles(app: object) -> list[str]:
    """Of the maps that a page shows."""
    found = [each for each in app.get("bidi_component") if "titles" in str(each.proto)]
    return [title for title in ("Codes of", "PCA of", "t-SNE of") if any(title in str(each.proto) for each in found)]


SHOWN = [
    ("noise", 40, ["Codes of", "PCA of", "t-SNE of"], None),
    ("one pixel", 40, ["Codes of", "PCA of", "t-SNE of"], None),
    ("noise", 20, ["Codes of", "PCA of"], "A map needs at least 3 images, got 2."),
    ("noise", 2, [], "A map needs at least 2 images, got 1."),
    ("equal", 40, [], "A map needs images that differ: all 4 are equal."),
]
RUNS = [
    (recipe, *case)
    for recipe in ("vae-digits-2", "pca-digits", "ladder-digits")
    for case in SHOWN
    if (recipe, case[0]) != ("pca-digits", "one pixel")  # of which there are no 32 components
]


@pytest.mark.parametrize(("recipe", "kind", "count", "shown", "said"), RUNS)
def test_what_there_is_is_shown(
    recipe: str, kind: str, count: int, shown: list[str], said: str | None, open_page: Open, tmp_path: Path
) -> None:
    app = open_page("map", model=str(run_on(tmp_path, kind, count, recipe, labelled=False)), beside="all")
    assert not app.exception
    if recipe != "pca-digits":  # whose weights, untrained, give all images one code
        assert titles(app) == shown
    if said:
        assert said in text(app).replace("\\", "")


def test_all_of_more_images_than_were_laid_out_are_shown_beside_pca(open_page: Open, tmp_path: Path) -> None:
    """The t-SNE is of the 2,000 that were laid out: beside it stand those."""
    run = str(run_on(tmp_path, "noise", 20_500))
    for beside, shown in (("t-SNE", "Of the data set, 2,000 test images, scored on all"), ("PCA", "All 2,050 test")):
        app = open_page("map", model=run, beside=beside)
        assert not app.exception
        assert shown in text(app)


def test_a_crash_is_a_sentence_on_the_page(open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent, "LAYING_OUT", Task(Path(misbehaving.__file__), "crash", "the map"))
    app = open_page("map", model=str(run_on(tmp_path, "noise", 100)))
    assert not app.exception
    assert titles(app) == ["Codes of", "PCA of"]
    assert "ended by SIGSEGV" in text(app).replace("\\", "")


def test_a_bar_is_there_while_there_is_something_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []
    place = SimpleNamespace(
        progress=lambda share, words: drawn.append((share, words)), empty=lambda: drawn.append("gone")
    )
    monkeypatch.setattr(st, "empty", lambda: place)
    with progress.bar():
        pass
    assert not drawn
    with progress.bar() as report:
        report("Reading", 0.25)
        report("Reading", 1.5)
    assert drawn == [(0.25, "Reading ..."), (1.0, "Reading ..."), "gone"]

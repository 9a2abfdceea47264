"""Which model is meant by what was typed, and which images are offered."""

from dataclasses import replace
from pathlib import Path

import pytest
from harness import Open

from app.controls import sidebar
from vaecore import serving


@pytest.mark.parametrize(
    ("typed", "taken"), [("stacked-d", "stacked-digits"), ("vae-digits-2", "vae-digits-2"), ("zebra", "zebra")]
)
def test_the_beginning_of_a_name_chooses_the_model(typed: str, taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"model": typed}
    monkeypatch.setattr(sidebar.st, "session_state", kept)
    sidebar._take_model()
    assert kept["model"] == taken


def test_a_folder_goes_before_the_beginning_of_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vae").mkdir()
    monkeypatch.chdir(tmp_path)
    kept = {"model": "vae"}
    monkeypatch.setattr(sidebar.st, "session_state", kept)
    sidebar._take_model()
    assert kept["model"] == "vae"


@pytest.fixture
def letters(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more row in the table of data sets."""
    digits = serving.DATASETS["digits"]
    row = replace(digits, loader=replace(digits.loader, read=lambda folder, split: digits.load(folder, "train")))
    monkeypatch.setitem(serving.DATASETS, "letters", row)


@pytest.mark.usefixtures("letters")
def test_one_more_data_set_is_offered_in_the_sidebar_and_on_the_anomaly_page(open_page: Open) -> None:
    app = open_page("anomaly", model="vae-digits-2", unseen="letters")
    assert not app.exception
    assert app.selectbox(key="data").options == ["digits", "letters"]
    assert app.selectbox(key="unseen").value == "letters"
    app = open_page("reconstruct", model="vae-digits-2", data="letters")
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="data").value == "letters"


def test_the_sidebar_offers_what_the_model_can_read(open_page: Open) -> None:
    expected = [name for name, row in serving.DATASETS.items() if row.offers((1, 28, 28))]
    assert open_page("generate", model="vae-mnist-2").selectbox(key="data").options == expected
    assert expected == ["mnist", "fashion-mnist", "kmnist"]

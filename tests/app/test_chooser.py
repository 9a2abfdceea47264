"""Which model is meant by what was typed."""

from pathlib import Path

import pytest

from app.controls import sidebar


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

"""What is too large, or no file, is refused before it is read."""

import os
from pathlib import Path

import pytest

from vaecore import limits


def test_a_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "ten"
    file.write_bytes(b"0123456789")
    monkeypatch.setenv("VAECORE_MAX_FILE_BYTES", "10")
    with limits.open_regular(file) as opened:
        assert opened.read() == b"0123456789"
    monkeypatch.setenv("VAECORE_MAX_FILE_BYTES", "9")
    with pytest.raises(ValueError, match=r"ten: expected at most 9 bytes, got 10 \(VAECORE_MAX_FILE_BYTES\)"):
        limits.open_regular(file)


@pytest.mark.parametrize("given", ["0", "-1", "many", "1e9", "9" * 30])
def test_a_setting_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("VAECORE_MAX_FILE_BYTES", given)
    with pytest.raises(ValueError, match="VAECORE_MAX_FILE_BYTES: expected a positive whole number"):
        limits.most("file_bytes")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    for path, kind in ((pipe, "a pipe"), (link, "a device"), (tmp_path, "a folder")):
        with pytest.raises(ValueError, match=f"expected a regular file, got {kind}"):
            limits.open_regular(path)

"""Foreign text as plain text."""

import re

import pytest

from app.session.plain import FOUND, JOINER, MOST, flat, plain

MARKDOWN = [
    ":material/home:", ":tada:", ":red[x]", ":streamlit:", "$x^2$", "$$y$$", "a -> b", "a <- b", "a -- b", "a >= b",
    "a ~= b", "![x](http://foreign.example/x.png)", "[a](javascript:alert(1))", "<img src=x onerror=alert(1)>",
    "www.foreign.example", "WWW.foreign.example", "http://foreign.example/a", "me@foreign.example", "# heading",
    "1. first", "2) second", "- item", "+ item", "* item", "> quoted", "~~gone~~", "a_b_", "**bold**", "`code`",
    "|a|b|", "&lt;", "a\\", "[a]: http://foreign.example", "---", "===",
]  # fmt: skip


def shown(markdown: str) -> str:
    """What Markdown shows of a text whose every sign stands behind a backslash."""
    return re.sub(r"\\(\W|_)", r"\1", markdown).replace(JOINER, "")


@pytest.mark.parametrize("text", MARKDOWN)
def test_signs_are_themselves(text: str) -> None:
    assert shown(plain(text)) == text
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>~$&|]", plain(text))
    assert not FOUND.search(plain(text).replace("\\", ""))


@pytest.mark.parametrize(
    "name", ["vae-mnist-2", "T-shirt/top", "Ankle boot", "0", "白日依山盡，黃河入海流。", "2 apart"]
)
def test_names_stay_as_they_are(name: str) -> None:
    assert plain(name) == flat(name) == name


def test_a_text_is_one_line_of_what_can_be_seen() -> None:
    assert flat(" a\n\n# b\tc ") == "a # b c"
    assert flat("a\0b\x1b[31m\u202ecod.exe") == "a�b�[31m�cod.exe"
    assert flat("\ud800").encode() == "�".encode()
    assert len(flat("x" * 5000)) == MOST
    assert plain("x" * 50, 10) == "x" * 9 + "…"

"""The palette and the sizes lie in one file: what is used is there, and no other style writes a colour."""

import re
import tomllib
from pathlib import Path

import pytest

from vaecore.browser import CLASS_COLORS, COLORS, TOKENS, palette

ROOT = Path(__file__).parents[1]
STYLES = [path for folder in ("app", "vaecore") for path in sorted((ROOT / folder).rglob("*.css")) if path != TOKENS]
PAGE = TOKENS.parent / "page" / "page.css"
NEUTRAL = re.compile(r"#(?:000|fff)[0-9a-f]?")  # shadows, and what lies on pictures
THEME = {
    "background": "backgroundColor",
    "secondary-background": "secondaryBackgroundColor",
    "text": "textColor",
    "border": "borderColor",
}


def used() -> set[str]:
    """The tokens that styles, scripts and Python ask for."""
    kinds = ("*.css", "*.js", "*.py", "*.html")
    files = [path for folder in ("app", "vaecore") for kind in kinds for path in (ROOT / folder).rglob(kind)]
    return {name for path in files for name in re.findall(r"var\(--vc-([\w-]+)", path.read_text("utf-8"))}


def test_what_is_used_is_there() -> None:
    assert used()
    assert used() <= palette.TOKENS.keys()


def test_what_is_there_is_used() -> None:
    """By a style, or by Python, which draws with the colours."""
    assert palette.TOKENS.keys() - COLORS.keys() - {f"class-{i}" for i in range(10)} <= used()


def test_python_has_the_colours() -> None:
    assert len(CLASS_COLORS) == len(set(CLASS_COLORS)) == 10
    assert (COLORS["z"], CLASS_COLORS[0], CLASS_COLORS[9]) == ("#8a63d2", "#3f90da", "#92dadd")
    assert all(re.fullmatch(r"#[0-9a-f]{6}", color) for color in (*COLORS.values(), *CLASS_COLORS))


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_no_other_style_writes_a_colour(style: Path) -> None:
    text = style.read_text("utf-8")
    if style == PAGE:  # which has Streamlit's names
        text = re.sub(r"--st-[\w-]+: [^;]+;", "", text)
    assert [color for color in re.findall(r"#[0-9a-fA-F]{3,8}\b", text) if not NEUTRAL.fullmatch(color)] == []


def test_a_page_to_take_away_looks_like_the_app() -> None:
    theme = tomllib.loads((ROOT / "app" / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
    light, dark = (dict(re.findall(r"--st-([\w-]+)-color: ([^;]+);", part)) for part in split(PAGE.read_text("utf-8")))
    for ours, mode in ((light, theme["light"]), (dark, theme["dark"])):
        assert {name: ours[name].upper() for name in THEME} == {name: mode[theirs] for name, theirs in THEME.items()}
    assert light["primary"].upper() == theme["light"]["primaryColor"]


def split(css: str) -> list[str]:
    """What holds in light and what in dark."""
    return css.split("@media (prefers-color-scheme: dark)")

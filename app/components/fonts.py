"""A sentence where the machine that shows the page has no font for its characters."""

from app.components.files import register

_fonts = register("fonts", "fonts")


def note(character: str) -> None:
    """Say so, where that is seen at a character; draw nothing elsewhere."""
    _fonts(data={"character": character}, key="fonts", height="content")

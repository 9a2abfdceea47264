"""A sentence where the machine that shows the page has no font for its characters."""

from app.components.files import register

HTML = """
<p class="note" role="note" hidden>
  This machine has no font for these characters, so each is an empty box (<b></b>): install one, such as Noto Serif CJK,
  and load the page again.
</p>
"""
_fonts = register("fonts", HTML, "fonts")


def note(character: str) -> None:
    """Say so, where that is seen at a character; draw nothing elsewhere."""
    _fonts(data={"character": character}, key="fonts", height="content")

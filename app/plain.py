"""Foreign text as plain text: what comes from an address, a file or a run is never Markdown."""

import re

# All that Streamlit's Markdown takes for a sign: emphasis, links, images, HTML, formulas, colours, icons, lists.
SIGNS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=@\"'])")
MOST = 400  # characters; of an address of thousands nobody reads more


def plain(text: object, most: int = MOST) -> str:
    """Return a text on one line, cut where it is long, of which Markdown shows each character as it is."""
    flat = " ".join(str(text).split())
    shown = flat if len(flat) <= most else f"{flat[: most - 1]}…"
    return SIGNS.sub(r"\\\1", shown)

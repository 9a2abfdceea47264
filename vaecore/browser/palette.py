"""The colours of tokens.css, for charts and for what is drawn on canvases."""

import re

from vaecore.browser.components import read

TOKENS = dict(re.findall(r"--vc-([\w-]+): ([^;]+);", read("tokens.css")))
COLORS = {name: value for name, value in TOKENS.items() if value.startswith("#") and not name.startswith("class-")}
CLASS_COLORS = tuple(value for name, value in TOKENS.items() if name.startswith("class-"))


def ink_on(color: str) -> str:
    """The dark or the light ink, whichever reads better on a colour (relative luminance, WCAG 2)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return "#14161C" if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179 else "#FFFFFF"

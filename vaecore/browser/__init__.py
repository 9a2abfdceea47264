"""What runs in a page: ES modules, styles and HTML, and how Python joins them where a page may load nothing.

A component has a folder; what several of them stand on lies beside the folders. A component's script is its module and
all that this one imports (`modules`); nothing else is done to it, and nothing is built.
"""

from vaecore.browser.components import HERE, Component, component, read, script
from vaecore.browser.palette import CLASS_COLORS, COLORS, ink_on

TOKENS = HERE / "tokens.css"  # the palette and the sizes

__all__ = ["CLASS_COLORS", "COLORS", "TOKENS", "Component", "component", "ink_on", "read", "script"]

"""What every page to take away is written into: its head, its title, and a place for what it shows."""

import json
from collections.abc import Mapping
from html import escape
from string import Template

from vaecore import browser


def whole(title: str, lead: str, kind: str, main: str, footer: str) -> str:
    """A page as HTML; `main` and `footer` are HTML already.

    >>> "<title>a &lt; b</title>" in whole("a < b", "Try it.", "alone", "<p>...</p>", "")
    True
    """
    return Template(browser.read("page/page.html")).substitute(
        title=escape(title),
        lead=escape(lead, quote=False),
        css=browser.read("tokens.css") + browser.read("page/page.css"),
        kind=kind,
        main=main,
        footer=footer,
    )


def written(data: object) -> str:
    """Data as JSON that may stand between a script's tags.

    >>> "</script>" in written({"name": "</script>"})
    False
    """
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def listed(rows: Mapping[str, str]) -> str:
    """Names and values as the rows of a list.

    >>> listed({"code": "2 numbers"})
    '<dt>code</dt><dd>2 numbers</dd>'
    """
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())

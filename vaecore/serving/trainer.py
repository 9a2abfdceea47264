"""What trains in a page: what its component is told, in the app and in a page to take away.

>>> page = alone("moons", {"seed": "3"})
>>> "<title>Train here: Points: moons</title>" in page, "://" in page  # it asks for nothing
(True, False)
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from vaecore import browser
from vaecore.browser import CLASS_COLORS, COLORS, ink_on
from vaecore.serving.shell import whole, written
from vaecore.serving.studies import sheets
from vaecore.serving.studies.sheets import NAMES, PLANES, Sheet

TITLES = {
    "digits": "Digits, 8×8",
    "mnist": "MNIST, 28×28",
    "fashion-mnist": "Fashion-MNIST, 28×28",
    "moons": "Points: moons",
    "spiral": "Points: a spiral",
    "circles": "Points: circles",
    "drawn": "Drawn here, 8×8",
}
DRAWN = "drawn"
ALONG = ("digits",)  # that come along with vaecore: the page of a model of theirs has them unasked
LEAD = (
    "Press Play: a network learns before your eyes. What does it learn first? Turn back the time, and try another way."
)
HEADING = """<h2>Train one here</h2>
<p class="note">A network that begins from nothing. Its images are in this file.</p>"""
FOOTER = "Everything is computed in this file; it asks for nothing outside it."


@dataclass(frozen=True)
class Offered:
    """A set by its name: its title, its sheet where it is small or was asked for, and why it cannot be had.

    Before it is asked for, the shape of its images and its classes may be known or not.
    """

    name: str
    title: str
    sheet: Sheet | None
    why: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]


def shipped(name: str, sheet: Sheet | None = None, why: str = "") -> Offered:
    """One of the sets that every page offers."""
    return Offered(name, TITLES[name], sheet, why, *sheets.about("digits" if name == DRAWN else name))


def told(sets: Sequence[Offered], worker: str, address: Callable[[Offered], str | None]) -> dict[str, Any]:
    """What the component is told: the sets, where each is, where the script that trains is, and colours."""
    return {
        "sets": [_set(each, address(each)) for each in sets],
        "worker": worker,
        "settings": {},
        "colors": list(CLASS_COLORS),
        "inks": [ink_on(color) for color in CLASS_COLORS],
        "variables": COLORS,
        "turn": 0,
    }


def drawn() -> Offered:
    """The set whose images are drawn in the page, and stay there."""
    return shipped(DRAWN)


def script() -> str:
    """The script that trains, of a worker."""
    return browser.script("train/worker.js")


def alone(name: str, settings: Mapping[str, str] | None = None, sheet: Callable[[str], Sheet] = sheets.sheet) -> str:
    """A page to take away that trains on a set of images or points, begun with settings as the address has them.

    Raises:
        ValueError: there is no set of that name, or it cannot be had.
    """
    main = section(name, settings or {}, "", sheet)
    return whole(f"Train here: {TITLES[name]}", LEAD, "alone", main, FOOTER)


def section(
    name: str, settings: Mapping[str, str], heading: str = HEADING, sheet: Callable[[str], Sheet] = sheets.sheet
) -> str:
    """The part of a page to take away that trains, as HTML: with the set, points of the plane, and a canvas.

    Args:
        name: of the set.
        settings: what the training begins with, as the address has it; what is missing or unknown is as usual.
        heading: what stands above it, as HTML.
        sheet: what makes sets, for who keeps them.

    Raises:
        ValueError: there is no set of that name, or it cannot be had.
    """
    if name not in TITLES:
        raise ValueError(f"expected a set of {', '.join(TITLES)} to train on, got {name!r}")
    chosen = [each for each in NAMES if each in (name, *PLANES)]
    sets = [*(shipped(each, sheet(each)) for each in chosen), drawn()]
    html, css = (browser.read(f"train/train.{kind}") for kind in ("html", "css"))
    data = {
        "part": {"html": html, "css": css},
        "data": told(sets, "worker", lambda own: own.sheet and own.name) | {"settings": {**settings, "set": name}},
        "worker": script(),
        "sheets": {own.name: base64.b64encode(own.sheet.data).decode() for own in sets if own.sheet},
    }
    return Template(browser.read("page/training.html")).substitute(
        heading=heading, training=written(data), script=browser.script("page/training.js")
    )


def _set(own: Offered, address: str | None) -> dict[str, Any]:
    sheet = own.sheet
    return {
        "name": own.name,
        "title": own.title,
        "shape": list(own.shape),
        "classes": list(own.classes),
        "training": 0 if sheet is None else sheet.training,
        "test": 0 if sheet is None else sheet.test,
        "errors": [] if sheet is None else [round(error, 6) for error in sheet.errors],
        "address": address,
        "why": own.why,
    }

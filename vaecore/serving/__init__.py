"""The door for pages and programs: explorers, and a namespace for each study of what they do."""

from vaecore import browser
from vaecore.data import DATASETS
from vaecore.data.text import Texts
from vaecore.export import Exported
from vaecore.serving import loading, objectives, relatives, takeaway, texts
from vaecore.serving.explorer import Explorer
from vaecore.serving.studies import (
    codes,
    comparison,
    directions,
    drawings,
    levels,
    maps,
    noise,
    paths,
    posterior,
    rates,
    scores,
    strangers,
    styles,
    units,
    verses,
)

__all__ = [
    "DATASETS",
    "Explorer",
    "Exported",
    "Texts",
    "browser",
    "codes",
    "comparison",
    "directions",
    "drawings",
    "levels",
    "loading",
    "maps",
    "noise",
    "objectives",
    "paths",
    "posterior",
    "rates",
    "relatives",
    "scores",
    "strangers",
    "styles",
    "takeaway",
    "texts",
    "units",
    "verses",
]

"""The door for pages and programs: explorers, and a namespace for each study of what they do."""

from vaecore import browser
from vaecore.data import DATASETS, is_here, rules, shelf
from vaecore.data.text import Texts
from vaecore.export import Exported
from vaecore.serving import incoming, loading, mathematics, objectives, relatives, takeaway, texts, trainer
from vaecore.serving.explorer import Explorer
from vaecore.serving.studies import (
    axes,
    brought,
    codes,
    comparison,
    directions,
    drawings,
    draws,
    levels,
    maps,
    noise,
    paths,
    posterior,
    rates,
    scores,
    sheets,
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
    "axes",
    "brought",
    "browser",
    "codes",
    "comparison",
    "directions",
    "drawings",
    "draws",
    "incoming",
    "is_here",
    "levels",
    "loading",
    "maps",
    "mathematics",
    "noise",
    "objectives",
    "paths",
    "posterior",
    "rates",
    "relatives",
    "rules",
    "scores",
    "sheets",
    "shelf",
    "strangers",
    "styles",
    "takeaway",
    "texts",
    "trainer",
    "units",
    "verses",
]

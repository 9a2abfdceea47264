"""What a page says of texts: how they are read aloud, what they share, and what each number of their code is worth.

>>> from vaecore.serving.studies.verses import readings, shared
>>> [(reading.pinyin, reading.tone) for reading in readings("白日。")]
[('bái', 'level'), ('rì', 'oblique'), ('', None)]
>>> shared("白日", "白月")
[True, False]
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from vaecore.data import dataset
from vaecore.data.text import Texts, plain
from vaecore.evaluation.intervals import drawn
from vaecore.evaluation.texts import LEVEL, OBLIQUE
from vaecore.serving.texts import TextExplorer

TEXTS = 2000  # of the test split, that rates are averaged over where no card has them
ENDS = (0.01, 0.99)  # of the prior, between which a dimension is turned


class Reading(NamedTuple):
    """How a character is read in its place: pinyin with the tone's accent, and "level", "oblique" or None."""

    pinyin: str
    tone: str | None


def readings(text: str) -> list[Reading]:
    """Today's Mandarin reading of every character, in a known word that word's; empty for what is not read."""
    from pypinyin import Style, lazy_pinyin

    def spelled(style: Style) -> list[str]:
        return lazy_pinyin(text, style=style, errors=lambda others: [""] * len(others))  # type: ignore[arg-type]

    tones = {"1": LEVEL, "2": LEVEL, "3": OBLIQUE, "4": OBLIQUE}
    both = zip(spelled(Style.TONE), spelled(Style.TONE3), strict=True)
    return [Reading(accented, tones.get(numbered[-1:])) for accented, numbered in both]


def shared(text: str, other: str, form: str = "") -> list[bool]:
    """Whether each character of a text stands at the same place in the other; the marks of their form are none."""
    own, theirs = plain(text, form), plain(other, form)
    return [place < len(theirs) and theirs[place] == character for place, character in enumerate(own)]


def unit_rates(explorer: TextExplorer, data_dir: str | Path | None = None) -> Float64[ndarray, "latent"]:
    """KL(q(z_j|x) || N(0, 1)) of every dimension, in nats a text: what the card says, or else measured on test texts.

    Raises:
        ValueError: it was not measured, and the data set cannot be had.
    """
    kept = explorer.card.get("metrics", {}).get("rates")
    if kept is not None:
        return np.asarray(kept, dtype=np.float64)
    tests = dataset(explorer.dataset, "test", data_dir)
    assert isinstance(tests, Texts)
    mean, scale = explorer.posterior(tests.rows(drawn(len(tests), TEXTS)).texts)
    return ((mean**2 + scale**2 - 1) / 2 - np.log(scale)).mean(0, dtype=np.float64)


def reach(explorer: TextExplorer, code: ndarray) -> Int64[ndarray, "latent"]:
    """Of every dimension, how many characters differ between its two ends, all others left as they are in a code.

    Raises:
        ValueError: a code of another size.
    """
    ends = explorer.quantiles(list(ENDS))
    codes = np.tile(np.asarray(code, dtype=np.float32), (2, explorer.latent, 1))
    for dimension in range(explorer.latent):
        codes[:, dimension, dimension] = ends[:, dimension]
    low, high = (explorer.decode(each) for each in codes)
    return np.array([_changes(*both, explorer.form) for both in zip(low, high, strict=True)])


def _changes(text: str, other: str, form: str) -> int:
    longest = max(len(plain(text, form)), len(plain(other, form)))
    return longest - sum(shared(text, other, form))

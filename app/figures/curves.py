"""Charts that one page each has: a spectrum, the stages of a training, a receiver operating characteristic, scores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.figures.charts import Series, line
from app.figures.marks import COLORS, HEIGHT, INK, Axis, Chart, Dots, Line, Mark, Rule, Words, extent

FEW = 12  # points that a line alone would hardly show
DECADES = 5  # below the largest singular value: what is smaller still is rounding
ROW = 26  # pixels of height for a model's line
MEASURED = {"reconstruction": "of pixels", "z": "of codes", "error": "cross-entropy"}


def spectrum(series: Sequence[Series], height: int = HEIGHT) -> Chart:
    """Draw singular values over their rank, on a logarithmic axis."""
    few = max(len(each.y) for each in series) <= FEW
    marks = [line(each, ".3g", dots=6 if len(each.y) <= FEW else 0) for each in series]
    top = max(float(each.y.max(initial=1e-12)) for each in series)
    ranks = np.concatenate([each.x for each in series])
    ticks = {float(rank): f"{rank:g}" for rank in np.unique(ranks)} if few else None  # ranks are whole
    x = Axis("rank of the direction", extent(ranks, room=0.03), ticks=ticks, grid=False)
    y = Axis("singular value", (top / 10**DECADES, top * 2), log=True, form="power")
    return Chart(tuple(marks), x, y, height, read="across")


class Leg(NamedTuple):
    """A stage of a training: its name, the error epoch by epoch, and the variable that the error is of."""

    name: str
    errors: np.ndarray
    variable: str


def legs(stages: Sequence[Leg], split: str, height: int = HEIGHT) -> Chart:
    """Draw the errors on a split, one stage after the other along one axis of epochs, with a mark where each begins."""
    low, high = _room_above([stage.errors for stage in stages])
    marks: list[Mark] = []
    begin = 0
    for stage in stages:
        epochs, color = begin + 1.0 + np.arange(len(stage.errors)), COLORS[stage.variable]
        said = [f"{stage.name}, epoch {x:g}: {y:.3f}" for x, y in zip(epochs, stage.errors, strict=True)]
        marks.append(Rule("x", begin, dash="dot"))
        marks.append(Line(epochs, stage.errors, color, MEASURED[stage.variable], said=said))
        marks.append(Words(begin, high, stage.name, color, bold=True, away=(4, 14)))
        begin += len(stage.errors)
    x = Axis("epoch", (0.0, 1.02 * begin), grid=False)
    return Chart(tuple(marks), x, Axis(f"error on the {split} images", (low, high), log=True), height, read="nearest")


class Term(NamedTuple):
    """A term of a loss: its name, its mean after each epoch, and whether that is over what is trained on."""

    name: str
    values: np.ndarray
    trained: bool


VARIABLES = {"distortion": "reconstruction", "rate": "z"}
OTHERS = ("error", "twin", "baseline", "denoising")  # of terms that are neither, one after the other


def loss(terms: Sequence[Term], epochs: int, height: int = HEIGHT) -> Chart:
    """Draw the terms of a loss over all epochs that there will be: dashed what is trained on, where both are there."""
    names = list(dict.fromkeys(term.name for term in terms))
    others = [name for name in names if name not in VARIABLES]
    marks = []
    for term in terms:
        color = COLORS[VARIABLES.get(term.name) or OTHERS[others.index(term.name) % len(OTHERS)]]
        few, dash = 6.0 * (len(term.values) <= FEW), "dot" if term.trained else "solid"
        name = f"{term.name}, training" if term.trained else term.name
        at = 1.0 + np.arange(len(term.values))
        marks.append(Line(at, term.values, color, name, 2.5 - term.trained, dash, form=".3f", dots=few))
    low, high = extent(np.concatenate([term.values for term in terms]))
    y = Axis("mean over images", (min(0.0, low), high))
    return Chart(tuple(marks), Axis("epoch", (0.0, float(max(epochs, 2))), grid=False), y, height, read="across")


def _room_above(values: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return the ends of a logarithmic axis with room for names above the lines."""
    found = np.log10(np.maximum(np.concatenate(values), 1e-12))
    low, high = float(found.min()), float(found.max())
    return 10 ** (low - 0.05 * (high - low)), 10 ** (high + 0.25 * (high - low) + 0.02)


def roc(
    false_positives: np.ndarray, true_positives: np.ndarray, area: float, at: tuple[float, float], height: int = HEIGHT
) -> Chart:
    """Draw the receiver operating characteristic with its area, the diagonal of guessing, and where one stands."""
    red = COLORS["error"]

    def said(flagged: float, found: float) -> str:
        return f"{found:.1%} of the unseen found\nat {flagged:.1%} false alarms"

    places = [said(*pair) for pair in zip(false_positives, true_positives, strict=True)]
    marks = (
        Line(false_positives, true_positives, red, filled=True, said=places),
        Line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), INK, width=1.5, dash="dash"),
        Dots(np.array([at[0]]), np.array([at[1]]), red, 12, said=[said(*at)]),
        Words(0.5, 0.5, "guessing", INK, away=(6, 14)),
        Words(0.96, 0.06, f"area {area:.3f}", red, size=15, bold=True, anchor="end"),
    )
    x = Axis("normal images flagged", (-0.02, 1.02), form=".0%", grid=False)
    return Chart(marks, x, Axis("unseen images found", (-0.02, 1.04), form=".0%"), height, read="nearest")


class Standing(NamedTuple):
    """A model's figure: its name, the figure with its standard error, and the paper's, where there is one."""

    name: str
    value: float
    error: float
    published: float | None


def standings(rows: Sequence[Standing], title: str, form: str = ".2f") -> Chart:
    """Draw each model's figure on a line of its own, with twice its standard error and the paper's."""
    places, values = np.arange(len(rows), dtype=float), np.array([row.value for row in rows])
    errors = 2 * np.array([row.error for row in rows])
    gaps = np.full(len(rows), np.nan)
    whiskers = np.stack([values - errors, values + errors, gaps], 1).ravel()
    said = [f"{row.name}: {row.value:{form}}, ours" for row in rows]
    marks: list[Mark] = [
        Line(whiskers, np.repeat(places, 3), COLORS["reconstruction"], width=1.5),
        Dots(values, places, COLORS["reconstruction"], 10, "ours", said=said),
    ]
    told = [(row.published, place, row.name) for row, place in zip(rows, places, strict=True) if row.published]
    if told:
        published, at, names = zip(*told, strict=True)
        said = [f"{name}: {value:{form}}, published" for name, value in zip(names, published, strict=True)]
        marks.append(
            Dots(np.array(published), np.array(at), COLORS["baseline"], 15, "published", shape="tick", said=said)
        )
    ticks = {place: row.name for place, row in zip(places.tolist(), rows, strict=True)}
    y = Axis("", (len(rows) - 0.4, -0.6), ticks=ticks)
    return Chart(tuple(marks), Axis(title), y, ROW * len(rows) + 60, read="nearest")

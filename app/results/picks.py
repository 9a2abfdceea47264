"""Which images to show: drawn at random, named by their rows, or found by their errors."""

import numpy as np

from app.results.comparison import Scores
from app.session.address import whole
from app.session.plain import flat

DRAWN = "your drawing"
WAYS = ("random", "model ahead", "PCA ahead", "largest error", "by row", DRAWN)


def members(labels: np.ndarray | None, label: int | None, count: int) -> np.ndarray:
    """Return the rows of one class, or all ``count`` rows where none is asked for."""
    if labels is None or label is None:
        return np.arange(count)
    return np.flatnonzero(labels == label)


def present(labels: np.ndarray) -> list[int]:
    """Return the classes that have at least one image."""
    return np.unique(labels).tolist()


def another(now: int, first: int, last: int) -> int:
    """Draw a number from first to last that is not the one there is now, unless it is the only one."""
    others = [number for number in range(first, last + 1) if number != now]
    return int(np.random.default_rng().choice(others)) if others else first


def draw(rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw some of the rows without repetition; the same seed draws the same."""
    order = np.random.default_rng(seed).permutation(len(rows))
    return rows[order[:count]]


def extreme(rows: np.ndarray, scores: Scores, way: str, count: int) -> np.ndarray:
    """Return the rows on which one side is furthest ahead, or whose error is largest."""
    model, baseline = scores.errors[rows], scores.baseline_errors[rows]
    rank = {
        "model ahead": baseline - model,
        "PCA ahead": model - baseline,
        "largest error": model,
    }[way]
    return rows[np.argsort(-rank, kind="stable")[:count]]


def parse(text: str, count: int) -> np.ndarray:
    """Read rows such as ``3, 14, 15``; ValueError says which of them is not one of ``count``."""
    rows = []
    for word in text.replace(",", " ").split():
        row = whole(word)
        if row is None or row >= count:
            raise ValueError(f"{flat(word, 40)} is not a row of these images: write numbers from 0 to {count - 1:,}.")
        rows.append(row)
    return np.array(rows, dtype=np.int64)


DOUBTS = ("random", "wrong", "least sure")


def doubtful(
    rows: np.ndarray, probabilities: np.ndarray, labels: np.ndarray | None, way: str, count: int
) -> np.ndarray:
    """Return the rows that a classifier gets wrong, the surest mistakes first, or those it is least sure of."""
    best = probabilities[rows].max(axis=1)
    if way == "least sure":
        return rows[np.argsort(best, kind="stable")[:count]]
    wrong = np.zeros(len(rows), bool) if labels is None else probabilities[rows].argmax(axis=1) != labels[rows]
    return rows[wrong][np.argsort(-best[wrong], kind="stable")[:count]]


def ranked(scores: np.ndarray, count: int, strangest: bool) -> np.ndarray:
    """Return the rows of the largest scores, the largest first, or of the smallest."""
    return np.argsort(-scores if strangest else scores, kind="stable")[:count]

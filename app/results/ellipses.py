"""Ellipses by hand: the sliders that they are moved by, the window that they are seen through."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vaecore import lessons, serving

LOG_SCALES = (-7.0, 1.0, 0.01)  # ends and step of a slider
STEPS = 300  # of a slider of the mean, about, over what is shown
BEYOND = 1.5  # windows that it reaches over
PLANE = 4.0  # how far the whole plane reaches each way: of N(0, I), one code in 2,981 lies further out
ALL_BUT = 0.003  # of the posterior lies outside of what is shown
MARGIN = 0.06  # of the window's side
DRAWN = 160  # rows and columns of the density that travel to the browser
SCALES = (1.0, 2.0)  # of the outlines
Window = tuple[tuple[float, float], float]  # the middle of a square, and half its side


class Ellipse(NamedTuple):
    """A Gaussian by hand: its two means and the logs of its two scales."""

    mean1: float
    mean2: float
    log_scale1: float
    log_scale2: float


class Slider(NamedTuple):
    """The ends of a slider, and its step."""

    low: float
    high: float
    step: float


def sliders(
    of: serving.posterior.TruePosterior, shown: list[serving.posterior.Approximation], whole: bool
) -> list[Slider]:
    """Return the ends and the steps of four sliders: those of the mean reach a little over the window, or the plane."""
    middle, half = window(of, shown, False)
    step = 10.0 ** np.floor(np.log10(2 * half / STEPS))
    if whole:
        middle, half = window(of, shown, True)
    reach = step * np.ceil(BEYOND * half / step)
    centres = step * np.round(np.array(middle) / step)
    means = [Slider(*(round(float(each), 6) for each in (centre - reach, centre + reach, step))) for centre in centres]
    return [*means, *[Slider(*LOG_SCALES)] * 2]


def nearest(q: serving.posterior.Approximation, ends: list[Slider]) -> Ellipse:
    """Return where the sliders stand for a q: of one that is no ellipse, the ellipse of the same mean and scale."""
    return within(Ellipse(*q.mean.tolist(), *np.log(q.scale).tolist()), ends)


def parse(text: str | None) -> Ellipse | None:
    """Read the four numbers of an ellipse; None where they are not that."""
    try:
        numbers = [float(word) for word in (text or "").split()]
    except ValueError:
        return None
    return Ellipse(*numbers) if len(numbers) == 4 and np.isfinite(numbers).all() else None


def within(ellipse: Ellipse, ends: list[Slider]) -> Ellipse:
    """Return an ellipse that is on the steps of the sliders and within their ends."""
    return Ellipse(
        *(
            round(min(max(low, round(min(max(low, value), high) / step) * step), high), 6)  # what is no number is low
            for value, (low, high, step) in zip(ellipse, ends, strict=True)
        )
    )


def levels(of: serving.posterior.TruePosterior) -> tuple[float, float]:
    """Return the densities, the lower first, above which lies what an ellipse holds at two scales and at one."""
    first, second = (of.level(lessons.held(scales)) for scales in SCALES)
    return second, first


def thinned(of: serving.posterior.TruePosterior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the axes and the density of a posterior as they travel to the browser."""
    thin = of.thinned(DRAWN)
    return thin.across, thin.up, thin.density.astype(np.float32)


def window(
    of: serving.posterior.TruePosterior, shown: Sequence[serving.posterior.Approximation | lessons.Ellipse], whole: bool
) -> Window:
    """Return the middle of a square window and half its side: around the posterior and what is shown, or the plane."""
    inside = of.density >= of.level(1 - ALL_BUT)
    across, up = of.across[inside.any(0)], of.up[inside.any(1)]
    corners = np.array([[across[0], up[0]], [across[-1], up[-1]]])
    reach = SCALES[-1] * (1 + MARGIN)
    corners = np.concatenate([corners, *([q.mean - reach * q.scale, q.mean + reach * q.scale] for q in shown)])
    if whole:
        return (0.0, 0.0), max(PLANE, float(np.abs(corners).max()))
    low, high = corners.min(0), corners.max(0)
    middle = (low + high) / 2
    return (float(middle[0]), float(middle[1])), float((1 + MARGIN) * (high - low).max() / 2)

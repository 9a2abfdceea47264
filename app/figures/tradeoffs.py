"""Charts in nats: the plane of rate and distortion, and what each unit or level of a code costs."""

from collections.abc import Sequence

import numpy as np

from app.figures.marks import COLORS, INK, ROOM, Axis, Bars, Chart, Dots, Line, Words

MARGIN = 0.14  # of the points' extent, around them
CONTOURS = 5  # lines of one elbo across the plane, about
INSIDE = 0.14  # of such a line, between what it is called and its end
NAMED = 12  # units whose names fit below their bars
SLENDER = 0.55  # of the space of a bar


def plane(betas: Sequence[float], rates: np.ndarray, distortions: np.ndarray, chosen: int, height: int = 420) -> Chart:
    """Draw models by rate and distortion, joined by rising beta, and what the chosen one's beta means.

    A model is a minimum of distortion + beta * rate: the line of slope -beta through it touches the curve from below.
    On each of the thin lines of slope -1 distortion + rate is the same, and so is the elbo.
    """
    x_ends, y_ends = _around(rates), _around(distortions)
    ends = np.array(x_ends)
    slope = distortions[chosen] - betas[chosen] * (ends - rates[chosen])
    said = [
        f"β = {beta:g}\nrate {rate:.2f}, distortion {distortion:.2f}\nelbo {_signed(f'{-rate - distortion:.2f}')} nats"
        for beta, rate, distortion in zip(betas, rates, distortions, strict=True)
    ]
    is_chosen = [index == chosen for index in range(len(betas))]
    marks = (
        *_contours(x_ends, y_ends),
        Line(ends, slope, COLORS["reconstruction"], f"slope −{betas[chosen]:g}", 2, "dash"),
        Line(rates, distortions, COLORS["z"], "one model for each β"),
        Dots(
            rates, distortions, [COLORS["reconstruction" if each else "z"] for each in is_chosen],
            [15 if each else 9 for each in is_chosen], said=said, texts=[f"{beta:g}" for beta in betas],
        ),
    )  # fmt: skip
    x, y = Axis("rate, nats", x_ends, grid=False), Axis("distortion, nats", y_ends)
    return Chart(marks, x, y, height, read="nearest")


def _around(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * max(high - low, 1e-3)
    return low - margin, high + margin


def _contours(x_ends: tuple[float, float], y_ends: tuple[float, float]) -> list[Line | Words]:
    """Draw lines of slope -1 at round sums, each with its elbo near its end."""
    found: list[Line | Words] = []
    for total in _round_steps(x_ends[0] + y_ends[0], x_ends[1] + y_ends[1]):
        left, right = max(x_ends[0], total - y_ends[1]), min(x_ends[1], total - y_ends[0])
        across = np.array([left, right])
        found.append(Line(across, total - across, INK, "the same elbo", 1, "dot"))
        at = right - INSIDE * (right - left)
        found.append(Words(at, total - at, _signed(f"{-total:g}"), INK, 11, anchor="end", away=(-4, 10)))
    return found


def _round_steps(low: float, high: float) -> np.ndarray:
    """Return about `CONTOURS` round numbers strictly between two ends."""
    rough = (high - low) / (CONTOURS + 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda digit: abs(np.log(digit * power / rough)))
    return np.arange(np.floor(low / step) + 1, np.ceil(high / step)) * step


def units(names: Sequence[str], rates: np.ndarray, least: float, top: float, height: int = 160) -> Chart:
    """Draw what each unit costs as bars in the given order; those below ``least`` are grey. ``top`` ends the axis."""
    said = [f"{name}: {rate:.3f} nats" for name, rate in zip(names, rates, strict=True)]
    ticks = dict(enumerate(names)) if len(names) <= NAMED else {}
    x = Axis("", (-0.6, len(names) - 0.4), ticks={float(place): name for place, name in ticks.items()}, grid=False)
    y = Axis("nats", (min(0.0, float(rates.min())), ROOM * top))
    return Chart((_bars(rates, least, said),), x, y, height, read="nearest")


def levels(names: Sequence[str], rates: np.ndarray, least: float) -> Chart:
    """Draw what each level costs as bars that lie below each other in the given order."""
    bars = _bars(rates, least, texts=[_signed(f"{rate:.2f}") for rate in rates], lying=True)
    ends = (min(0.0, 1.3 * float(rates.min())), 1.25 * max(float(rates.max()), least))
    ticks = {float(place): name for place, name in enumerate(names)}
    y = Axis("", (len(names) - 0.5, -0.5), ticks=ticks, grid=False)
    return Chart((bars,), Axis("rate, nats", ends), y, 60 + 38 * len(names))


def _bars(
    rates: np.ndarray, least: float, said: Sequence[str] = (), texts: Sequence[str] = (), lying: bool = False
) -> Bars:
    places, colors = np.arange(len(rates)), [COLORS["x" if rate < least else "z"] for rate in rates]
    low, high = places - SLENDER / 2, places + SLENDER / 2
    return Bars(low, high, np.asarray(rates), colors, lying=lying, said=said, texts=texts)


def _signed(number: str) -> str:
    return number.replace("-", "−")

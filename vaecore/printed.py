"""Figures as a terminal shows them."""

from collections.abc import Iterator
from typing import Any

LONGEST = 12  # numbers that are printed one by one


def figures(metrics: dict[str, Any]) -> Iterator[str]:
    """A line for each figure, its standard error beside it."""
    for key, value in metrics.items():
        if not _is_error(key, metrics):
            yield f"{key:32} {_written(value, metrics.get(f'{key}_error'))}"


def _is_error(key: str, metrics: dict[str, Any]) -> bool:
    """Whether a figure is the standard error of another, beside which it is printed."""
    return key.endswith("_error") and key.removesuffix("_error") in metrics


def _written(value: Any, error: Any) -> str:  # noqa: ANN401  whatever a metric is
    if isinstance(value, float):
        return f"{value:.4f}" if error is None else f"{value:.4f} ± {error:.4f}"
    return _short(value)


def lacking(left_out: dict[str, str]) -> str:
    """What was not measured, together with what it needs."""
    needs = dict.fromkeys(left_out.values())
    return "; ".join(f"{', '.join(key for key in left_out if left_out[key] == need)} (needs {need})" for need in needs)


def _short(value: Any) -> str:  # noqa: ANN401  whatever a metric is
    """A curve or a list on one line: short ones whole, of long ones the ends and the middle."""
    if isinstance(value, dict):
        return "; ".join(f"{key} {_short(part)}" for key, part in value.items())
    if isinstance(value, list) and len(value) > LONGEST:
        low, middle, high = (sorted(value)[i] for i in (0, len(value) // 2, -1))
        return f"{len(value)} values from {low:g} to {high:g}, half of them above {middle:g}"
    return " ".join(f"{part:g}" for part in value) if isinstance(value, list) else str(value)

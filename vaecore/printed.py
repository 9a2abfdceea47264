"""Figures as a terminal shows them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from torch import Tensor

from vaecore import checkpoint
from vaecore.evaluation.annealed import Looseness
from vaecore.evaluation.intervals import standard_error
from vaecore.evaluation.shown import columns
from vaecore.recipes import RECIPES
from vaecore.serving.objectives import variants

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


def listing() -> Iterator[str]:
    """What is here and what can be trained: variants, pretrained models with their figures, recipes."""
    yield "variants"
    for variant in variants():
        yield f"  {variant['name']:20} {variant['equation']}  ({variant['source']})"
    yield "\npretrained models"
    for name in checkpoint.names():
        card = checkpoint.read_card(checkpoint.find(name))
        yield f"  {name:20} {card.get('parameters', 0):>9,} parameters  {_brief(card.get('metrics', {}))}"
    for name, trouble in checkpoint.unreadable().items():
        yield f"  {name:20} cannot be read: {trouble}"
    yield "\nrecipes"
    for name, recipe in RECIPES.items():
        training = f"{recipe.training.epochs} epochs" if recipe.training.epochs else "closed form"
        yield f"  {name:20} {recipe.model:12} {recipe.dataset:14} latent {recipe.settings.latent:<3} {training}"


def _brief(metrics: dict[str, float]) -> str:
    shown = [each.key for each in columns("bits_per_character" in metrics) if each.key in metrics]
    return ", ".join(f"{key.replace('_', ' ')} {metrics[key]:.4g}" for key in shown)


def opening(run: Path) -> str:
    """How a finished run is opened: on the explorer's pages, and in Python."""
    address = f"http://localhost:8501/?{urlencode({'model': run.resolve()})}"
    return f"`python -m app` opens it at {address}, vaecore.load({str(run)!r}) in Python"


def looseness(found: Looseness) -> Iterator[str]:
    """Bounds on log p(x) in nats, the mean over images of each, and what they miss of the annealed one."""
    images = len(found.annealed)
    yield f"log p(x) of {images:,} images that the model drew, in nats"
    yield f"  annealed, from below    {_mean(found.lower)}"
    yield f"  annealed, from above    {_mean(found.upper)}"
    yield f"  above less below        {_mean(found.upper - found.lower)}"
    yield f"log p(x) of {images:,} test images, in nats, and how much lower than the annealed bound"
    yield f"  annealed, from below    {_mean(found.annealed)}"
    for samples, bound in found.bounds.items():
        yield f"  {samples:>5,} of q(z|x)         {_mean(bound)}   {_mean(found.annealed - bound)}"


def _mean(values: Tensor) -> str:
    return f"{float(values.mean()):9.3f} ± {float(standard_error(values)):.3f}"

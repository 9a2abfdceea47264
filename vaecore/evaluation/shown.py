"""The figures of a card as they are shown: the README's columns, the lines beside a picture, the rankings."""

from dataclasses import replace

from vaecore.evaluation.examined import Metrics
from vaecore.evaluation.figures import Figure, Ranked
from vaecore.evaluation.metrics import METRICS
from vaecore.evaluation.text_metrics import TEXT_METRICS


def figures(texts: bool) -> list[Figure]:
    """All figures of models of texts, or of images, each once, in the order of the table."""
    rows = TEXT_METRICS if texts else METRICS
    return list(dict.fromkeys(each for row in rows for each in row.figures if isinstance(each, Figure)))


def columns(texts: bool) -> list[Figure]:
    """Those that are columns of the README's tables."""
    return [each for each in figures(texts) if each.title]


def labelled(metrics: Metrics) -> dict[str, str]:
    """What is said beside a model's picture of what its card has."""
    shown = [each for each in figures(texts=False) if each.label and each.key in metrics]
    return {each.label: replace(each, beside="").written(metrics, each.brief) for each in shown}


def rankings() -> dict[str, tuple[Ranked, bool]]:
    """The ways in which models are ranked, by name, those in nats first; and whether each is of models of texts."""
    found = [(each.key, each.ranked, texts) for texts in (False, True) for each in figures(texts) if each.ranked]
    whole = [(replace(ranked, keys=ranked.keys or (key,)), texts) for key, ranked, texts in found]
    return {ranked.name: (ranked, texts) for ranked, texts in sorted(whole, key=lambda pair: pair[0].sign)}


RANKED = rankings()

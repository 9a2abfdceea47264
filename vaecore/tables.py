"""The tables of the README and of ``docs/measurements.md``, in Markdown: what the package says of itself."""

from collections.abc import Iterable, Sequence

from vaecore import checkpoint
from vaecore.checkpoint import names
from vaecore.evaluation.figures import Figure, with_error
from vaecore.evaluation.shown import columns
from vaecore.serving.objectives import variants
from vaecore.serving.studies.scores import PUBLISHED, RANKED, Score, scores
from vaecore.serving.texts import text_names


def of_variants() -> str:
    """The variants: what each minimises, and where that is from."""
    rows = ((f"`{each['name']}`", each["equation"].replace("|", "\\|"), each["source"]) for each in variants())
    return _table(("variant", "objective", "source"), rows)


def of_models(texts: bool) -> str:
    """What the cards of the pretrained models say was measured: of those of texts, or of images."""
    figures, of_texts = columns(texts), set(text_names())
    shown = [name for name in sorted(names()) if (name in of_texts) == texts]
    heads = ("model", "parameters", "trained in", *(figure.title for figure in figures))
    return _table(heads, (_row(name, figures) for name in shown))


def of_papers() -> str:
    """Our figures beside the published ones: the mean and deviation over seeds where there are several."""
    heads = ("model", "figure", "here", "published", "which differs in", "repeated by")
    kept = names()
    rows = []
    for (model, measure), paper in PUBLISHED.items():
        if model not in kept:
            continue
        (score,) = [each for each in scores(measure) if each.model == model]
        figure = RANKED[measure][0].title
        if len(RANKED[measure][0].keys) > 1:
            figure += f": {score.which.split('_')[-1]}"
        here = _with_spread(score, RANKED[measure][0].form)
        published = f"{paper.value:.2f} ({paper.source})"
        rows.append((f"`{model}`", figure, here, published, paper.difference, f"`{score.command}`"))
    return _table(heads, rows)


def _with_spread(score: Score, form: str) -> str:
    if score.seeds:
        mean, deviation, seeds = score.seeds
        return f"{form.format(mean)} ± {form.format(deviation)} ({seeds} seeds)"
    return with_error(form, score.value, score.error)


def _row(name: str, figures: Sequence[Figure]) -> tuple[str, ...]:
    card = checkpoint.read_card(checkpoint.find(name))
    metrics = card["metrics"]
    gpu = "" if card.get("device", "cpu") == "cpu" else f" ({card['device']})"
    written = (figure.written(metrics) for figure in figures)
    return (f"`{name}`", f"{card['parameters']:,}", f"{card['seconds']:,.0f} s{gpu}", *written)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(row) for row in (heads, *rows)]
    return "\n".join([f"| {lines[0]} |", "|---" * len(heads) + "|", *(f"| {line} |" for line in lines[1:])])

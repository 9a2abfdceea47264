"""The table of all that is measured of models of texts: every row is a part of one pass, `evaluate_texts`."""

from collections.abc import Callable

from vaecore.evaluation.examined import Examined, Measure, more_than_latent
from vaecore.evaluation.figures import Figure, Ranked
from vaecore.evaluation.texts import WRITTEN

HEADS = {  # of columns of samples: how they are written, and whether beside real texts
    "distinct_2": ("distinct-2, real", "{:.3f}", True),
    "copies": ("copies", "{:.1%}", False),
    "tonal_agreement": ("tones, real", "{:.3f}", True),
}


def _of_texts(*figures: Figure | str, texts: int | Callable[[Examined], int] = 1) -> Measure:
    """Figures of a model of texts, which all come from one pass, and how many test texts they ask for."""
    keys = [each if isinstance(each, str) else each.key for each in figures]
    wanted = {name for key in keys for name in (key, f"{key}_error")}
    return Measure(figures, lambda on: {key: on.texts[key] for key in on.texts if key in wanted}, {"test texts": texts})


def _written(name: str) -> tuple[Figure | str, str]:
    """What samples have of something, and what real texts have."""
    real = f"real_{name}"
    if name not in HEADS:
        return name, real
    title, form, both = HEADS[name]
    return Figure(name, title, form, beside=real if both else ""), real


TEXT_METRICS: tuple[Measure, ...] = (
    _of_texts(
        Figure(
            "bits_per_character",
            "bits per character",
            "{:.3f}",
            ranked=Ranked(
                "verse",
                "bits per character",
                "Less is better: what a character of the test couplets costs, by importance samples of each. A model "
                "may write well whose code says nothing: see the rates on “Poems from a code”.",
                smaller=True,
                form="{:.3f}",
            ),
        )
    ),
    _of_texts("log_likelihood"),
    _of_texts("elbo", Figure("rate", "rate, nats", "{:.2f}"), "distortion", "rates", "collapse"),
    _of_texts(Figure("active_units", "active units", "{:.0f}"), "mutual_information", texts=2),
    _of_texts("aggregate_divergence", texts=more_than_latent),
    _of_texts("exact_reconstruction", Figure("characters_right", "characters right", "{:.1%}")),
    _of_texts(*(figure for name in WRITTEN for figure in _written(name))),
    _of_texts("path_changes", "path_nearer", "path_nearer_least", texts=2),
)

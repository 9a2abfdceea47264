"""The table of all that is measured of models of texts: every row is a part of one pass, `evaluate_texts`."""

from collections.abc import Callable

from vaecore.evaluation.examined import Examined, Measure, more_than_latent
from vaecore.evaluation.figures import Figure, Ranked
from vaecore.evaluation.texts import WRITTEN

HEADS = {  # of columns of samples beside real texts
    "distinct_2": ("distinct-2, real", "{distinct_2:.3f}, {real_distinct_2:.3f}"),
    "copies": ("copies", "{copies:.1%}"),
    "tonal_agreement": ("tones, real", "{tonal_agreement:.3f}, {real_tonal_agreement:.3f}"),
}


def _of_texts(*figures: Figure | str, texts: int | Callable[[Examined], int] = 1) -> Measure:
    """Figures of a model of texts, which all come from one pass, and how many test texts they ask for."""
    keys = [each if isinstance(each, str) else each.key for each in figures]
    return Measure(figures, lambda on: {key: on.texts[key] for key in keys if key in on.texts}, {"test texts": texts})


def _written(name: str) -> tuple[Figure | str, str]:
    """What samples have of something, and what real texts have."""
    return Figure(name, *HEADS[name]) if name in HEADS else name, f"real_{name}"


TEXT_METRICS: tuple[Measure, ...] = (
    _of_texts(
        Figure(
            "bits_per_character",
            "bits per character",
            "{bits_per_character:.3f} ± {bits_per_character_error:.3f}",
            ranked=Ranked(
                "verse",
                "bits per character",
                "Less is better: what a character of the test couplets costs, by importance samples of each. A model "
                "may write well whose code says nothing: see the rates on Verse.",
                smaller=True,
                form="{:.3f}",
            ),
        )
    ),
    _of_texts("bits_per_character_error", texts=2),
    _of_texts("log_likelihood"),
    _of_texts("log_likelihood_error", texts=2),
    _of_texts("elbo", Figure("rate", "rate, nats", "{rate:.2f}"), "distortion", "rates", "collapse"),
    _of_texts(Figure("active_units", "active units", "{active_units}"), "mutual_information", texts=2),
    _of_texts("aggregate_divergence", texts=more_than_latent),
    _of_texts("exact_reconstruction", Figure("characters_right", "characters right", "{characters_right:.1%}")),
    _of_texts(*(figure for name in WRITTEN for figure in _written(name))),
    _of_texts("path_changes", "path_nearer", "path_nearer_least", texts=2),
)

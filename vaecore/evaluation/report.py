"""One report of all that a model's abilities, and the images that there are, allow to be measured."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from vaecore.data import Examples, Images
from vaecore.device import keep_freed_memory, model_device, onednn_products
from vaecore.evaluation import generation, latent, measured
from vaecore.evaluation.examined import Asks, Examined, Measure, Metrics
from vaecore.evaluation.features import FEW
from vaecore.evaluation.texts import WRITTEN
from vaecore.models import PCA, Autoencoder
from vaecore.models.text import TextVAE
from vaecore.models.variational import Variational


@dataclass(frozen=True)
class Report:
    """Metrics by name, and of each that was left out what it needs."""

    metrics: Metrics = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def evaluate(
    model: Autoencoder,
    train: Examples,
    test: Examples,
    binarise: bool,
    folder: Path,
    samples: int = 1000,
    seed: int = 0,
    strangers: Images | None = None,
) -> Metrics:
    """Metrics by name, measured on the test images: those of `MEASURES` that the model and the images allow.

    squared_error, pca_squared_error: summed over pixels, averaged over images; PCA at the same k, on
    `train`, where that is at most half the pixels.
    neighbour_accuracy: 5 nearest training codes of each test code. probe_error, few_label_error_100 and _1000 (with
    _deviation over ten draws): softmax regression on frozen codes. classification_error: of the model's own
    classifier. trustworthiness, continuity: of 2,000 test codes against their images, k=10. activity: of each unit of
    a code with an activation; mean_activity, lifetime_sparseness (of units that are ever on), population_sparseness:
    the means; dead_units: those that never are on. jacobian_norm, singular_values: of the encoder, over the first 100
    test images. robustness: squared error to the clean image by kind and level of noise.
    log_likelihood, elbo: nats per image, with `samples` importance samples; on pixels binarised once with `seed` where
    the model was trained on such, on grey pixels ("grey_bound", no likelihood) otherwise. bounds: with 1 to 5,000
    samples on the first test images, and the standard error of the rise from one to the next. rate, distortion: minus
    the elbo's two parts; rates: by group of latents; collapse: the share of images on which a group says nothing, where
    its rate is known in closed form; active_units; aggregate_divergence: of the aggregate posterior's moments from the
    prior's.
    accuracy, coverage, density: of as many class-conditional samples as there are test images, with their labels, by
    an independent classifier kept in `folder`. frechet: the distance of as many samples of the density fitted on the
    codes, or of the prior, to the test images in that classifier's features, and that of training images as a floor;
    of a deterministic model also that of codes from one Gaussian fitted on them, and from N(0, I).
    auroc_...: by each anomaly score, the test images against `strangers`.
    A model of texts has metrics of its own, see `evaluate_texts`.
    """
    return report_on(Examined(model, train, test, binarise, folder, samples, seed, strangers)).metrics


@onednn_products()
def report_on(on: Examined) -> Report:
    """What `evaluate` gives, and what it leaves out. No figure is infinite."""
    if model_device(on.model).type == "cpu":
        keep_freed_memory()
    found = Report()
    for row in TEXT_MEASURES if isinstance(on.model, TextVAE) else MEASURES:
        if row.of(on):
            lacking = row.lacking(on)
            found.left_out.update(dict.fromkeys(row.keys, lacking) if lacking else {})
            for key, value in ({} if lacking else row.measure(on)).items():
                if _is_finite(value):
                    found.metrics[key] = value
                else:
                    found.left_out[key] = f"a finite value, got {value}"
    return found


def _is_finite(value: Any) -> bool:  # noqa: ANN401  whatever a metric is
    if isinstance(value, dict | list):
        return all(map(_is_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or isfinite(value)


def _variational(on: Examined) -> bool:
    return isinstance(on.model, Variational)


def _grey(on: Examined) -> bool:
    return _variational(on) and on.nats.grey


def _exact(on: Examined) -> bool:
    return _variational(on) and not on.nats.grey


def _deterministic(on: Examined) -> bool:
    return "likelihood" not in on.model.abilities


def _activated(on: Examined) -> bool:
    return _deterministic(on) and getattr(on.model.settings, "code", "identity") != "identity"


def _conditional(on: Examined) -> bool:
    return "condition" in on.model.abilities


def _sampled(on: Examined) -> bool:
    return "sample" in on.model.abilities and not _conditional(on)


def _more_than_latent(on: Examined) -> int:
    return on.model.latent + 1


def _probes(prefix: str) -> list[Measure]:
    """Of codes; or of "pixels_", for which PCA's card is the place: they need no model at all."""

    def told(on: Examined) -> bool:
        return not on.model.classes and (not prefix or isinstance(on.model, PCA))

    rows = [Measure((f"{prefix}probe_error",), partial(measured.probe, prefix=prefix), CLASSES, told)]
    for count in FEW:
        name = f"{prefix}few_label_error_{count}"
        of_each: Asks = {"training images of each class": lambda on, count=count: count // len(on.class_sizes)}
        rows.append(
            Measure(
                (name, f"{name}_deviation"),
                partial(measured.few_labels, prefix=prefix, count=count),
                CLASSES | of_each,
                lambda on, count=count: told(on) and len(on.class_sizes) <= count,
            )
        )
    return rows


CLASSES: Asks = {"classes among the training images": 2}
JUDGED: Asks = CLASSES | {"pixels on each side": generation.SMALLEST_SIDE}
SPREAD: Asks = JUDGED | {"test images": 2, "training images": 2}  # a covariance is of two rows or more

MEASURES: tuple[Measure, ...] = (
    Measure(("squared_error",), measured.squared_error),
    Measure(
        ("pca_squared_error", "better_than_pca"),
        measured.beside_pca,
        {"training images": _more_than_latent},
        lambda on: not isinstance(on.model, PCA) and 2 * on.model.latent <= on.model.pixels,  # or it is no bottleneck
    ),
    Measure(("classification_error",), measured.classification_error, of=lambda on: "classify" in on.model.abilities),
    Measure(("trustworthiness", "continuity"), measured.neighbours_kept, {"different test images": 5}),
    Measure(
        ("neighbour_accuracy",),
        measured.neighbour_accuracy,
        CLASSES | {"training images": latent.NEIGHBOURS},
        lambda on: not on.model.classes,
    ),
    *_probes(""),
    *_probes("pixels_"),
    Measure(("jacobian_norm", "singular_values"), measured.sensitivity, of=_deterministic),
    Measure(("robustness",), measured.robustness, of=_deterministic),
    Measure(("mean_activity", "activity", "dead_units"), measured.activity, of=_activated),
    Measure(
        ("lifetime_sparseness",),
        measured.lifetime_sparseness,
        {"test images": 2, "units that are ever on": 1},
        _activated,
    ),
    Measure(("population_sparseness",), measured.population_sparseness, {"numbers in a code": 2}, _activated),
    Measure(("log_likelihood",), partial(measured.likelihood, name="log_likelihood"), of=_exact),
    Measure(
        ("log_likelihood_error",), partial(measured.likelihood_error, name="log_likelihood"), {"test images": 2}, _exact
    ),
    Measure(("grey_bound",), partial(measured.likelihood, name="grey_bound"), of=_grey),
    Measure(("grey_bound_error",), partial(measured.likelihood_error, name="grey_bound"), {"test images": 2}, _grey),
    Measure(("bounds",), measured.bounds, {"test images": 2}, _variational),
    Measure(("elbo", "rate", "distortion", "rates"), measured.terms, of=_variational),
    Measure(("collapse",), measured.collapse, of=lambda on: isinstance(on.model, Variational) and on.model.exact_rates),
    Measure(("active_units",), measured.active_units, {"different test images": 2}, _variational),
    Measure(("aggregate_divergence",), measured.aggregate_divergence, {"test images": _more_than_latent}, _variational),
    Measure(("accuracy", "classifier_accuracy"), measured.accuracy, JUDGED, _conditional),
    Measure(("frechet", "frechet_floor"), measured.conditional_frechet, SPREAD, _conditional),
    Measure(
        ("coverage", "density"), measured.coverage, JUDGED | {"test images": generation.NEIGHBOURS + 1}, _conditional
    ),
    Measure(("frechet", "frechet_floor"), measured.frechet, SPREAD | {"different training codes": 2}, _sampled),
    Measure(("auroc",), measured.aurocs, of=lambda on: on.strangers is not None),
)


def _of_texts(*keys: str, texts: int | Callable[[Examined], int] = 1) -> Measure:
    """Figures of a model of texts, which all come from one pass, and how many test texts they ask for."""
    return Measure(keys, lambda on: {key: on.texts[key] for key in keys if key in on.texts}, {"test texts": texts})


TEXT_MEASURES: tuple[Measure, ...] = (
    _of_texts("bits_per_character"),
    _of_texts("bits_per_character_error", texts=2),
    _of_texts("log_likelihood"),
    _of_texts("log_likelihood_error", texts=2),
    _of_texts("elbo", "rate", "distortion", "rates", "collapse"),
    _of_texts("active_units", "mutual_information", texts=2),
    _of_texts("aggregate_divergence", texts=_more_than_latent),
    _of_texts("exact_reconstruction", "characters_right"),
    _of_texts(*(f"{whose}{name}" for name in WRITTEN for whose in ("", "real_"))),
    _of_texts("path_changes", "path_nearer", "path_nearer_least", texts=2),
)

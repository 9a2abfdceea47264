"""One report of all that a model's abilities, and the images that there are, allow to be measured."""

from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from vaecore.data import Examples, Images
from vaecore.device import keep_freed_memory, model_device, onednn_products
from vaecore.evaluation.examined import Examined, Metrics
from vaecore.evaluation.metrics import METRICS
from vaecore.evaluation.text_metrics import TEXT_METRICS
from vaecore.models import Autoencoder
from vaecore.models.text import TextVAE


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
    """Metrics by name, measured on the test images: those of `METRICS` that the model and the images allow.

    squared_error, pca_squared_error: summed over pixels, averaged over images; PCA at the same k, on
    `train`, where that is at most half the pixels.
    neighbour_accuracy: 5 nearest training codes of each test code. probe_error, few_label_error_100 and _1000 (with
    _deviation over ten draws): softmax regression on frozen codes. classification_error: of the model's own
    classifier. trustworthiness, continuity: of 2,000 test codes against their images, k=10. activity: of each unit of
    a code with an activation; mean_activity, lifetime_sparseness (of units that are ever on), population_sparseness:
    the means; dead_units: those that never are on. jacobian_norm, singular_values: of the encoder, over 100
    test images. robustness: squared error to the clean image by kind and level of noise.
    log_likelihood, elbo: nats per image, with `samples` importance samples; on pixels binarised once with `seed` where
    the model was trained on such, on grey pixels ("grey_bound", no likelihood) otherwise. bounds: with 1 to 5,000
    samples on 1,000 test images, and the standard error of the rise from one to the next. rate, distortion: minus
    the elbo's two parts; rates: by group of latents; collapse: the share of images on which a group says nothing, where
    its rate is known in closed form; active_units; aggregate_divergence: of the aggregate posterior's moments from the
    prior's.
    accuracy, coverage, density: of as many class-conditional samples as there are test images, with their labels, in
    the eyes of two judges (`judges`), each and their mean; _ceiling: of the test images, or of as many training
    images. frechet: the distance of as many samples of the density fitted on the codes, or of the prior, to the test
    images in a judge's features, and that of training images as a floor; of a deterministic model also that of codes
    from one Gaussian fitted on them, and from N(0, I).
    auroc_...: by each anomaly score, the test images against `strangers`.
    A model of texts has metrics of its own, see `evaluate_texts`. Beside a figure, or a list, stands its standard error
    over the test images as KEY_error; what is of fewer images than there are is of a seeded draw of them, the same for
    every model.
    """
    return report_on(Examined(model, train, test, binarise, folder, samples, seed, strangers)).metrics


@onednn_products()
def report_on(on: Examined) -> Report:
    """What `evaluate` gives, and what it leaves out. No figure is infinite."""
    if model_device(on.model).type == "cpu":
        keep_freed_memory()
    found = Report()
    for row in TEXT_METRICS if isinstance(on.model, TextVAE) else METRICS:
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

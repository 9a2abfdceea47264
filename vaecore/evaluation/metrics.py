"""The table of all that is measured: what each figure asks for, what gives it, and how it is written.

A measure is added by a function in `measured` and a row here: the report, the cards, the README's tables, Start, Scores
and the page to take away enumerate the rows.
"""

from functools import partial

from vaecore.evaluation import generation, latent, measured
from vaecore.evaluation.examined import Asks, Examined, Measure, more_than_latent
from vaecore.evaluation.features import FEW
from vaecore.evaluation.figures import Figure, Ranked
from vaecore.evaluation.judges import SMALLEST_SIDE
from vaecore.models import PCA
from vaecore.models.variational import Variational

AUROCS = ("reconstruction", "distortion", "rate", "elbo", "complexity", "typicality")


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


def _probes(prefix: str) -> list[Measure]:
    """Of codes; or of "pixels_", for which PCA's card is the place: they need no model at all."""

    def told(on: Examined) -> bool:
        return not on.model.classes and (not prefix or isinstance(on.model, PCA))

    head = "" if prefix else "probe error"
    figure = Figure(f"{prefix}probe_error", head, "{:.2%}")
    rows = [Measure((figure,), partial(measured.probe, prefix=prefix), CLASSES, told)]
    for count in FEW:
        name = f"{prefix}few_label_error_{count}"
        of_each: Asks = {"training images of each class": lambda on, count=count: count // len(on.class_sizes)}
        head = f"with {count} labels" if not prefix and count == FEW[0] else ""
        rows.append(
            Measure(
                (Figure(name, head, "{:.1%}"), f"{name}_deviation"),
                partial(measured.few_labels, prefix=prefix, count=count),
                CLASSES | of_each,
                lambda on, count=count: told(on) and len(on.class_sizes) <= count,
            )
        )
    return rows


CLASSES: Asks = {"classes among the training images": 2}
JUDGED: Asks = CLASSES | {"pixels on each side": SMALLEST_SIDE}
SPREAD: Asks = JUDGED | {"test images": 2, "training images": 2}  # a covariance is of two rows or more

FRECHET = (Figure("frechet", "Fréchet distance, floor", "{:.2f}", beside="frechet_floor"), "frechet_floor")

METRICS: tuple[Measure, ...] = (
    Measure(
        (
            Figure(
                "squared_error",
                "squared error",
                "{:.3f}",
                "squared error",
                "{:.2f}",
                Ranked(
                    "squared error",
                    "squared error of the mean code",
                    "Less is better: summed over the pixels of an image, averaged over the test images.",
                    smaller=True,
                ),
            ),
        ),
        measured.squared_error,
    ),
    Measure(
        (
            Figure("pca_squared_error", "PCA's", "{:.3f}", "PCA's, same size", "{:.2f}"),
            Figure("better_than_pca", label="ahead of PCA in", brief="{:.2%}"),
        ),
        measured.beside_pca,
        {"training images": more_than_latent},
        lambda on: not isinstance(on.model, PCA) and 2 * on.model.latent <= on.model.pixels,  # or it is no bottleneck
    ),
    Measure(("trustworthiness", "continuity"), measured.neighbours_kept, {"different test images": 5}),
    Measure(
        (
            Figure(
                "neighbour_accuracy",
                "neighbour accuracy",
                "{:.4f}",
                "5-neighbour accuracy",
                "{:.3f}",
                Ranked(
                    "neighbours",
                    "accuracy of the 5 nearest training codes",
                    "More is better: how often the nearest training codes are of the same class.",
                    form="{:.4f}",
                ),
            ),
        ),
        measured.neighbour_accuracy,
        CLASSES | {"training images": latent.NEIGHBOURS},
        lambda on: not on.model.classes,
    ),
    *_probes(""),
    Measure(
        (
            Figure(
                "classification_error",
                "fine-tuned error",
                "{:.2%}",
                "classification error",
            ),
        ),
        measured.classification_error,
        of=lambda on: "classify" in on.model.abilities,
    ),
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
    Measure(
        (
            Figure(
                "log_likelihood",
                "log likelihood",
                "{:.2f}",
                "log p(x), nats",
                ranked=Ranked(
                    "likelihood",
                    "-log p(x), nats",
                    "Less is better. Only figures of one protocol can be compared: thresholded pixels, the static set "
                    "or grey ones give other numbers, and so do fewer importance samples, whose bound is looser.",
                    -1,
                    smaller=True,
                ),
            ),
        ),
        partial(measured.likelihood, name="log_likelihood"),
        of=_exact,
    ),
    Measure(
        (
            Figure(
                "grey_bound",
                "grey bound",
                "{:.2f}",
                "grey-pixel bound",
                "{:.2f}",
                Ranked(
                    "grey pixels",
                    "cross-entropy bound on grey pixels, nats",
                    "Less is better, but none of these is a likelihood: a Bernoulli has no probability for grey. They "
                    "compare models of one data set with each other, and with nothing in a paper.",
                    -1,
                    smaller=True,
                ),
            ),
        ),
        partial(measured.likelihood, name="grey_bound"),
        of=_grey,
    ),
    Measure(("bounds",), measured.bounds, {"test images": 2}, _variational),
    Measure(("elbo", "rate", "distortion", "rates"), measured.terms, of=_variational),
    Measure(("collapse",), measured.collapse, of=lambda on: isinstance(on.model, Variational) and on.model.exact_rates),
    Measure(("active_units",), measured.active_units, {"different test images": 2}, _variational),
    Measure(("aggregate_divergence",), measured.aggregate_divergence, {"test images": more_than_latent}, _variational),
    Measure(
        (
            Figure(
                "accuracy",
                "accuracy, real",
                "{:.4f}",
                "samples of their class",
                "{:.1%}",
                Ranked(
                    "conditional",
                    "samples that are of the class asked for",
                    "More is better, up to what the judges themselves get right on real images. A model that only "
                    "draws the mean of each class gets all of it: coverage, in the last column, says how much of the "
                    "real variety is there. It is the mean of two judges; the error is that of one more like them.",
                    form="{:.4f}",
                ),
                beside="accuracy_ceiling",
            ),
            "accuracy_ceiling",
        ),
        measured.accuracy,
        JUDGED,
        _conditional,
    ),
    Measure(FRECHET, measured.conditional_frechet, SPREAD, _conditional),
    Measure(
        (
            Figure("coverage", "coverage, real", "{:.3f}", "coverage", beside="coverage_ceiling"),
            Figure("density", "density, real", "{:.3f}", beside="density_ceiling"),
            "coverage_ceiling",
            "density_ceiling",
        ),
        measured.coverage,
        JUDGED | {"test images": generation.NEIGHBOURS + 1},
        _conditional,
    ),
    Measure(FRECHET, measured.frechet, SPREAD | {"different training codes": 2}, _sampled),
    Measure(
        (
            Figure(
                "auroc",
                ranked=Ranked(
                    "strangers",
                    "AUROC of the score that was best on training images",
                    "More is better, one half is guessing: MNIST's models are shown Fashion-MNIST and the other way "
                    "round. Which score counts is chosen on training images of both: “Spot the stranger” shows each.",
                    form="{:.4f}",
                    keys=tuple(f"auroc_{name}" for name in AUROCS),
                ),
            ),
        ),
        measured.aurocs,
        of=lambda on: on.strangers is not None,
    ),
)

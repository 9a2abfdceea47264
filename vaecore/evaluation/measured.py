"""The figures of a report, one function for those that are measured together: an `Examined` in, metrics by name out."""

from typing import cast

import torch
from torch import Tensor

from vaecore.corruption import KINDS
from vaecore.data import Examples
from vaecore.data.batches import present
from vaecore.device import model_device
from vaecore.distributions import Distribution, Gaussian
from vaecore.evaluation import features, generation, latent, rates, reconstruction
from vaecore.evaluation.anomaly import Reference, anomaly_scores, auroc, auroc_error, reference_of
from vaecore.evaluation.examined import Examined
from vaecore.evaluation.generation import by_judges
from vaecore.evaluation.intervals import (
    Metrics,
    averaged,
    drawn,
    figure,
    jackknifed,
    listed,
    rounded,
    share,
    standard_error,
)
from vaecore.evaluation.likelihood import measure_bounds, presented
from vaecore.evaluation.planes import trusted
from vaecore.evaluation.robustness import LEVELS, robust_errors
from vaecore.evaluation.sensitivity import sensitivity as of_jacobians
from vaecore.evaluation.sparsity import sparseness
from vaecore.mixtures import one_gaussian
from vaecore.models import PCA
from vaecore.models.variational import Variational

ROBUST_IMAGES, JACOBIANS, NORMAL_IMAGES = 10_000, 100, 10_000

# Reconstruction


def squared_error(on: Examined) -> Metrics:
    """Summed over pixels, averaged over images."""
    return averaged("squared_error", on.errors)


def beside_pca(on: Examined) -> Metrics:
    """PCA's squared error at the same k, and the share of images on which the model errs less."""
    pca = PCA(PCA.Settings(latent=on.model.latent), on.train.shape)
    pca.prepare(on.train.data)
    theirs = reconstruction.squared_errors(pca, on.test)
    return averaged("pca_squared_error", theirs) | averaged("better_than_pca", (on.errors < theirs).double())


def classification_error(on: Examined) -> Metrics:
    """Of the model's own classifier."""
    return share("classification_error", reconstruction.classification_error(on.model, on.test), len(on.test))


# Codes


def neighbours_kept(on: Examined) -> Metrics:
    """How far codes keep the neighbours of images, on as many as a map has."""
    some = torch.from_numpy(latent.chosen_rows(len(on.test)))
    flat, plane = present(on.test.data[some]).flatten(1).numpy(), on.codes[some].numpy()
    trust, kept = (torch.from_numpy(trusted(*pair)) for pair in ((flat, plane), (plane, flat)))
    return averaged("trustworthiness", trust) | averaged("continuity", kept)


def neighbour_accuracy(on: Examined) -> Metrics:
    """The class that most of the nearest training codes are of."""
    train_labels, labels = on.labels
    accuracy = latent.neighbour_accuracy(on.codes.numpy(), labels, on.train_codes.numpy(), train_labels)
    return share("neighbour_accuracy", accuracy, len(labels))


def probe(on: Examined, prefix: str) -> Metrics:
    """Softmax regression on codes, or on "pixels_", with all labels."""
    (train, test), (train_labels, labels) = on.scaled_pixels if prefix else on.scaled_codes, on.labels
    error = features.probe_error(train, train_labels, test, labels)
    return share(f"{prefix}probe_error", error, len(labels))


def few_labels(on: Examined, prefix: str, count: int) -> Metrics:
    """Likewise with so many labels: the mean over ten draws, their deviation, and the mean's standard error.

    The draws are as much of chance as the test images are, and the error counts both.
    """
    (train, test), (train_labels, labels) = on.scaled_pixels if prefix else on.scaled_codes, on.labels
    wrong = torch.from_numpy(features.few_label_errors(train, train_labels, test, labels, count)).double()
    name, draws = f"{prefix}few_label_error_{count}", wrong.mean(1)
    error = (standard_error(draws).square() + standard_error(wrong.mean(0)).square()).sqrt()
    return {name: float(wrong.mean()), f"{name}_error": float(error), f"{name}_deviation": float(draws.std())}


# Properties of a deterministic model


def sensitivity(on: Examined) -> Metrics:
    """The encoder's Jacobian, over some images."""
    norms, values = of_jacobians(on.model, present(on.test.data[drawn(len(on.test), JACOBIANS)]))
    return averaged("jacobian_norm", norms) | listed("singular_values", values)


def robustness(on: Examined) -> Metrics:
    """The squared error to the clean image, by kind and level of noise."""
    some = drawn(len(on.test), ROBUST_IMAGES)
    x, (none, *levels) = present(on.test.data[some]), LEVELS
    assert none == 0
    curves: dict[str, list[float]] = {}
    for kind in KINDS:
        if kind == "none":
            continue
        errors = torch.cat([on.errors[some][None], robust_errors(on.model, x, kind, tuple(levels), on.seed)]).double()
        curves |= {kind: rounded(errors.mean(1), 3), f"{kind}_error": rounded(standard_error(errors.T), 3)}
    return {"robustness": {"levels": list(LEVELS), "images": len(x)} | curves}


def activity(on: Examined) -> Metrics:
    """How much each unit is on, and how many never are; of few other images a unit more might never be."""
    codes = on.codes.double()
    unseen = torch.exp(-(codes != 0).sum(0).double())  # of a unit, were as many images drawn anew
    dead, error = float((codes == 0).all(0).sum()), float((unseen * (1 - unseen)).sum().sqrt())
    means = averaged("mean_activity", codes.mean(1)) | listed("activity", codes)
    return means | {"dead_units": dead, "dead_units_error": error}


def lifetime_sparseness(on: Examined) -> Metrics:
    """Along images, of the units that are ever on."""
    live = on.codes[:, (on.codes != 0).any(0)]
    return jackknifed("lifetime_sparseness", lambda codes: sparseness(codes.T).mean(), live)


def population_sparseness(on: Examined) -> Metrics:
    """Along the units of a code."""
    return averaged("population_sparseness", sparseness(on.codes))


# Nats of a variational model


def likelihood(on: Examined, name: str) -> Metrics:
    """The mean over images."""
    return averaged(name, on.likelihoods)


def bounds(on: Examined) -> Metrics:
    """How the bound rises with its samples."""
    return {"bounds": measure_bounds(cast("Variational", on.model), on.test, on.binarise, on.seed)}


def terms(on: Examined) -> Metrics:
    """The elbo and its two parts, unweighed."""
    groups, distortion = on.nats.rates.double(), on.nats.distortion.double()
    return (
        averaged("grey_elbo" if on.nats.grey else "elbo", -(groups.sum(1) + distortion))
        | averaged("rate", groups.sum(1))
        | averaged("distortion", distortion)
        | listed("rates", groups)
    )


def collapse(on: Examined) -> Metrics:
    """The share of images on which each group of latents says nothing."""
    return listed("collapse", rates.silent(on.nats.rates).double())


def active_units(on: Examined) -> Metrics:
    """How many units' means move."""
    model = cast("Variational", on.model)
    means = on.codes
    if on.binarise:
        x = presented(on.test, on.binarise, on.seed)
        means = rates.posterior_means(model, x, on.test.target if model.classes else None)
    return jackknifed("active_units", lambda rows: rates.varies(rows).double().sum(), means)


def aggregate_divergence(on: Examined) -> Metrics:
    """Of the aggregate posterior's moments from the prior's."""
    return jackknifed("aggregate_divergence", rates.aggregate_divergence, on.nats.codes)


# Samples, in the eyes of two judges


def accuracy(on: Examined) -> Metrics:
    """The share of conditional samples, and of test images, that the judges find to be of their class."""
    target = on.test.target
    assert target is not None
    samples = {name: generation.right(seen.classes, target) for name, seen in on.seen(on.conditional_images).items()}
    real = {name: generation.right(seen.classes, target) for name, seen in on.seen_test.items()}
    return by_judges("accuracy", samples, "accuracy") | by_judges("accuracy_ceiling", real, "accuracy")


def conditional_frechet(on: Examined) -> Metrics:
    """The distance of conditional samples to the test images, and that of training images."""
    return _frechet("frechet", on, on.conditional_images) | _frechet("frechet_floor", on, on.real_images)


def coverage(on: Examined) -> Metrics:
    """Of conditional samples, and of training images."""
    metrics: Metrics = {}
    for ending, images in (("", on.conditional_images), ("_ceiling", on.real_images)):
        seen = on.seen(images)
        found = {name: generation.covering(own.features, seen[name].features) for name, own in on.seen_test.items()}
        for kind, of in (("coverage", generation.coverage), ("density", generation.density)):
            metrics |= by_judges(f"{kind}{ending}", {name: of(each) for name, each in found.items()}, kind)
    return metrics


@torch.no_grad()
def frechet(on: Examined) -> Metrics:
    """The distance of samples of each density on codes to the test images, and that of training images."""
    device, count = model_device(on.model), len(on.test)
    metrics = _frechet("frechet_floor", on, on.real_images)
    generator, codes = torch.Generator(device).manual_seed(on.seed), on.train_codes.to(device)
    densities: dict[str, Distribution] = {"": on.model.prior()}
    if not isinstance(on.model, Variational):  # whose codes were told where to lie
        normal = Gaussian(torch.zeros_like(codes[0]), torch.ones_like(codes[0]))
        densities |= {"_one_gaussian": one_gaussian(codes), "_standard_normal": normal}
    for name, density in densities.items():
        z = density.rsample((count,), generator)
        images = torch.cat([on.model.likelihood(part).mean.cpu() for part in z.split(1000)]).clamp(0, 1)
        metrics |= _frechet(f"frechet{name}", on, images)
    return metrics


def _frechet(name: str, on: Examined, images: Tensor) -> Metrics:
    seen = on.seen(images)
    found = {judge: generation.frechet(real.features, seen[judge].features) for judge, real in on.seen_test.items()}
    return by_judges(name, found, "frechet")


# Strangers


def aurocs(on: Examined) -> Metrics:
    """By each anomaly score, the test images against the strangers; and training images against strangers' own.

    By the latter a score is chosen, where one is to stand for all.
    """
    assert on.strangers is not None

    def scores(images: Examples, normal: Reference | None = None, codes: Tensor | None = None) -> dict[str, Tensor]:
        x = presented(images, on.binarise, on.seed)
        return anomaly_scores(on.model, x, images.target if on.model.classes else None, normal, codes)

    known = on.train.rows(drawn(len(on.train), NORMAL_IMAGES))
    normal = reference_of(scores(known))
    metrics: Metrics = {}
    ours, theirs = scores(on.test, normal, None if on.binarise else on.codes), scores(on.strangers, normal)
    for name, score in ours.items():
        metrics |= figure(f"auroc_{name}", auroc(score, theirs[name]), auroc_error(score, theirs[name]))
    if on.training_strangers is not None:
        some = on.training_strangers.rows(drawn(len(on.training_strangers), NORMAL_IMAGES))
        ours, theirs = scores(known, normal), scores(some, normal)
        for name, score in ours.items():
            area, error = auroc(score, theirs[name]), auroc_error(score, theirs[name])
            metrics |= figure(f"auroc_{name}_training", area, error)
    return metrics

"""The figures of a report, one function for those that are measured together: an `Examined` in, metrics by name out."""

from typing import cast

import torch
from torch import Tensor

from vaecore.corruption import KINDS
from vaecore.data import Examples
from vaecore.data.batches import present
from vaecore.device import model_device
from vaecore.distributions import Distribution, Gaussian, one_gaussian
from vaecore.evaluation import features, generation, latent, rates, reconstruction
from vaecore.evaluation.anomaly import Reference, anomaly_scores, auroc, reference_of
from vaecore.evaluation.examined import Examined, Metrics
from vaecore.evaluation.likelihood import measure_bounds, presented, standard_error
from vaecore.evaluation.robustness import LEVELS
from vaecore.evaluation.robustness import robustness as errors_by_level
from vaecore.evaluation.sensitivity import sensitivity as of_jacobians
from vaecore.evaluation.sparsity import sparseness
from vaecore.models import PCA
from vaecore.models.variational import Variational

ROBUST_IMAGES, JACOBIANS, NORMAL_IMAGES = 10_000, 100, 10_000

# Reconstruction


def squared_error(on: Examined) -> Metrics:
    """Summed over pixels, averaged over images."""
    return {"squared_error": float(on.errors.double().mean())}


def beside_pca(on: Examined) -> Metrics:
    """PCA's squared error at the same k, and the share of images on which the model errs less."""
    pca = PCA(PCA.Settings(latent=on.model.latent), on.train.shape)
    pca.prepare(on.train.data)
    theirs = reconstruction.squared_errors(pca, on.test)
    return {
        "pca_squared_error": float(theirs.double().mean()),
        "better_than_pca": float((on.errors < theirs).float().mean()),
    }


def classification_error(on: Examined) -> Metrics:
    """Of the model's own classifier."""
    return {"classification_error": reconstruction.classification_error(on.model, on.test)}


# Codes


def neighbours_kept(on: Examined) -> Metrics:
    """How far codes keep the neighbours of images, on as many as a map has."""
    some = torch.from_numpy(latent.chosen_rows(len(on.test)))
    flat, plane = present(on.test.data[some]).flatten(1).numpy(), on.codes[some].numpy()
    return {"trustworthiness": latent.trustworthiness(flat, plane), "continuity": latent.continuity(flat, plane)}


def neighbour_accuracy(on: Examined) -> Metrics:
    """The class that most of the nearest training codes are of."""
    train_labels, labels = on.labels
    accuracy = latent.neighbour_accuracy(on.codes.numpy(), labels, on.train_codes.numpy(), train_labels)
    return {"neighbour_accuracy": accuracy}


def probe(on: Examined, prefix: str) -> Metrics:
    """Softmax regression on codes, or on "pixels_", with all labels."""
    (train, test), (train_labels, labels) = on.scaled_pixels if prefix else on.scaled_codes, on.labels
    return {f"{prefix}probe_error": features.probe_error(train, train_labels, test, labels)}


def few_labels(on: Examined, prefix: str, count: int) -> Metrics:
    """Likewise with so many labels: the mean and the deviation over ten draws."""
    (train, test), (train_labels, labels) = on.scaled_pixels if prefix else on.scaled_codes, on.labels
    errors = features.few_label_errors(train, train_labels, test, labels, count)
    name = f"{prefix}few_label_error_{count}"
    return {name: float(errors.mean()), f"{name}_deviation": float(errors.std(ddof=1))}


# Properties of a deterministic model


def sensitivity(on: Examined) -> Metrics:
    """The encoder's Jacobian, over the first images."""
    return of_jacobians(on.model, present(on.test.data[:JACOBIANS]))


def robustness(on: Examined) -> Metrics:
    """The squared error to the clean image, by kind and level of noise."""
    x, (none, *levels) = present(on.test.data[:ROBUST_IMAGES]), LEVELS
    assert none == 0
    clean = float(on.errors[:ROBUST_IMAGES].double().mean())
    curves = {
        kind: [clean, *errors_by_level(on.model, x, kind, tuple(levels), on.seed).tolist()]
        for kind in KINDS
        if kind != "none"
    }
    rounded = {kind: [round(value, 3) for value in curve] for kind, curve in curves.items()}
    return {"robustness": {"levels": list(LEVELS), "images": len(x)} | rounded}


def activity(on: Examined) -> Metrics:
    """How much each unit is on, and how many never are."""
    mean = on.codes.double().mean(0)
    return {
        "mean_activity": float(mean.mean()),
        "activity": [round(value, 4) for value in mean.tolist()],
        "dead_units": float((on.codes == 0).all(0).sum()),
    }


def lifetime_sparseness(on: Examined) -> Metrics:
    """Along images, of the units that are ever on."""
    live = (on.codes != 0).any(0)
    return {"lifetime_sparseness": float(sparseness(on.codes.T[live]).mean())}


def population_sparseness(on: Examined) -> Metrics:
    """Along the units of a code."""
    return {"population_sparseness": float(sparseness(on.codes).mean())}


# Nats of a variational model


def likelihood(on: Examined, name: str) -> Metrics:
    """The mean over images."""
    return {name: float(on.nats.likelihood.mean())}


def likelihood_error(on: Examined, name: str) -> Metrics:
    """The standard error of that mean."""
    return {f"{name}_error": standard_error(on.nats.likelihood)}


def bounds(on: Examined) -> Metrics:
    """How the bound rises with its samples."""
    return {"bounds": measure_bounds(cast("Variational", on.model), on.test, on.binarise, on.seed)}


def terms(on: Examined) -> Metrics:
    """The elbo and its two parts, unweighed."""
    rate, distortion = float(on.nats.rates.double().sum(1).mean()), float(on.nats.distortion.double().mean())
    return {
        "grey_elbo" if on.nats.grey else "elbo": -(rate + distortion),
        "rate": rate,
        "distortion": distortion,
        "rates": [round(mean, 4) for mean in on.nats.rates.double().mean(0).tolist()],
    }


def collapse(on: Examined) -> Metrics:
    """The share of images on which each group of latents says nothing."""
    return {"collapse": [round(share, 4) for share in rates.collapse(on.nats.rates).tolist()]}


def active_units(on: Examined) -> Metrics:
    """How many units' means move."""
    model = cast("Variational", on.model)
    if not on.binarise:
        return {"active_units": int(rates.varies(on.codes).sum())}
    x = presented(on.test, on.binarise, on.seed)
    return {"active_units": int(rates.active_units(model, x, on.test.target if model.classes else None).sum())}


def aggregate_divergence(on: Examined) -> Metrics:
    """Of the aggregate posterior's moments from the prior's."""
    return {"aggregate_divergence": on.nats.aggregate_divergence}


# Samples, in the eyes of a judge


def accuracy(on: Examined) -> Metrics:
    """The share of conditional samples, and of test images, that the judge finds to be of their class."""
    target, judged, seen = on.test.target, on.conditional_samples[1], on.seen[1]
    return {
        "accuracy": float((judged == target).float().mean()),
        "classifier_accuracy": float((seen == target).float().mean()),
    }


def conditional_frechet(on: Examined) -> Metrics:
    """The distance of conditional samples to the test images, and that of training images."""
    return {
        "frechet": generation.frechet_distance(on.seen[0], on.conditional_samples[0]),
        "frechet_floor": _floor(on),
    }


def coverage(on: Examined) -> Metrics:
    """Of conditional samples."""
    covered, density = generation.coverage_and_density(on.seen[0], on.conditional_samples[0])
    return {"coverage": covered, "density": density}


@torch.no_grad()
def frechet(on: Examined) -> Metrics:
    """The distance of samples of each density on codes to the test images, and that of training images."""
    device, count = model_device(on.model), len(on.test)
    metrics = {"frechet_floor": _floor(on)}
    generator, codes = torch.Generator(device).manual_seed(on.seed), on.train_codes.to(device)
    densities: dict[str, Distribution] = {"": on.model.prior()}
    if not isinstance(on.model, Variational):  # whose codes were told where to lie
        normal = Gaussian(torch.zeros_like(codes[0]), torch.ones_like(codes[0]))
        densities |= {"_one_gaussian": one_gaussian(codes), "_standard_normal": normal}
    for name, density in densities.items():
        z = density.rsample((count,), generator)
        images = torch.cat([on.model.likelihood(part).mean.cpu() for part in z.split(1000)]).clamp(0, 1)
        fake, _ = generation.features_and_classes(on.judge, images)
        metrics[f"frechet{name}"] = generation.frechet_distance(on.seen[0], fake)
    return metrics


def _floor(on: Examined) -> float:
    """The distance of as many training images: what no sample can be nearer than."""
    drawn = torch.randperm(len(on.train), generator=torch.Generator().manual_seed(on.seed))[: len(on.test)]
    real, _ = generation.features_and_classes(on.judge, present(on.train.data[drawn]))
    return generation.frechet_distance(on.seen[0], real)


# Strangers


def aurocs(on: Examined) -> Metrics:
    """By each anomaly score, the test images against the strangers."""
    assert on.strangers is not None

    def scores(images: Examples, normal: Reference | None = None, codes: Tensor | None = None) -> dict[str, Tensor]:
        x = presented(images, on.binarise, on.seed)
        return anomaly_scores(on.model, x, images.target if on.model.classes else None, normal, codes)

    normal = reference_of(scores(on.train.rows(torch.arange(min(len(on.train), NORMAL_IMAGES)))))
    ours, theirs = scores(on.test, normal, None if on.binarise else on.codes), scores(on.strangers, normal)
    return {f"auroc_{name}": auroc(score, theirs[name]) for name, score in ours.items()}

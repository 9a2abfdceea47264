"""One report of all that a model's abilities allow to be measured."""

from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from vaecore.corruption import KINDS
from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.data.text import Texts
from vaecore.device import keep_freed_memory, model_device, onednn_products
from vaecore.distributions import Distribution, Gaussian, one_gaussian
from vaecore.evaluation.anomaly import Reference, anomaly_scores, auroc, reference_of
from vaecore.evaluation.features import FEW, few_label_errors, probe_error, scaled
from vaecore.evaluation.generation import (
    NEIGHBOURS,
    Classifier,
    classifier,
    coverage_and_density,
    features_and_classes,
    frechet_distance,
)
from vaecore.evaluation.latent import chosen_rows, continuity, neighbour_accuracy, trustworthiness
from vaecore.evaluation.likelihood import log_likelihood
from vaecore.evaluation.rates import active_units, aggregate_divergence, collapse, rates_and_distortion
from vaecore.evaluation.reconstruction import classification_error, encode, squared_errors
from vaecore.evaluation.robustness import LEVELS, robustness
from vaecore.evaluation.sensitivity import sensitivity
from vaecore.evaluation.sparsity import sparseness
from vaecore.evaluation.texts import evaluate_texts
from vaecore.models import PCA, Autoencoder
from vaecore.models.text import TextVAE
from vaecore.models.variational import Variational

ROBUST_IMAGES, JACOBIANS, NORMAL_IMAGES = 10_000, 100, 10_000
FEWEST = 4
BOUNDS = (1, 5, 50, 500, 5000)
RISING = 1000  # test images on which the bound is seen to rise


@onednn_products()
def evaluate(
    model: Autoencoder,
    train: Images,
    test: Images,
    binarise: bool,
    folder: Path,
    samples: int = 1000,
    seed: int = 0,
    strangers: Images | None = None,
) -> dict[str, Any]:
    """Metrics by name, measured on the test images; each is there if the model's abilities allow it.

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
    if model_device(model).type == "cpu":
        keep_freed_memory()
    if isinstance(model, TextVAE):
        assert isinstance(train, Texts)
        assert isinstance(test, Texts)
        return evaluate_texts(model, train, test, samples, seed)
    errors = squared_errors(model, test)
    metrics: dict[str, Any] = {"squared_error": float(errors.double().mean())}
    if not isinstance(model, PCA) and 2 * model.latent <= model.pixels:  # a wider code is no bottleneck for PCA
        theirs = squared_errors(_pca(model, train), test)
        metrics["pca_squared_error"] = float(theirs.double().mean())
        metrics["better_than_pca"] = float((errors < theirs).float().mean())
    if "classify" in model.abilities and test.target is not None:
        metrics["classification_error"] = classification_error(model, test)
    metrics |= _codes(model, train, test)
    if "likelihood" not in model.abilities:
        metrics |= _properties(model, test, seed)
    if isinstance(model, Variational):
        metrics |= _likelihoods(model, test, binarise, samples, seed)
    if "condition" in model.abilities:
        metrics |= _generation(model, train, test, folder, seed)
    elif "sample" in model.abilities and _classes(train) > 1:
        metrics |= _frechet(model, train, test, folder, seed)
    if strangers is not None:
        metrics |= _aurocs(model, train, test, strangers, binarise, seed)
    return metrics


def _classes(images: Images) -> int:
    return 0 if images.target is None else len(images.target.unique())


def _codes(model: Autoencoder, train: Images, test: Images) -> dict[str, float]:
    codes, train_codes = encode(model, test), encode(model, train)
    some = torch.from_numpy(chosen_rows(len(test)))
    flat, plane = test.rows(some).images.reshape(len(some), -1), codes[some].numpy()
    metrics = {}
    if len(some) > FEWEST:
        metrics["trustworthiness"], metrics["continuity"] = trustworthiness(flat, plane), continuity(flat, plane)
    if train.target is None or test.target is None or model.classes or _classes(train) < 2:
        return metrics
    labels = train.target.numpy(), test.target.numpy()
    metrics["neighbour_accuracy"] = neighbour_accuracy(codes.numpy(), labels[1], train_codes.numpy(), labels[0])
    metrics |= _probes(scaled(train_codes, codes), labels)
    if isinstance(model, PCA):  # whose card is the place for what needs no model at all
        pixels = [present(images.pixels).flatten(1) for images in (train, test)]
        metrics |= {f"pixels_{name}": value for name, value in _probes(scaled(*pixels), labels).items()}
    return metrics


def _probes(codes: tuple[ndarray, ndarray], labels: tuple[ndarray, ndarray]) -> dict[str, float]:
    metrics = {"probe_error": probe_error(codes[0], labels[0], codes[1], labels[1])}
    sizes = np.unique(labels[0], return_counts=True)[1]
    for count in FEW:
        if 1 <= count // len(sizes) <= sizes.min():
            errors = few_label_errors(codes[0], labels[0], codes[1], labels[1], count)
            metrics[f"few_label_error_{count}"] = float(errors.mean())
            metrics[f"few_label_error_{count}_deviation"] = float(errors.std(ddof=1))
    return metrics


def _properties(model: Autoencoder, test: Images, seed: int) -> dict[str, Any]:
    """Of a deterministic model: its Jacobian, its answer to noise, and how sparse it is."""
    some = test.rows(torch.arange(min(len(test), ROBUST_IMAGES)))
    x = present(some.pixels)
    curves = {kind: robustness(model, x, kind, LEVELS, seed).tolist() for kind in KINDS if kind != "none"}
    metrics: dict[str, Any] = sensitivity(model, x[:JACOBIANS])
    metrics["robustness"] = {"levels": list(LEVELS), "images": len(some)} | {
        kind: [round(value, 3) for value in curve] for kind, curve in curves.items()
    }
    if getattr(model.settings, "code", "identity") != "identity":
        codes = encode(model, test)
        activity = codes.double().mean(0)
        metrics["mean_activity"] = float(activity.mean())
        metrics["activity"] = [round(value, 4) for value in activity.tolist()]
        live = codes.abs().amax(0) > 0
        metrics["dead_units"] = float((~live).sum())
        metrics["lifetime_sparseness"] = float(sparseness(codes.T[live]).mean())
        metrics["population_sparseness"] = float(sparseness(codes).mean())
    return metrics


@torch.no_grad()
def _frechet(model: Autoencoder, train: Images, test: Images, folder: Path, seed: int) -> dict[str, float]:
    device = model_device(model)
    judge = classifier(train, folder, device)
    real, _ = features_and_classes(judge, present(test.pixels))
    metrics = {"frechet_floor": frechet_distance(real, _floor(judge, train, len(test), seed))}
    generator, codes = torch.Generator(device).manual_seed(seed), encode(model, train).to(device)
    densities: dict[str, Distribution] = {"": model.prior()}
    if not isinstance(model, Variational):  # whose codes were told where to lie
        normal = Gaussian(torch.zeros_like(codes[0]), torch.ones_like(codes[0]))
        densities |= {"_one_gaussian": one_gaussian(codes), "_standard_normal": normal}
    for name, density in densities.items():
        z = density.rsample((len(test),), generator)
        images = torch.cat([model.likelihood(part).mean.cpu() for part in z.split(1000)]).clamp(0, 1)
        metrics[f"frechet{name}"] = frechet_distance(real, features_and_classes(judge, images)[0])
    return metrics


def _floor(judge: Classifier, train: Images, count: int, seed: int) -> Tensor:
    """Features of as many training images: what no sample can be nearer than."""
    drawn = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))[:count]
    return features_and_classes(judge, present(train.pixels[drawn]))[0]


def _aurocs(
    model: Autoencoder, train: Images, test: Images, strangers: Images, binarise: bool, seed: int
) -> dict[str, float]:
    def scores(images: Images, normal: Reference | None = None) -> dict[str, Tensor]:
        x = _presented(images, binarise, seed)
        return anomaly_scores(model, x, images.target if model.classes else None, normal)

    normal = reference_of(scores(train.rows(torch.arange(min(len(train), NORMAL_IMAGES)))))
    ours, theirs = scores(test, normal), scores(strangers, normal)
    return {f"auroc_{name}": auroc(score, theirs[name]) for name, score in ours.items()}


def _presented(images: Images, binarise: bool, seed: int) -> Tensor:
    """The pixels, binarised once if asked for; drawn on the CPU: the same on every machine."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return present(images.pixels, binarise)


def _pca(model: Autoencoder, train: Images) -> PCA:
    pca = PCA(PCA.Settings(latent=min(model.latent, model.pixels)), train.shape)
    pca.prepare(train.pixels)
    return pca


def _likelihoods(model: Variational, test: Images, binarise: bool, samples: int, seed: int) -> dict[str, Any]:
    x = _presented(test, binarise, seed)
    label = test.target if model.classes else None
    # One seed would repeat what the pixels were drawn with.
    generator = torch.Generator(model_device(model)).manual_seed(seed + 1)
    likelihood = log_likelihood(model, x, label, samples, generator).double()
    kind = "grey_" if model.settings.likelihood == "bernoulli" and not _binary(x) else ""
    name = "grey_bound" if kind else "log_likelihood"
    metrics: dict[str, Any] = {name: float(likelihood.mean()), f"{name}_error": standard_error(likelihood)}
    metrics["bounds"] = measure_bounds(model, test, binarise, seed)
    rates, distortion = rates_and_distortion(model, x, label, generator)
    active = active_units(model, x, label)
    return metrics | {
        f"{kind}elbo": -float(rates.double().sum(1).mean() + distortion.double().mean()),
        "rate": float(rates.double().sum(1).mean()),
        "distortion": float(distortion.double().mean()),
        "rates": [round(rate, 4) for rate in rates.double().mean(0).tolist()],
        **({"collapse": [round(share, 4) for share in collapse(rates).tolist()]} if model.exact_rates else {}),
        "active_units": int(active.sum()),
        "aggregate_divergence": aggregate_divergence(model, x, label, generator),
    }


@onednn_products()
def measure_bounds(model: Variational, test: Images, binarise: bool, seed: int) -> dict[str, Any]:
    """The bound as samples are added, each with draws of its own, on the first test images.

    Never falls in expectation: Burda, Grosse & Salakhutdinov 2016, theorem 1.
    """
    x = _presented(test, binarise, seed)[:RISING]
    label = test.target[:RISING] if model.classes and test.target is not None else None
    generator = torch.Generator(model_device(model)).manual_seed(seed + 2)
    bounds = [log_likelihood(model, x, label, k, generator).double() for k in BOUNDS]
    return {
        "images": len(x),
        "samples": list(BOUNDS),
        "bound": [round(float(bound.mean()), 4) for bound in bounds],
        "error_of_the_rise": [round(standard_error(after - before), 4) for before, after in pairwise(bounds)],
    }


@onednn_products()
def measure_likelihood(model: Variational, test: Images, binarise: bool, samples: int, seed: int) -> float:
    """The mean log likelihood of `evaluate` alone, by the same protocol."""
    generator = torch.Generator(model_device(model)).manual_seed(seed + 1)
    label = test.target if model.classes else None
    x = _presented(test, binarise, seed)
    return float(log_likelihood(model, x, label, samples, generator).double().mean())


def _binary(x: Tensor) -> bool:
    return bool(((x == 0) | (x == 1)).all())


def standard_error(values: Tensor) -> float:
    """Of the mean of independent values."""
    return float(values.std(correction=0)) / sqrt(len(values))


def _generation(model: Autoencoder, train: Images, test: Images, folder: Path, seed: int) -> dict[str, float]:
    assert test.target is not None
    device = model_device(model)
    generator = torch.Generator(device).manual_seed(seed)
    prior = model.prior()
    with torch.no_grad():
        images = torch.cat(
            [
                model.likelihood(prior.rsample((len(label),), generator), label.to(device)).mean.cpu()
                for label in test.target.split(1000)
            ]
        )
    judge = classifier(train, folder, device)
    real, seen = features_and_classes(judge, present(test.pixels))
    fake, judged = features_and_classes(judge, images)
    metrics = {
        "accuracy": float((judged == test.target).float().mean()),
        "classifier_accuracy": float((seen == test.target).float().mean()),
        "frechet": frechet_distance(real, fake),
        "frechet_floor": frechet_distance(real, _floor(judge, train, len(test), seed)),
    }
    if len(real) > NEIGHBOURS:  # fewer have no balls to lie in
        metrics["coverage"], metrics["density"] = coverage_and_density(real, fake)
    return metrics

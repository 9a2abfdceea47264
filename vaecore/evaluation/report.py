"""One report of all that a model's abilities allow to be measured."""

from math import sqrt
from pathlib import Path
from typing import Any

import torch

from vaecore.data import Images
from vaecore.data.batches import present
from vaecore.device import model_device
from vaecore.evaluation.generation import NEIGHBOURS, classifier, coverage_and_density, features_and_classes
from vaecore.evaluation.latent import neighbour_accuracy
from vaecore.evaluation.likelihood import elbo, log_likelihood
from vaecore.evaluation.reconstruction import encode, squared_errors
from vaecore.models import PCA, Autoencoder


def evaluate(
    model: Autoencoder, train: Images, test: Images, binarise: bool, folder: Path, samples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Metrics by name, measured on the test images; each is there if the model's abilities allow it.

    squared_error, pca_squared_error: summed over pixels, averaged over images; PCA at the same k, on `train`.
    neighbour_accuracy: 5 nearest training codes of each test code. log_likelihood, elbo: nats per image, with
    `samples` importance samples; on pixels binarised once with `seed` where the model was trained on such, on grey
    pixels ("grey_bound", no likelihood) otherwise. accuracy, coverage, density: of as many class-conditional samples
    as there are test images, with their labels, by an independent classifier kept in `folder`.
    """
    errors = squared_errors(model, test)
    metrics: dict[str, Any] = {"squared_error": float(errors.double().mean())}
    if not isinstance(model, PCA):
        theirs = squared_errors(_pca(model, train), test)
        metrics["pca_squared_error"] = float(theirs.double().mean())
        metrics["better_than_pca"] = float((errors < theirs).float().mean())
    if test.target is not None and train.target is not None and not model.classes:
        codes, train_codes = encode(model, test).numpy(), encode(model, train).numpy()
        metrics["neighbour_accuracy"] = neighbour_accuracy(
            codes, test.target.numpy(), train_codes, train.target.numpy()
        )
    if "likelihood" in model.abilities:
        metrics |= _likelihoods(model, test, binarise, samples, seed)
    if "condition" in model.abilities:
        metrics |= _generation(model, train, test, folder, seed)
    return metrics


def _pca(model: Autoencoder, train: Images) -> PCA:
    pca = PCA(PCA.Settings(latent=min(model.latent, model.pixels)), train.shape)
    pca.prepare(train.pixels)
    return pca


def _likelihoods(model: Autoencoder, test: Images, binarise: bool, samples: int, seed: int) -> dict[str, float]:
    device = model_device(model)
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # the binarisation is drawn on the CPU, once: the same on every machine
        x = present(test.pixels, binarise)
    label = test.target if model.classes else None
    generator = torch.Generator(device).manual_seed(seed + 1)  # one seed would repeat what the pixels were drawn with
    log_p = log_likelihood(model, x, label, samples, generator).double()
    bound = elbo(model, x, label, generator).double()
    grey = getattr(model.settings, "likelihood", None) == "bernoulli" and not binarise
    name = "grey_bound" if grey else "log_likelihood"
    return {
        name: float(log_p.mean()),
        f"{name}_error": float(log_p.std(correction=0)) / sqrt(len(log_p)),
        f"{'grey_' if grey else ''}elbo": float(bound.mean()),
    }


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
    }
    if len(real) > NEIGHBOURS:  # fewer have no balls to lie in
        metrics["coverage"], metrics["density"] = coverage_and_density(real, fake)
    return metrics

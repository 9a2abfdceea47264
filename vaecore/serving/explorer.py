"""Serving: a trained model with numpy in and numpy out.

>>> import vaecore
>>> explorer = vaecore.load("vae-digits-2", device="cpu")
>>> images = vaecore.dataset("digits", split="test").images
>>> explorer.encode(images[:3]).shape
(3, 2)
>>> explorer.sample(4, seed=0).shape
(4, 1, 8, 8)
>>> explorer.encode(images[0])
Traceback (most recent call last):
ValueError: vae-digits-2: expected images [n, 1, 8, 8], got [1, 8, 8]
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from torch import Tensor

from vaecore.data import dataset
from vaecore.device import model_device
from vaecore.distributions import Gaussian
from vaecore.evaluation import likelihood
from vaecore.evaluation.latent import chosen_rows, shortest_path, spherical
from vaecore.export import Exported, NotExportable, export
from vaecore.models import PCA, Autoencoder
from vaecore.recipe import Recipe
from vaecore.serving.inputs import as_codes, as_count, as_images, as_labels
from vaecore.serving.kept import kept_codes, map_files
from vaecore.serving.naming import called

BATCH = 1000
OF_ALL_COMPONENTS = ("recipe", "parameters", "metrics", "evaluation")  # what a card says of a PCA that is not cut


class Explorer:
    """A trained model: encode, decode, reconstruct, sample, interpolate, score.

    Images are float32 [n, channels, height, width] in [0, 1], codes float32 [n, latent], labels integers [n].
    Labels are expected by conditional models and refused by the others. A model of texts has a `TextExplorer`.
    """

    def __init__(self, model: Autoencoder, recipe: Recipe, card: dict[str, Any], folder: Path | None = None) -> None:
        self.model = model
        self.recipe = recipe
        self.card = card
        self.folder = folder
        self.name = recipe.name if folder is None else called(folder, card)
        self.variant = recipe.model
        self.dataset = recipe.dataset
        self.latent = model.latent
        self.shape = model.shape
        self.classes = tuple(card["classes"])
        self.abilities = model.abilities
        self.equation = model.equation
        self.source = model.source
        self.summary = (type(model).__doc__ or "").split("\n")[0]

    def __repr__(self) -> str:
        return f"Explorer({self.name!r}, latent={self.latent}, device='{self.device}')"

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return model_device(self.model)

    @torch.no_grad()
    def encode(self, images: ndarray | Sequence[str], labels: ndarray | None = None) -> Float32[ndarray, "n latent"]:
        """The posterior's mean of every image."""
        return self._batched(lambda x, y: self.model.posterior(x, y).mean, self._images(images), labels)

    @torch.no_grad()
    def posterior(
        self, images: ndarray | Sequence[str], labels: ndarray | None = None
    ) -> tuple[Float32[ndarray, "n latent"], Float32[ndarray, "n latent"]]:
        """The posterior's mean and scale of every image; a deterministic model's scale is zero."""

        def mean_and_scale(x: Tensor, y: Tensor | None) -> Tensor:
            posterior = self.model.posterior(x, y)
            return torch.stack([posterior.mean, getattr(posterior, "scale", torch.zeros_like(posterior.mean))], 1)

        both = self._batched(mean_and_scale, self._images(images), labels)
        return both[:, 0], both[:, 1]

    @torch.no_grad()
    def decode(self, codes: ndarray, labels: ndarray | None = None) -> Float32[ndarray, "n c h w"]:
        """The likelihood's mean at every code; never clipped, PCA's may leave [0, 1]."""
        return self._batched(lambda z, y: self.model.likelihood(z, y).mean, self._codes(codes), labels)

    def exported(self, network: Literal["decoder", "encoder", "descent"]) -> Exported | None:
        """The network for a page to run, see `vaecore.export`; None where it does what a page cannot."""
        try:
            return export(self.model, (network,))
        except NotExportable:
            return None

    def reconstruct(self, images: ndarray, labels: ndarray | None = None) -> Float32[ndarray, "n c h w"]:
        """Every image, encoded and decoded."""
        return self.decode(self.encode(images, labels), labels)

    @torch.no_grad()
    def classify(self, images: ndarray) -> Float32[ndarray, "n classes"]:
        """p(y|x) of every class, for a model with a classifier on top.

        Raises:
            ValueError: the model has none.
        """
        self._able("classify", "tell classes, because it has no classifier on top")
        return self._batched(lambda x, _: self.model.classify(x).softmax(1), self._images(images), None)

    @torch.no_grad()
    def sample(
        self, n: int, labels: ndarray | None = None, temperature: float = 1.0, seed: int | None = None
    ) -> Float32[ndarray, "n c h w"]:
        """`n` images decoded from the prior, its scale multiplied by `temperature`: the likelihood's means.

        Raises:
            ValueError: the model has no prior, `n` is negative, or the temperature is.
        """
        self._able(
            "sample",
            "be sampled, because it has no prior: nothing in its objective says where codes lie, and no density was "
            "fitted on them (a recipe asks for one with density=10)",
        )
        n = as_count(n, f"{self.name}: n")
        if not 0 <= temperature < np.inf:
            raise ValueError(f"{self.name}: expected a temperature >= 0, got {temperature}")
        codes = self.model.prior().tempered(temperature).rsample((n,), self._generator(seed))
        return self.decode(codes.cpu().numpy(), labels)

    def interpolate(
        self, a: ndarray, b: ndarray, steps: int, path: Literal["linear", "spherical", "data"] = "linear"
    ) -> Float32[ndarray, "steps latent"]:
        """Codes from `a` to `b`, both included.

        "linear" is the straight line; "spherical" turns the direction evenly and the length evenly (Shoemake 1985);
        "data" is the shortest way over the neighbour graph of real codes.

        Raises:
            ValueError: codes of another size, fewer than 2 steps, an unknown path, or no real codes at hand.
        """
        start, end = (self._codes(np.asarray(code)[None]).numpy()[0] for code in (a, b))
        steps = as_count(steps, f"{self.name}: steps", least=2)
        t = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
        if path == "linear":
            return (1 - t) * start + t * end
        if path == "spherical":
            return spherical(start, end, t)
        if path == "data":
            return shortest_path(self.real_codes, start, end, steps)
        raise ValueError(f"{self.name}: expected path 'linear', 'spherical' or 'data', got {path!r}")

    def log_likelihood(
        self, images: ndarray | Sequence[str], samples: int = 5000, seed: int = 0, labels: ndarray | None = None
    ) -> Float32[ndarray, "n"]:
        """log p(x) by `samples` importance samples per image, in nats: in expectation a lower bound.

        They are of q(z|x), and in a plane of codes also of what that may have missed; `vaecore evaluate NAME --ais`
        says how much is missing. A Bernoulli model's value is a likelihood for binary pixels only: binarise first. On
        grey pixels it is a bound made of cross-entropies, which cannot be compared with likelihoods.

        Raises:
            ValueError: the model has no likelihood, or `samples` is below 1.
        """
        self._able("likelihood", "score images, because it has no likelihood: it is trained on a squared error")
        samples = as_count(samples, f"{self.name}: samples", least=1)
        x = self._images(images)
        return likelihood.log_likelihood(
            self.model, x, self._labels(labels, len(x)), samples, self._generator(seed)
        ).numpy()

    def elbo(
        self, images: ndarray | Sequence[str], seed: int = 0, labels: ndarray | None = None
    ) -> Float32[ndarray, "n"]:
        """The evidence lower bound by one sample per image, in nats.

        Raises:
            ValueError: the model has no likelihood.
        """
        self._able("likelihood", "score images, because it has no likelihood: it is trained on a squared error")
        x = self._images(images)
        return likelihood.elbo(self.model, x, self._labels(labels, len(x)), self._generator(seed)).numpy()

    def truncate(self, k: int) -> "Explorer":
        """The PCA of the first k components.

        Raises:
            ValueError: the model is no PCA, or has fewer components.
        """
        if not isinstance(self.model, PCA):
            raise ValueError(f"{self.name}: only PCA's components are ordered; its code cannot be truncated")
        card = {key: value for key, value in self.card.items() if key not in OF_ALL_COMPONENTS}
        model = self.model.truncate(as_count(k, f"{self.name}: k", least=1, most=self.latent))
        return Explorer(model, self.recipe.changed(latent=k), card, self.folder)

    @property
    def standard_prior(self) -> bool:
        """Whether the prior is N(0, I), whatever the data: not in a hierarchy, and not where a density was fitted."""
        return "likelihood" in self.abilities and isinstance(self.model.prior(), Gaussian)

    def quantiles(self, levels: ndarray | list[float]) -> Float32[ndarray, "levels latent"]:
        """Per latent dimension, the quantiles at `levels` of the prior, if that is N(0, I), or else of training codes.

        Raises:
            ValueError: a level outside (0, 1), or a card that does not keep the quantiles of its codes.
        """
        levels = np.asarray(levels, dtype=np.float64)
        if not ((levels > 0) & (levels < 1)).all():
            raise ValueError(f"{self.name}: expected levels inside (0, 1), got {levels.min():g} to {levels.max():g}")
        if self.standard_prior:
            standard = torch.special.ndtri(torch.from_numpy(levels)).numpy()
            return np.repeat(standard[:, None], self.latent, axis=1).astype(np.float32)
        kept = self.card.get("codes")
        if kept is None:
            raise ValueError(f"{self.name}: its card keeps no quantiles of its codes")
        columns = np.asarray(kept["quantiles"])[:, : self.latent].T
        return np.stack([np.interp(levels, kept["levels"], column) for column in columns], axis=1).astype(np.float32)

    @cached_property
    def map_files(self) -> list[Path]:
        """Where the map of the codes may be kept, see `kept.map_files`."""
        return map_files(self.folder, self.dataset, self.model)

    @cached_property
    def real_codes(self) -> Float32[ndarray, "n latent"]:
        """Codes of 2,000 test images, of all where there are fewer: those of the map that is kept, or encoded anew.

        Raises:
            ValueError: none are kept and the data set cannot be had; or what is kept is no map.
        """
        for path in self.map_files:
            kept = kept_codes(path, len(self.classes), self.latent)
            if kept is not None:
                return kept
        tests = dataset(self.dataset, "test")
        rows = tests.rows(torch.from_numpy(chosen_rows(len(tests))))
        return self.encode(rows.images, self.told(rows.labels))

    def told(self, labels: ndarray | None) -> ndarray | None:
        """The labels of images as this model is told them: themselves for a conditional model, None for all others."""
        return labels if "condition" in self.abilities else None

    def label_of(self, labels: ndarray | None, n: int) -> Int64[Tensor, "n"] | None:
        """The labels of `n` images as the model takes them; those of a model that is told none are left out.

        Raises:
            ValueError: the model is conditional, and there are none, or others than `n` of its classes.
        """
        return self._labels(self.told(labels), n)

    def _batched(
        self, verb: Callable[[Tensor, Tensor | None], Tensor], rows: Tensor, labels: ndarray | None
    ) -> ndarray:
        label = self._labels(labels, len(rows))
        pieces = [
            verb(
                rows[first : first + BATCH].to(self.device),
                None if label is None else label[first : first + BATCH].to(self.device),
            ).cpu()
            for first in range(0, max(len(rows), 1), BATCH)
        ]
        found = torch.cat(pieces)
        if found.is_floating_point() and not torch.isfinite(found).all():
            raise ValueError(f"{self.name}: its weights give values that are no finite numbers")
        return found.numpy()

    def _images(self, images: ndarray | Sequence[str]) -> Tensor:
        return as_images(np.asarray(images), self.shape, self.name)

    def _codes(self, codes: ndarray) -> Tensor:
        return as_codes(codes, self.latent, self.name)

    def _labels(self, labels: ndarray | None, n: int) -> Tensor | None:
        if "condition" in self.abilities:
            return as_labels(labels, n, len(self.classes), self.name)
        if labels is not None:
            raise ValueError(f"{self.name} is not conditional: expected no labels, got {np.size(labels)}")
        return None

    def _able(self, ability: str, sentence: str) -> None:
        if ability not in self.abilities:
            raise ValueError(f"{self.name} cannot {sentence}")

    def _generator(self, seed: int | None) -> torch.Generator:
        generator = torch.Generator(self.device)
        if seed is None:
            generator.seed()
        else:
            generator.manual_seed(seed)
        return generator

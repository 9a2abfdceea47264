"""What a page asks of explorers: a comparison with PCA, a map of the codes, the manifold of a plane."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from inspect import getsource
from pathlib import Path
from textwrap import dedent
from threading import Lock

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from platformdirs import user_cache_path

from vaecore import checkpoint
from vaecore.checkpoint import names
from vaecore.data import dataset
from vaecore.evaluation.latent import LatentMap, chosen_rows, map_of, transductive_neighbour_accuracy
from vaecore.evaluation.reconstruction import code_quantiles, encode
from vaecore.models import MODELS, Autoencoder
from vaecore.recipes import find
from vaecore.serving.explorer import Explorer, load

MAP = "map.safetensors"
EDGE = 0.02
LARGEST_PCA = 64
WIDEST_KEPT = 64  # numbers of a code, of which a map keeps 2,000
FEWEST = 3
PERCENTS = 101
UNUSED = 0.05  # of the largest spread of a dimension's training codes
LAYING_OUT = Lock()


@dataclass(frozen=True, eq=False)
class Comparison:
    """A model beside PCA on the same images.

    Attributes:
        reconstructions: the model's, [n, c, h, w].
        baseline: PCA's.
        error_map: (x - x^)^2 per pixel, the model's.
        baseline_error_map: PCA's.
    """

    reconstructions: Float32[ndarray, "n c h w"]
    baseline: Float32[ndarray, "n c h w"]
    error_map: Float32[ndarray, "n c h w"]
    baseline_error_map: Float32[ndarray, "n c h w"]

    @cached_property
    def errors(self) -> Float32[ndarray, "n"]:
        """||x - x^||^2 per image, the model's."""
        return self.error_map.sum((1, 2, 3))

    @cached_property
    def baseline_errors(self) -> Float32[ndarray, "n"]:
        """||x - x^||^2 per image, PCA's."""
        return self.baseline_error_map.sum((1, 2, 3))

    @cached_property
    def mean(self) -> float:
        """The model's squared error, averaged over images."""
        return float(self.errors.mean(dtype=np.float64))

    @cached_property
    def baseline_mean(self) -> float:
        """PCA's squared error, averaged over images."""
        return float(self.baseline_errors.mean(dtype=np.float64))

    @cached_property
    def wins(self) -> int:
        """How many images the model reconstructs better."""
        return int((self.errors < self.baseline_errors).sum())

    @cached_property
    def baseline_wins(self) -> int:
        """How many images PCA reconstructs better."""
        return int((self.errors > self.baseline_errors).sum())


def compare(explorer: Explorer, pca: Explorer, images: ndarray, labels: ndarray | None = None) -> Comparison:
    """Reconstruct images by a model and by PCA; labels are used if the model is conditional.

    Raises:
        ValueError: images of the wrong shape, or no labels for a conditional model.
    """
    ours = explorer.reconstruct(images, labels if "condition" in explorer.abilities else None)
    theirs = pca.reconstruct(images)
    return Comparison(ours, theirs, (images - ours) ** 2, (images - theirs) ** 2)


def baseline(explorer: Explorer, k: int) -> Explorer:
    """PCA with k components, fitted on the training images that the model was trained on.

    Raises:
        ValueError: k is below 1 or above the components at hand, or the data is not at hand and no PCA is shipped.
    """
    return _pca(explorer.dataset).truncate(k)


@lru_cache(maxsize=8)
def _pca(name: str, data_dir: str | Path | None = None) -> Explorer:
    shipped = f"pca-{name}"
    if shipped in names():
        return load(shipped, device="cpu")
    images = dataset(name, "train", data_dir)
    fitted = find("pca-mnist").changed(dataset=name, latent=min(LARGEST_PCA, int(np.prod(images.shape))))
    recipe = replace(fitted, name=f"pca-{Path(name).stem}")
    model = checkpoint.build(recipe, images.shape, len(images.names))
    model.prepare(images.pixels)
    card = {"classes": list(images.names), "shape": list(images.shape), "codes": code_quantiles(encode(model, images))}
    return Explorer(model.eval(), recipe, card)


def latent_map(explorer: Explorer) -> LatentMap:
    """The model's codes of 2,000 test images beside PCA and t-SNE of the same images; computed once and kept.

    It is kept beside the weights where it ships with them, in the user's cache folder otherwise.

    Raises:
        ValueError: it is not kept yet and the data set cannot be had.
    """
    digest = hashlib.sha256()
    for tensor in explorer.model.state_dict().values():  # not the file: a truncated PCA has the same one
        digest.update(tensor.cpu().numpy().tobytes())
    cached = user_cache_path("vaecore") / "maps" / f"{digest.hexdigest()}.safetensors"
    with LAYING_OUT:  # the second visitor waits for the first one's map
        for path in (cached,) if explorer.folder is None else (explorer.folder / MAP, cached):
            if path.exists():
                found = _read_map(path, explorer)
                if found.codes.shape[1] == explorer.latent:
                    return found
        found = compute_map(explorer)
        with suppress(OSError):  # a folder that cannot be written costs the time again, not the result
            cached.parent.mkdir(parents=True, exist_ok=True)
            keep_map(found, cached)
        return found


def compute_map(explorer: Explorer, data_dir: str | Path | None = None) -> LatentMap:
    """The map of `latent_map`, computed anew: seconds to a minute.

    Raises:
        ValueError: the data set cannot be had, or has too few test images.
    """
    tests = dataset(explorer.dataset, "test", data_dir)
    if len(tests) < FEWEST:
        raise ValueError(f"a map needs at least {FEWEST} test images, {explorer.dataset} has {len(tests)}")
    chosen = chosen_rows(len(tests))
    rows = tests.rows(torch.from_numpy(chosen))
    labels = rows.labels if "condition" in explorer.abilities else None
    codes = explorer.encode(rows.images, labels)
    flat = rows.images.reshape(len(rows), -1)
    pca = _pca(explorer.dataset, data_dir).truncate(2).encode(rows.images)
    return map_of(codes, flat, pca, chosen, rows.labels, _kept_tsne(explorer.dataset))


def _kept_tsne(data: str) -> Float32[ndarray, "n 2"] | None:
    """The t-SNE that ships with the data set's PCA: it is of the same images, whatever the model."""
    path = checkpoint.find(f"pca-{data}") / MAP if f"pca-{data}" in names() else None
    return checkpoint.read_tensors(path)["tsne"].float().numpy() if path and path.exists() else None


def keep_map(found: LatentMap, path: Path) -> None:
    """Write a map; the planes in half precision, which no screen shows, and codes only if they are not wide."""
    planes = ("codes", "pca", "tsne") if found.codes.shape[1] <= WIDEST_KEPT else ("pca", "tsne")
    tensors = {name: torch.from_numpy(getattr(found, name)).half() for name in planes}
    tensors["index"] = torch.from_numpy(found.index).int()
    if found.labels is not None:
        tensors["labels"] = torch.from_numpy(found.labels).to(torch.int16)
    for plane, scores in found.scores.items():
        tensors |= {f"scores.{plane}.{score}": torch.tensor(value) for score, value in scores.items()}
    checkpoint.write_tensors(path, tensors)


def _read_map(path: Path, explorer: Explorer) -> LatentMap:
    tensors = checkpoint.read_tensors(path)
    scores: dict[str, dict[str, float]] = {}
    for key in (key for key in tensors if key.startswith("scores.")):
        _, plane, score = key.split(".")
        scores.setdefault(plane, {})[score] = float(tensors[key])
    pca, tsne = (tensors[name].float().numpy() for name in ("pca", "tsne"))
    codes = tensors["codes"].float().numpy() if "codes" in tensors else _codes_of(explorer, tensors["index"].long())
    labels = tensors["labels"].long().numpy() if "labels" in tensors else None
    return LatentMap(codes, pca, tsne, tensors["index"].long().numpy(), labels, scores)


def _codes_of(explorer: Explorer, index: Int64[torch.Tensor, "n"]) -> Float32[ndarray, "n latent"]:
    rows = dataset(explorer.dataset, "test").rows(index)
    return explorer.encode(rows.images, rows.labels if "condition" in explorer.abilities else None)


def percentiles(explorer: Explorer) -> Float32[ndarray, "101 latent"]:
    """The code at 0, 1, ..., 100 percent of each dimension's prior or training codes; the ends are 0.5 and 99.5."""
    return explorer.quantiles(np.linspace(0, 1, PERCENTS).clip(0.005, 0.995))


def used_first(explorer: Explorer) -> list[int]:
    """The dimensions in their order, those that the model leaves unused at the end.

    A variational autoencoder leaves the dimensions that it does not need at the prior: their means hardly move.
    """
    kept = explorer.card.get("codes")
    if kept is None:
        return list(range(explorer.latent))
    spread = np.asarray(kept["quantiles"])[:, : explorer.latent].std(axis=0)
    return np.argsort(spread < UNUSED * spread.max(), kind="stable").tolist()


def plane_accuracy(found: LatentMap, x: int, y: int) -> float:
    """The leave-one-out 5-nearest-neighbour accuracy of the plane of two latent dimensions.

    Raises:
        ValueError: the map has no labels.
    """
    if found.labels is None:
        raise ValueError("expected a map with labels, got one without")
    return transductive_neighbour_accuracy(found.codes[:, [x, y]], found.labels)


def manifold(explorer: Explorer, side: int, label: int | None = None) -> Float32[ndarray, "side side c h w"]:
    """A plane of codes, decoded on a grid even in the quantiles (2 % to 98 %): z1 to the right, z2 upwards.

    Raises:
        ValueError: the latent is not two-dimensional, or `side` is below 1.
    """
    if explorer.latent != 2 or side < 1:
        raise ValueError(f"expected a 2-D model and side >= 1, got {explorer.name} ({explorer.latent}-D) and {side}")
    levels = np.linspace(EDGE, 1 - EDGE, side)
    z1, z2 = explorer.quantiles(levels).T
    codes = np.stack(np.meshgrid(z1, z2[::-1]), axis=-1).reshape(-1, 2)
    labels = None if label is None else np.full(len(codes), label)
    return explorer.decode(codes, labels).reshape(side, side, *explorer.shape)


def without_density(explorer: Explorer, n: int, temperature: float = 1.0, seed: int = 0) -> Float32[ndarray, "n c h w"]:
    """Images decoded from codes of N(0, temperature^2 I), whatever the model's codes are like: what a prior is for."""
    codes = np.random.default_rng(seed).standard_normal((n, explorer.latent), dtype=np.float32)
    return explorer.decode(temperature * codes)


def import_libraries() -> None:
    """Import what is heavy and is otherwise imported by the first call that needs it: a server has time for it."""
    import pypinyin  # noqa: F401
    import sklearn.neighbors  # noqa: F401
    import torchvision.datasets  # noqa: F401


def variants() -> list[dict[str, str]]:
    """Every variant of the package, for a table: name, summary, equation, source."""
    return [
        {
            "name": name,
            "summary": (model.__doc__ or "").split("\n")[0],
            "equation": model.equation,
            "source": model.source,
        }
        for name, model in MODELS.items()
    ]


@dataclass(frozen=True)
class Objective:
    """The code of what a model minimises: where it is, and its text."""

    place: str
    source: str


def objective(explorer: Explorer) -> Objective:
    """The very source of a model's objective, read from the class that defines it; of PCA, its closed form."""
    return _objective(type(explorer.model), "prepare" if explorer.variant == "pca" else "loss")


@cache
def _objective(model: type[Autoencoder], name: str) -> Objective:
    method = getattr(model, name)
    return Objective(f"{method.__module__}.{method.__qualname__}", dedent(getsource(method)).rstrip())

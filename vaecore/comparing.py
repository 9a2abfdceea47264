"""One model beside another on the same test images: paired differences, which are sharper than two figures apart."""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from vaecore.device import onednn_products
from vaecore.evaluation import Examined
from vaecore.measuring import examined
from vaecore.models.variational import Variational
from vaecore.serving.loading import load

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """How far a figure of one model lies above another's, over the same test images.

    Attributes:
        mean: of the differences, the first model's less the second's, in the figure's own unit.
        error: the standard error of that mean, the images taken as drawn.
        low: the lower end of the interval that holds the true mean in 95 % of such draws (Student's t).
        high: its upper end.
        images: that both were measured on.
        ahead: the share of the images on which the first does better; a tie counts half.
    """

    mean: float
    error: float
    low: float
    high: float
    images: int
    ahead: float


@onednn_products()
def compare(
    first: str | Path,
    second: str | Path,
    *,
    samples: int = 1000,
    seed: int = 0,
    device: str = "auto",
    data_dir: str | Path | None = None,
) -> dict[str, Difference]:
    """The first model less the second, image by image, by every figure that both have of one.

    "squared_error": of the reconstruction, summed over the pixels of an image; less is better. "log_likelihood", or
    "grey_bound" where the pixels are grey: nats by `samples` importance samples; more is better; for two variational
    models whose pixels are presented alike.

    >>> import vaecore
    >>> vaecore.compare("vae-digits-2", "pca-digits", device="cpu")["squared_error"].low > 0
    True

    Args:
        first: a pretrained model's name, or the path of a run's folder.
        second: another one, of the same data set.
        samples: importance samples of an image's likelihood.
        seed: of everything that is drawn.
        device: "auto" (cuda, then mps, then cpu), or one of these.
        data_dir: where data sets are kept; else $VAECORE_DATA, else the user's cache folder.

    Raises:
        ValueError: an unknown name, models of texts, models of two data sets, data that cannot be had, or fewer than
            two test images.
    """
    loaded = [load(name, device) for name in (first, second)]
    for name, explorer in zip((first, second), loaded, strict=True):
        if "text" in explorer.abilities:
            raise ValueError(f"{name}: expected a model of images, got one of texts")
    if loaded[0].dataset != loaded[1].dataset:
        came = " and ".join(f"{each.name} of {each.dataset}" for each in loaded)
        raise ValueError(f"expected two models of one data set, got {came}")
    a, b = (examined(explorer, samples, seed, data_dir) for explorer in loaded)
    if len(a.test) < 2:
        raise ValueError(f"{loaded[0].dataset}: expected 2 test images or more, got {len(a.test)}")
    found = {"squared_error": difference(a.errors, b.errors, smaller=True)}
    if _alike(a, b):
        name = "grey_bound" if a.nats.grey else "log_likelihood"
        found[name] = difference(a.likelihoods, b.likelihoods, smaller=False)
    return found


def _alike(a: Examined, b: Examined) -> bool:
    """Whether both have a likelihood of the same pixels, and of one kind."""
    both = isinstance(a.model, Variational) and isinstance(b.model, Variational)
    return both and a.binarise == b.binarise and a.nats.grey == b.nats.grey


def difference(first: Float[Tensor, "n"], second: Float[Tensor, "n"], smaller: bool) -> Difference:
    """Of two figures of the same images, of which the `smaller` is the better, or the larger."""
    from scipy.stats import t

    apart = first.double() - second.double()
    mean, error = float(apart.mean()), float(apart.std()) / sqrt(len(apart))
    reach = float(t.ppf((1 + CONFIDENCE) / 2, len(apart) - 1)) * error
    better = (apart < 0) if smaller else (apart > 0)
    ahead = float(better.double().mean() + (apart == 0).double().mean() / 2)
    return Difference(mean, error, mean - reach, mean + reach, len(apart), ahead)

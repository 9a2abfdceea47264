"""What the cards say was measured, beside what was published: the same protocol, or the difference named."""

from dataclasses import dataclass
from typing import Any

from vaecore import checkpoint
from vaecore.models import MODELS


@dataclass(frozen=True)
class Measure:
    """A figure of the cards that papers print too.

    Attributes:
        keys: its names in a card; of several the best counts.
        title: what it is called, with its unit.
        sign: what a card's figure is multiplied by to read as papers print it.
        smaller: whether less is better.
        form: how it is written.
        texts: whether it is of models of texts; no figure is of these and of models of images.
    """

    keys: tuple[str, ...]
    title: str
    sign: int = 1
    smaller: bool = False
    form: str = "{:.2f}"
    texts: bool = False


AUROCS = ("reconstruction", "distortion", "rate", "elbo", "complexity", "typicality")
MEASURES = {
    "likelihood": Measure(("log_likelihood",), "-log p(x), nats", -1, smaller=True),
    "grey pixels": Measure(("grey_bound",), "cross-entropy bound on grey pixels, nats", -1, smaller=True),
    "squared error": Measure(("squared_error",), "squared error of the mean code", smaller=True),
    "neighbours": Measure(("neighbour_accuracy",), "accuracy of the 5 nearest training codes", form="{:.4f}"),
    "conditional": Measure(("accuracy",), "samples that are of the class asked for", form="{:.4f}"),
    "strangers": Measure(tuple(f"auroc_{name}" for name in AUROCS), "AUROC, the best of its scores", form="{:.4f}"),
    "verse": Measure(("bits_per_character",), "bits per character", smaller=True, form="{:.3f}", texts=True),
}


@dataclass(frozen=True)
class Published:
    """A figure of a paper, as the paper prints it, and how its protocol differs from ours."""

    value: float
    source: str
    difference: str = ""


PUBLISHED = {  # by model and measure; what could not be read at its source or in a faithful copy is left out
    ("vae-mnist-50", "likelihood"): Published(86.76, "Burda et al. 2016, one layer, k = 1"),
    ("iwae-mnist-50", "likelihood"): Published(84.78, "Burda et al. 2016, one layer, k = 50"),
    ("hierarchical-mnist", "likelihood"): Published(85.33, "Burda et al. 2016, two layers, k = 1"),
    ("ladder-mnist", "likelihood"): Published(81.84, "Sonderby et al. 2016, five layers"),
    ("ae-mnist-30", "squared error"): Published(
        3.00, "Hinton & Salakhutdinov 2006", "layers pretrained as restricted Boltzmann machines"
    ),
    ("vae-fashion-mnist-2", "strangers"): Published(0.99, "Xiao et al. 2020, likelihood regret", "a larger VAE"),
    ("conv-vae-fashion-mnist-16", "strangers"): Published(0.99, "Xiao et al. 2020, likelihood regret", "a larger VAE"),
}


@dataclass(frozen=True)
class Score:
    """One model's figure.

    Attributes:
        model: its name.
        variant: its kind.
        value: as papers print it.
        error: the standard error over the test images, where the card has it.
        which: the key of the card that it comes from.
        seeds: mean and deviation over so many seeds, where there are replicates.
        published: the paper's figure, where there is one.
        protocol: how ours was measured.
        command: what repeats it.
    """

    model: str
    variant: str
    value: float
    error: float | None
    which: str
    seeds: tuple[float, float, int] | None
    published: Published | None
    protocol: str
    command: str


def scores(measure: str) -> list[Score]:
    """The figures of one of `MEASURES` for every pretrained model that has it, the best first.

    Raises:
        ValueError: an unknown measure.
    """
    if measure not in MEASURES:
        raise ValueError(f"expected one of {', '.join(MEASURES)}, got {measure!r}")
    wanted = MEASURES[measure]
    cards = (checkpoint.read_card(checkpoint.find(name)) for name in checkpoint.names())
    measured = (card for card in cards if "evaluation" in card and set(wanted.keys) & card["metrics"].keys())
    found = [_score(card, measure, wanted) for card in measured if _is_of_texts(card) == wanted.texts]
    return sorted(found, key=lambda score: score.value, reverse=not wanted.smaller)


def _is_of_texts(card: dict[str, Any]) -> bool:
    return "text" in MODELS[card["recipe"]["model"]].abilities


def _score(card: dict[str, Any], measure: str, wanted: Measure) -> Score:
    metrics = card["metrics"]
    which = max((key for key in wanted.keys if key in metrics), key=lambda key: metrics[key])
    replicates = metrics.get("replicates") if measure == "likelihood" else None
    return Score(
        model=card["name"],
        variant=card["recipe"]["model"],
        value=wanted.sign * metrics[which],
        error=metrics.get(f"{which}_error"),
        which=which,
        seeds=replicates and (wanted.sign * replicates["mean"], replicates["deviation"], len(replicates["seeds"])),
        published=PUBLISHED.get((card["name"], measure)),
        protocol=_protocol(card, measure, which),
        command=card["evaluation"]["command"],
    )


def _protocol(card: dict[str, Any], measure: str, which: str) -> str:
    evaluation, training = card["evaluation"], card["recipe"]["training"]
    parts = [f"{evaluation['images']:,} test images of {card['data']['name']}"]
    if measure == "likelihood" and training["binarise"]:
        parts.append(f"each pixel drawn once as a Bernoulli of its grey value, seed {evaluation['seed']}")
    if measure in ("likelihood", "grey pixels", "verse"):
        parts.append(f"{evaluation['samples']:,} importance samples")
    if measure == "conditional":
        parts.append(f"coverage {card['metrics']['coverage']:.3f}")
    if measure == "strangers":
        parts.append(f"score: {which.removeprefix('auroc_')}")
    return "; ".join(parts)

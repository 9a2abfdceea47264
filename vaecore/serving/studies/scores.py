"""What the cards say was measured, beside what was published: the same protocol, or the difference named."""

from dataclasses import dataclass
from typing import Any

from vaecore import checkpoint
from vaecore.evaluation.figures import Figure, Ranked
from vaecore.evaluation.published import PUBLISHED, Published
from vaecore.evaluation.shown import RANKED, labelled
from vaecore.models import MODELS

__all__ = ["PUBLISHED", "RANKED", "Score", "labelled", "scores", "split"]

OF_SAMPLES = ("coverage", "coverage_ceiling", "density", "density_ceiling", "accuracy_ceiling")


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


def split(card: dict[str, Any]) -> str:
    """The images that a card's figures are of: "test" once it was evaluated, before that those of its training."""
    protocol = card.get("evaluation")
    return protocol["split"] if protocol else card["measured_on"]


def scores(measure: str) -> list[Score]:
    """The figures of one of `RANKED` for every pretrained model that has it, the best first.

    Raises:
        ValueError: an unknown measure.
    """
    if measure not in RANKED:
        raise ValueError(f"expected one of {', '.join(RANKED)}, got {measure!r}")
    wanted, texts = RANKED[measure]
    cards = (checkpoint.read_card(checkpoint.find(name)) for name in checkpoint.names())
    measured = (card for card in cards if "evaluation" in card and set(wanted.keys) & card["metrics"].keys())
    found = [_score(card, measure, wanted) for card in measured if _is_of_texts(card) == texts]
    return sorted(found, key=lambda score: score.value, reverse=not wanted.smaller)


def _is_of_texts(card: dict[str, Any]) -> bool:
    return "text" in MODELS[card["recipe"]["model"]].abilities


def _score(card: dict[str, Any], measure: str, wanted: Ranked) -> Score:
    metrics = card["metrics"]
    which = wanted.which(metrics)
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
        integral = evaluation.get("integral")
        parts.append("the integral over the plane" if integral else f"{evaluation['samples']:,} importance samples")
    if measure == "conditional":
        found = [(name, Figure(name, form="{:.3f}").written(card["metrics"])) for name in OF_SAMPLES]
        parts += [f"{name.replace('_ceiling', ' of real images')} {text}" for name, text in found if text]
        parts += [f"judges {evaluation['judges']}"] if "judges" in evaluation else []
    if measure == "strangers":
        parts.append(f"score: {which.removeprefix('auroc_')}, the best of its scores on training images")
    return "; ".join(parts)

"""A recipe: which model, data and optimiser make a checkpoint. Frozen, typed, complete; an unknown key is an error."""

import json
from dataclasses import asdict, fields, replace
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticKnownError

from vaecore.models import MODELS
from vaecore.models.base import STRICT, BaseSettings
from vaecore.optimizers import OPTIMIZERS
from vaecore.reading import parse_json, shorten

FORMAT = 1

T = TypeVar("T")


def _known(optimizer: str) -> str:
    if optimizer not in OPTIMIZERS:
        raise PydanticKnownError("literal_error", {"expected": " or ".join(map(repr, OPTIMIZERS))})
    return optimizer


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Training:
    """How the parameters are found: a cosine schedule after a linear warm-up, in mini-batches.

    Attributes:
        start: a checkpoint, by name or path, whose weights the training begins with; "" for new ones.
        validation: hold out some of the training images, on which the loss is followed and a recipe is chosen: what
            `vaecore.data.held_out` draws, or a folder "val" has. Without it all are trained on, as those of the
            pretrained models were.
        epochs: passes over the training images; 0 for a model with a closed form.
        batch: images a step, over all processes together.
        optimizer: one of `vaecore.optimizers.OPTIMIZERS`.
        learning_rate: at the top of the schedule.
        betas: AdamW's decay of the first and second moment.
        weight_decay: AdamW's.
        warmup: share of all steps in which the learning rate climbs from zero.
        clip: largest norm of the gradient.
        precision: "auto" is bfloat16 autocast where the processor has it, with the last tenth in float32.
        binarise: draw each pixel anew as a Bernoulli with its grey value at every presentation.
        shift: move three quarters of the images by up to this many pixels, against over-fitting.
        store: the number format of the kept weights; "int8" has one scale for each row of a matrix. Metrics are
            measured on what is kept.
        snapshots: after how many of the epochs the model is kept as well, spaced evenly in log time, for whoever looks
            at how it came to be.
    """

    start: str = ""
    validation: bool = True
    epochs: NonNegativeInt = 100
    batch: PositiveInt = 256
    optimizer: Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": [*OPTIMIZERS]})] = "adamw"
    learning_rate: PositiveFloat = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: NonNegativeFloat = 0.01
    warmup: float = Field(default=0.03, ge=0, lt=1)
    clip: PositiveFloat = 10.0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    binarise: bool = False
    shift: NonNegativeInt = 0
    store: Literal["float32", "float16", "int8"] = "float32"
    snapshots: int = Field(default=0, ge=0, le=1000)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recipe:
    """All that makes a checkpoint, but for the seed: the model and its settings, the data, the training."""

    name: str
    model: str
    dataset: str
    settings: BaseSettings
    training: Training = Training()

    def changed(self, /, **changes: object) -> "Recipe":
        """The recipe with some fields changed, wherever they are: `changed(latent=8, epochs=3, dataset="my.npz")`.

        Raises:
            ValueError: an unknown field, or a value of the wrong type or range.
        """
        own = {"dataset"}
        settings, training = _keys(type(self.settings)), _keys(Training)
        known = own | settings | training
        for key in changes:
            if key not in known:
                close = get_close_matches(key, known, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else "."
                raise ValueError(f"recipe {self.name!r} has no field {key!r}{hint} Expected one of: {listed(known)}")

        def part(allowed: set[str], old: object) -> dict[str, Any]:
            return asdict(old) | {k: v for k, v in changes.items() if k in allowed}  # type: ignore[call-overload]

        return replace(
            self,
            **{k: str(v) for k, v in changes.items() if k in own},  # type: ignore[arg-type]
            settings=parse(type(self.settings), part(settings, self.settings), self.name),
            training=parse(Training, part(training, self.training), self.name),
        )

    def differences(self, other: "Recipe") -> dict[str, Any]:
        """The fields in which this recipe differs from another, with this one's values."""
        mine, theirs = self.flat(), other.flat()
        return {key: value for key, value in mine.items() if value != theirs.get(key)}

    def flat(self) -> dict[str, Any]:
        """All fields by name, as `changed` takes them."""
        return (
            {"name": self.name, "model": self.model, "dataset": self.dataset}
            | asdict(self.settings)
            | asdict(self.training)
        )

    def to_json(self) -> str:
        """The recipe as readable JSON, with the version of the format."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2)


def from_json(text: str, where: str) -> Recipe:
    """The inverse of `Recipe.to_json`; `where` is named in errors.

    Raises:
        ValueError: the text is no recipe, of a newer format, of an unknown model, or has a key too many or too few.
    """
    raw = parse_json(text, f"{where}: not a recipe")
    if not isinstance(raw, dict) or "model" not in raw:
        raise ValueError(f"{where}: not a recipe: expected a JSON object with a key 'model'")
    version = raw.pop("format", None)
    if version != FORMAT:
        raise ValueError(
            f"{where}: format {shorten(version)} is not format {FORMAT}, which this version of vaecore reads"
        )
    if raw["model"] not in list(MODELS):  # a list: what came may not be hashable
        raise ValueError(f"{where}: unknown model {shorten(raw['model'])}. Expected one of: {listed(set(MODELS))}")
    raw["settings"] = parse(MODELS[raw["model"]].Settings, raw.get("settings", {}), f"{where}: settings")
    training = raw.get("training", {})
    if isinstance(training, dict):  # of before there was a choice: all images were trained on
        training = {"validation": False} | training
    raw["training"] = parse(Training, training, f"{where}: training")
    return parse(Recipe, raw, where)


def parse(kind: type[T], raw: object, where: str) -> T:
    """A typed, frozen value from plain JSON values or strings of the command line.

    Raises:
        ValueError: one sentence that names the key, what was expected and what came.
    """
    try:
        return TypeAdapter(kind).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":  # of our own: it says what came
            raise ValueError(f"{where}: {first.get('ctx', {}).get('error')}") from None
        key = ".".join(str(part) for part in first["loc"] if isinstance(part, str | int))
        place = f"{where}: {key}" if key else where
        raise ValueError(f"{place}: {first['msg'].lower()}, got {shorten(first['input'])}") from None


def _keys(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def listed(names: set[str]) -> str:
    """Names for a sentence."""
    return ", ".join(sorted(names))

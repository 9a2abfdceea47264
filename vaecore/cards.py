"""What a card may say: of which type and range is each of its parts that a page shows or a model reads.

A card may lack most of it, and may say more; what it says wrongly is refused where it is read.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vaecore.reading import CheckpointError, shorten

SIDE = 2**21  # more than Unicode has characters, which is what the last side of a text's shape counts
CLASSES = 10_000
LARGEST = 1e30  # which float32 still has

Number = Annotated[float, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Count = Annotated[int, Field(strict=True, ge=0)]
Share = Annotated[float, Field(strict=True, gt=0, lt=1)]
Word = Annotated[str, Field(strict=True)]
Side = Annotated[int, Field(strict=True, ge=1, le=SIDE)]
Numbers = list[Number]


class Part(BaseModel):
    """A part of a card, which may say more than is known of it."""

    model_config = ConfigDict(extra="allow")


class Codes(Part):
    """Quantiles of the training codes: of each level a row, of each dimension a number."""

    levels: list[Share]
    quantiles: list[Numbers]

    @model_validator(mode="after")
    def _a_row_for_each_level(self) -> "Codes":
        if len(self.levels) < 2 or self.levels != sorted(set(self.levels)):
            raise ValueError(f"expected two or more rising levels, got {shorten(self.levels)}")
        if len(self.quantiles) != len(self.levels) or len({len(row) for row in self.quantiles}) != 1:
            raise ValueError(f"expected {len(self.levels)} rows of one length, got {[len(r) for r in self.quantiles]}")
        return self


class Bounds(Part):
    """The importance-weighted bound at several numbers of samples."""

    samples: list[Count] = []
    bound: Numbers = []
    error_of_the_rise: Numbers = []


class Replicates(Part):
    """The log likelihood of runs with other seeds."""

    seeds: list[Count]
    log_likelihood: Numbers
    mean: Number
    deviation: Number


class Metrics(BaseModel):
    """What was measured: curves and lists by name; whatever else there is, is one number."""

    __pydantic_extra__: dict[str, Number] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]
    model_config = ConfigDict(extra="allow")

    activity: Numbers = []
    activity_error: Numbers = []
    bounds: Bounds = Bounds()
    collapse: Numbers = []
    collapse_error: Numbers = []
    rates: Numbers = []
    rates_error: Numbers = []
    replicates: Replicates | None = None
    robustness: dict[str, Numbers | Count] = {}
    singular_values: Numbers = []
    singular_values_error: Numbers = []


class Data(Part):
    """The data set."""

    name: Word = ""
    train: Count = 0
    pixels: Word = ""
    form: Annotated[str, Field(strict=True, max_length=1000)] = ""

    @model_validator(mode="after")
    def _blanks_only(self) -> "Data":
        if set("{}") & set(self.form.replace("{}", "")):  # nothing that would be asked of what is set in it
            raise ValueError(f"expected a form with {{}} for each character, got {shorten(self.form)}")
        return self


class Stage(Part):
    """What a stage of a run has made."""

    stage: Word
    seconds: Number
    metrics: Metrics = Field(default_factory=Metrics)
    history: Numbers = []


class Evaluation(Part):
    """How the metrics were measured."""

    split: Word
    images: Count
    samples: Count
    seed: Count
    command: Word


Reference = dict[str, tuple[Number, Annotated[float, Field(strict=True, gt=0, le=LARGEST)]]]
"""Of each anomaly score the mean and the deviation over training images."""


class Card(Part):
    """A card."""

    shape: tuple[Side, Side, Side]
    classes: Annotated[list[Word], Field(max_length=CLASSES)]
    name: Word = ""
    stage: Word = ""
    command: Word = ""
    device: Word = ""
    parameters: Count = 0
    seed: Count = 0
    seconds: Annotated[float, Field(strict=True, ge=0, le=LARGEST)] = 0.0
    data: Data = Data()
    measured_on: Literal["training", "validation", "test"] = "test"
    codes: Codes | None = None
    metrics: Metrics = Field(default_factory=Metrics)
    evaluation: Evaluation | None = None
    anomaly: Reference | None = None
    stages: list[Stage] = []
    history: Numbers = []

    @model_validator(mode="after")
    def _each_class_once(self) -> "Card":
        if len(set(self.classes)) < len(self.classes):
            raise ValueError(f"classes: expected names that differ, got {shorten(self.classes)}")
        return self


def check_card(raw: dict[str, Any], path: Path) -> Card:
    """The parts of a card that are known, of the types that they should have.

    Raises:
        CheckpointError: one is missing or of another type or range; the sentence names the file, the part, and what
            came.
    """
    try:
        return Card.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        place = f"{path}: not a card: {key}" if key else f"{path}: not a card"
        if first["type"] == "value_error":  # of our own: it says what came
            raise CheckpointError(f"{place}: {first.get('ctx', {}).get('error')}") from None
        came = "" if first["type"] == "missing" else f", got {shorten(first['input'])}"
        raise CheckpointError(f"{place}: {first['msg'].lower()}{came}") from None

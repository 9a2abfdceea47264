"""The four verbs of every autoencoder: posterior, likelihood, prior, loss."""

from abc import ABC, abstractmethod
from math import prod
from typing import Annotated, Any, ClassVar, Literal

import torch
from jaxtyping import Bool, Float, Int32, Int64, UInt8
from pydantic import ConfigDict, Field, NonNegativeFloat, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from vaecore.corruption import Corruption, check_level, corrupt
from vaecore.distributions import Distribution
from vaecore.networks import MLP, with_label

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

# Numbers of a layer, and of layers one after the other: sizes are compared with what weights hold, but only of networks
# that are built, and a million layers are no sooner built than trained.
Size = Annotated[int, Field(gt=0, le=2**24)]
Sizes = Annotated[tuple[Size, ...], Field(max_length=64)]
Depth = Annotated[int, Field(gt=0, le=64)]
Activation = Literal["gelu", "leaky", "relu", "tanh", "sigmoid", "identity"]
Images = Float[Tensor, "batch channels height width"] | Int32[Tensor, "batch length"]  # or texts, as code points
Codes = Float[Tensor, "*samples batch latent"]
Labels = Int64[Tensor, "batch"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BaseSettings:
    """What every model can be told.

    Attributes:
        latent: numbers of a code.
        hidden: widths of the layers between an image and its code; the decoder mirrors them.
        activation: between two layers.
    """

    latent: Size = 2
    hidden: Sizes = (512, 256)
    activation: Activation = "gelu"

    @property
    def asks_for_labels(self) -> bool:
        """Whether every term is given the label."""
        return False


@dataclass(frozen=True, kw_only=True, config=STRICT)
class NoisySettings(BaseSettings):
    """What every model whose encoder is trained can be told: to see a corrupted image and to restore the clean one.

    Attributes:
        corruption: the kind of noise; see `vaecore.corruption`.
        level: the share of pixels that it replaces, or the standard deviation of what it adds.
    """

    corruption: Corruption = "none"
    level: NonNegativeFloat = 0.0

    @model_validator(mode="after")
    def _noise_has_a_level(self) -> "NoisySettings":
        """A level that the kind of noise cannot have is refused before anything is trained."""
        check_level(self.corruption, self.level)
        if self.corruption != "none" and self.level == 0:
            raise ValueError(f"corruption {self.corruption!r} needs a level above 0")
        return self


class Autoencoder(nn.Module, ABC):
    """An encoder f and a decoder g over images x in [0, 1]^[c, h, w], and a loss that makes g undo f.

    A variant sets `equation` and `source`, and overrides only what its paper changes.

    Args:
        settings: the variant's own `Settings`.
        shape: channels, height, width of an image.
        classes: how many labels there are; 0 when the data has none.
    """

    Settings: ClassVar[type[BaseSettings]] = BaseSettings
    equation: ClassVar[str]
    source: ClassVar[str]
    abilities: frozenset[str] = frozenset({"encode", "decode"})

    def __init__(self, settings: BaseSettings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__()
        self.settings = settings
        self.shape = shape
        self.pixels = prod(shape)
        self.latent = settings.latent
        self.classes = classes if settings.asks_for_labels else 0
        if settings.asks_for_labels:
            self.abilities = self.abilities | {"condition"}

    @abstractmethod
    def posterior(self, x: Images, label: Labels | None = None) -> Distribution:
        """q(z | x), the encoder: a distribution over codes [batch, latent]."""

    @abstractmethod
    def likelihood(self, z: Codes, label: Labels | None = None) -> Distribution:
        """p(x | z), the decoder: a distribution over images [*samples, batch, channels, height, width]."""

    @abstractmethod
    def loss(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """The named terms of the objective, one value per example; their sum is minimised."""

    def prior(self) -> Distribution:
        """p(z).

        Raises:
            TypeError: the model is deterministic: nothing in its objective says where its codes lie.
        """
        raise TypeError(f"{type(self).__name__} has no prior: its objective does not say where codes lie")

    def classify(self, x: Images) -> Float[Tensor, "batch classes"]:
        """Unnormalised log p(y|x) of every class.

        Raises:
            TypeError: the model has no classifier.
        """
        raise TypeError(f"{type(self).__name__} has no classifier")

    def prepare(self, pixels: UInt8[Tensor, "n channels height width"]) -> None:
        """See all training images once before the first step: data-dependent initialisation, or a closed form."""

    def conclude(self, codes: Float[Tensor, "n latent"]) -> None:
        """See the codes of all training images once after the last step: a density on them, where one is asked for."""

    def check_weights(self) -> None:
        """Refuse weights that came from a file and cannot be, though they are of the right shapes and finite.

        Raises:
            ValueError: what cannot be.
        """

    def stages(self) -> dict[str, dict[str, Any]]:
        """What is trained one after the other: the name of each stage, and its changes of the recipe's training."""
        return {"": {}}

    def advance(self, share: float) -> None:
        """See how much of the steps is done, before each: for an objective that changes while it is trained."""

    def enter(self, stage: str) -> None:
        """Begin a stage, or go on with it: choose the parameters that are trained and the loss."""

    def leave(self, stage: str) -> None:
        """End a stage; called again when a run is resumed right there."""

    def part(self, stage: str) -> "Autoencoder":
        """What a stage before the last has made, as a model of its own, which shares nothing with this one."""
        raise NotImplementedError(f"{type(self).__name__} has one stage")

    def forward(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """The loss: what a data-parallel wrapper calls."""
        return self.loss(x, label)

    def corrupted(self, x: Images) -> tuple[Images, Bool[Tensor, "batch channels height width"]]:
        """What the encoder is shown while it is trained, x~, and which pixels the noise touched."""
        assert isinstance(self.settings, NoisySettings)
        return corrupt(x, self.settings.corruption, self.settings.level)

    def mlp_encoder(self, outputs: int) -> MLP:
        """A network from the pixels (and the one-hot label) to `outputs` numbers."""
        return MLP(self.pixels + self.classes, self.settings.hidden, outputs, self.settings.activation)

    def mlp_decoder(self) -> MLP:
        """The mirrored network from a code (and the one-hot label) to the pixels."""
        return MLP(self.latent + self.classes, self.settings.hidden[::-1], self.pixels, self.settings.activation)

    def encoder_input(self, x: Images, label: Labels | None) -> Float[Tensor, "batch features"]:
        """The pixels in a row, with the one-hot label beside them in a conditional model."""
        return self.given(x.flatten(1), label)

    def given(self, features: Float[Tensor, "*batch features"], label: Labels | None) -> Tensor:
        """`features` given the label: with its one-hot code beside them in a conditional model, as they are otherwise.

        Raises:
            ValueError: the model is conditional and there is no label.
        """
        if not self.classes:
            return features
        if label is None:
            raise ValueError(f"{type(self).__name__} is conditional: expected a label per example, got none")
        return with_label(features, label, self.classes)

    def to_images(self, outputs: Float[Tensor, "*samples batch pixels"]) -> Tensor:
        """Rows of pixels as images [*samples, batch, channels, height, width], in float32 or better."""
        outputs = outputs if outputs.dtype == torch.float64 else outputs.float()
        return outputs.unflatten(-1, self.shape)


def mean_image(pixels: UInt8[Tensor, "n channels height width"]) -> Float[Tensor, "pixels"]:
    """The mean image in [0, 1] as one row; summed in integers, so exact for any number of images."""
    return (pixels.flatten(1).sum(0, dtype=torch.int64).cpu().double() / (255 * len(pixels))).float()


def logit_of_mean(pixels: UInt8[Tensor, "n channels height width"]) -> Float[Tensor, "pixels"]:
    """The output bias of a decoder with a sigmoid: it starts at the mean image."""
    return mean_image(pixels).clamp(1e-3, 1 - 1e-3).logit()

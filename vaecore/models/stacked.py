"""The stacked autoencoder: layer by layer, then as a whole, then as a classifier."""

from dataclasses import replace
from typing import Annotated, Any, Literal, cast

import torch
from jaxtyping import Float
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout, linear

from vaecore.corruption import Corruption, check_level, corrupt
from vaecore.device import model_device
from vaecore.divergences import squared_error
from vaecore.models.base import STRICT, Images, Labels, Size, Sizes
from vaecore.models.deterministic import DeterministicAutoencoder
from vaecore.networks import MLP, Transposed

RECONSTRUCTION, CLASSIFIER = "reconstruction", "classifier"


class StackedAutoencoder(DeterministicAutoencoder):
    """The stacked autoencoder: each layer learns to restore the codes below it, then all are tuned together.

    layer l: min ||h - g_l(f_l(h~))||^2,  h = f_{l-1}(... f_1(x)), h~ = h with noise, the layers below held still;
    reconstruction: min ||x - g_1(... g_L(f_L(... f_1(x))))||^2;  classifier: min -log softmax(V f_L(... f_1(x)))_y.
    The classifier starts from the tuned encoder and tunes a copy of it, so that the autoencoder stays one.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(DeterministicAutoencoder.Settings):
        """Three sigmoid layers with tied weights; the recipe's own epochs are those of the reconstruction.

        Attributes:
            corruption: of each layer's input while it is trained on its own; "none" makes the layers plain.
            level: of all layers, or
            levels: of each layer, where they differ.
            layer_epochs: for each layer on its own; 0 leaves out the training layer by layer.
            classifier: whether a softmax is put on top, where the images have labels.
            classifier_epochs: of the whole network with the softmax.
            classifier_learning_rate: at the top of that stage's schedule.
            dropout: share of each hidden layer's units that are left out at random while the classifier is trained.
            input_dropout: share of the pixels.
        """

        latent: Size = 1000
        hidden: Sizes = (1000, 1000)
        activation: Literal["gelu", "relu", "tanh", "sigmoid", "identity"] = "sigmoid"
        code: Literal["identity", "sigmoid", "relu"] = "sigmoid"
        tied: Literal[True] = True
        corruption: Corruption = "masking"
        level: NonNegativeFloat = 0.25
        levels: Annotated[tuple[NonNegativeFloat, ...], Field(max_length=65)] = ()
        layer_epochs: NonNegativeInt = 30
        classifier: bool = True
        classifier_epochs: NonNegativeInt = 50
        classifier_learning_rate: PositiveFloat = 1e-3
        dropout: float = Field(default=0.0, ge=0, lt=1)
        input_dropout: float = Field(default=0.0, ge=0, lt=1)

    equation = "min ||h - g_l(f_l(h~))||^2 for l = 1 ... L, then min ||x - g(f(x))||^2, then min -log p(y|x)"
    source = "Bengio et al. 2007; Vincent et al. 2010"

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.own = settings
        self.widths = (*settings.hidden, settings.latent)
        self.levels = settings.levels or (settings.level,) * len(self.widths)
        if settings.code != settings.activation:
            raise ValueError(f"stacked: expected a code of {settings.activation} like the layers, got {settings.code}")
        if len(self.levels) != len(self.widths):
            raise ValueError(f"stacked: expected {len(self.widths)} levels, one per layer, got {len(self.levels)}")
        for level in self.levels:
            check_level(settings.corruption, level)
        self.corruption: Corruption = settings.corruption
        self.dropout, self.input_dropout = settings.dropout, settings.input_dropout
        self.layer_training = {"epochs": settings.layer_epochs}
        self.classifier_training = {
            "epochs": settings.classifier_epochs,
            "learning_rate": settings.classifier_learning_rate,
        }
        self.classifier = None
        if classes and settings.classifier:
            self.abilities = self.abilities | {"classify"}
            self.classifier = MLP(self.pixels, self.widths, classes, settings.activation)
        self.stage: str | None = None

    @property
    def biases(self) -> nn.ParameterList:
        """The decoder's, of g_L ... g_1: its weights are always the encoder's."""
        return cast("Transposed", self.decoder).biases

    def stages(self) -> dict[str, dict[str, Any]]:
        """Each layer, then all of them, then the classifier."""
        layers = {f"layer-{depth}": self.layer_training for depth in range(1, len(self.widths) + 1)}
        return layers | {RECONSTRUCTION: {}} | ({CLASSIFIER: self.classifier_training} if self.classifier else {})

    def enter(self, stage: str) -> None:
        """Train what the stage trains; everything else is held still."""
        self.stage = stage
        biases = list(reversed(self.biases))  # of g_1 ... g_L
        for depth, (layer, bias) in enumerate(zip(self.encoder.linear, biases, strict=True), start=1):
            trained = stage in (RECONSTRUCTION, f"layer-{depth}")
            layer.requires_grad_(trained)
            bias.requires_grad_(trained)
        if self.classifier is not None:
            self.classifier.requires_grad_(stage == CLASSIFIER)

    @torch.no_grad()
    def leave(self, stage: str) -> None:
        """The classifier takes over the tuned encoder; after the last stage everything is free again."""
        if stage == RECONSTRUCTION and self.classifier is not None:
            for theirs, mine in zip(self.encoder.linear, self.classifier.linear, strict=False):
                mine.load_state_dict(theirs.state_dict())
            self.classifier.linear[-1].weight.zero_()
            self.classifier.linear[-1].bias.zero_()
        if stage == list(self.stages())[-1]:
            self.stage = None
            self.requires_grad_(True)

    def part(self, stage: str) -> "StackedAutoencoder":
        """The autoencoder of the layers that the stage has reached."""
        depth = len(self.widths) if stage == RECONSTRUCTION else int(stage.removeprefix("layer-"))
        return self.first(depth)

    @torch.no_grad()
    def first(self, depth: int) -> "StackedAutoencoder":
        """The autoencoder of the first `depth` layers, without a classifier.

        Raises:
            ValueError: the depth is not between 1 and the number of layers.
        """
        if not 1 <= depth <= len(self.widths):
            raise ValueError(f"stacked: expected a depth between 1 and {len(self.widths)}, got {depth}")
        *hidden, latent = self.widths[:depth]
        own = replace(
            self.own, hidden=tuple(hidden), latent=latent, levels=self.levels[:depth], classifier=False, density=0
        )
        part = type(self)(own, self.shape).to(model_device(self))
        for mine, theirs in zip(part.encoder.linear, self.encoder.linear, strict=False):
            mine.load_state_dict(theirs.state_dict())
        for mine, theirs in zip(part.biases, self.biases[-depth:], strict=True):
            mine.copy_(theirs)
        return part.train(self.training)

    def classify(self, x: Images) -> Float[Tensor, "batch classes"]:
        """Unnormalised log p(y|x) of every class.

        Raises:
            TypeError: there is no classifier: no labels to train one on, or a recipe without one.
        """
        if self.classifier is None:
            return super().classify(x)
        trained = self.training and self.stage == CLASSIFIER
        h = dropout(x.flatten(1), self.input_dropout, trained)
        *layers, top = self.classifier.linear
        for layer in layers:
            h = dropout(self.activate_code(layer(h)), self.dropout, trained)
        return top(h).to(x.dtype)

    def loss(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """The stage's; of the finished model {"distortion": ||x - g(f(x))||^2, "cross_entropy": -log p(y|x)}."""
        if self.stage is not None and self.stage.startswith("layer-"):
            return self._layer_loss(x, int(self.stage.removeprefix("layer-")))
        terms = {}
        if self.stage != CLASSIFIER:
            terms["distortion"] = squared_error(x, self.likelihood(self.posterior(x).mean).mean)
        if self.stage != RECONSTRUCTION and self.classifier is not None and label is not None:
            terms["cross_entropy"] = cross_entropy(self.classify(x), label, reduction="none")
        return terms

    def _layer_loss(self, x: Images, depth: int) -> dict[str, Float[Tensor, "batch"]]:
        """{"distortion": ||h - g_l(f_l(h~))||^2}."""
        h = x.flatten(1)
        with torch.no_grad():
            for layer in self.encoder.linear[: depth - 1]:
                h = self.activate_code(layer(h)).to(x.dtype)
        layer, bias = self.encoder.linear[depth - 1], self.biases[-depth]
        code = self.activate_code(layer(corrupt(h, self.corruption, self.levels[depth - 1])[0]))
        outputs = linear(code, layer.weight.T, bias).to(x.dtype)
        restored = self.activate(outputs) if depth == 1 else self.activate_code(outputs)
        return {"distortion": (h - restored).square().sum(1)}

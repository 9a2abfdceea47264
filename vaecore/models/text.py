"""A variational autoencoder of texts: gated convolutions read a row of characters, and write one."""

from typing import Literal

import torch
from jaxtyping import Bool, Int32
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from vaecore.distributions import Gaussian
from vaecore.models.base import STRICT, Codes, Depth, Images, Labels, Size, Sizes
from vaecore.models.gaussian import VAE
from vaecore.models.variational import RateSettings
from vaecore.sequences import TextDecoder, TextEncoder
from vaecore.texts import Autoregressive, Parallel, TextDistribution, Vocabulary


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextSettings(RateSettings):
    """The networks of a text model.

    Attributes:
        likelihood: every position at once from the code, or each given the characters before it as well.
        vocabulary: how many characters are known at most: the most frequent ones that the training texts have twice.
        embedding: numbers that a character is.
        channels: numbers at each position behind each of the encoder's gated convolutions.
        writer: likewise of the decoder's.
        kernel: positions that a convolution sees.
        hidden: widths of the layers between the encoder's mean over the positions and the code.
        positions: the encoder is told where in the text a character stands.
        word_dropout: the share of characters before that the decoder does not see in training (Bowman et al. 2016).
        dropout: the share of numbers that is dropped in training before and behind the convolutions.
    """

    latent: Size = 64
    hidden: Sizes = ()
    likelihood: Literal["parallel", "autoregressive"] = "autoregressive"
    vocabulary: Size = 5000
    embedding: Size = 96
    channels: Sizes = (128, 128)
    writer: Sizes = (128, 128, 128, 128)
    kernel: Depth = 3
    positions: bool = True
    word_dropout: float = Field(default=0.0, ge=0, lt=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _has_convolutions(self) -> "TextSettings":
        if not (self.channels and self.writer):
            raise ValueError(
                f"expected at least one convolution each, got channels {self.channels} and writer {self.writer}"
            )
        if self.word_dropout and self.likelihood == "parallel":
            raise ValueError("word_dropout hides characters before: a parallel likelihood is not told any")
        return self


class TextVAE(VAE):
    """The variational autoencoder of texts: a code that a couplet is read into and written from.

    -elbo(x) = E_{q(z|x)}[-log p(x|z)] + KL(q(z|x) || N(0, I));  log p(x|z) = sum_t log p(x_t|z), or
    sum_t log p(x_t | x_1, ..., x_{t-1}, z). A text x is a row of code points with zeros behind its end.
    Where the characters before say enough a code has nothing to add, and collapses: word dropout, free bits and
    annealing are against that.
    """

    Settings = TextSettings
    settings: TextSettings  # type: ignore[assignment]
    decoder: TextDecoder
    equation = "-elbo = E_q[-sum_t log p(x_t|x_1..t-1, z)] + KL(q(z|x) || N(0, I))"
    source = "Bowman et al. 2016; Yang et al. 2017; Dauphin et al. 2017"
    abilities = VAE.abilities | {"text"}

    def __init__(self, settings: TextSettings, shape: tuple[int, int, int], classes: int = 0) -> None:
        _, length, characters = shape
        vocabulary = Vocabulary(min(settings.vocabulary, characters))
        super().__init__(settings, (1, length, len(vocabulary)), classes)
        self.vocabulary = vocabulary

    def make_scale(self) -> None:
        """None: characters have no scale."""
        self.log_scale = None

    def new_encoder(self, outputs: int) -> nn.Module:
        """Gated convolutions, their mean over the positions, and what stands between that and the code."""
        own = self.settings
        self.embedding = nn.Embedding(self.shape[2], own.embedding)
        nn.init.normal_(self.embedding.weight, std=own.embedding**-0.5)
        return TextEncoder(
            self.embedding, self.shape[1], own.channels, own.kernel, own.hidden, outputs, own.activation,
            own.positions, own.dropout,
        )  # fmt: skip

    def new_decoder(self) -> nn.Module:
        """A branch for every position, then gated convolutions; causal ones in the autoregressive likelihood."""
        own = self.settings
        return TextDecoder(
            self.embedding, self.shape[1], self.latent, own.writer, own.kernel, own.likelihood == "autoregressive",
            own.word_dropout, own.dropout,
        )  # fmt: skip

    @torch.no_grad()
    def prepare(self, pixels: Int32[Tensor, "n length"]) -> None:
        """Learn the vocabulary, and start the softmax at the characters' shares."""
        self.vocabulary.learn(pixels)
        counts = self.vocabulary.tokens(pixels).flatten().bincount(minlength=len(self.vocabulary))
        self.decoder.output_bias.copy_(((counts + 1) / (counts.sum() + len(counts))).log())

    def check_weights(self) -> None:
        """The vocabulary is one: characters in the order of their code points, each once.

        Raises:
            ValueError: it is none.
        """
        self.vocabulary.check()

    def posterior(self, x: Images, label: Labels | None = None) -> Gaussian:
        """q(z|x) = N(mean(x), diag scale(x)^2)."""
        mean, log_scale = self.encoder(self.vocabulary.tokens(x)).float().chunk(2, dim=-1)
        return Gaussian(mean, log_scale.exp())

    def likelihood(self, z: Codes, label: Labels | None = None) -> TextDistribution:
        """p(x|z), a distribution over texts."""
        kind = Parallel if self.settings.likelihood == "parallel" else Autoregressive
        return kind(self.decoder, self.vocabulary, z)

    def likeliest(self, z: Codes) -> Int32[Tensor, "*samples batch length"]:
        """The text that a code stands for: the likeliest character at every step.

        A code that is shorter than the prior's, sqrt(latent), is lengthened to that. The decoder knows codes with
        their noise; the mean of a posterior is without, is the shorter for it, and would be taken for a code that
        says little: of couplets half as many characters come back.
        """
        length = z.norm(dim=-1, keepdim=True).clamp(min=torch.finfo(z.dtype).tiny)
        return self.likelihood(z * (self.latent**0.5 / length).clamp(min=1)).sample(temperature=0.0)

    def corrupted(self, x: Images) -> tuple[Images, Bool[Tensor, "batch length"]]:
        """The text as it is: what is hidden is hidden from the decoder."""
        return x, torch.zeros_like(x, dtype=torch.bool)

"""Distributions over texts: every position at once, or each given those before it. A text is a row of code points."""

from abc import abstractmethod
from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Bool, Float, Int32, Int64
from torch import Tensor, nn

from vaecore.distributions import Distribution
from vaecore.sequences import END, UNKNOWN, TextDecoder, Writer

SCALARS = 0x110000 - 0x800 - 1  # characters of Unicode: all code points but the surrogates and NUL
LAST, SURROGATES = 0x10FFFF, (0xD800, 0xDFFF)  # of Unicode's code points, and those that are no characters
REPLACEMENT = 0xFFFD  # how Unicode writes a character that cannot be written
CHUNK = 1000


class Vocabulary(nn.Module):
    """The tokens of a model: END, UNKNOWN, and the characters that it knows, by their code points."""

    characters: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("characters", torch.arange(size + 2, dtype=torch.int32))

    def __len__(self) -> int:
        return len(self.characters)

    @torch.no_grad()
    def learn(self, texts: Int32[Tensor, "n length"]) -> None:
        """Know the most frequent characters of `texts`, of equally frequent ones those of the lower code points."""
        points, counts = _characters_of(texts).unique(return_counts=True)
        known = points[counts.argsort(descending=True, stable=True)[: len(self) - 2]].sort().values
        special = known.new_tensor([0, REPLACEMENT])
        self.characters.copy_(torch.cat([special, known]))

    def check(self) -> None:
        """Refuse a vocabulary that came from a file and is none.

        Raises:
            ValueError: its characters are not in the order of their code points, or some are no characters.
        """
        known = self.characters[2:].long()
        surrogates = (known >= SURROGATES[0]) & (known <= SURROGATES[1])
        if not (known.diff() > 0).all() or known.min() < 1 or known.max() > LAST or surrogates.any():
            raise ValueError("expected a vocabulary of characters in their order, got code points that are none")
        if not 0 <= int(self.characters[:2].min()) <= int(self.characters[:2].max()) <= REPLACEMENT:
            raise ValueError("expected a vocabulary that begins with END and UNKNOWN, got other tokens")

    def tokens(self, texts: Int32[Tensor, "*batch length"]) -> Int64[Tensor, "*batch length"]:
        """The token of every character; END behind the last, UNKNOWN for one that is not in the vocabulary."""
        known = self.characters[2:]
        place = torch.searchsorted(known, texts.contiguous()).clamp(max=len(known) - 1)
        token = torch.where(known[place] == texts, place + 2, UNKNOWN)
        return token.masked_fill(texts == 0, END)

    def texts(self, tokens: Int64[Tensor, "*batch length"]) -> Int32[Tensor, "*batch length"]:
        """The code points of tokens, zeros from the first END on."""
        ended = (tokens == END).cumsum(-1) > 0
        return self.characters[tokens].masked_fill(ended, 0)

    @property
    def spelling(self) -> float:
        """-log p of a character that is not in the vocabulary, once that is known: all others are as likely."""
        return log(SCALARS - (len(self) - 2))


def _characters_of(texts: Int32[Tensor, "n length"]) -> Int32[Tensor, "characters"]:
    return texts[(texts != 0) & (texts != REPLACEMENT)]


@dataclass(frozen=True, eq=False)
class TextDistribution(Distribution):
    """p(x|z) of a text x of at most `length` characters, which END, or the last position, ends.

    log p(x|z) = sum_t log p(x_t | z, ...), the END behind the last character included, if there is room for one. The
    probabilities of all texts over all characters of Unicode sum to one: an unknown character costs its token and
    then as much as any other unknown one. `decoder` may be training: then characters before are hidden at random.
    """

    decoder: TextDecoder
    vocabulary: Vocabulary
    z: Float[Tensor, "*samples latent"]

    @property
    def mean(self) -> Tensor:
        """A text has no mean.

        Raises:
            TypeError: always.
        """
        raise TypeError("texts have no mean; `sample(temperature=0)` writes a likely one")

    @abstractmethod
    def features(self, tokens: Int64[Tensor, "*batch length"]) -> Float[Tensor, "... length width"]:
        """What the logits of every position are made of."""

    def log_prob(self, value: Int32[Tensor, "*batch length"]) -> Float[Tensor, "..."]:
        """Log probability of texts, in nats."""
        tokens = self.vocabulary.tokens(value)
        log_share = self.decoder.logits(self.features(tokens)).log_softmax(-1)
        shape = torch.broadcast_shapes(log_share.shape[:-1], tokens.shape)
        said = log_share.expand(*shape, -1).gather(-1, tokens.expand(shape)[..., None])[..., 0]
        said = said - self.vocabulary.spelling * (tokens == UNKNOWN)
        return (said * _counted(tokens)).sum(-1)

    def rsample(self, samples: tuple[int, ...] = (), generator: torch.Generator | None = None) -> Tensor:
        """Texts. They carry no gradient: the distribution has no reparameterisation."""
        return type(self)(self.decoder, self.vocabulary, self.z.expand(*samples, *self.z.shape)).sample(generator)

    @abstractmethod
    def sample(
        self, generator: torch.Generator | None = None, temperature: float = 1.0, top_k: int | None = None
    ) -> Int32[Tensor, "*samples length"]:
        """One text for each code, without unknown characters.

        Args:
            generator: of the draws.
            temperature: what logits are divided by; 0 takes the likeliest character at every step.
            top_k: draw from so many likeliest characters; None draws from all.
        """


def _counted(tokens: Int64[Tensor, "*batch length"]) -> Bool[Tensor, "*batch length"]:
    """Which positions say something: the characters, and the END behind the last."""
    inside = torch.ones_like(tokens, dtype=torch.bool)
    inside[..., 1:] = tokens[..., :-1] != END
    return inside


def draw(
    logits: Float[Tensor, "*batch tokens"], generator: torch.Generator | None, temperature: float, top_k: int | None
) -> Int64[Tensor, "*batch"]:
    """A token for every row of logits, never UNKNOWN."""
    logits[..., UNKNOWN] = -torch.inf
    if temperature == 0 or top_k == 1:
        return logits.argmax(-1)
    logits = logits / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        least = logits.topk(top_k, -1).values[..., -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    shares = logits.softmax(-1).flatten(0, -2)
    return torch.multinomial(shares, 1, generator=generator).view(logits.shape[:-1])


class Parallel(TextDistribution):
    """p(x|z) = prod_t p(x_t|z): every position at once."""

    def features(self, tokens: Int64[Tensor, "*batch length"]) -> Float[Tensor, "... length width"]:
        """Of the code alone."""
        return self.decoder(self.z)

    def sample(
        self, generator: torch.Generator | None = None, temperature: float = 1.0, top_k: int | None = None
    ) -> Int32[Tensor, "*samples length"]:
        """One text for each code, every character drawn for itself."""
        z = self.z.reshape(-1, self.z.shape[-1])
        pieces = [
            draw(self.decoder.logits(self.decoder(part)), generator, temperature, top_k) for part in z.split(CHUNK)
        ]
        return self.vocabulary.texts(torch.cat(pieces)).view(*self.z.shape[:-1], -1)


class Autoregressive(TextDistribution):
    """p(x|z) = prod_t p(x_t | x_1, ..., x_{t-1}, z): one character after the other."""

    def features(self, tokens: Int64[Tensor, "*batch length"]) -> Float[Tensor, "... length width"]:
        """Of the code and the characters before each."""
        return self.decoder(self.z, tokens)

    def sample(
        self, generator: torch.Generator | None = None, temperature: float = 1.0, top_k: int | None = None
    ) -> Int32[Tensor, "*samples length"]:
        """One text for each code, every character given those that were drawn before it."""
        z, length = self.z.reshape(-1, self.z.shape[-1]), self.decoder.length
        writer = Writer(self.decoder, z)
        tokens = [torch.full((len(z),), END, device=z.device)]
        for _ in range(length):
            logits = self.decoder.logits(writer.step(tokens[-1]))
            tokens.append(draw(logits, generator, temperature, top_k))
        return self.vocabulary.texts(torch.stack(tokens[1:], -1)).view(*self.z.shape[:-1], length)

"""Networks over texts: gated convolutions that read a row of characters, and two ways to write one from a code."""

from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import linear, pad

from vaecore.distributions import uniform
from vaecore.networks import MLP

END, UNKNOWN = 0, 1  # the tokens that are no characters: what stands behind a text, and what is not in the vocabulary
DILATIONS = (1, 2, 4)  # in turn: five causal convolutions of three see twenty characters


class GatedConvolution(nn.Module):
    """x + (W * n(x) + U c + b) . sigmoid(W' * n(x) + U' c + b'): two convolutions of one shape, one the other's gate.

    n normalises every position, c is a condition that all positions share. Where the width changes nothing is added
    to. A causal one sees a position and those before it. Source: Dauphin et al. 2017; Oord et al. 2016 (c).

    Args:
        inputs: numbers at each position.
        outputs: numbers at each position behind it.
        kernel: how many positions it sees.
        dilation: how far apart they are.
        causal: none of them to the right.
        condition: the size of c; 0 without one.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int, causal: bool, condition: int) -> None:
        super().__init__()
        before = (kernel - 1) * dilation if causal else (kernel - 1) * dilation // 2
        self.margin = (0, 0, before, (kernel - 1) * dilation - before)
        self.offsets = tuple(range(0, kernel * dilation, dilation))
        self.norm = nn.LayerNorm(inputs)
        self.both = nn.Linear(kernel * inputs, 2 * outputs)  # a convolution as one product: windows side by side
        self.condition = nn.Linear(condition, 2 * outputs, bias=False) if condition else None

    def forward(
        self, x: Float[Tensor, "*batch length inputs"], c: Float[Tensor, "... condition"] | None = None
    ) -> Float[Tensor, "*batch length outputs"]:
        """As many positions as came in."""
        padded = pad(self.norm(x), self.margin)
        both = self.both(torch.cat([padded[..., o : o + x.shape[-2], :] for o in self.offsets], -1))
        if self.condition is not None and c is not None:
            both = both + self.condition(c)[..., None, :]
        return self._gated(x, both)

    def step(
        self, x: Float[Tensor, "batch inputs"], seen: list[Tensor], c: Float[Tensor, "batch condition"]
    ) -> Float[Tensor, "batch outputs"]:
        """One more position of a causal one: `seen` are n(x) at those before, to which its own is added."""
        seen.append(self.norm(x))
        last, nothing = len(seen) - 1 - self.offsets[-1], torch.zeros_like(seen[0])
        window = [seen[last + o] if last + o >= 0 else nothing for o in self.offsets]
        both = self.both(torch.cat(window, -1))
        return self._gated(x, both if self.condition is None else both + self.condition(c))

    def _gated(
        self, x: Float[Tensor, "*batch inputs"], both: Float[Tensor, "*batch both"]
    ) -> Float[Tensor, "*batch outputs"]:
        value, gate = both.chunk(2, -1)
        out = value * gate.sigmoid()
        return x + out if out.shape[-1] == x.shape[-1] else out


def gated(inputs: int, channels: tuple[int, ...], kernel: int, causal: bool, condition: int = 0) -> nn.ModuleList:
    """A stack of gated convolutions; causal ones are dilated in turn."""
    return nn.ModuleList(
        GatedConvolution(i, o, kernel, DILATIONS[depth % len(DILATIONS)] if causal else 1, causal, condition)
        for depth, (i, o) in enumerate(pairwise((inputs, *channels)))
    )


class TextEncoder(nn.Module):
    """Gated convolutions over embedded characters, their mean over the text, then an MLP: tokens in, numbers out."""

    def __init__(
        self,
        embedding: nn.Embedding,
        length: int,
        channels: tuple[int, ...],
        kernel: int,
        hidden: tuple[int, ...],
        outputs: int,
        activation: str,
        positions: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = (embedding,)  # in a tuple: the model keeps it, once
        self.positions = nn.Parameter(torch.zeros(length, embedding.embedding_dim)) if positions else None
        self.convolutions = gated(embedding.embedding_dim, channels, kernel, causal=False)
        self.dropout = nn.Dropout(dropout)
        self.head = MLP(channels[-1], hidden, outputs, activation)

    def forward(self, tokens: Int64[Tensor, "batch length"]) -> Float[Tensor, "batch outputs"]:
        """Numbers for every text; what stands behind its end is not in the mean."""
        x = self.embedding[0](tokens)
        x = self.dropout(x if self.positions is None else x + self.positions)
        for convolution in self.convolutions:
            x = convolution(x)
        inside = (tokens != END).to(x.dtype)
        mean = (x * inside[..., None]).sum(-2) / inside.sum(-1, keepdim=True).clamp(min=1)
        return self.head(mean)


class TextDecoder(nn.Module):
    """A code, spread over the positions by a branch for each, then gated convolutions and a softmax's logits.

    With `causal` ones every position is told the character before it as well, and every layer the code. The logits
    are products with the characters' embeddings (Press & Wolf 2017).

    Args:
        embedding: of the tokens.
        length: positions.
        latent: the code's size.
        channels: of the convolutions.
        kernel: of the convolutions.
        causal: characters one after the other; all at once otherwise.
        word_dropout: the share of characters before that are hidden while it is trained (Bowman et al. 2016).
        dropout: of the numbers before the first convolution and behind the last.
    """

    def __init__(
        self,
        embedding: nn.Embedding,
        length: int,
        latent: int,
        channels: tuple[int, ...],
        kernel: int,
        causal: bool,
        word_dropout: float,
        dropout: float,
    ) -> None:
        super().__init__()
        width = embedding.embedding_dim
        self.embedding = (embedding,)  # in a tuple: the model keeps it, once
        self.length = length
        self.causal = causal
        self.word_dropout = word_dropout
        self.branches = nn.Linear(latent, length * width)
        self.convolutions = gated(width, channels, kernel, causal, latent if causal else 0)
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(channels[-1], width)
        self.output_bias = nn.Parameter(torch.zeros(embedding.num_embeddings))

    def forward(
        self, z: Float[Tensor, "*samples latent"], tokens: Int64[Tensor, "*batch length"] | None = None
    ) -> Float[Tensor, "... length width"]:
        """The features of every position that the logits are made of; of as many as there are tokens, if causal."""
        x = self.branches(z).unflatten(-1, (self.length, -1))
        if self.causal:
            assert tokens is not None
            x = x[..., : tokens.shape[-1], :] + self.embedding[0](self._before(tokens))
        x = self.dropout(x)
        for convolution in self.convolutions:
            x = convolution(x, z)
        return self.last(self.dropout(x))

    def logits(self, features: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch tokens"]:
        """Unnormalised log probabilities of the tokens, in float32."""
        return linear(features, self.embedding[0].weight, self.output_bias.to(features.dtype)).float()

    def _before(self, tokens: Int64[Tensor, "*batch length"]) -> Int64[Tensor, "*batch length"]:
        """The token before each position; END stands before the first. While it is trained some are hidden."""
        before = pad(tokens[..., :-1], (1, 0), value=END)
        if not (self.training and self.word_dropout):
            return before
        hidden = uniform(before.new_empty(before.shape, dtype=torch.float32)) < self.word_dropout
        return before.masked_fill(hidden, UNKNOWN)


class Writer:
    """A causal decoder in use: the features of one position after the other, each computed once.

    The same as `TextDecoder` of all tokens at once, for a code each; a decoder that is training hides nothing here.
    """

    def __init__(self, decoder: TextDecoder, z: Float[Tensor, "batch latent"]) -> None:
        self.decoder = decoder
        self.z = z
        self.positions = iter(decoder.branches(z).unflatten(-1, (decoder.length, -1)).unbind(-2))
        self.layers = [(each, []) for each in decoder.convolutions if isinstance(each, GatedConvolution)]

    def step(self, before: Int64[Tensor, "batch"]) -> Float[Tensor, "batch width"]:
        """The features of the next position, told the token before it; END before the first."""
        x = next(self.positions) + self.decoder.embedding[0](before)
        for convolution, seen in self.layers:
            x = convolution.step(x, seen, self.z)
        return self.decoder.last(x)

"""Serving a text model: lists of strings in and out.

>>> from vaecore.serving.texts import text_names
>>> all(name.startswith("couplets") for name in text_names())
True
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Int32
from numpy import ndarray
from torch import Tensor

from vaecore import checkpoint
from vaecore.data import dataset
from vaecore.data.text import Texts, plain, to_points, to_strings
from vaecore.evaluation.texts import nearest, tone
from vaecore.models import MODELS
from vaecore.models.text import TextVAE
from vaecore.sequences import UNKNOWN
from vaecore.serving.explorer import Explorer
from vaecore.serving.inputs import as_count


def text_names() -> list[str]:
    """The pretrained models of texts; the others are of images."""
    return [name for name in checkpoint.names() if _reads_texts(checkpoint.find(name))]


@cache
def _reads_texts(folder: Path) -> bool:
    """Whether the checkpoint in a folder is of texts: asked at every visit, and what ships does not change."""
    return "text" in MODELS[checkpoint.load_recipe(folder).model].abilities


class TextExplorer(Explorer):
    """A trained model of texts: encode, decode, reconstruct, sample, interpolate, score.

    Texts are lists of strings; what is set in a form, as couplets are, may come with its marks or without, and goes
    out with them.
    """

    model: TextVAE

    @property
    def form(self) -> str:
        """What texts are set in, "{}" for each character; "" where they stand alone."""
        return self.card["data"].get("form", "")

    @torch.no_grad()
    def decode(  # type: ignore[override]
        self,
        codes: ndarray,
        labels: ndarray | None = None,
        temperature: float = 0.0,
        top_k: int | None = None,
        seed: int | None = None,
    ) -> list[str]:
        """A text for every code.

        Args:
            codes: [n, latent].
            labels: none: it is no conditional model.
            temperature: of the draws of the characters; 0 takes the likeliest at every step, of codes at least as long
                as the prior's are (see `TextVAE.likeliest`).
            top_k: draw from so many likeliest characters; None draws from all.
            seed: of the draws; None for new ones each time.

        Raises:
            ValueError: codes of another size, a temperature below 0, or a `top_k` below 1.
        """
        if not 0 <= temperature < np.inf:
            raise ValueError(f"{self.name}: expected a temperature >= 0, got {temperature}")
        top_k = None if top_k is None else as_count(top_k, f"{self.name}: top_k", least=1)
        generator = self._generator(seed)

        def write(z: Tensor, _: Tensor | None) -> Tensor:
            if temperature == 0:
                return self.model.likeliest(z)
            return self.model.likelihood(z).sample(generator, temperature, top_k)

        points = self._batched(write, self._codes(codes), labels)
        return to_strings(torch.from_numpy(points), self.form)

    def reconstruct(self, images: Sequence[str], labels: ndarray | None = None) -> list[str]:  # type: ignore[override]
        """Every text, encoded and decoded."""
        return self.decode(self.encode(images, labels), labels)

    @torch.no_grad()
    def sample(  # type: ignore[override]
        self,
        n: int,
        labels: ndarray | None = None,
        temperature: float = 1.0,
        seed: int | None = None,
        top_k: int | None = None,
    ) -> list[str]:
        """`n` texts: codes from the prior, characters at a temperature, from the `top_k` likeliest if that is given.

        Raises:
            ValueError: `n` or the temperature is negative, or `top_k` below 1.
        """
        n = as_count(n, f"{self.name}: n")
        codes = self.model.prior().rsample((n,), self._generator(seed))
        return self.decode(codes.cpu().numpy(), labels, temperature, top_k, seed)

    def interpolate(
        self, a: ndarray, b: ndarray, steps: int, path: Literal["linear", "spherical", "data"] = "spherical"
    ) -> Float32[ndarray, "steps latent"]:
        """Codes from `a` to `b`, both included, "spherical" or "linear".

        What a greedy text is written from is a direction: the straight way hurries through the middle of it.

        Raises:
            ValueError: codes of another size, fewer than 2 steps, or another path.
        """
        if path == "data":
            raise ValueError(f"{self.name}: expected path 'linear' or 'spherical' for texts, got 'data'")
        return super().interpolate(a, b, steps, path)

    def unknown(self, texts: Sequence[str]) -> str:
        """A sentence that counts the characters of `texts` that the model does not know; "" if there are none."""
        points = self._images(texts)
        tokens = self.model.vocabulary.tokens(points.to(self.device)).cpu()
        strange = to_strings(points[tokens == UNKNOWN][:, None])
        if not strange:
            return ""
        total, shown = int((points != 0).sum()), "".join(dict.fromkeys(strange))
        be = "is" if len(strange) == 1 else "are"
        return (
            f"{len(strange)} of {total} characters {be} not in the vocabulary of {self.name} ({shown}): "
            "each is read as one and the same unknown character."
        )

    def nearest(
        self, texts: Sequence[str], data_dir: str | None = None, among: Texts | None = None
    ) -> list["Neighbour"]:
        """The training text that shares most characters, each in its place, with each of `texts`.

        `among` are texts that were read before, to be sought among in place of the training texts.

        Raises:
            ValueError: a text that the model cannot read, or its data set cannot be had.
        """
        known = dataset(self.dataset, "train", data_dir) if among is None else among
        assert isinstance(known, Texts)
        points = to_points([plain(text, self.form) for text in texts], known.points.shape[1])
        rows, counts = nearest(points, known.points)
        return [Neighbour(*each) for each in zip(known.rows(rows).texts, counts.tolist(), strict=True)]

    def _images(self, images: ndarray | Sequence[str]) -> Int32[Tensor, "n length"]:
        return as_texts(images, self.model.shape[1], self.form, self.name)


class Neighbour(NamedTuple):
    """A training text, and how many characters it shares."""

    text: str
    shared: int


def as_texts(texts: object, length: int, form: str, name: str) -> Int32[Tensor, "n length"]:
    """Code points of strings: of exactly as many characters as a form has, or of at most `length` without one.

    Raises:
        ValueError: something else than a list of strings, or a text of another length; it begins with `name`.
    """
    if isinstance(texts, str) or not isinstance(texts, Sequence | ndarray):
        raise ValueError(f"{name}: expected a list of strings, got {type(texts).__name__} {texts!r}"[:200])
    bare = []
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(f"{name}: expected strings, got {type(text).__name__}")
        own = plain(text, form)
        fits = len(own) == length if form else 0 < len(own) <= length
        if not fits or "\0" in own:
            wanted = f"{length}" if form else f"1 to {length}"
            raise ValueError(f"{name}: expected texts of {wanted} characters, got {len(own)} in {text[:80]!r}")
        bare.append(own)
    return to_points(bare, length)


def tones(text: str) -> list[str | None]:
    """ "level" or "oblique" for each character of a text; None for what has no tone."""  # noqa: D210
    return [tone(character) for character in text]

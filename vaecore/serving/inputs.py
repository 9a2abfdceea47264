"""What comes from outside, checked: a tensor, or a sentence that says what was expected and what came."""

import operator

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from torch import Tensor


def as_images(images: ndarray, shape: tuple[int, int, int], name: str) -> Float32[Tensor, "n c h w"]:
    """Images [n, *shape] of any float type in [0, 1].

    Raises:
        ValueError: another shape or type, or a pixel outside [0, 1] or NaN; the sentence begins with `name`.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1:] != shape:
        expected = ", ".join(str(size) for size in shape)
        raise ValueError(f"{name}: expected images [n, {expected}], got {list(images.shape)}")
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"{name}: expected images of float32 in [0, 1], got {images.dtype}")
    if images.size and not (images.min() >= 0 and images.max() <= 1):  # also false for NaN
        raise ValueError(f"{name}: expected pixels in [0, 1], got values from {images.min():g} to {images.max():g}")
    return torch.from_numpy(np.array(images, dtype=np.float32, order="C"))


def as_codes(codes: ndarray, latent: int, name: str) -> Float32[Tensor, "n latent"]:
    """Codes [n, latent] of finite numbers.

    Raises:
        ValueError: another shape, or something that is no finite number; the sentence begins with `name`.
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] != latent:
        raise ValueError(f"{name}: expected codes [n, {latent}], got {list(codes.shape)}")
    if codes.dtype.kind not in "fiu":
        raise ValueError(f"{name}: expected numbers as codes, got {codes.dtype}")
    if not np.isfinite(codes).all():
        raise ValueError(f"{name}: expected finite codes, got NaN or infinity")
    return torch.from_numpy(np.array(codes, dtype=np.float32, order="C"))


def as_labels(labels: ndarray | None, n: int, classes: int, name: str) -> Int64[Tensor, "n"]:
    """One integer label in 0..classes-1 for each of `n` rows.

    Raises:
        ValueError: none, another number of them, another type, or one out of range; the sentence begins with `name`.
    """
    if labels is None:
        raise ValueError(f"{name} is conditional: expected {n} labels, got none")
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ValueError(f"{name}: expected {n} labels, got shape {list(labels.shape)}")
    if labels.size and labels.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integer labels, got {labels.dtype}")
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(f"{name}: expected labels in 0..{classes - 1}, got {labels.min()} to {labels.max()}")
    return torch.from_numpy(np.array(labels, dtype=np.int64))


def as_count(value: int, what: str, least: int = 0, most: int | None = None) -> int:
    """A whole number of at least `least` and, if that is given, at most `most`.

    Raises:
        ValueError: something else; the sentence begins with `what`.
    """
    try:
        count = operator.index(value)
    except TypeError:
        raise ValueError(f"{what}: expected a whole number, got {value!r}") from None
    if count < least or (most is not None and count > most):
        expected = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ValueError(f"{what}: expected {expected}, got {count}")
    return count

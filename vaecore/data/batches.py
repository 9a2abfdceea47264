"""A batch of bytes as a model sees it."""

import torch
from jaxtyping import Float, Int32, UInt8
from torch import Tensor
from torch.nn.functional import pad

SHIFTED_SHARE = 0.75


def present(
    pixels: UInt8[Tensor, "batch channels height width"] | Int32[Tensor, "batch length"],
    binarise: bool = False,
    shift: int = 0,
) -> Float[Tensor, "batch channels height width"] | Int32[Tensor, "batch length"]:
    """Pixels in [0, 1]; three quarters of the images moved by up to `shift` pixels each way; binarised anew.

    Texts are seen as they are.

    Binarised: each pixel is one with the probability of its grey value, drawn again at every presentation
    (Salakhutdinov & Murray 2008).
    """
    if pixels.dtype != torch.uint8:
        return pixels
    x = (_shifted(pixels, shift) if shift else pixels).float() / 255
    return (torch.rand_like(x) < x).float() if binarise else x


def _shifted(
    pixels: UInt8[Tensor, "batch channels height width"], most: int
) -> UInt8[Tensor, "batch channels height width"]:
    """What comes in from outside is black."""
    batch, _, height, width = pixels.shape
    move = torch.randint(-most, most + 1, (2, batch, 1), device=pixels.device)
    move *= torch.rand(batch, 1, device=pixels.device) < SHIFTED_SHARE
    rows, columns = (
        torch.arange(size, device=pixels.device) + most + offset
        for size, offset in zip((height, width), move, strict=True)
    )
    image = torch.arange(batch, device=pixels.device)[:, None, None]
    return pad(pixels, (most,) * 4)[image, :, rows[:, :, None], columns[:, None, :]].movedim(-1, 1)

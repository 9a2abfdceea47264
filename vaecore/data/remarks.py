"""What is said of a set that was read: how much it is, how it is shown, and what is strange about it."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from vaecore.data.images import Images
from vaecore.data.rules import CONTIGUOUS
from vaecore.data.stack import SIDE, Stack
from vaecore.limits import check, counted, shown

LITTLE = 32  # of 255: a set with less between its darkest and its lightest pixel hardly shows anything
PIECE = 1024  # images that are compared at once


def described(
    stack: Stack, target: Int64[Tensor, "n"] | None, names: tuple[str, ...], noun: str, remarks: Iterable[str] = ()
) -> Images:
    """The images of a stack, with a note: how many of what they are, what is remarked on them, and what is strange.

    Raises:
        Refused: their numbers are of no known range, or the classes are too many.
    """
    check("classes", len(names), stack.where)
    how = _shown(stack)
    remarks = list(remarks)  # which may look at the stack, before it is emptied
    pixels = stack.pixels()
    count, channels, height, width = pixels.shape
    classes = f" in {counted(len(names), 'class', 'classes')}" if names else ""
    size = f"{height} x {width} pixels{' in colour' if channels == 3 else ''}"
    note = "; ".join([f"{counted(count, noun)}{classes} of {size}", *how, *remarks, *_strange(pixels)])
    return Images(pixels, target, names, note)


def of_kin(images: Images, kin: Sequence[Hashable], rule: str) -> Images:
    """The images with whose each is, by the rule that says so; the note counts them."""
    number = {each: number for number, each in enumerate(dict.fromkeys(kin))}
    contiguous = rule == CONTIGUOUS
    of = f" of each of {counted(len(number), 'folder')}" if len(number) > 1 else ""
    said = f"the end{of} is for testing" if contiguous else f"split by {shown(rule)}, {counted(len(number), 'group')}"
    whose = torch.tensor([number[each] for each in kin])
    return replace(images, kin=whose, contiguous=contiguous, note=f"{images.note}; {said}")


def _shown(stack: Stack) -> list[str]:
    """What was done to all images."""
    cut = [f"each cut to its central square and resized to {SIDE} x {SIDE}, {_sizes(stack)}"] if stack.shrinks else []
    return cut + (["0 and 1 shown as black and white"] if stack.is_binary else [])


def _sizes(stack: Stack) -> str:
    """Which sizes the images came in, height first."""
    low, high = (f"{height:,} x {width:,}" for width, height in (stack.smallest, stack.largest))
    return f"from {low}" if low == high else f"from sizes of {low} to {high}"


def _strange(pixels: UInt8[Tensor, "n channels height width"]) -> list[str]:
    """One look at the whole: equal images, or such that hardly use their range, teach a model nothing."""
    low, high = int(pixels.min()), int(pixels.max())
    values = f"values from {low} to {high} of 255"
    if low == high:
        return [f"every pixel of every image is {low} of 255"]
    if len(pixels) > 1 and all((piece == pixels[:1]).all() for piece in pixels.split(PIECE)):
        return [f"all images are equal, with {values}"]
    return [f"they hardly differ from an even grey: {values}"] if high - low < LITTLE else []

"""Files of pictures as numbers: every mode that Pillow has, every page, upright, on white."""

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from itertools import count

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray
from PIL import ExifTags, Image, UnidentifiedImageError

from vaecore.data.entries import Entry
from vaecore.data.stack import DEPTHS, DETAIL, FLOATS, Part, Stack
from vaecore.limits import Deadline, Refused, check, first_line, most

# What is decoded, in this process and from its own bytes: no EPS, for which Pillow starts another program.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF", "PCX", "SGI")
SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".avif"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".jp2", ".j2k", ".pcx", ".sgi"),
    *(".heic", ".heif", ".tga", ".psd", ".svg"),  # pictures too: that they cannot be read is better said
)
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
GREY = ("1", "L", "LA")
CLEAR = ("LA", "PA", "RGBA", "RGBa")
# Tags of a TIFF; of a file with fewer bits than its numbers take, the range is known.
TILE_WIDTH, TILE_HEIGHT, SAMPLES = 322, 323, 277
BITS_PER_SAMPLE, MOST_SAMPLE, SAMPLE_FORMAT, UNSIGNED = 258, 281, 339, 1
TURNS = {  # an Exif orientation: are rows columns, then mirrored from side to side, then from top to bottom?
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


def is_picture(entry: Entry) -> bool:
    """Whether a file calls itself a picture: by its suffix or, without one of a picture, by its first bytes."""
    if entry.parts[-1].lower().endswith(SUFFIXES):
        return True
    if not entry.size:
        return False
    try:
        with entry.opened("file_bytes") as file:
            head = file.read(12)
    except Exception:  # a pipe, a device, an encrypted or damaged entry
        return False
    return head.startswith(SIGNATURES) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


class Pictures:
    """Reads files of pictures into a stack.

    Args:
        where: the set, as a sentence that refuses begins.
        deadline: until when they must be read.

    Attributes:
        stack: the pictures that were read.
        on_white: whether the ground of any was transparent.
    """

    def __init__(self, where: str, deadline: Deadline) -> None:
        self.where, self.deadline = where, deadline
        self.stack = Stack(where)
        self.on_white = False

    def read(self, entry: Entry) -> int:
        """Read every page of a file; returns how many there are.

        Raises:
            ValueError: it is no picture, a broken one, or beyond a limit.
        """
        name, pages = f"{self.where}: {entry.name}", 0
        try:
            content = entry.read("picture_bytes", self.where)
            with Image.open(BytesIO(content), formats=_formats()) as opened:
                for page in _pages(opened, name):
                    self.deadline.check()
                    self._add(page, name)
                    pages += 1
        except Refused:
            raise
        except Image.DecompressionBombError:  # Pillow looks at the header before anyone else can
            limit = min(most("pixels"), 2 * (Image.MAX_IMAGE_PIXELS or 0))
            raise Refused(
                f"{name}: expected at most {limit:,} pixels in a picture, got more (VAECORE_MAX_PIXELS)"
            ) from None
        except UnidentifiedImageError:
            raise ValueError(f"{name} is not a picture of a kind that is read: {', '.join(_formats())}") from None
        except Exception as error:  # whatever decoders make of hostile bytes
            raise ValueError(f"{name} is not a picture ({first_line(error)})") from None
        return pages

    def _add(self, page: Image.Image, name: str) -> None:
        page.load()
        bits = _bits(page)

        def part(left: int, top: int, right: int, bottom: int) -> Shaped[ndarray, "height width channels"]:
            values = self._plain(page.crop((left, top, right, bottom)), bits)
            return values.reshape(*values.shape[:2], -1)

        self.stack.add(*_upright(part, *page.size, page.getexif().get(ExifTags.Base.Orientation, 1)), bits, name)

    def _plain(self, picture: Image.Image, bits: int) -> Shaped[ndarray, "..."]:
        """Numbers of so many bits; those of 8 are grey or RGB."""
        if bits == 8:
            return np.asarray(self._opaque(picture).convert("L" if picture.mode in GREY else "RGB"))
        values = np.asarray(picture)
        if bits == 32:
            return values.view(np.uint32)
        clear = picture.info.get("transparency")
        if not isinstance(clear, int) or not (values == clear).any():
            return values
        self.on_white = True
        return np.where(values == clear, np.uint16(2**16 - 1), values)

    def _opaque(self, picture: Image.Image) -> Image.Image:
        """What is transparent is shown on white, as a viewer shows it."""
        if picture.mode not in CLEAR and "transparency" not in picture.info:
            return picture
        picture = picture.convert("RGBA")
        if picture.getchannel("A").getextrema() == (255, 255):
            return picture
        self.on_white = True
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)


@cache
def _formats() -> tuple[str, ...]:
    """Those that this Pillow was built with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _pages(opened: Image.Image, name: str) -> Iterator[Image.Image]:
    """The pages of a file, one after the other, each looked at before it is decoded.

    A photograph is decoded no larger than its use needs. What follows in an MPO is the same view once more.
    """
    total = 0
    for number in count():
        try:
            opened.seek(number)
        except EOFError:
            return
        check("pages", number + 1, name)
        pixels = opened.width * opened.height
        total += pixels
        check("pixels", pixels, name)
        check("page_pixels", total, name)
        if _is_slow(opened) or (number and opened.format != "TIFF"):  # a frame is laid over copies of those before
            check("slow_pixels", pixels, name)
        check("picture_bytes", _tile_bytes(opened), name)
        opened.draft(None, (DETAIL, DETAIL))  # pyright: ignore[reportArgumentType]  None: the mode stays
        yield opened
        if opened.format == "MPO":
            return


def _is_slow(opened: Image.Image) -> bool:
    """Whether a page's decoder is one of those that Pillow has in Python."""
    tiles = getattr(opened, "tile", [])
    return bool(tiles) and tiles[0][0] in Image.DECODERS


def _tile_bytes(opened: Image.Image) -> int:
    """Bytes of a tile of a TIFF, for which there must be room: it may say that it is larger than the picture."""
    width, height, bits, samples = (_tag(opened, tag) for tag in (TILE_WIDTH, TILE_HEIGHT, BITS_PER_SAMPLE, SAMPLES))
    return width * height * max(1, bits) * max(1, samples) // 8


def _bits(page: Image.Image) -> int:
    """Bits of a page's numbers: 8 for what Pillow can make grey or RGB, those of the file for what is wider."""
    if page.mode == "F":
        return FLOATS
    if not page.mode.startswith("I"):
        return 8
    depth, top = _tag(page, BITS_PER_SAMPLE), _tag(page, MOST_SAMPLE)
    if top.bit_length() in DEPTHS and top & (top + 1) == 0:
        depth = top.bit_length()
    if depth in DEPTHS or (depth == 32 and _tag(page, SAMPLE_FORMAT) == UNSIGNED):
        return depth
    return 31 if page.mode == "I" else 16


def _tag(page: Image.Image, tag: int) -> int:
    """A tag of a TIFF, that of the first channel; 0 where it is not given."""
    value = getattr(page, "tag_v2", {}).get(tag, 0)
    return int(value[0] if isinstance(value, tuple) else value)


def _upright(part: Part, width: int, height: int, orientation: int) -> tuple[Part, int, int]:
    """An image as it was held: its parts, and its width and height."""
    swapped, across, down = TURNS.get(orientation, (False, False, False))
    if swapped:
        width, height = height, width

    def turned(left: int, top: int, right: int, bottom: int) -> Shaped[ndarray, "height width channels"]:
        if across:
            left, right = width - right, width - left
        if down:
            top, bottom = height - bottom, height - top
        values = part(top, left, bottom, right).swapaxes(0, 1) if swapped else part(left, top, right, bottom)
        return values[:: -1 if down else 1, :: -1 if across else 1]

    return turned, width, height

"""Pictures whose headers lie, of every mode, and with whatever else a file of one can hold."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from hostile.making import Make, beside_good, chunk, encoded, noise, png, zeros


def png_of_zeros(width: int, height: int, channels: int) -> bytes:
    pack = zlib.compressobj(1)
    data = b"".join([*map(pack.compress, zeros((width * channels + 1) * height)), pack.flush()])
    return png(width, height, 8, {1: 0, 3: 2, 4: 6}[channels], data)


def bmp(width: int, height: int, bits: int = 8, packing: int = 0, data: bytes = b"") -> bytes:
    head = struct.pack("<I2i2H6I", 40, width, height, 1, bits, packing, len(data), 0, 0, 256 if bits == 8 else 0, 0)
    palette = bytes(1024) if bits == 8 else b""
    return b"BM" + struct.pack("<3I", 14 + 40 + len(palette) + len(data), 0, 54 + len(palette)) + head + palette + data


def gif(width: int, height: int, frames: int) -> bytes:
    frame = b"\x21\xf9\4\0\0\0\0\0" + struct.pack("<B4HB", 0x2C, 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
    return b"GIF89a" + struct.pack("<2H3B", width, height, 0x80, 0, 0) + bytes(6) + frame * frames + b";"


def jpeg(width: int, height: int) -> bytes:
    good = encoded("JPEG", (16, 16))
    at = good.index(b"\xff\xc0") + 5
    return good[:at] + struct.pack(">2H", height, width) + good[at + 4 :]


def webp(width: int, height: int) -> bytes:
    """An animation whose canvas is as large as may be."""
    head = b"VP8X" + struct.pack("<IB3x", 10, 2) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + head + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    still = encoded("WEBP", (8, 8))[12:]
    frame = bytes(6) + struct.pack("<I", 7)[:3] * 2 + bytes(4) + still
    body += (b"ANMF" + struct.pack("<I", len(frame)) + frame) * 2
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jp2(width: int, height: int) -> bytes:
    good = encoded("JPEG2000", (16, 16), no_jp2=True)
    at = good.index(b"\xff\x51") + 6
    return good[:at] + struct.pack(">2I", width, height) + good[at + 8 :]


def headers() -> Iterator[tuple[str, Make]]:
    huge = ((2**31 - 1, 2**31 - 1), (60_000, 60_000), (50_000_001, 1), (1, 2**31 - 1), (0, 0), (0, 5), (9, 9))
    for width, height in huge:
        size = f"{width} x {height}"
        yield f"png {size}", beside_good(png(width, height))
        yield f"bmp {size}", beside_good(bmp(width, height), "x.bmp")
        yield f"bmp upside down {size}", beside_good(bmp(width, -height), "x.bmp")
        yield f"jp2 {size}", beside_good(jp2(width, height), "x.j2k")
        for kind in (1, 2, 3, 4, 5, 6):
            yield f"ppm P{kind} {size}", beside_good(b"P%d %d %d 255 " % (kind, width, height) + bytes(99), "x.ppm")
        yield f"pfm {size}", beside_good(b"Pf %d %d -1.0\n" % (width, height) + bytes(99), "x.pfm")
    for width, height in ((65535, 65535), (16383, 16383), (1, 65535), (0, 0), (9, 9)):
        yield f"gif {width} x {height}", beside_good(gif(width, height, 2), "x.gif")
        yield f"jpeg {width} x {height}", beside_good(jpeg(width, height), "x.jpg")
        yield f"webp {width} x {height}", beside_good(webp(max(1, width), max(1, height)), "x.webp")
    for depth in (0, 1, 3, 16, 255):
        for colour in (0, 1, 3, 6):
            yield (
                f"png of depth {depth}, colour {colour}",
                beside_good(png(8, 8, depth, colour, zlib.compress(bytes(999)))),
            )
    yield "a bomb of grey", lambda at: beside_good(png_of_zeros(7071, 7071, 1))(at)
    yield "a bomb of colour and alpha", lambda at: beside_good(png_of_zeros(7071, 7071, 4))(at)
    yield "a bomb beyond", lambda at: beside_good(png_of_zeros(7100, 7100, 1))(at)
    yield "a narrow bomb", lambda at: beside_good(png_of_zeros(1, 10_000_000, 3))(at)
    yield "a wide bomb", lambda at: beside_good(png_of_zeros(10_000_000, 1, 3))(at)
    yield "plain numbers", beside_good(b"P2 1900 1900 255 " + b"7 " * 1900 * 1900, "x.pgm")
    yield "plain numbers beyond", lambda at: beside_good(b"P2 2100 2100 255 " + b"7 " * 2100 * 2100, "x.pgm")(at)
    yield "an odd white", beside_good(b"P5 1900 1900 100 " + bytes(1900 * 1900), "x.pgm")
    yield "an odd white beyond", lambda at: beside_good(b"P5 2100 2100 100 " + bytes(2100 * 2100), "x.pgm")(at)
    yield "runs of one", beside_good(bmp(1900, 1900, 8, 1, b"\1\7" * 1900 * 1900), "x.bmp")
    yield "frames without end", lambda at: beside_good(gif(1, 1, 30_000), "x.gif")(at)
    yield "large frames", lambda at: beside_good(gif(7000, 7000, 50), "x.gif")(at)


def pictures() -> Iterator[tuple[str, Make]]:
    for form, modes in {
        "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
        "TIFF": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F"),
        "JPEG": ("L", "RGB", "CMYK"),
        "WEBP": ("RGB", "RGBA"),
        "GIF": ("L", "P", "RGBA"),
        "BMP": ("1", "L", "P", "RGB"),
        "JPEG2000": ("L", "LA", "RGB", "RGBA"),
        "PPM": ("1", "L", "RGB", "I"),
        "AVIF": ("L", "RGB", "RGBA"),
    }.items():
        for mode in modes:
            for size in ((8, 8), (100, 40)):
                source = "L" if mode == "I;16" else mode
                yield (
                    f"{form} {mode} {size}",
                    lambda at, a=(form, size, source): beside_good(encoded(*a), f"x.{a[0]}")(at),
                )
    yield (
        "text of a gigabyte",
        lambda at: beside_good(png(8, 8, more=chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(2**28), 1))))(at),
    )
    yield "a profile of noise", beside_good(png(8, 8, more=chunk(b"iCCP", b"x\0\0" + zlib.compress(noise(9999)))))
    yield "Exif of noise", beside_good(png(8, 8, data=zlib.compress(bytes(72)), more=chunk(b"eXIf", noise(999))))
    for orientation in (0, 8, 9, 65535):
        exif = Image.Exif()
        exif[274] = orientation
        yield f"held at {orientation}", beside_good(encoded("JPEG", (9, 8), exif=exif), "x.jpg")
    for clear in (b"", b"\0", b"\0\0", bytes(6), bytes(300), noise(256)):
        for colour in (0, 2, 3, 6):
            more = (chunk(b"PLTE", noise(768)) if colour == 3 else b"") + chunk(b"tRNS", clear)
            yield (
                f"{len(clear)} bytes clear, colour {colour}",
                beside_good(png(8, 8, 8, colour, zlib.compress(bytes((8 * 4 + 1) * 8)), more)),
            )
    for content, name in ((b"<svg/>", "x.svg"), (b"8BPS" + noise(99), "x.psd"), (noise(99), "x.heic"), (b"", "x.jpg")):
        yield f"nothing that is read, {name}", beside_good(content, name)
    for content in (
        b"MZ" + noise(99),
        b"%!PS-Adobe\n",
        b"%PDF-1.4",
        b"\x7fELF",
        b"#!/bin/sh\nexit",
        b"BM",
        b"P6",
        b"GIF89a",
    ):
        yield f"called a picture, {content[:4]!r}", beside_good(content)

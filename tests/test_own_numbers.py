"""What numbers images are of: each kind by its own known range."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hostile.making import chunk, png, tiff
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from own import (
    GREY,
    RANDOM,
    as_zip,
    everything,
    file_of,
    refused,
)
from PIL import Image, ImageOps

from vaecore.data.stack import Stack, bits_of, parts_of

INK = np.full((6, 5), 255, np.uint8)
INK[2:4, 1:4] = 0  # dark strokes, as a viewer shows them
CLEAR = 255 - INK  # how opaque they are


def see_through(mode: str) -> bytes:
    """Black ink on a transparent ground."""
    if mode in ("LA", "RGBA"):
        return file_of(Image.merge(mode, [Image.new("L", (5, 6))] * (len(mode) - 1) + [Image.fromarray(CLEAR)]))
    if mode == "P":
        picture = Image.fromarray((CLEAR // 255).astype(np.uint8), "L").convert("P")
        picture.putdata([int(v) for v in (CLEAR // 255).ravel()])
        picture.putpalette([0, 0, 0] * 256)
        return file_of(picture, transparency=b"\0" + b"\xff" * 255)
    grey = np.where(CLEAR, 9, 77).astype(np.uint16 if mode == "I;16" else np.uint8)
    colour, key, depth = (2, struct.pack(">3H", 77, 77, 77), 8) if mode == "RGB" else (0, struct.pack(">H", 77), 8)
    if mode == "I;16":
        grey, depth = grey * 1000, 16
        key = struct.pack(">H", 77_000 % 2**16)
    rows = np.repeat(grey[..., None], 3, axis=2) if mode == "RGB" else grey
    data = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for row in rows)
    return png(5, 6, depth, colour, zlib.compress(data), chunk(b"tRNS", key))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB", "I;16"])
def test_what_is_transparent_is_shown_on_white(mode: str, tmp_path: Path) -> None:
    found = everything(as_zip(tmp_path, dict.fromkeys(["a/0.png", "b/1.png"], see_through(mode))))
    dark = {"L": 9, "RGB": 9, "I;16": 9000 >> 8}.get(mode, 0)
    np.testing.assert_array_equal(found.pixels[0, 0], np.where(CLEAR, dark, 255))
    assert (found.pixels == found.pixels[:, :1]).all()
    assert found.note.count("what is transparent is shown on white") == 1


def test_opaque_pictures_with_an_alpha_are_as_they_are(tmp_path: Path) -> None:
    picture = Image.fromarray(GREY[0]).convert("RGBA")
    found = everything(as_zip(tmp_path, dict.fromkeys(["a/0.png", "b/1.png"], file_of(picture))))
    np.testing.assert_array_equal(found.pixels[0, 0], GREY[0])
    assert "white" not in found.note


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "YCbCr", "LAB", "P"])
def test_every_mode_of_a_picture_is_read_as_pillow_shows_it(mode: str, tmp_path: Path) -> None:
    picture = Image.fromarray(RANDOM.integers(0, 256, (6, 5, 3), dtype=np.uint8)).convert(mode)
    found = everything(as_zip(tmp_path, dict.fromkeys(["a/0.tif", "b/1.tif"], file_of(picture, "TIFF"))))
    grey = mode in ("1", "L")
    expected = np.asarray(picture.convert("L" if grey else "RGB"))
    np.testing.assert_array_equal(found.pixels[0], expected[None] if grey else expected.transpose(2, 0, 1))


def wide_tiff(values: ndarray, bits: int, kind: int, **tags: int) -> bytes:
    """A TIFF of 6 x 5 numbers as they are; 12 bits are packed."""
    if bits == 12:
        digits = "".join(f"{int(v):012b}" for row in values for v in row)
        rows = [digits[i : i + 60].ljust(64, "0") for i in range(0, 360, 60)]
        data = b"".join(int(row, 2).to_bytes(8, "big") for row in rows)
    else:
        data = values.tobytes()
    size = {256: (4, 1, 5), 257: (4, 1, 6), 258: (3, 1, bits), 278: (4, 1, 6), 339: (3, 1, kind)}
    return tiff(size | {int(tag): (4, 1, value) for tag, value in tags.items()}, data)


def test_floats_are_read_as_they_are(tmp_path: Path) -> None:
    values = (GREY / np.float32(255)).astype(np.float32)
    found = everything(as_zip(tmp_path, {f"{i}.tif": file_of(values[i], "TIFF") for i in range(8)}))
    assert found.shape == (1, 6, 5)
    assert {image.tobytes() for image in found.pixels.numpy()} == {image.tobytes() for image in GREY}


@pytest.mark.parametrize("values", [(0, 1.1), (0, 255), (-0.5, 1), (0, float("nan")), (0, float("inf"))])
@pytest.mark.parametrize("form", ["picture", "array"])
def test_floats_beyond_their_range_are_refused(values: tuple[float, float], form: str, tmp_path: Path) -> None:
    image = np.full((6, 5), values[0], np.float32)
    image[3, 3] = values[1]
    np.savez(tmp_path / "own.npz", images=np.stack([image, image]))
    path = as_zip(tmp_path, {"a/0.tif": file_of(image, "TIFF")}) if form == "picture" else tmp_path / "own.npz"
    said = refused(path)
    assert "expected floats in [0, 1], got values from" in said
    assert ("divide them by 255" in said) == (values in [(0, 1.1), (0, 255)])
    assert said.startswith("a/0.tif" if form == "picture" else "expected")


def test_sixteen_bits_in_any_order_of_bytes(tmp_path: Path) -> None:
    wide = GREY.astype(np.uint16) * 257
    content = {"a/0.png": file_of(wide[0]), "a/1.tif": file_of(wide[1], "TIFF"), "b/2.tif": big_endian(wide[2])}
    found = everything(as_zip(tmp_path, content))
    assert {image.tobytes() for image in found.pixels.numpy()} == {image.tobytes() for image in GREY[:3]}


def big_endian(values: ndarray) -> bytes:
    """A TIFF as Macintoshes wrote it."""
    data = values.astype(">u2").tobytes()
    tags = [
        (256, 4, 5),
        (257, 4, 6),
        (258, 3, 16),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (278, 4, 6),
        (279, 4, len(data)),
    ]
    listed = b"".join(
        struct.pack(">2HI", tag, kind, 1) + (struct.pack(">I", v) if kind == 4 else struct.pack(">2H", v, 0))
        for tag, kind, v in tags
    )
    return b"MM\0*" + struct.pack(">I", 8 + len(data)) + data + struct.pack(">H", len(tags)) + listed + bytes(4)


@pytest.mark.parametrize(("bits", "kind"), [(12, 1), (32, 1), (32, 2)])
def test_integers_are_read_by_the_bits_that_their_file_says(bits: int, kind: int, tmp_path: Path) -> None:
    used = bits - (kind == 2)  # one is the sign's
    values = GREY.astype(np.int64) << (used - 8)
    content = {
        f"{i}.tif": wide_tiff(values[i].astype(np.uint32 if kind == 1 else np.int32), bits, kind) for i in range(8)
    }
    found = everything(as_zip(tmp_path, content))
    assert {image.tobytes() for image in found.pixels.numpy()} == {image.tobytes() for image in GREY}


def test_bits_that_a_file_says_need_not_be_used(tmp_path: Path) -> None:
    values = (GREY // 32).astype(np.uint16) * 16
    found = everything(as_zip(tmp_path, {f"{i}.tif": wide_tiff(values[i], 12, 1) for i in range(8)}))
    assert {image.tobytes() for image in found.pixels.numpy()} == {image.tobytes() for image in GREY // 32}


def test_a_tiff_may_say_that_its_sixteen_bits_are_twelve(tmp_path: Path) -> None:
    values = GREY.astype(np.uint16) * 16
    content = {f"{i}.tif": wide_tiff(values[i], 16, 1, **{"281": 4095}) for i in range(8)}
    found = everything(as_zip(tmp_path, content))
    assert {image.tobytes() for image in found.pixels.numpy()} == {image.tobytes() for image in GREY}


def test_twelve_bits_in_sixteen_are_named_where_nothing_says_so(tmp_path: Path) -> None:
    values = GREY.astype(np.uint16) * 16
    values[0, 0, 0] = 4080
    sentence = (
        "expected 16-bit values that use their range from 0 to 65,535, got 0 to 4,080, which is 12 bits; "
        "multiply them by 16, or bring floats in [0, 1]"
    )
    values[0, 0, 1] = 0
    assert refused(as_zip(tmp_path, {f"{i}.png": file_of(values[i]) for i in range(8)})) == sentence
    np.savez(tmp_path / "own.npz", images=values)
    assert refused(tmp_path / "own.npz") == sentence


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.uint16, np.int32, ">u4", np.int64, np.uint64, ">i2"])
def test_integers_of_any_width_that_are_bytes_are_read_as_bytes(kind: type | str, tmp_path: Path) -> None:
    images = GREY // 2 if kind == np.int8 else GREY
    np.savez(tmp_path / "own.npz", images=images.astype(kind))
    assert {i.tobytes() for i in everything(tmp_path / "own.npz").pixels.numpy()} == {i.tobytes() for i in images}


@pytest.mark.parametrize("kind", [np.uint8, bool, np.int64, np.float64])
@pytest.mark.parametrize("side", [6, 100])
def test_zeros_and_ones_are_black_and_white(kind: type, side: int, tmp_path: Path) -> None:
    bits = np.zeros((8, side, side), bool)
    bits[:, :, side // 2 :] = True
    np.savez(tmp_path / "own.npz", images=bits.astype(kind))
    found = everything(tmp_path / "own.npz")
    half = found.shape[2] // 2
    assert (found.pixels[..., :half] == 0).all()
    assert (found.pixels[..., half:] == 255).all()
    assert ("0 and 1 shown as black and white" in found.note) == (kind in (np.uint8, np.int64))


def test_masks_of_zeros_and_ones_are_black_and_white(tmp_path: Path) -> None:
    """Unless any picture of the set has more: then they are nearly black."""
    masks = {f"{i}.png": file_of((GREY[i] > 128).astype(np.uint8)) for i in range(4)}
    assert set(everything(as_zip(tmp_path, masks)).pixels.unique().tolist()) == {0, 255}
    found = everything(as_zip(tmp_path, masks | {"x.png": file_of(GREY[7])}))
    assert sum(bool((image > 1).any()) for image in found.pixels) == 1


def test_what_rounds_above_one_is_one(tmp_path: Path) -> None:
    images = (GREY / 255).astype(np.float32)
    images[0, 0] = 1.0000001, -1e-7, 1, 0, 0.5
    np.savez(tmp_path / "own.npz", images=images)
    assert [255, 0, 255, 0, 128] in everything(tmp_path / "own.npz").pixels[:, 0, 0].tolist()


def test_negative_integers_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=GREY.astype(int) - 300)
    assert refused(tmp_path / "own.npz").startswith("expected integers from 0 on, got values from -300")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f4", ">f8", "<f2", ">i2"])
@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (0, 3, 1, 2)], ids=["channels last", "channels first"])
def test_arrays_of_any_order(order: str, kind: str, axes: tuple[int, ...], tmp_path: Path) -> None:
    rgb = RANDOM.integers(0, 256, (8, 6, 5, 3), dtype=np.uint8)
    values = rgb / 255 if "f" in kind else rgb
    np.savez(tmp_path / "own.npz", images=np.asarray(values.transpose(axes), kind, order=order))
    found = everything(tmp_path / "own.npz").pixels.numpy()
    expected = rgb.transpose(0, 3, 1, 2)
    assert {np.ascontiguousarray(i).tobytes() for i in found} == {np.ascontiguousarray(i).tobytes() for i in expected}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(5, 6), (90, 70), (1200, 1100)])
def test_photographs_are_upright(orientation: int, size: tuple[int, int], tmp_path: Path) -> None:
    """As Pillow itself turns them."""
    row, column = np.mgrid[0 : size[1], 0 : size[0]]
    picture = Image.fromarray((row * 150 / size[1] + column * 100 / size[0]).astype(np.uint8))
    exif = Image.Exif()
    exif[274] = orientation
    content = file_of(picture, exif=exif)
    found = everything(as_zip(tmp_path, dict.fromkeys(["a/0.png", "b/1.png"], content)))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    if max(size) > 64:
        upright = ImageOps.fit(upright, (32, 32), Image.Resampling.BOX)
    np.testing.assert_allclose(found.pixels[0, 0].numpy().astype(int), np.asarray(upright).astype(int), atol=1)


@pytest.mark.parametrize("form", ["TIFF", "GIF", "PNG", "WEBP"])
def test_every_page_of_a_file_is_a_picture(form: str, tmp_path: Path) -> None:
    first, *rest = (Image.fromarray(np.full((16, 16), value, np.uint8)) for value in (20, 120, 220))
    options = {"lossless": True} if form == "WEBP" else {}
    content = file_of(first, form, save_all=True, append_images=rest, **options)
    found = everything(as_zip(tmp_path, {f"a/0.{form}": content, "a/1.png": file_of(np.full((16, 16), 70, np.uint8))}))
    assert sorted(found.pixels[:, 0, 0, 0].tolist()) == [20, 70, 120, 220]
    assert found.labels.tolist() == [0] * 4
    assert "every page of 2 files is a picture" in found.note


def test_a_photograph_is_as_large_pictures_are(tmp_path: Path) -> None:
    """It is decoded at a part of its size; the averages are the same."""
    row, column = np.mgrid[0:2400, 0:3200]
    smooth = np.stack([row * 200 / 2400, column * 200 / 3200, 255 - row * 100 / 2400], axis=-1).astype(np.uint8)
    content = {"a/0.jpg": file_of(smooth, "JPEG", quality=95), "a/1.png": file_of(smooth)}
    found = everything(as_zip(tmp_path, content)).pixels.numpy().astype(int)
    assert abs(found[0] - found[1]).max() <= 2


@given(
    height=st.integers(65, 1700), width=st.integers(65, 1700), kind=st.sampled_from([np.uint8, np.uint16, np.float32])
)
def test_large_images_are_averages_of_their_central_square(height: int, width: int, kind: type) -> None:
    """However many strips they are looked at in, and whatever number they are of."""
    row, column = np.mgrid[0:height, 0:width]
    shade = 0.1 + 0.4 * row / height + 0.4 * column / width
    image = {np.uint8: shade * 255, np.uint16: shade * 65535, np.float32: shade}[kind].astype(kind)
    stack = Stack("set")
    stack.add(parts_of(image[..., None]), width, height, bits_of(np.dtype(kind)))
    found = stack.pixels().numpy()[0, 0].astype(float)
    side = min(height, width)
    centre = (np.arange(32) + 0.5) * side / 32 - 0.5
    by_hand = 0.1 + 0.4 * ((height - side) / 2 + centre)[:, None] / height + 0.4 * ((width - side) / 2 + centre) / width
    np.testing.assert_allclose(found, by_hand * 255, atol=3)

"""What a page trains on: the very images of a data set, points of the plane, and PCA of both."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from at_hand import folder_with

import vaecore
from vaecore.models import MODELS
from vaecore.serving import sheets
from vaecore.serving.studies.sheets import Sheet


def opened(made: Sheet) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pixels, labels, the mean and the components, as the page takes them apart."""
    data, count = zlib.decompress(made.data), made.training + made.test
    pixels = int(np.prod(made.shape))
    kind = "<f4" if pixels == 2 else "u1"
    size = np.dtype(kind).itemsize * count * pixels
    floats = np.frombuffer(data[size + count :], "<f4").reshape(-1, pixels)
    images = np.frombuffer(data[:size], kind).reshape(count, pixels)
    return images, np.frombuffer(data[size : size + count], "u1"), floats[0], floats[1:]


def test_the_digits_are_all_there_and_pca_is_that_of_the_package() -> None:
    made = sheets.sheet("digits")
    pixels, labels, mean, components = opened(made)
    training, test = (vaecore.dataset("digits", split) for split in ("train", "test"))
    assert np.array_equal(pixels, np.concatenate([training.data.flatten(1), test.data.flatten(1)]))
    assert np.array_equal(labels, np.concatenate([training.labels, test.labels]))
    pca = MODELS["pca"](MODELS["pca"].Settings(latent=5), made.shape)
    pca.prepare(training.data)
    error = pca(test.data.float() / 255)["distortion"].mean()
    assert made.errors[4] == pytest.approx(float(error), rel=1e-4)
    rows = test.data.flatten(1).numpy() / 255
    rebuilt = mean + (rows - mean) @ components[:5].T @ components[:5]
    assert np.square(rows - rebuilt).sum(1).mean() == pytest.approx(made.errors[4], rel=1e-4)
    assert len(components) == len(made.errors) == 64


@pytest.mark.parametrize("name", sheets.PLANES)
def test_points_lie_in_the_square_and_no_line_holds_them(name: str) -> None:
    made = sheets.sheet(name)
    pixels, labels, _, components = opened(made)
    assert 0 < pixels.min() < pixels.max() < 1
    assert set(labels) == set(range(len(made.classes)))
    assert components.shape == (2, 2)
    assert made.errors[0] > 0.005 > made.errors[1] >= 0
    assert sheets.sheet(name).data == made.data


def test_what_is_not_here_is_not_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_DATA", str(tmp_path))
    assert [name for name in sheets.NAMES if sheets.at_hand(name)] == ["digits", *sheets.PLANES]
    with pytest.raises(ValueError, match=r"^expected one of digits, mnist, .*, got 'kmnist'$"):
        sheets.sheet("kmnist")


@pytest.mark.data
def test_of_many_images_some_are_taken() -> None:
    folder_with("mnist")
    made = sheets.sheet("mnist")
    pixels, labels, _, _ = opened(made)
    assert (made.training, made.test) == (10_000, 1000)
    assert np.array_equal(pixels[10_000:], vaecore.dataset("mnist").data[:1000].flatten(1))
    assert np.array_equal(labels[:10_000], vaecore.dataset("mnist", "train").labels[:10_000])
    assert len(made.data) < 2.5e6

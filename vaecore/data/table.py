"""The table of data sets: a new one is a loader and a row."""

from dataclasses import dataclass, replace
from pathlib import Path

from vaecore.data.couplets import couplets
from vaecore.data.downloads import Loader
from vaecore.data.examples import Examples
from vaecore.data.images import Images
from vaecore.data.named import digits, static, torchvision

FIGURES = tuple("0123456789")
VALIDATION = 1 / 10
OF_60_000 = 1 / 6  # as most papers do: 10,000


@dataclass(frozen=True)
class DataSet:
    """A row of the table of data sets.

    Attributes:
        about: what it is, in a few words.
        loader: how it is downloaded and read.
        shape: channels, height, width of an image, known before the download; None for texts.
        classes: the names of its classes, in the order of the labels; empty without labels.
        validation: the share of its training images that a recipe is chosen on.
        strange: the data set whose images are shown to a model of this one as strangers; "" for none.
        licence: under which it is published; "" where that is not known.
        size: bytes that come down; None where they were not counted.
    """

    about: str
    loader: Loader
    shape: tuple[int, int, int] | None = None
    classes: tuple[str, ...] = ()
    validation: float = VALIDATION
    strange: str = ""
    licence: str = ""
    size: int | None = None

    def load(self, folder: Path, split: str) -> Examples:
        """One split, downloaded if it is not in the data folder, with the names of its classes.

        Raises:
            ValueError: it cannot be had, or its files are damaged; one sentence.
        """
        found = self.loader.load(folder, split)
        return replace(found, names=self.classes) if isinstance(found, Images) else found

    def offers(self, shape: tuple[int, ...]) -> bool:
        """Whether its images can be shown to a model of images of that shape; a page names them by their classes."""
        return bool(self.classes) and self.shape == shape

    def terms(self, is_here: bool = False) -> str:
        """What is to be downloaded, and under which licence: "30.9 MB to download, licence MIT"."""
        if is_here or self.size == 0:
            size = "nothing"
        else:
            size = "an unknown size" if self.size is None else f"{self.size / 1e6:.1f} MB"
        return f"{size} to download, licence {self.licence or 'not known'}"


DATASETS: dict[str, DataSet] = {
    "digits": DataSet("1,797 digits of 8x8, with scikit-learn", digits, (1, 8, 8), FIGURES, size=0),
    "mnist": DataSet(
        "70,000 digits of 28x28, by hand",
        torchvision("MNIST"),
        (1, 28, 28),
        FIGURES,
        OF_60_000,
        strange="fashion-mnist",
        licence="CC BY-SA 3.0",
        size=11_594_722,
    ),
    "fashion-mnist": DataSet(
        "70,000 clothes of 28x28",
        torchvision("FashionMNIST"),
        (1, 28, 28),
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        OF_60_000,
        strange="mnist",
        licence="MIT",
        size=30_878_645,
    ),
    "kmnist": DataSet(
        "70,000 hiragana of 28x28, in old cursive hand",
        torchvision("KMNIST"),
        (1, 28, 28),
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        OF_60_000,
        strange="mnist",
        licence="CC BY-SA 4.0",
        size=21_240_888,
    ),
    "usps": DataSet(
        "9,298 digits of 16x16, by hand, from envelopes",
        torchvision("USPS", "USPS", ("usps.bz2", "usps.t.bz2")),
        (1, 16, 16),
        FIGURES,
    ),
    "mnist-static": DataSet(
        "MNIST binarised once and for all: 60,000 of 28x28, in an order of their own, without labels",
        static,
        (1, 28, 28),
        validation=1 / 5,  # of 50,000: 10,000 as well
    ),
    "couplets": DataSet("155,106 couplets of Tang poems, five characters and five", couplets, licence="MIT"),
}

"""Whatever can be added is a row in one table: each is done to a copy of the package, where it is then seen.

Pages and lessons: `app/test_table_of_pages.py`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import vaecore

PACKAGE = Path(vaecore.__file__).parent
TESTS = Path(__file__).parent
END = ""  # of a file


class Addition(NamedTuple):
    """What is written where: after which line of which file; and a program that looks at it, with what it prints."""

    places: dict[str, list[tuple[str, str]]]
    look: str
    seen: list[str]


VARIANT = Addition(
    {
        "models/ridge.py": [
            (
                END,
                '''"""A variant that somebody adds."""

from jaxtyping import Float
from pydantic import PositiveFloat
from pydantic.dataclasses import dataclass
from torch import Tensor

from vaecore.models.base import STRICT
from vaecore.models.deterministic import DeterministicAutoencoder


class RidgeAutoencoder(DeterministicAutoencoder):
    """The autoencoder whose codes stay small."""

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(DeterministicAutoencoder.Settings):
        """`price` is lambda."""

        price: PositiveFloat = 0.1

    equation = "min ||x - g(f(x))||^2 + lambda ||f(x)||^2"
    source = "Ghosh et al. 2020"

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.price = settings.price

    def penalty(
        self, x: Float[Tensor, "batch channels height width"], code: Float[Tensor, "batch latent"]
    ) -> dict[str, Float[Tensor, "batch"]]:
        """{"ridge": lambda ||z||^2}."""
        return {"ridge": self.price * code.square().sum(1)}
''',
            )
        ],
        "models/__init__.py": [
            (
                "from vaecore.models.linear import PCA, LinearAutoencoder\n",
                "from vaecore.models.ridge import RidgeAutoencoder\n",
            ),
            ("MODELS: dict[str, type[Autoencoder]] = {\n", '    "ridge": RidgeAutoencoder,\n'),
        ],
        "recipes.py": [
            (
                "RECIPES: dict[str, Recipe] = {\n    recipe.name: recipe\n    for recipe in (\n",
                '        _recipe("ridge-digits", "ridge", "digits", {"price": 0.2, **DIGITS}, TINY),\n',
            )
        ],
    },
    """
import vaecore
from vaecore import tables
folder = vaecore.train("ridge-digits", out="run", device="cpu", epochs=1)
explorer = vaecore.load(folder, device="cpu")
measured = vaecore.evaluate(folder, device="cpu")
print(explorer.variant, "| `ridge` | min" in tables.of_variants(), "squared_error" in measured)
""",
    ["ridge", "True", "True"],
)  # fmt: skip
MEASURE = Addition(
    {
        "evaluation/measured.py": [
            (
                END,
                '''

def darkest(on: Examined) -> Metrics:
    """The least error of all reconstructions."""
    return {"darkest": float(on.errors.min())}
''',
            )
        ],
        "evaluation/metrics.py": [
            (
                "METRICS: tuple[Measure, ...] = (\n",
                """    Measure(
        (
            Figure(
                "darkest", "darkest", "{:.3f}", "the darkest", ranked=Ranked("dark", "darkest", "Less is better")
            ),
        ),
        measured.darkest,
    ),
""",
            )
        ],
    },
    """
import vaecore
from vaecore import tables
from vaecore.evaluation import shown
measured = vaecore.evaluate("pca-digits", device="cpu")
head = next(line for line in tables.of_models(texts=False).splitlines() if line.startswith("| model | parameters"))
ranked, of_texts = shown.RANKED["dark"]
print(measured["darkest"] >= 0, "| darkest |" in head)
print(*shown.labelled({"darkest": 0.25}).values(), *ranked.keys, of_texts)
""",
    ["True", "True", "0.250", "darkest", "False"],
)
DATA_SET = Addition(
    {
        "data/named.py": [
            (
                END,
                '''

def _halves(folder: Path, split: str) -> Images:
    """The digits, each half as bright."""
    found = digits.load(folder, split)
    return Images(found.data // 2, found.target)


halves = Loader(_halves)
''',
            )
        ],
        "data/table.py": [
            ("from vaecore.data.images import Images\n", "from vaecore.data.named import halves\n"),
            (
                "DATASETS: dict[str, DataSet] = {\n",
                '    "halves": DataSet("dim digits", halves, (1, 8, 8), FIGURES, strange="digits", size=0),\n',
            ),
        ],
    },
    """
import vaecore
from vaecore.serving import strangers
brightest = int(vaecore.dataset("halves", "test").pixels.max())
folder = vaecore.train("vae-digits-2", out="run", dataset="halves", device="cpu", epochs=1)
explorer = vaecore.load(folder, device="cpu")
print(brightest, explorer.dataset, *(kind for kind in strangers.unseen_kinds(explorer) if kind == "digits"))
""",
    ["127", "halves", "digits"],
)
OPTIMISER = Addition(
    {
        "optimizers.py": [
            (
                "\n\nOPTIMIZERS = {\n",
                '    "descent": Choice(lambda parameters, rate, decay, betas: [SGD(parameters, rate)], {SGD: {}}),\n',
            ),
            ("from torch.optim import AdamW, Muon, Optimizer\n", "from torch.optim import SGD\n"),
        ],
    },
    """
import vaecore
from vaecore import checkpoint
run = vaecore.train("vae-digits-2", out="run", device="cpu", epochs=1, optimizer="descent", learning_rate=1e-4)
print(checkpoint.load_recipe(run).training.optimizer)
""",
    ["descent"],
)
ADDITIONS = {"variant": (VARIANT, 3), "data set": (DATA_SET, 2), "measure": (MEASURE, 2), "optimiser": (OPTIMISER, 2)}


def added(addition: Addition, folder: Path) -> Path:
    """A copy of the package with something added to it."""
    copy = folder / "vaecore"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pretrained").symlink_to(PACKAGE.parent / "pretrained", target_is_directory=True)
    for file, insertions in addition.places.items():
        text = (copy / file).read_text("utf-8") if (copy / file).exists() else ""
        for after, what in insertions:
            assert not after or text.count(after) == 1
            text = text.replace(after, after + what) if after else text + what
        (copy / file).write_text(text, "utf-8")
    return folder


def run(folder: Path, *words: str) -> str:
    """What a program prints that has the copy, and no other."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    command = [sys.executable, "-P", *words]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
    return ran.stdout.strip()


@pytest.mark.parametrize("kind", ADDITIONS)
def test_it_is_added_in_a_few_places_and_seen_everywhere(kind: str, tmp_path: Path) -> None:
    addition, bar = ADDITIONS[kind]
    assert len(addition.places) <= bar
    folder = added(addition, tmp_path)
    where, *seen = run(folder, "-c", addition.look + "print(vaecore.__file__)").split()[::-1]
    assert Path(where).is_relative_to(folder)
    assert seen[::-1][-len(addition.seen) :] == addition.seen


def test_a_variant_that_is_added_is_held_to_the_contract(tmp_path: Path) -> None:
    """The tests of all variants and recipes, run on the copy, find it by its row."""
    folder = added(VARIANT, tmp_path)
    files = [str(TESTS / name) for name in ("test_models.py", "test_recipes.py")]
    said = run(folder, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-k", "ridge", *files)
    passed = int(said.splitlines()[-1].split(" passed")[0])
    assert passed >= 10, said

"""A measure is added by a function and its row, and is then seen wherever figures are; done to a copy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vaecore

PACKAGE = Path(vaecore.__file__).parent
FUNCTION = '''

def darkest(on: Examined) -> Metrics:
    """The least pixel of all reconstructions."""
    return {"darkest": float(on.errors.min())}
'''
ROW = """    Measure(
        (
            Figure(
                "darkest", "darkest", "{darkest:.3f}", "the darkest", ranked=Ranked("dark", "darkest", "Less is better")
            ),
        ),
        measured.darkest,
    ),
"""
LOOK = """
import vaecore
from vaecore.__main__ import readme_tables
from vaecore.evaluation import shown
measured = vaecore.evaluate("pca-digits", device="cpu")
head = next(line for line in readme_tables().splitlines() if line.startswith("| model | parameters"))
ranked, of_texts = shown.RANKED["dark"]
print(vaecore.__file__, measured["darkest"] >= 0, "| darkest |" in head, shown.labelled({"darkest": 0.25}),
      ranked.keys, of_texts, sep=" ; ")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, folder / "vaecore", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pretrained").symlink_to(PACKAGE.parent / "pretrained", target_is_directory=True)
    return folder


def test_a_measure_is_added_by_its_function_and_its_row(copy: Path) -> None:
    evaluation = copy / "vaecore" / "evaluation"
    functions, table = evaluation / "measured.py", evaluation / "metrics.py"
    functions.write_text(functions.read_text("utf-8") + FUNCTION, "utf-8")
    begun = "METRICS: tuple[Measure, ...] = (\n"
    assert table.read_text("utf-8").count(begun) == 1
    table.write_text(table.read_text("utf-8").replace(begun, begun + ROW), "utf-8")
    environment = os.environ | {"PYTHONPATH": str(copy)}
    ran = subprocess.run([sys.executable, "-P", "-c", LOOK], cwd=copy, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    where, *seen = ran.stdout.strip().split(" ; ")
    assert Path(where).is_relative_to(copy)
    assert seen == ["True", "True", "{'the darkest': '0.250'}", "('darkest',)", "False"]

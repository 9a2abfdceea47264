"""What the README and the package's documentation print is what the package says of itself."""

import ast
import json
import re
import shlex
from pathlib import Path

import pytest

import vaecore
from vaecore import checkpoint, tables
from vaecore.__main__ import _assignment, _parser
from vaecore.evaluation.figures import with_error
from vaecore.recipes import find

README = Path(__file__).parent.parent / "README.md"
DOCS = Path(vaecore.__file__).parent / "docs"
MEASUREMENTS, USING = DOCS / "measurements.md", DOCS / "using.md"
TABLES = {
    "variants": (README, tables.of_variants),
    "images": (MEASUREMENTS, lambda: tables.of_models(texts=False)),
    "texts": (MEASUREMENTS, lambda: tables.of_models(texts=True)),
    "papers": (MEASUREMENTS, tables.of_papers),
}
SAID = (  # in the text, of which model, by which figure of its card; with its error, where the form has room for two
    ("`denoising-mnist` {:.2%} ± {:.2%}", "denoising-mnist", "probe_error"),
    ("PCA-64 {:.1%} ± {:.1%}", "pca-mnist", "probe_error"),
    ("pixels {:.1%} ± {:.1%}", "pca-mnist", "pixels_probe_error"),
    ("PCA-64 {:.1%} ± {:.1%}", "pca-mnist", "few_label_error_100"),
    ("pixels {:.1%} ± {:.1%}", "pca-mnist", "pixels_few_label_error_100"),
    ("`stacked-mnist` {:.2%} ± {:.2%}", "stacked-mnist", "classification_error"),
    ("dropout) by\n{:.2%} ± {:.2%}", "stacked-mnist", "classification_error"),
    ("`sparse-kl-mnist` {:.4f} ± {:.4f}", "sparse-kl-mnist", "mean_activity"),
    ("`ae-mnist-1000` {:.4f} ± {:.4f}", "ae-mnist-1000", "mean_activity"),
    ("squared error of {:.2f}", "contractive-mnist", "squared_error"),
    ("`contractive-mnist` {:.1f} ± {:.1f}", "contractive-mnist", "jacobian_norm"),
    ("`ae-mnist-1000` {:.1f} ± {:.1f}", "ae-mnist-1000", "jacobian_norm"),
    ("(at {:.2f})", "ae-mnist-1000", "squared_error"),
    ("ten Gaussians {:.1f} ± {:.1f}", "ae-mnist-30", "frechet"),
    ("one Gaussian {:.1f} ± {:.1f}", "ae-mnist-30", "frechet_one_gaussian"),
    ("N(0, I) {:.1f} ± {:.1f}", "ae-mnist-30", "frechet_standard_normal"),
    ("real training images {:.2f} ± {:.2f}", "ae-mnist-30", "frechet_floor"),
    ("by {:.3f} here", "ae-mnist-30", "pca_squared_error"),
)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def commands(path: Path) -> list[list[str]]:
    """The words of every command of ours that a text shows on a line of its own."""
    shown = re.findall(r"^    (?:vaecore|.*-m vaecore) (.*)$", text_of(path), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in shown]


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_that_the_command_writes(name: str) -> None:
    path, table = TABLES[name]
    found = text_of(path).split(f"<!-- {name}: begin -->\n")[1].split(f"\n<!-- {name}: end -->")[0]
    assert found == table(), "write it anew with: vaecore list --markdown"


@pytest.mark.parametrize(("form", "model", "key"), SAID)
def test_a_figure_in_the_text_is_that_of_the_card(form: str, model: str, key: str) -> None:
    metrics = checkpoint.read_card(checkpoint.find(model))["metrics"]
    assert form.format(metrics[key], metrics[f"{key}_error"]) in text_of(MEASUREMENTS)


def test_masked_pixels_are_those_of_the_cards() -> None:
    for name, model in (
        ("`denoising-mnist`", "denoising-mnist"),
        ("`ae-mnist-30`", "ae-mnist-30"),
        ("PCA-64", "pca-mnist"),
    ):
        robust = checkpoint.read_card(checkpoint.find(model))["metrics"]["robustness"]
        half = robust["levels"].index(0.5)
        said = with_error("{:.2f}", robust["masking"][half], robust["masking_error"][half])
        assert f"{name} {said}" in text_of(MEASUREMENTS)


@pytest.mark.parametrize("path", [README, USING], ids=lambda path: path.stem)
def test_every_command_that_is_shown_is_one(path: Path) -> None:
    assert len(commands(path)) > 3
    for words in commands(path):
        parsed = _parser().parse_args(words)
        if words[0] == "train":
            find(parsed.recipe).changed(**dict(_assignment(word) for word in parsed.set))


@pytest.mark.parametrize("path", [README, USING], ids=lambda path: path.stem)
def test_the_program_that_is_shown_uses_public_names(path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", text_of(path), re.DOTALL)
    used = {
        node.attr
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "vaecore"
    }
    assert used
    assert used <= set(vaecore.__all__)


@pytest.mark.parametrize("path", [README, MEASUREMENTS, USING], ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", text_of(path)):
        assert (path.parent / link).exists(), link


def test_replicates_on_a_card_are_what_the_table_averages() -> None:
    replicates = json.loads(text_of(checkpoint.find("vae-mnist-50") / "card.json"))["metrics"]["replicates"]
    mean = sum(replicates["log_likelihood"]) / len(replicates["log_likelihood"])
    assert f"| {-mean:.2f} ± " in tables.of_papers()

"""Imports go down only, and in no circle: those that are made late are imports too; and the app computes nothing."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

import app
import vaecore


@pytest.mark.parametrize("package", ["app", "vaecore"])
def test_no_import_leads_back_to_where_it_came_from(package: str) -> None:
    graph = grimp.build_graph(package, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 70
    TopologicalSorter(imports).prepare()  # a circle is an error that names its modules


ARITHMETIC = {"cov", "dot", "einsum", "linalg", "matmul", "mean", "median", "prod", "quantile", "square", "std", "var"}


@pytest.mark.parametrize("room", ["results", "views", "lessons", "controls", "components"])
def test_nothing_is_computed_in_the_app(room: str) -> None:
    """Its pages order, cut and show arrays; what has a formula is a function of vaecore."""
    for path in Path(app.__file__).parent.glob(f"{room}/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            of_numpy = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np"
            assert not (of_numpy and node.attr in ARITHMETIC), f"{path.name}: np.{node.attr}, line {node.lineno}"
            product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
            assert not product, f"{path.name}: a matrix product, line {node.lineno}"


LONGEST_BODY, LONGEST_MODULE = 40, 300  # lines, without the docstring; of a file
LOOP = ("training.py", "fit")  # which is better read on one page


def test_no_function_and_no_module_is_long() -> None:
    for path in [*Path(app.__file__).parent.rglob("*.py"), *Path(vaecore.__file__).parent.rglob("*.py")]:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= LONGEST_MODULE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (path.name, node.name) != LOOP:
                body = node.body[ast.get_docstring(node) is not None :]
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert lines <= LONGEST_BODY, (path, node.name, lines)


def test_few_rooms_are_at_the_top_of_the_app() -> None:
    top = Path(app.__file__).parent
    rooms = [each for each in top.iterdir() if each.suffix == ".py" or (each.is_dir() and each.name[0] not in "._")]
    assert len(rooms) <= 14, sorted(each.name for each in rooms)

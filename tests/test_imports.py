"""Imports go down only, and in no circle: those that are made late are imports too."""

from graphlib import TopologicalSorter

import grimp
import pytest


@pytest.mark.parametrize("package", ["app", "vaecore"])
def test_no_import_leads_back_to_where_it_came_from(package: str) -> None:
    graph = grimp.build_graph(package, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 70
    TopologicalSorter(imports).prepare()  # a circle is an error that names its modules

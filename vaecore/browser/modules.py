"""ES modules joined into one script, for what runs where a page may load nothing: each stands below what it imports.

An import has one form, `import { a, b } from "./x.js";`, and what is exported is declared where it is exported. All
modules of a script share one scope, so no two of them may declare the same name.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

IMPORT = re.compile(r'^import \{\s+(\w+(?:,\s+\w+)*),?\s+\} from "(\.\.?/[\w./-]+\.js)";\n+', re.MULTILINE)
DECLARATION = re.compile(r"^(export )?(?:(?:async )?function|class|const|let) (\w+)", re.MULTILINE)
UNKNOWN = re.compile(r"^(?:import|export|var|(?:const|let) [\[{]).*", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*\*(?:(?!\*/)[\s\S])*\*/)\n", re.MULTILINE)  # on lines of its own


class Module(NamedTuple):
    """A module: the names that it imports by where from, those that it declares and exports, and its own code."""

    imports: dict[Path, list[str]]
    declared: list[str]
    exported: list[str]
    code: str


def join(entry: Path) -> str:
    """The script of a module and of all that it imports, each once.

    Raises:
        ValueError: two modules declare one name, import each other in a circle, or are written in another form than
            this one reads; or a name is imported that is not exported.
    """
    modules = dict(_below(entry.resolve(), ()))
    owners: dict[str, Path] = {}
    for path, module in modules.items():
        for name in module.declared:
            if owners.setdefault(name, path) != path:
                raise ValueError(f"{owners[name].name} and {path.name} both declare {name}, and share one scope")
        for source, names in module.imports.items():
            for name in names:
                if name not in modules[source].exported:
                    raise ValueError(f"{path.name} imports {name} from {source.name}, which does not export it")
    return "\n".join(module.code for module in modules.values())


def read(path: Path) -> Module:
    """A module as it is written.

    Raises:
        ValueError: an import, an export or a declaration has another form than this one reads.
    """
    text = path.read_text("utf-8")
    imports: dict[Path, list[str]] = {}
    for names, source in IMPORT.findall(text):
        imports.setdefault((path.parent / source).resolve(), []).extend(re.findall(r"\w+", names))
    code = COMMENT.sub("", IMPORT.sub("", text))  # comments are for those who read the source
    declarations = [(bool(exported), name) for exported, name in DECLARATION.findall(code)]
    code = DECLARATION.sub(lambda found: found[0].removeprefix("export "), code)
    if strange := UNKNOWN.search(code):
        raise ValueError(f"{path.name}: '{strange[0]}' is in no form that can be joined, see vaecore.browser.modules")
    declared = [name for _, name in declarations]
    return Module(imports, declared, [name for exported, name in declarations if exported], code)


def _below(path: Path, above: tuple[Path, ...]) -> Iterator[tuple[Path, Module]]:
    """A module behind all that it imports; of those that come twice the first counts."""
    if path in above:
        circle = " imports ".join(each.name for each in (*above[above.index(path) :], path))
        raise ValueError(f"{circle}: no order of them is right")
    module = read(path)
    for source in module.imports:
        yield from _below(source, (*above, path))
    yield path, module

"""Modules that are joined: in the order of their imports, each once, and what cannot be joined is said."""

import re
from pathlib import Path

import pytest

from vaecore import browser
from vaecore.browser.modules import join

FOLDER = Path(browser.__file__).parent
MODULES = sorted(FOLDER.rglob("*.js"))


def written(folder: Path, **modules: str) -> Path:
    """Modules by name in a folder; the address of the first."""
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, "utf-8")
    return folder / f"{next(iter(modules))}.js"


def test_each_module_comes_once_and_below_what_it_imports(tmp_path: Path) -> None:
    entry = written(
        tmp_path,
        a='import { b } from "./b.js";\nimport { c } from "./c.js";\n\nexport const a = b + c;\n',
        b='import { c } from "./c.js";\n\nexport function b() {\n  return c;\n}\n',
        c="// Why.\nexport class c {} // kept\n",
    )
    assert join(entry) == "class c {} // kept\n\nfunction b() {\n  return c;\n}\n\nconst a = b + c;\n"


def test_an_import_may_stand_on_several_lines_and_lead_to_other_folders(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    written(tmp_path, b="export const b = 1;\nexport let c = 2;\nexport async function d() {}\n")
    entry = written(tmp_path / "below", a='import {\n  b,\n  c,\n  d,\n} from "../b.js";\nd(b, c);\n')
    assert join(entry).endswith("d(b, c);\n")


def test_comments_go_and_what_looks_like_one_stays(tmp_path: Path) -> None:
    kept = 'const a = /** @type {number} */ (\n  1 /* one */\n); // one\nconst b = "//";\n'
    assert join(written(tmp_path, a=f"/**\n * Says what.\n */\n{kept}  /** x */\n")) == kept


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"a": 'import { b } from "./b.js";\nlet x = b;\n', "b": "export const b = 1;\nfunction x() {}\n"},
         "b.js and a.js both declare x, and share one scope"),
        ({"a": 'import { b } from "./b.js";\n', "b": 'import { c } from "./c.js";\n',
          "c": 'import { b } from "./b.js";\n'},
         "b.js imports c.js imports b.js: no order of them is right"),
        ({"a": 'import { a } from "./a.js";\n'}, "a.js imports a.js: no order of them is right"),
        ({"a": 'import { b } from "./b.js";\n', "b": "const b = 1;\n"},
         "a.js imports b from b.js, which does not export it"),
        ({"a": 'import b from "./b.js";\n'}, """a.js: 'import b from "./b.js";' is in no form that can be joined"""),
        ({"a": 'import { b as c } from "./b.js";\n'}, "is in no form that can be joined"),
        ({"a": 'import "./b.js";\n'}, "is in no form that can be joined"),
        ({"a": 'import { b } from "b";\n'}, "is in no form that can be joined"),
        ({"a": "export default 1;\n"}, "a.js: 'export default 1;' is in no form that can be joined"),
        ({"a": "const a = 1;\nexport { a };\n"}, "a.js: 'export { a };' is in no form that can be joined"),
        ({"a": "const [a, b] = [1, 2];\n"}, "a.js: 'const [a, b] = [1, 2];' is in no form that can be joined"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_said_in_a_sentence(tmp_path: Path, modules: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        join(written(tmp_path, **modules))


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        join(written(tmp_path, a='import { b } from "./missing.js";\n'))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_every_module_stands_by_itself(module: Path) -> None:
    """Nothing but its own imports is below it, and every file has imports alone at its top."""
    script = join(module)
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)


def test_a_component_is_its_module_and_what_that_imports() -> None:
    names = {path.name for path in FOLDER.iterdir() if (path / f"{path.name}.html").exists()} - {"page"}
    assert names == {"canvas", "ellipse", "fonts", "maps", "paths", "plot", "sliders", "train"}
    for name in names:
        part = browser.component(name)
        assert part.js.endswith(f"export default mount{name.capitalize()};\n")
        assert f"mount{name.capitalize()}" in part.js.removesuffix(f"export default mount{name.capitalize()};\n")
        assert part.html
        assert part.css

"""One table of pages: the README has it, and a page or a lesson is added by its script and its row."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import MAIN

from app import pages

README = MAIN.parents[1] / "README.md"
SCRIPT = """import streamlit as st

from app.session import state

st.title("Added")
st.write(state.chosen().explorer.name)
"""
ROWS = {
    "views/added.py": ("PAGES", 'Page("Added", "what was added", "Codes", needs="model", idea=lambda own: True)'),
    "lessons/added.py": ("LESSONS", 'Lesson("Added", "adding", "What must be touched?")'),
}
LOOK = """
import sys
from streamlit.testing.v1 import AppTest
from app import pages
app = AppTest.from_file(pages.HERE / "main.py", default_timeout=60)
app.query_params["model"] = "vae-digits-2"
start = app.run()
assert not start.exception
links = "".join(part.proto.body for part in start.get("html"))
app.switch_page(pages.file_of("added")).run()
assert not app.exception, app.exception
in_readme = any(words in pages.table() for words in ("| Added | what was added |", "adding"))
print(app.title[0].value, app.main.markdown[-1].value, "added?model=vae-digits-2" in links, in_readme, sep="; ")
"""


def test_the_readme_has_the_table_of_pages() -> None:
    text = README.read_text(encoding="utf-8")
    table = text.split("<!-- pages: begin -->\n")[1].split("\n<!-- pages: end -->")[0]
    assert table == pages.table(), "write it anew with: python -m app.pages"


def test_every_script_of_a_page_has_its_row() -> None:
    named = {pages.file_of(name) for name in (*pages.PAGES, *pages.LESSONS)}
    folder = MAIN.parent
    scripts = [*folder.glob("views/*.py"), *folder.glob("lessons/*.py")]
    scripts += [path / f"{path.name}.py" for path in folder.glob("views/*/") if (path / "__init__.py").exists()]
    written = {path.relative_to(folder).as_posix() for path in scripts} - {"lessons/frame.py"}
    assert {path for path in written if not path.endswith("__init__.py")} == named


@pytest.mark.parametrize("file", ROWS)
def test_a_page_is_added_by_its_script_and_its_row(file: str, tmp_path: Path) -> None:
    copy = shutil.copytree(MAIN.parent, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / file).write_text(SCRIPT)
    table, row = ROWS[file]
    rows = copy / "pages.py"
    begun = f"{table} = {{\n"
    assert rows.read_text("utf-8").count(begun) == 1
    rows.write_text(rows.read_text("utf-8").replace(begun, f'{begun}    "added": {row},\n'), "utf-8")
    path = os.pathsep.join([str(tmp_path), str(MAIN.parents[1])])
    ran = subprocess.run(
        [sys.executable, "-P", "-c", LOOK], cwd=tmp_path, env=os.environ | {"PYTHONPATH": path},
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    linked = table == "PAGES"  # from the line of a model on Start, whose idea it shows
    assert ran.stdout.strip().split("\n")[-1] == f"Added; vae-digits-2; {linked}; True"

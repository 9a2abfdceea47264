"""The README's tables are what the package says of itself."""

from pathlib import Path

from vaecore.__main__ import readme_tables

README = Path(__file__).parent.parent / "README.md"


def test_tables_are_those_that_the_command_writes() -> None:
    text = README.read_text(encoding="utf-8")
    tables = text.split("<!-- tables: begin -->\n")[1].split("\n<!-- tables: end -->")[0]
    assert tables == readme_tables(), "write them anew with: vaecore list --markdown"

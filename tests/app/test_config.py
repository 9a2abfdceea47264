"""What Streamlit is told once, for every page."""

import ast
import tomllib

from harness import LESSONS, MAIN, PAGES

from app.pages import file_of

APP = MAIN.parent


def test_no_page_is_parsed_for_what_it_may_have_forgotten_to_show() -> None:
    """Two threads that parse at once fail one another in Python 3.11; and no page leans on it."""
    settings = tomllib.loads((APP / ".streamlit" / "config.toml").read_text("utf-8"))
    assert settings["runner"]["magicEnabled"] is False
    for file in (MAIN, *(APP / file_of(name) for name in (*PAGES, *LESSONS))):
        bare = [each.value for each in ast.parse(file.read_text("utf-8")).body if isinstance(each, ast.Expr)]
        docstring, *others = bare
        assert isinstance(docstring, ast.Constant)
        assert all(isinstance(each, ast.Call) for each in others), file

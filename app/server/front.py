"""Streamlit's scripts, styles and fonts, from memory: a first visit asks for sixty, and each took a thread its file."""

import mimetypes
from pathlib import Path

import streamlit as st
from starlette.responses import Response

ROOT = Path(st.__file__).parent / "static"
FOLDER = "static"  # of what its build has named by their content
KEEP = "public, immutable, max-age=31536000"


class Front:
    """The files by the path that a page asks for them with; each is read when it is first asked for, and stays."""

    def __init__(self) -> None:
        """List the files: nothing else is ever read."""
        self.paths = {f"/{path.relative_to(ROOT).as_posix()}": path for path in (ROOT / FOLDER).rglob("*.*")}
        self.answers: dict[str, Response] = {}

    def answer(self, path: str) -> Response | None:
        """Return the answer for a path; None where it is no file of these."""
        if path in self.answers or path not in self.paths:
            return self.answers.get(path)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        made = Response(self.paths[path].read_bytes(), media_type=kind, headers={"Cache-Control": KEEP})
        return self.answers.setdefault(path, made)

"""The server: everything heavy is imported and loaded before the first visitor arrives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit import config

from app.components.blobs import BLOBS
from app.server import errors
from app.server.guard import Guard
from app.server.options import OPTIONS


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Preload once Streamlit's runtime is up, which its caches need."""
    from app import chooser, results  # noqa: F401  imported for the first visitor, who would wait for it
    from app.server import startup

    startup.preload()
    background = startup.Background()
    yield
    background.end()


async def blob(request: Request) -> Response:
    """Answer ``blob/<sha256>``; the address names the content, so a browser may keep it forever."""
    found = BLOBS.get(request.path_params["digest"])
    if found is None:
        return Response("no such blob", status_code=404)
    data, media_type = found
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(data, media_type=media_type, headers=headers)


def serve() -> Guard:
    """Return the application, at the path where the command line or Streamlit's settings put it."""
    errors.number_tracebacks()
    BLOBS.served = True
    pages = st.App(
        Path(__file__).with_name("main.py"),
        routes=[Route("/{base:path}blob/{digest}", blob)],
        lifespan=lifespan,
        on_script_error=errors.show,
        exception_handlers={Exception: errors.answer},
    )
    if OPTIONS.base:  # Streamlit has found its settings beside the script by now, and made no route yet
        config.set_option("server.baseUrlPath", OPTIONS.base)
    return Guard(pages, OPTIONS, config.get_option("server.baseUrlPath"))


app = serve()

"""The server: everything heavy is imported and loaded before the first visitor arrives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from streamlit import config

from app.server import errors, visits
from app.server.brought import STORE
from app.server.guard import Guard
from app.server.options import OPTIONS
from app.session.blobs import BLOBS
from vaecore import serving

MAIN = Path(__file__).parents[1] / "main.py"


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Preload once Streamlit's runtime is up, which its caches need."""
    from app.controls import sidebar  # noqa: F401  imported for the first visitor, who would wait for it
    from app.results import makers  # noqa: F401  likewise
    from app.server import startup

    startup.preload()
    keeper = startup.begin(asyncio.get_running_loop())
    visits.begin(keeper.stopped)
    yield
    keeper.stop()
    STORE.close()


async def blob(request: Request) -> Response:
    """Answer ``blob/<sha256>/<recipe>``; the first names the content, so a browser may keep it forever.

    What another copy of the server has named is made here by its recipe. Two machines may round a pixel differently:
    then it is as good, but not what that address names.
    """
    digest, recipe = request.path_params["digest"], request.path_params.get("recipe", "")
    found = BLOBS.get(digest)
    if found is None and recipe:
        from app.results import makers  # heavy, and loaded by now

        found = await run_in_threadpool(makers.again, recipe)
    if found is None:
        return PlainTextResponse("no such blob", status_code=404, headers={"Cache-Control": "no-store"})
    data, media_type = found
    named = BLOBS.get(digest) is not None
    keep = "public, max-age=31536000, immutable" if named else "no-store"
    return Response(data, media_type=media_type, headers={"Cache-Control": keep})


def serve(script: Path = MAIN) -> Guard:
    """Return the application of a script, at the path where the command line or Streamlit's settings put it."""
    errors.number_tracebacks()
    BLOBS.served = True
    pages = st.App(
        script,
        routes=[Route(f"/{{base:path}}blob/{{digest}}{rest}", blob) for rest in ("", "/{recipe:path}")],
        lifespan=lifespan,
        on_script_error=errors.show,
        exception_handlers={Exception: errors.answer},
    )
    # Streamlit has found its settings beside the script by now, and made no route yet.
    config.set_option("client.showErrorDetails", "none")  # should our sentence fail
    config.set_option("logger.enableRich", False)  # it prints no number
    config.set_option("server.allowedHosts", [])  # the guard knows them
    config.set_option("server.maxUploadSize", serving.incoming.largest())  # MiB of a file
    if OPTIONS.base:
        config.set_option("server.baseUrlPath", OPTIONS.base)
    return Guard(pages, OPTIONS, config.get_option("server.baseUrlPath"))


app = serve()

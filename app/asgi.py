"""The server: everything heavy is imported and loaded before the first visitor arrives."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.components.blobs import BLOBS

FIRST_VISIT = 5.0  # seconds in which it is waited for
DRAWN = 2.0  # seconds that a browser draws what it was sent


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Preload once Streamlit's runtime is up, which its caches need."""
    from app import chooser, results, state  # noqa: F401  imported for the first visitor, who would wait for it

    state.preload()
    Thread(target=in_the_background, daemon=True).start()
    yield


def in_the_background() -> None:
    """Do what nobody waits for: draw the models, import what only some pages need, keep the garbage collector quick.

    Whoever started the server has a browser that opens the first page: nothing is imported while that is drawn.
    """
    from app import state
    from app.garbage import Keeper

    keeper = Keeper()
    state.draw_models()
    if keeper.begun.wait(FIRST_VISIT):
        time.sleep(DRAWN)
    state.warm_up()
    keeper.keep()


async def blob(request: Request) -> Response:
    """Answer ``/blob/<sha256>``; the address names the content, so a browser may keep it forever."""
    found = BLOBS.get(request.path_params["digest"])
    if found is None:
        return Response("no such blob", status_code=404)
    data, media_type = found
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(data, media_type=media_type, headers=headers)


BLOBS.served = True
app = st.App(Path(__file__).with_name("main.py"), routes=[Route("/blob/{digest}", blob)], lifespan=lifespan)

"""A visitor of the server's own: it opens every page once, so that the first who comes there waits for no sum."""

import asyncio
import threading
from collections.abc import Callable

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import get_instance

from app.pages import LESSONS, PAGES

PATIENCE = 60.0  # seconds that a page may take


class Nobody:
    """Who looks at nothing, and hears when a page is done."""

    client_context = None

    def __init__(self) -> None:
        """Nothing is done yet."""
        self.done = threading.Event()

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        """Hear what a browser would be told."""
        if msg.WhichOneof("type") == "script_finished":
            self.done.set()


def go(loop: asyncio.AbstractEventLoop, wait: Callable[[], bool]) -> None:
    """Open every page, each when ``wait`` returns; it returns False where the round is to end.

    Args:
        loop: of the server, on whose thread sessions begin and end.
        wait: returns once nobody else is served.
    """
    for name in (*PAGES, *LESSONS):
        if not wait():
            return
        guest = Nobody()
        session = asyncio.run_coroutine_threadsafe(_come(guest, name), loop).result()
        guest.done.wait(PATIENCE)
        loop.call_soon_threadsafe(get_instance().close_session, session)


async def _come(guest: Nobody, name: str) -> str:
    """Open a page for a guest; return the session."""
    runtime, asked = get_instance(), BackMsg()
    session = runtime.connect_session(guest, {})
    asked.rerun_script.page_name = "" if name == "start" else name
    runtime.handle_backmsg(session, asked)
    return session

"""What every request passes first: is it for us, is it for that path, and what the browser is told of the answer."""

import logging
import posixpath
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from app.server import scripts
from app.server.front import Front
from app.server.headers import headers, new_visit, visit
from app.server.hosts import Hosts
from app.server.options import Options
from app.server.uploads import UPLOADS

LOG = logging.getLogger(__name__)
LONGEST = 80  # characters of a stranger's words in the log
REFUSED = 20  # strangers that it names
UPLOAD = "upload_file"
OPEN = {"health", "host-config", "stream", "bidi-components", UPLOAD}  # of Streamlit's own addresses, to everyone
PAGE = re.compile(r"/[\w-]*", re.ASCII)  # the path of one, below the server's
OWN = {"_stcore", "component", "auth", "oauth2callback"}  # what they begin with


class Guard:
    """An application behind the rules of this server."""

    def __init__(self, app: ASGIApp, options: Options, base: str = "") -> None:
        """Guard an application that lies at the path ``base``."""
        self.app = app
        self.public = options.public
        self.visits = options.public and options.trainings > 0  # what a visitor begins outlives a page
        self.hosts = Hosts(options)
        self.refused: set[tuple[str, str]] = set()
        self.headers = headers(options.embed)
        self.front = Front()
        self.page = HTMLResponse(scripts.page(), headers={"Cache-Control": "no-cache"})
        self.base = f"/{base.strip('/')}".rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        asked = Headers(scope=scope)
        if scope["type"] == "websocket":
            return await self._socket(asked)(scope, receive, send)

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._told(message["headers"], scope["path"], asked.get("host"))
                if self.visits and PAGE.fullmatch(path) and not visit(Request(scope).cookies):
                    message["headers"].append((b"set-cookie", new_visit()))
            await send(message)

        path = scope["path"].removeprefix(self.base)
        method = scope["method"]
        return await (self._refusal(path, method, asked) or self._kept(path, method) or self.app)(scope, receive, tell)

    def _kept(self, path: str, method: str) -> ASGIApp | None:
        """Return the answer that is at hand: a page's, or of a file that pages are made of."""
        if method not in ("GET", "HEAD"):
            return None
        return self.page if PAGE.fullmatch(path) else self.front.answer(path)

    def _socket(self, asked: Headers) -> ASGIApp:
        host, origin = asked.get("host"), asked.get("origin")
        if self.hosts.answers(host) and self.hosts.trusts(origin, host):
            return self.app if origin is None or host is None else _at_home(self.app, host)
        self._tell(str(origin)[:LONGEST], str(host)[:LONGEST])
        return WebSocketClose(code=1008)

    def _tell(self, origin: str, host: str) -> None:
        """Have the log say once who was refused: whoever runs the server may have forgotten a name."""
        if (origin, host) not in self.refused and len(self.refused) < REFUSED:
            self.refused.add((origin, host))
            LOG.warning("No socket for a page of %r that asks for %r; --allow-host lets a name in", origin, host)

    def _refusal(self, path: str, method: str, asked: Headers) -> ASGIApp | None:
        if not self.hosts.answers(asked.get("host")):
            return PlainTextResponse(_unknown(asked.get("host", "")), status_code=403)
        first, _, rest = path.lstrip("/").partition("/")
        kind, _, place = rest.partition("/")
        if self.public and first in OWN and not (first == "_stcore" and kind in OPEN):
            return PlainTextResponse("Not found", status_code=404)
        return self._unasked(place.partition("/")[0], method, asked) if (first, kind) == ("_stcore", UPLOAD) else None

    def _unasked(self, session: str, method: str, asked: Headers) -> ASGIApp | None:
        """Refuse a file that no page asked for, or that is too much with those before it."""
        if not UPLOADS.allows(session):
            return PlainTextResponse("No page asked for this file.", status_code=403)
        trouble = UPLOADS.trouble(session, asked.get("content-length", "")) if method in ("PUT", "POST") else ""
        return PlainTextResponse(trouble, status_code=413) if trouble else None

    def _told(self, given: list[tuple[bytes, bytes]], path: str, host: str | None) -> list[tuple[bytes, bytes]]:
        kept = [(name, value) for name, value in given if name.lower() not in self.headers]
        moved = [(name, _nearby(value, path, host) if name == b"location" else value) for name, value in kept]
        return [*moved, *self.headers.items()]


def _unknown(host: str) -> str:
    return f"This server does not answer to the name {host[:LONGEST]!r}: start it with --allow-host and that name."


def _at_home(app: ASGIApp, host: str) -> ASGIApp:
    """Return an application to which a page that may open a socket is one of its own, as Streamlit expects.

    Streamlit would compare its origin with names of its own, and ask a server of Amazon's for this machine's address.
    """

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        home = (b"origin", f"http://{host}".encode("latin-1"))
        others = [(name, value) for name, value in scope["headers"] if name != b"origin"]
        await app({**scope, "headers": [*others, home]}, receive, send)

    return call


def _nearby(location: bytes, path: str, host: str | None) -> bytes:
    """Return where an answer sends the browser relative to what it asked for: a proxy may have put us elsewhere."""
    place = urlsplit(location.decode("latin-1"))
    if place.netloc not in ("", host) or not place.path.startswith("/"):
        return location
    folder, name = posixpath.split(place.path)
    there = posixpath.relpath(folder, posixpath.dirname(path))
    return place._replace(scheme="", netloc="", path=f"{there}/{name}").geturl().encode("latin-1")

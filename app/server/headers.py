"""What every answer tells the browser not to do: ask anyone else, show this in a stranger's frame, guess a type.

And what a page tells it to keep: whose the visit is, so that a page which is loaded anew finds what was begun on it.
"""

import re
import secrets
from collections.abc import Mapping, Sequence

from app.server import scripts

VISIT = "vaecore-visit"  # name of the cookie
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)


def visit(cookies: Mapping[str, str]) -> str:
    """Return which visit a browser's cookies are of; nothing where they are of none."""
    found = str(cookies.get(VISIT, ""))
    return found if TOKEN.fullmatch(found) else ""


def new_visit() -> bytes:
    """Return the cookie of a new visit: no script reads it, and it goes when the browser is closed."""
    return f"{VISIT}={secrets.token_urlsafe(24)}; Path=/; HttpOnly; SameSite=Lax".encode()


def policy(embed: Sequence[str]) -> str:
    """Return the content security policy: everything is this server's own or comes over the socket."""
    rules = {
        "default-src": "'self'",
        # A component's script is a blob. What drives a browser for a test evaluates; what else could ask for that would
        # have to be one of these.
        "script-src": " ".join(["'self'", "blob:", "'unsafe-eval'", *scripts.hashes()]),
        "style-src": "'self' 'unsafe-inline'",  # Streamlit writes its styles into the page
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *embed]),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def headers(embed: Sequence[str]) -> dict[bytes, bytes]:
    """Return the headers of every answer; ``embed`` are the origins whose pages may show it in a frame."""
    own = {
        "content-security-policy": policy(embed),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    if not embed:  # it knows no origins, and a browser that knows the policy above does without
        own["x-frame-options"] = "SAMEORIGIN"
    return {name.encode(): value.encode() for name, value in own.items()}

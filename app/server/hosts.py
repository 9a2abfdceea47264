"""Which names the server answers to: a name that a stranger pointed at this machine opens nothing.

A page of another origin reads nothing from a server, unless its own name is made to lead there after it was loaded (DNS
rebinding): then the browser takes the two for one. What remains is the name, which every request says.
"""

import re
import socket
from functools import cached_property
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.server.options import Options

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?", re.IGNORECASE)
LOOPBACK = ("localhost", "*.localhost")


def name_of(host: str) -> str | None:
    """Return the name in a `Host` header, without its port, in lower case; None where it is no host."""
    found = HOST.fullmatch(host)
    return found[1].strip("[]").rstrip(".").lower() if found else None


def is_address(name: str) -> bool:
    """Return whether a name is an address in numbers, which cannot be pointed elsewhere."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Return whether a name is this machine's own, wherever it is asked for."""
    return ip_address(name).is_loopback if is_address(name) else any(_matches(name, each) for each in LOOPBACK)


def _matches(name: str, pattern: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern or pattern == "*"


class Hosts:
    """The names of a server: this machine's, and those that its command line allows."""

    def __init__(self, options: Options) -> None:
        """Answer to loopback names alone where nobody else can listen; to any address in numbers elsewhere."""
        self.open = not is_loopback(options.host)
        self.allowed = [name.lower().rstrip(".") for name in (options.host, *options.names)]

    @cached_property
    def own(self) -> list[str]:
        """The names of this machine in its network, where the server can be reached from there."""
        name = socket.gethostname().lower()
        return [name, f"{name}.local"] if self.open and name else []

    def knows(self, name: str) -> bool:
        """Return whether a name leads here because we or the command line say so."""
        return is_loopback(name) or any(_matches(name, each) for each in (*self.allowed, *self.own))

    def answers(self, host: str | None) -> bool:
        """Return whether a request for this `Host` is answered."""
        name = name_of(host or "")
        return name is not None and (self.knows(name) or (self.open and is_address(name)))

    def trusts(self, origin: str | None, host: str | None) -> bool:
        """Return whether a page of this `Origin` may open a socket: the server's own, under any of its names.

        A proxy may ask for another host than the browser did. No browser leaves the origin out.
        """
        if origin is None:
            return True
        place = urlsplit(origin)
        name = name_of(place.netloc)
        return place.scheme in ("http", "https") and name is not None and (place.netloc == host or self.knows(name))

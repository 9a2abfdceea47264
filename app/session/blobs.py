"""Bytes that the browser keeps: addressed by their SHA-256, so that they never change.

An address is relative: every page lies beside `blob/`, wherever a proxy has put both. Where the bytes are made of what
ships, the address also says how, its recipe, so that another copy of the server can answer for it.
"""

import base64
import hashlib
from collections import OrderedDict
from threading import Lock

from vaecore import serving

CAPACITY = 160 * 2**20  # bytes: all shipped decoders take 72 MiB; the oldest blobs leave first


class Blobs:
    """A store of bytes by content, shared by every visitor of one server."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Start empty; ``served`` turns true once a server answers ``blob/<sha256>``."""
        self.capacity = capacity
        self.served = False
        self.recipes: dict[str, str] = {}  # by digest: of what ships, so there are not many
        self._blobs: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def put(self, data: bytes, media_type: str, digest: str = "", recipe: str = "") -> str:
        """Keep ``data`` and return its address, or a data URI where nothing serves addresses.

        Whoever knows its SHA-256 already may say it: that of four megabytes takes as long as the rest of an answer.
        """
        if not self.served:
            return self.inline(data, media_type)
        digest = digest or hashlib.sha256(data).hexdigest()
        with self._lock:
            if digest not in self._blobs:
                self._blobs[digest] = (data, media_type)
                self._size += len(data)
            self._blobs.move_to_end(digest)
            while self._size > self.capacity and len(self._blobs) > 1:
                _, (oldest, _) = self._blobs.popitem(last=False)
                self._size -= len(oldest)
        recipe = recipe or self.recipes.get(digest, "")
        return f"blob/{digest}/{recipe}".rstrip("/")

    def put_weights(self, exported: serving.Exported) -> str:
        """Keep the weights of networks that a page runs and return their address."""
        return self.put(exported.weights, "application/octet-stream", exported.digest)

    @staticmethod
    def inline(data: bytes, media_type: str) -> str:
        """Return ``data`` as an address that holds it: for what is small and soon replaced."""
        return f"data:{media_type};base64,{base64.b64encode(data).decode()}"

    def get(self, digest: str) -> tuple[bytes, str] | None:
        """Return the bytes and their media type, or None when they have left."""
        with self._lock:
            return self._blobs.get(digest)


BLOBS = Blobs()

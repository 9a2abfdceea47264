"""A proxy as people put before a server: it strips a path, asks for another host, has two servers behind it."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from harness import free_port

END = b"\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Proxy:
    """What is asked for below ``prefix`` goes to the first of the servers, what is asked for a blob to each in turn.

    Attributes:
        ports: of the servers, on this machine.
        prefix: that is stripped: "/user/anna".
        keeps: the prefix is kept, as a proxy does whose server knows it.
        renames: the server is asked as 127.0.0.1, whatever name the browser asks for.
        missed: what was asked for outside of the prefix.
        blobs: how many of each server.
    """

    ports: Sequence[int]
    prefix: str = ""
    keeps: bool = False
    renames: bool = False
    port: int = field(default_factory=free_port)
    missed: list[str] = field(default_factory=list)
    blobs: dict[int, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.turn = itertools.cycle(self.ports)
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        assert self.ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}{self.prefix}"

    def _run(self) -> None:
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "localhost", self.port))
        self.ready.set()
        self.loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                self.loop.run_until_complete(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.suppress(*ends), contextlib.closing(writer):
            asked, *lines = (await reader.readuntil(END)).removesuffix(END).split(b"\r\n")
            verb, path, version = asked.decode().split(" ")
            inner = path.removeprefix(self.prefix)
            if not path.startswith(f"{self.prefix}/"):
                self.missed.append(path)
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close" + END)
                await writer.drain()
                return
            port = next(self.turn) if inner.startswith("/blob/") else self.ports[0]
            if inner.startswith("/blob/"):
                self.blobs[port] = self.blobs.get(port, 0) + 1
            head = f"{verb} {path if self.keeps else inner} {version}".encode()
            there = await asyncio.open_connection("127.0.0.1", port)
            there[1].write(b"\r\n".join([head, *self._lines(lines, port)]) + END)
            await asyncio.gather(_pour(reader, there[1]), _pour(there[0], writer))

    def _lines(self, lines: list[bytes], port: int) -> list[bytes]:
        socket = any(line.lower().startswith(b"upgrade:") for line in lines)
        drop: Callable[[bytes], bool] = lambda line: (  # noqa: E731
            (not socket and line.lower().startswith(b"connection:"))
            or (self.renames and line.lower().startswith(b"host:"))
        )
        kept = [line for line in lines if not drop(line)]
        return [*kept, *([] if socket else [b"Connection: close"]), *([b"Host: 127.0.0.1:%d" % port] * self.renames)]


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError), contextlib.closing(writer):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()

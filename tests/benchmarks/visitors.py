"""Visitors of one server, each with a gesture every two seconds: `python tests/benchmarks/visitors.py`, machine idle.

Each is a websocket that speaks Streamlit's protocol as a browser does. They open *Generate* one after the other, and
from then on each moves a slider every two seconds, not all at once: from the message to the end of the run that it
asked for. The reference, in the same run, is one visitor alone. What they draw is decoded in their browsers, which are
not here; the memory is the server's.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

sys.path.append(str(Path(__file__).parents[1] / "app"))
from harness import serve

VISITORS, SECONDS, EVERY = 100, 60, 2.0
P95, MEMORY = 100, 1.2  # ms, GB
PAGE, MODEL = "generate", "vae-mnist-2"


class Visitor:
    """One session on the page."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.component = self.fragment = self.page = ""
        self.turn = 0

    async def rerun(self, message: BackMsg) -> float:
        """Seconds from a message to the end of its run."""
        begun = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            told = ForwardMsg.FromString(await self.socket.recv())  # type: ignore[arg-type]
            element = told.delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                self.component, self.fragment = element.bidi_component.id, told.delta.fragment_id
            if told.WhichOneof("type") == "new_session":
                self.page = told.new_session.page_script_hash
            if told.WhichOneof("type") == "script_finished":
                return time.perf_counter() - begun

    async def arrive(self) -> float:
        """Open the page."""
        message = BackMsg()
        message.rerun_script.query_string = f"model={MODEL}"
        message.rerun_script.page_name = PAGE
        return await self.rerun(message)

    async def gesture(self) -> float:
        """Leave the first slider somewhere else."""
        self.turn += 1
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash, asked.fragment_id = f"model={MODEL}", self.page, self.fragment
        stand = {"percents": {"0": random.randint(1, 99)}, "label": None, "turn": self.turn}
        asked.widget_states.widgets.add(id=self.component, json_value=json.dumps({"stand": stand}))
        return await self.rerun(message)


async def visits(address: str, count: int, seconds: float) -> tuple[list[float], list[float]]:
    """Seconds of each arrival, and of each gesture, of so many visitors."""
    url = address.replace("http", "ws") + "/_stcore/stream"
    sockets = [
        await connect(url, subprotocols=["streamlit"], max_size=None, origin=address)  # type: ignore[list-item]
        for _ in range(count)
    ]
    visitors = [Visitor(socket) for socket in sockets]
    arrivals = [await visitor.arrive() for visitor in visitors]
    assert all(visitor.component and visitor.fragment for visitor in visitors)
    end = time.perf_counter() + seconds

    async def stay(visitor: Visitor) -> list[float]:
        await asyncio.sleep(random.uniform(0, EVERY))
        taken = []
        while time.perf_counter() < end:
            taken.append(await visitor.gesture())
            await asyncio.sleep(max(0.0, EVERY - taken[-1]))
        return taken

    gestures = [each for taken in await asyncio.gather(*map(stay, visitors)) for each in taken]
    for socket in sockets:
        await socket.close()
    return arrivals, gestures


def memory(port: str) -> float:
    """Gigabytes that the server on a port holds."""
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            if "--port" in words and words[words.index("--port") + 1] == port:
                return int((folder / "statm").read_text().split()[1]) * 4096 / 1e9
        except OSError:
            continue
    raise ValueError(f"no server on port {port}")


def said(name: str, times: list[float]) -> str:
    """Median and 95th percentile."""
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    return f"{name:28} {len(times):6} {1000 * p50:9.1f} / {1000 * p95:.1f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--visitors", type=int, default=VISITORS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for address in serve(Path(folder)):
            print(f"{'':28} {'number':>6} {'ms, p50 / p95':>17}   bars: {P95} ms, {MEMORY} GB")
            _, alone = asyncio.run(visits(address, 1, parsed.seconds / 3))
            print(said("one visitor, gestures", alone))
            arrivals, gestures = asyncio.run(visits(address, parsed.visitors, parsed.seconds))
            print(said(f"{parsed.visitors} visitors, arrivals", arrivals))
            print(said(f"{parsed.visitors} visitors, gestures", gestures))
            print(f"memory of the server: {memory(address.rsplit(':', 1)[1]):.2f} GB")


if __name__ == "__main__":
    main()

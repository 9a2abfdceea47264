"""Visitors of one server, each with a gesture every two seconds: `python tests/benchmarks/visitors.py`, machine idle.

Each is a websocket that speaks Streamlit's protocol as a browser does. They open *Generate* one after the other, and
from then on each moves a slider every two seconds, not all at once: from the message to the end of the run that it
asked for. The reference, in the same run, is one visitor alone. What they draw is decoded in their browsers, which are
not here; the memory is the server's.

Then one visitor's gestures with and without `--training` others on *Train here*, by turns. Their networks learn in
their browsers, so what is left for the server is that each of them changes a setting every few seconds.
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
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

sys.path.append(str(Path(__file__).parents[1] / "app"))
from harness import serve

VISITORS, SECONDS, EVERY = 100, 60, 2.0
P95, MEMORY = 100, 1.2  # ms, GB
MODEL = "vae-mnist-2"
TRAINING, TRIES, CHANGES = 30, 3, 5.0  # others who train in their pages; turns; seconds between two of one's settings


class Visitor:
    """One session on a page."""

    place, query = "generate", f"model={MODEL}"

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
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.place
        return await self.rerun(message)

    async def gesture(self) -> float:
        """Leave the first slider somewhere else."""
        self.turn += 1
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash, asked.fragment_id = self.query, self.page, self.fragment
        asked.widget_states.widgets.add(id=self.component, json_value=json.dumps(self.told()))
        return await self.rerun(message)

    def told(self) -> dict[str, Any]:
        """What the component says."""
        return {"stand": {"percents": {"0": random.randint(1, 99)}, "label": None, "turn": self.turn}}


class Training(Visitor):
    """One whose page trains."""

    place, query = "train_here", "set=digits"

    def told(self) -> dict[str, Any]:
        """What the component says when a setting is chosen."""
        return {"kept": {"settings": {"set": "digits", "objective": "vae", "seed": str(self.turn)}, "turn": self.turn}}


async def came(address: str, kind: type[Visitor], count: int) -> tuple[list[Visitor], list[float]]:
    """So many visitors, one after the other, and the seconds of each arrival."""
    url = address.replace("http", "ws") + "/_stcore/stream"
    visitors = [
        kind(await connect(url, subprotocols=["streamlit"], max_size=None, origin=address))  # type: ignore[list-item]
        for _ in range(count)
    ]
    arrivals = [await visitor.arrive() for visitor in visitors]
    assert all(visitor.component and visitor.fragment for visitor in visitors)
    return visitors, arrivals


async def stay(visitor: Visitor, every: float, end: float) -> list[float]:
    """Seconds of each gesture of a visitor, until the end."""
    await asyncio.sleep(random.uniform(0, every))
    taken = []
    while time.perf_counter() < end:
        taken.append(await visitor.gesture())
        await asyncio.sleep(max(0.0, every - taken[-1]))
    return taken


async def beside(address: str, training: int, changes: float, seconds: float) -> list[float]:
    """Seconds of each gesture of one visitor, beside so many who train and change a setting so often."""
    visitors = [*(await came(address, Visitor, 1))[0], *(await came(address, Training, training))[0]]
    end = time.perf_counter() + seconds
    every = [EVERY / 8, *[changes] * training]
    taken = await asyncio.gather(*(stay(each, pause, end) for each, pause in zip(visitors, every, strict=True)))
    for visitor in visitors:
        await visitor.socket.close()
    return taken[0]


async def visits(address: str, count: int, seconds: float) -> tuple[list[float], list[float]]:
    """Seconds of each arrival, and of each gesture, of so many visitors."""
    visitors, arrivals = await came(address, Visitor, count)
    end = time.perf_counter() + seconds
    taken = await asyncio.gather(*(stay(visitor, EVERY, end) for visitor in visitors))
    for visitor in visitors:
        await visitor.socket.close()
    return arrivals, [each for times in taken for each in times]


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
    parser.add_argument("--training", type=int, default=TRAINING)
    parser.add_argument("--changes", type=float, default=CHANGES, help="seconds between two of one's settings")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for address in serve(Path(folder)):
            print(f"{'':28} {'number':>6} {'ms, p50 / p95':>17}   bars: {P95} ms, {MEMORY} GB")
            _, alone = asyncio.run(visits(address, 1, parsed.seconds / 3))
            print(said("one visitor, gestures", alone))
            arrivals, gestures = asyncio.run(visits(address, parsed.visitors, parsed.seconds))
            print(said(f"{parsed.visitors} visitors, arrivals", arrivals))
            print(said(f"{parsed.visitors} visitors, gestures", gestures))
            without, among = [], []
            for _ in range(TRIES):
                without += asyncio.run(beside(address, 0, parsed.changes, parsed.seconds / 3))
                among += asyncio.run(beside(address, parsed.training, parsed.changes, parsed.seconds / 3))
            print(said("one visitor, gestures", without))
            print(said(f"beside {parsed.training} who train", among))
            print(f"memory of the server: {memory(address.rsplit(':', 1)[1]):.2f} GB")


if __name__ == "__main__":
    main()

"""Start the explorer: ``python -m app``."""

import os
import signal
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from types import FrameType

from app.server import command
from app.server.options import OPTIONS, Options

EVERYWHERE = ("0.0.0.0", "::")
ELSEWHERE = ("192.0.2.1", 9)  # nobody's address (RFC 5737); nothing is sent there


def check_free(host: str, port: int) -> None:
    """Exit with one sentence when the address cannot be listened on."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            # As uvicorn does: a port that a server has just left is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        sys.exit(f"Cannot listen on {host}:{port} ({error.strerror}); choose another with --port or --host.")


def in_network() -> str | None:
    """Return the address of this machine in its network; None without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(ELSEWHERE)
        return probe.getsockname()[0]
    return None


def addresses(said: Options, port: int) -> list[str]:
    """Return where the server is found: on this machine first, then from its network."""
    if said.host in EVERYWHERE:
        hosts = ["localhost", in_network()]
    else:
        hosts = ["localhost" if said.host == "127.0.0.1" else said.host]
    written = [f"[{host}]" if ":" in host else host for host in hosts if host]
    return [f"http://{host}:{port}/{said.base}".rstrip("/") for host in written]


def announce(found: list[str], open_browser: bool) -> None:
    """Print the addresses and open the first."""
    print(f"The explorer is open at {' and '.join(found)} (Ctrl+C stops it)", flush=True)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(found[0],), daemon=True).start()


def main() -> None:
    """Serve with uvicorn, whose connections have TCP_NODELAY; ``streamlit run`` stalls them by 40 ms."""
    said, port, open_browser = command.read()
    vars(OPTIONS).update(vars(said))
    check_free(said.host, port)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while it loads there is nothing to end but the process
    print("Loading the models ...", flush=True)

    import uvicorn

    class Server(uvicorn.Server):
        """Says when it is open; a signal before that ends it at once."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                announce(addresses(said, port), open_browser)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.started:
                os._exit(128 + sig)
            super().handle_exit(sig, frame)

    from app.server.asgi import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    config = uvicorn.Config(
        app, said.host, port, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5
    )
    with suppress(KeyboardInterrupt):
        Server(config).run()
    from app.server import startup  # here now, with all that it brings along

    if startup.is_busy():
        os._exit(0)


if __name__ == "__main__":
    main()

"""Start the explorer: ``python -m app``."""

import argparse
import socket
import sys
import threading
import time
import urllib.request
import webbrowser

from app.server.options import OPTIONS


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="Open the explorer of the autoencoders in the browser.",
        epilog="example: python -m app --public --port 8502 --no-browser",
    )
    parser.add_argument("--public", action="store_true", help="everyone's: no path of this machine is opened")
    parser.add_argument("--host", help="address to listen on (127.0.0.1; 0.0.0.0 with --public)")
    parser.add_argument("--port", type=port_number, default=8501, help="port to listen on (%(default)s)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser window")
    return parser.parse_args()


def port_number(text: str) -> int:
    """Read a port; argparse writes the refusal."""
    port = int(text)
    if not 0 < port < 2**16:
        raise ValueError(f"a port is a number from 1 to 65535, not {port}")
    return port


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


def announce(address: str, open_browser: bool) -> None:
    """Wait until the server answers, print its address and open it."""
    while True:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    print(f"The explorer is open at {address} (Ctrl+C stops it)", flush=True)
    if open_browser:
        webbrowser.open(address)


def main() -> None:
    """Serve with uvicorn, whose connections have TCP_NODELAY; ``streamlit run`` stalls them by 40 ms."""
    options = arguments()
    OPTIONS.public = options.public
    options.host = options.host or ("0.0.0.0" if options.public else "127.0.0.1")
    check_free(options.host, options.port)
    shown = "localhost" if options.host in ("0.0.0.0", "::", "127.0.0.1") else options.host
    address = f"http://{shown}:{options.port}"
    print("Loading the models ...", flush=True)
    threading.Thread(target=announce, args=(address, not options.no_browser), daemon=True).start()

    import uvicorn

    uvicorn.run("app.asgi:app", host=options.host, port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()

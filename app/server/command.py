"""The command line of the server: what may be said, and each refusal in a sentence."""

import argparse
import os
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from app.server.options import Options

EPILOG = """examples:
  python -m app                                         mine: on this machine alone, any path of its disk opens
  python -m app --public                                everyone's: what ships with it, no path is opened
  python -m app --public --allow-host explorer.a.edu    behind a proxy that visitors ask for by that name
  python -m app --public --base-path class/explorer     ... that keeps a path; one that strips it needs no option
  python -m app --public --training 2                   two visitors' trainings at once, the others wait in turn
  python -m app --public --embed https://slides.a.edu   in a frame of those slides

Addresses in numbers need no --allow-host. VAECORE_HOSTS="a.edu b.edu" allows names too, as for a container.
"""
NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\*|[0-9a-f:]*:[0-9a-f:.]*", re.IGNORECASE)
PATH = re.compile(r"[\w~-][\w.~-]*(/[\w~-][\w.~-]*)*", re.ASCII)


def _checked(expected: str, accepts: Callable[[str], bool], text: str) -> str:
    if not accepts(text):
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return text


def port(text: str) -> int:
    """Read a port; argparse writes the refusal."""
    right = text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 2**16
    return int(_checked("a port from 1 to 65535", lambda _: right, text))


def whole(text: str) -> int:
    """Read a number of things."""
    right = re.fullmatch(r"\d{1,3}", text, re.ASCII)
    return int(_checked("a whole number from 0 to 999", lambda _: right is not None, text))


def path(text: str) -> str:
    """Read a path, with or without slashes around it."""
    return _checked("a path as class/explorer", lambda given: not given or bool(PATH.fullmatch(given)), text.strip("/"))


def name(text: str) -> str:
    """Read the name of a host."""
    return _checked(
        "a name as a.edu or *.a.edu, without a scheme or port", lambda given: bool(NAME.fullmatch(given)), text
    )


def origin(text: str) -> str:
    """Read an origin: a scheme and a host, or `file:` for all files of whoever looks at it."""

    def accepts(given: str) -> bool:
        if given == "file:":
            return True
        place = urlsplit(given)
        return place.scheme in ("http", "https") and re.fullmatch(r"[\w.:*-]+", place.netloc, re.ASCII) is not None \
            and not (place.path or place.query or place.fragment)  # fmt: skip

    return _checked("an origin as https://slides.a.edu, or file:", accepts, text.rstrip("/"))


def read(arguments: list[str] | None = None) -> tuple[Options, int, bool]:
    """Return what the command line says of the server, the port, and whether a browser is opened."""
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="Open the explorer of the autoencoders in the browser.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--public", action="store_true", help="everyone's: no path of this machine is opened or looked for")
    add("--host", help="address to listen on (127.0.0.1; with --public 0.0.0.0)")
    add("--port", type=port, default=8501, help="port to listen on (%(default)s)")
    add("--base-path", metavar="PATH", type=path, help="path that it lies at, where a proxy keeps one")
    add("--allow-host", metavar="NAME", type=name, action="append", default=[],
        help="a name that it answers to beside this machine's: a.edu, or *.a.edu; repeatable")  # fmt: skip
    add("--embed", metavar="ORIGIN", type=origin, action="append", default=[],
        help="whose pages may show it in a frame: https://slides.a.edu, or file: for any file; repeatable")  # fmt: skip
    add("--training", metavar="N", type=whole,
        help="trainings at once, the others wait for their turn; 0 for none (1; with --public 0)")  # fmt: skip
    add("--no-browser", action="store_true", help="do not open a browser window")
    said = parser.parse_args(arguments)
    base = said.base_path or _setting(parser, "STREAMLIT_SERVER_BASE_URL_PATH", path, lambda text: [text])
    names = [*said.allow_host, *_setting(parser, "VAECORE_HOSTS", name, lambda text: re.split(r"[\s,]+", text))]
    host = said.host or ("0.0.0.0" if said.public else "127.0.0.1")
    options = Options(said.public, host, "".join(base), tuple(names), tuple(said.embed), said.training)
    return options, said.port, not said.no_browser


def _setting(
    parser: argparse.ArgumentParser, variable: str, read_one: Callable[[str], str], split: Callable[[str], list[str]]
) -> list[str]:
    """Return what a variable of the environment says, each read as the option is."""
    try:
        return [read_one(text) for text in split(os.environ.get(variable, "").strip("/ ")) if text]
    except argparse.ArgumentTypeError as refused:
        parser.error(f"{variable}: {refused}")

"""Files are written whole or not at all: after a crash there is the old file or the new one."""

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save as to_bytes
from torch import Tensor

from vaecore.limits import expanded, shown

NAME = re.compile(r"[\w-][\w.-]{0,99}")  # of a file or a folder that a user names: it is not hidden
NUMBERS = re.compile(r"\[\n([^][{}\"]*)\]")  # a list of plain numbers as `json` indents it: one line is enough


def check_name(kind: str, name: str) -> None:
    """Refuse what can be no file's name.

    Raises:
        ValueError: it is none.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"expected a {kind} of letters, digits, '-', '_' and '.', got {shown(repr(name))}")


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write tensors whole or not at all."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    _atomic(path, lambda partial: partial.write_bytes(to_bytes(contiguous)))


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write JSON whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    tidy = NUMBERS.sub(lambda rows: f"[{' '.join(rows[1].split())}]", text)
    write_text(path, tidy + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def new_file(name: str) -> Path:
    """The path of a file that is to be written.

    Raises:
        ValueError: its folder is not there, or it is a folder itself.
    """
    file = expanded(name)
    if not file.parent.is_dir():
        raise ValueError(f"expected a file in a folder that exists, got {name!r}: there is no {str(file.parent)!r}")
    if file.is_dir():
        raise ValueError(f"expected the name of a file, got the folder {name!r}")
    return file


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes whole or not at all."""
    _atomic(path, lambda partial: partial.write_bytes(data))


def _atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, fsync, rename: after a crash there is the old file or the new one, never a part of one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.partial")
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        error.filename = str(path)  # a write that fails does not say to what
        raise
    finally:
        partial.unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

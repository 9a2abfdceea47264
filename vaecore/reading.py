"""Files that anyone may have written, read: regular ones of a limited size, looked at before they are believed.

JSON of plain finite values, safetensors by their headers first. What is refused is named, in one sentence.
"""

import json
import re
from collections.abc import Callable, Iterable
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import IO, Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from vaecore.limits import check, most, open_regular, shown

DEEPEST = 16  # lists and objects within one another; a card has five
LARGEST_INTEGER = 2**63
SURROGATES = re.compile("[\ud800-\udfff]")  # code points that are halves of characters
SHOWN = 80  # characters of what came, in a sentence

DTYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}


class CheckpointError(ValueError):
    """A file of a checkpoint is missing, broken or foreign; the message says which and why."""


class Entry(NamedTuple):
    """What the header of a safetensors file says of one tensor."""

    dtype: torch.dtype
    shape: tuple[int, ...]


Header = dict[str, Entry]


def exists(path: Path) -> bool:
    """Whether there is something of that name; there is nothing of a name that cannot be."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, not to be looked at, a NUL in it
        return False


def written(path: Path) -> int:
    """When a file was last written, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


def shorten(value: object) -> str:
    """A value as a sentence shows it."""
    return shown(repr(value), SHOWN)


def read_text(path: Path, limit: str = "json_bytes") -> str:
    """The text of a small regular file, of at most the limit of that name.

    Raises:
        CheckpointError: there is none, it is no regular file, too large, or not UTF-8.
    """
    try:
        with _opened(path, limit) as file:
            return _all_of(file, path, limit).decode("utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise CheckpointError(f"{path}: not a text file ({flat(error)})") from None


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a small regular file.

    Raises:
        CheckpointError: it is not one, or not of plain finite values.
    """
    value = parse_json(read_text(path), path)
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value


def parse_json(text: str, where: str | Path) -> Any:  # noqa: ANN401  whatever there is
    """The value of JSON: of finite numbers, texts that can be written, and not nested deeper than any card.

    Raises:
        CheckpointError: it is something else; the sentence begins with `where`.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise CheckpointError(f"{where}: nested deeper than {DEEPEST} lists and objects") from None
    except ValueError as error:
        raise CheckpointError(f"{where}: truncated, or not JSON ({flat(error)})") from None
    level = [value]
    for _ in range(DEEPEST + 1):
        _check_leaves(level, where)
        level = [part for each in level if isinstance(each, dict | list) for part in _parts(each)]
        if not level:
            return value
    raise CheckpointError(f"{where}: nested deeper than {DEEPEST} lists and objects")


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return chain(value, value.values()) if isinstance(value, dict) else value


def _check_leaves(values: list[Any], where: str | Path) -> None:
    if not all(map(isfinite, [value for value in values if isinstance(value, float)])):
        raise CheckpointError(f"{where}: expected finite numbers, got some that are too large")
    for value in (value for value in values if isinstance(value, int) and abs(value) >= LARGEST_INTEGER):
        raise CheckpointError(f"{where}: expected whole numbers of 64 bits, got {shorten(value)}")
    for value in (value for value in values if isinstance(value, str) and SURROGATES.search(value)):
        raise CheckpointError(f"{where}: expected texts of Unicode characters, got {shorten(value)}")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"expected finite numbers, got {name}")


def read_tensors(path: Path, fits: Callable[[Header], object] | None = None) -> dict[str, Tensor]:
    """The tensors of a safetensors file, read into memory: what becomes of the file then is all the same.

    `fits` is told the names, types and shapes before anything is allocated, and raises what it has against them.

    Raises:
        CheckpointError: the file is missing, no regular file, too large, truncated or of another kind.
    """
    try:
        with _opened(path, "file_bytes") as file:
            header = _header(file, path)
            if fits is not None:
                fits(header)
            file.seek(0)
            data = _all_of(file, path, "file_bytes")
        return load(data)
    except (SafetensorError, OSError, RuntimeError, KeyError) as error:
        raise CheckpointError(f"{path}: truncated, or not a safetensors file ({flat(error)})") from None


def _header(file: IO[bytes], path: Path) -> Header:
    size = int.from_bytes(file.read(8), "little")
    text = file.read(min(size, most("json_bytes")))
    try:
        raw = json.loads(text) if len(text) == size else None
        if not isinstance(raw, dict):
            raise ValueError("no header")
        raw.pop("__metadata__", None)
        return {name: _entry(entry) for name, entry in raw.items()}
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: truncated, or not a safetensors file ({flat(error)})") from None


def _entry(raw: dict[str, Any]) -> Entry:
    shape = raw["shape"]
    if raw["dtype"] not in DTYPES:
        raise ValueError(f"expected numbers of {', '.join(DTYPES)}, got {shorten(raw['dtype'])}")
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise ValueError(f"expected a shape, got {shorten(shape)}")
    return Entry(DTYPES[raw["dtype"]], tuple(shape))


def _opened(path: Path, limit: str) -> IO[bytes]:
    try:
        return open_regular(path, limit)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:  # it begins with the path
        raise CheckpointError(str(error)) from None


def _all_of(file: IO[bytes], path: Path, limit: str) -> bytes:
    """The rest of a file, which may have grown."""
    data = file.read(most(limit) + 1)
    _check(limit, len(data), path)
    return data


def _check(limit: str, size: int, path: Path) -> None:
    try:
        check(limit, size, path)
    except ValueError as error:
        raise CheckpointError(str(error)) from None


def flat(error: Exception) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())

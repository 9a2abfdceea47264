"""The data folder, and examples of your own that are kept there under a name: "own/photos.zip"."""

import os
import shutil
from pathlib import Path

from platformdirs import user_cache_path

from vaecore.limits import expanded, first_line, shown
from vaecore.writing import NAME, check_name

FOLDER = "own"


def data_folder(data_dir: str | Path | None = None) -> Path:
    """`data_dir`, else $VAECORE_DATA, else the user's cache folder; it need not be there yet.

    Raises:
        ValueError: there can be none of that name.
    """
    folder = expanded(data_dir or os.environ.get("VAECORE_DATA") or user_cache_path("vaecore") / "data")
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        raise ValueError(f"{shown(folder)}: expected a folder for data sets ({first_line(error)})") from None
    return folder


def names(data_dir: str | Path | None = None) -> list[str]:
    """The names of what is kept, as `vaecore.dataset` takes them."""
    try:
        found = sorted(each.name for each in (data_folder(data_dir) / FOLDER).iterdir())
    except OSError:
        return []
    return [f"{FOLDER}/{name}" for name in found if NAME.fullmatch(name)]


def keep(path: Path, name: str, data_dir: str | Path | None = None) -> str:
    """Move a file or a folder of examples to the data folder, with the suffix that it has; returns its name there.

    Raises:
        ValueError: it can be no file's name, or is taken; or nothing can be written there.
    """
    check_name("name", name)
    suffix = "" if path.is_dir() else "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:])
    place = data_folder(data_dir) / FOLDER / f"{name.removesuffix(suffix)}{suffix}"
    check_name("name", place.name)
    if place.exists():
        raise ValueError(f"{shown(place.name)} is kept already: choose another name")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, place)
    except OSError as error:
        raise ValueError(f"{shown(place.name)} cannot be kept ({first_line(error)})") from None
    return f"{FOLDER}/{place.name}"


def located(name: str | Path, data_dir: str | Path | None = None) -> Path:
    """The path of a name: a file or a folder of that name goes first, then what is kept.

    Raises:
        ValueError: there is no user of the name that a path begins with.
    """
    path, (folder, _, own) = expanded(name), str(name).partition("/")
    if folder != FOLDER or not NAME.fullmatch(own) or path.exists():
        return path
    place = data_folder(data_dir) / FOLDER / own
    return place if place.exists() else path

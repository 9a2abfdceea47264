"""What visitors brought: each set in a folder of its own, which goes with the visit unless a run is of it."""

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from filelock import FileLock, Timeout

from vaecore import jobs, serving

PREFIX = "uploaded/"  # begins the names that choices show
FOLDER = ".uploads"  # beside the jobs, whose processes read there too
LOCK = ".lock"  # held by the server whose folder it is


@dataclass(frozen=True)
class Upload:
    """A set that a visitor brought: its name in choices, where it lies, and how many bytes were sent."""

    name: str
    path: Path
    size: int


class Store:
    """The sets of all visitors, by owner and name; nobody is given another's."""

    def __init__(self) -> None:
        """Start without any, and without a folder."""
        self._found: dict[str, dict[str, Upload]] = {}
        self._root: Path | None = None
        self._lock = Lock()

    def take(self, owner: str, files: Sequence[serving.incoming.Sent]) -> Upload:
        """Write what a visitor sent.

        Raises:
            ValueError: it is too much, or no set.
        """
        size = sum(len(content) for _, content in files)
        serving.incoming.check_room(size, self.used(owner))
        folder = Path(tempfile.mkdtemp(dir=self._home()))
        try:
            path = serving.incoming.write(folder, files)
        except ValueError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._lock:
            own = self._found.setdefault(owner, {})
            taken = {name.removeprefix(PREFIX).casefold() for name in own}
            upload = Upload(PREFIX + serving.incoming.apart(path.name, taken), path, size)
            own[upload.name] = upload
        return upload

    def all(self, owner: str) -> list[Upload]:
        """Return what a visitor brought, the first first."""
        with self._lock:
            return list(self._found.get(owner, {}).values())

    def find(self, owner: str, place: str) -> Upload | None:
        """Return a visitor's set by its name or its path; None where the visitor has none such."""
        return next((each for each in self.all(owner) if place in (each.name, str(each.path))), None)

    def used(self, owner: str) -> int:
        """Return how many bytes a visitor has sent that are still here."""
        return sum(each.size for each in self.all(owner))

    def owners(self) -> set[str]:
        """Return who has brought something."""
        with self._lock:
            return set(self._found)

    def remove(self, owner: str, upload: Upload) -> None:
        """Delete a set.

        Raises:
            ValueError: a run waits for it, or is of it.
        """
        self.check_free(upload)
        self.forget(owner, upload)
        shutil.rmtree(upload.path.parent, ignore_errors=True)

    @staticmethod
    def check_free(upload: Upload) -> None:
        """Refuse to touch what a run waits for or is of.

        Raises:
            ValueError: one does.
        """
        runs = [job.name for job in jobs.present() if _is_of(job, upload.path.parent)]
        if runs:
            raise ValueError(f"{upload.name} stays as it is while a run is of it: delete {runs[0]} first")

    def forget(self, owner: str, upload: Upload) -> None:
        """Offer a set no more: it is deleted, or lies elsewhere by now."""
        with self._lock:
            own = self._found.get(owner, {})
            own.pop(upload.name, None)
            if not own:
                self._found.pop(owner, None)

    def leave(self, owners: set[str]) -> None:
        """Delete what visitors brought who have gone, but for that which a run is of."""
        for owner in owners:
            for upload in self.all(owner):
                with suppress(ValueError):
                    self.remove(owner, upload)

    def close(self) -> None:
        """Delete all that no run is of: the server ends."""
        self.leave(self.owners())
        if self._root is not None:
            self._held.release()
            _clear(self._root)
            self._root = None

    def _home(self) -> Path:
        """Return the folder of this server, made for its first set; what servers left that are no more goes then."""
        with self._lock:
            if self._root is None:
                above = jobs.home().resolve() / FOLDER
                above.mkdir(parents=True, exist_ok=True)
                for other in above.iterdir():
                    with suppress(Timeout, OSError), FileLock(other / LOCK, timeout=0):
                        _clear(other)
                self._root = Path(tempfile.mkdtemp(dir=above))
                self._held = FileLock(self._root / LOCK, timeout=0, thread_local=False)
                self._held.acquire()
                atexit.register(self.close)
            return self._root


def _is_of(job: jobs.Job, folder: Path) -> bool:
    """Return whether a job is trained on what lies in a folder."""
    return str(job.changes.get("dataset", "")).startswith(f"{folder}{os.sep}")


def _clear(root: Path) -> None:
    """Delete the sets in a server's folder that no run is of, and the folder with the last."""
    runs = jobs.present()
    sets = [each for each in root.glob("*") if each.is_dir()]
    unused = [each for each in sets if not any(_is_of(job, each) for job in runs)]
    for folder in unused if len(unused) < len(sets) else [root]:
        shutil.rmtree(folder, ignore_errors=True)


def bare(text: str) -> str:
    """Return a sentence without the folders that sets which were brought lie in."""
    above, sep = re.escape(str(jobs.home().resolve() / FOLDER)), re.escape(os.sep)
    return re.sub(rf"{above}{sep}[^{sep}]+{sep}[^{sep}]+{sep}", "", text)


STORE = Store()

"""What comes by network: made beside its place, moved there when it is whole."""

import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from vaecore.data.examples import Examples
from vaecore.limits import first_line

PARTIAL = ".partial-"
DAY = 86_400  # seconds
DAMAGES = (AssertionError, EOFError, LookupError, OSError, RuntimeError, ValueError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Loader:
    """How a data set is read and, where it does not come with a library, how it is downloaded.

    Attributes:
        read: the data folder and "train" or "test" -> that split.
        files: what it is read from, in a folder of its own below the data folder; without any nothing is downloaded.
        download: puts these files below a folder that it is given, where their own folders are already; of what is
            in the data folder as an archive, FILE.gz, it finds a copy there. Raises OSError, RuntimeError, ValueError.
        plural: whether their folder's name is one of many things, where a sentence says that they are not there.
    """

    read: Callable[[Path, str], Examples]
    files: tuple[str, ...] = ()
    download: Callable[[Path], object] = lambda folder: None
    plural: bool = False

    def is_here(self, folder: Path) -> bool:
        """Whether nothing has to come down."""
        return all((folder / file).is_file() for file in self.files)

    def load(self, folder: Path, split: str) -> Examples:
        """One split, downloaded if it is not in the data folder.

        Raises:
            ValueError: it cannot be had, or its files are damaged; one sentence.
        """
        self.bring(folder)
        with self._undamaged(folder) if self.files else nullcontext():
            return self.read(folder, split)

    def bring(self, folder: Path) -> None:
        """Download what is not in the data folder, and read none of it.

        Raises:
            ValueError: it cannot be had; one sentence.
        """
        if not self.is_here(folder):
            self._fetch(folder)

    def _fetch(self, folder: Path) -> None:
        """Download into a folder beside, then move file by file: what is in place is whole."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _forget_killed(folder)
            with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=folder) as name:
                staging = Path(name)
                for file in self.files:
                    (staging / file).parent.mkdir(parents=True, exist_ok=True)
                    if (folder / f"{file}.gz").is_file():  # it need not come again
                        shutil.copy(folder / f"{file}.gz", staging / f"{file}.gz")
                self.download(staging)
                for file in sorted(path for path in staging.rglob("*") if path.is_file()):
                    final = folder / file.relative_to(staging)
                    final.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(final)
        except (OSError, RuntimeError, ValueError) as error:
            what = f"{Path(self.files[0]).parts[0]} {'are' if self.plural else 'is'} not in {folder}"
            reason = first_line(error)
            raise ValueError(f"{what} and could not be put there; is there a network? ({reason})") from None

    @contextmanager
    def _undamaged(self, folder: Path) -> Iterator[None]:
        """Say in one sentence that files are not what came down, and what to do about it."""
        try:
            yield
        except DAMAGES as error:
            path, what = folder / self.files[0], "file, delete it"
            if len(self.files) > 1:
                path, what = path.parent, "files, delete the folder"
            raise ValueError(f"{path}: damaged {what} to download it again ({first_line(error)})") from None


def _forget_killed(folder: Path) -> None:
    """Remove what downloads left behind that were killed without a chance to tidy up, a day ago or longer."""
    for partial in folder.glob(f"{PARTIAL}*"):
        if time.time() - partial.stat().st_mtime > DAY:
            shutil.rmtree(partial, ignore_errors=True)

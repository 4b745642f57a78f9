"""The artifacts of a run on their way into its journal: named, copied, described."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from taximeter.errors import InputError, JournalError
from taximeter.events import ArtifactLogged
from taximeter.files import check_artifact_path, keep_copy
from taximeter.tracker import RECORD_FOLDER


class ArtifactKeeper:
    """Keeps copies of files in a run's folder, under names that any store of files can hold.

    Args:
        folder: where the copies go, each under its sha256.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def keep(self, file: Path, name: str) -> ArtifactLogged:
        """Copy a file as it is now.

        Raises:
            InputError: the name cannot be used, or is a file and a folder at once; or the file cannot be read, or
                is being written to.
            JournalError: the journal's disk does not take it.
        """
        path = check_artifact_path(name, RECORD_FOLDER)
        self._claim(path)
        try:
            return ArtifactLogged(path, keep_copy(file, self._folder, path))
        except OSError as error:
            raise JournalError(
                f"artifact {path!r} could not be copied into the journal: {error}; mend that, and log it again."
            ) from error

    def keep_written(
        self, name: str, ending: str, write: Callable[[Any, Path], None], content: Any
    ) -> ArtifactLogged:
        """Let `write` make a file of `content`, and keep it; a name without an ending gets `ending`."""
        path = check_artifact_path(name, RECORD_FOLDER)
        path = path if PurePosixPath(path).suffix else path + ending
        with TemporaryDirectory(prefix="taximeter-") as scratch:
            file = Path(scratch, f"content{PurePosixPath(path).suffix}")
            write(content, file)
            return self.keep(file, path)

    def _claim(self, path: str) -> None:
        """Take a name for a file, unless the run knows it as a folder, or a folder above it as a file."""
        above = {str(folder) for folder in PurePosixPath(path).parents} - {"."}
        taken = path if path in self._folders else next(iter(above & self._files), None)
        if taken:
            raise InputError(f"{path!r} cannot be kept: {taken!r} is both a file and a folder then; rename one.")
        self._files.add(path)
        self._folders |= above

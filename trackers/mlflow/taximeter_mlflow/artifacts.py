"""A run's artifacts: how they are named, and where they lie on this machine."""

import errno
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from taximeter.tracker import RECORD_FOLDER

_PART_BYTES = 200
_PATH_BYTES = 1000
_NO_SUCH_FILE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}
_PARTIAL = ".artifact.uploading."
_SERVER_REFUSES = re.compile(r"[%#?;:&\\\x00-\x1f\x7f]|(?:^|/) | (?:$|/)")


class Artifacts(ABC):
    """Files under relative paths."""

    @abstractmethod
    def paths(self) -> Iterator[str]:
        """Yield the path of every file."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """Open a file.

        Raises:
            FileNotFoundError: there is none of this path.
        """


class LocalArtifacts(Artifacts):
    """Files below a folder of the store; what lies elsewhere, or is linked from there, is not read.

    Args:
        folder: where they are; None where the store has no such folder.
        store: the folder of the whole store.
    """

    def __init__(self, folder: Path | None, store: Path) -> None:
        self._folder = folder
        self._store = store.resolve()

    def paths(self) -> Iterator[str]:
        """Yield the path of every file, in the order of their names."""
        if self._folder is None:
            return
        for place, folders, files in os.walk(self._folder):
            folders.sort()
            for name in sorted(files):
                file = Path(place, name)
                if not name.startswith(_PARTIAL) and self._is_inside(file):
                    yield file.relative_to(self._folder).as_posix()

    def open(self, path: str) -> BinaryIO:
        """Open a file."""
        if self._folder is None or is_outside(path):
            raise FileNotFoundError(path)
        file = self._folder / path
        if not self._is_inside(file):
            raise FileNotFoundError(path)
        try:
            return file.open("rb")
        except OSError as error:
            if error.errno in _NO_SUCH_FILE:
                raise FileNotFoundError(path) from error
            raise

    def _is_inside(self, file: Path) -> bool:
        return file.resolve().is_relative_to(self._store)


class Namer:
    """Decides under which path an artifact is kept.

    It is its own path, or a plain one below our folder where MLflow, its server or the file system refuse its own.

    Args:
        server: the artifacts go through a tracking server.
    """

    def __init__(self, *, server: bool) -> None:
        self._server = server
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def place(self, path: str) -> str:
        """Return the path for an artifact; always the same one for the same artifacts in the same order."""
        parents = {str(parent) for parent in PurePosixPath(path).parents}
        if path in self._folders or parents & self._files or not self._is_plain(path):
            return fallback_path(path)
        self._files.add(path)
        self._folders |= parents
        return path

    def _is_plain(self, path: str) -> bool:
        if self._server and _SERVER_REFUSES.search(path):
            return False
        parts = path.split("/")
        short = len(path.encode()) <= _PATH_BYTES and all(len(part.encode()) <= _PART_BYTES for part in parts)
        return short and not parts[-1].startswith(_PARTIAL)


def fallback_path(path: str) -> str:
    """Return the path below our own folder for an artifact whose own path is refused."""
    ending = PurePosixPath(path).suffix
    kept = ending if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", ending) else ""
    return f"{RECORD_FOLDER}/artifacts/{sha256(path.encode()).hexdigest()[:32]}{kept}"


def is_outside(path: str) -> bool:
    """Tell whether a path is not a plain relative one."""
    return any(part in {"", ".", ".."} for part in path.split("/")) or "\0" in path


def locate(uri: str | None, store: Path, roots: list[Path], depth: int) -> Path | None:
    """Return the folder that an artifact URI names, if it lies in the store.

    A store that was moved has URIs of the place where it was, so the last parts of the URI are looked up below
    the folders that MLflow keeps artifacts in.

    Args:
        uri: as MLflow noted it.
        store: the folder that nothing is read outside of.
        roots: where artifacts usually are.
        depth: how many parts of the URI come after such a root.
    """
    if not uri:
        return None
    place = _path(uri)
    parts = PurePosixPath(place).parts[-depth:]
    candidates = [Path(place), *(root.joinpath(*parts) for root in roots)]
    inside = (path for path in candidates if path.is_absolute() and path.resolve().is_relative_to(store.resolve()))
    return next((path for path in inside if path.is_dir()), None)


def _path(uri: str) -> str:
    scheme = urlsplit(uri).scheme
    if scheme == "file":
        return unquote(urlsplit(uri).path)
    return urlsplit(uri).path if scheme else uri

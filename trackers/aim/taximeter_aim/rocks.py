"""Reads a RocksDB database of Aim's so that not a byte of it changes."""

import time
from collections.abc import Iterator
from pathlib import Path

import aimrocks  # type: ignore[import-untyped]
from aimrocks.errors import Corruption, RocksIOError  # type: ignore[import-untyped]

from taximeter.errors import InputError

_BLOBS = b"BLOBS\xfe"
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.02


class Database:
    """A database as it is now; one that does not exist yet is empty.

    Aim itself opens a database for writing before it reads it, which rewrites its log; opened for reading, RocksDB
    takes up the log in memory, a torn one to its last whole entry, and creates no file.

    Raises:
        InputError: it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        has_begun = (folder / "CURRENT").exists() or any(folder.glob("*.sst"))
        self._rocks = _open(folder) if has_begun else None

    def entries(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield what lies under a path, in order: the rest of each path, and the value."""
        if self._rocks is None:
            return
        try:
            items = self._rocks.iteritems()
            items.seek(prefix)
            for path, value in items:
                if not path.startswith(prefix):
                    return
                yield path[len(prefix) :], value
        except (Corruption, RocksIOError) as error:
            raise _damaged(self._folder, error) from error

    def blob(self, path: bytes) -> bytes:
        """Return the value that lies elsewhere because it is large."""
        try:
            found = self._rocks.get(_BLOBS + path) if self._rocks else None
        except (Corruption, RocksIOError) as error:
            raise _damaged(self._folder, error) from error
        return bytes(found or b"")


def _open(folder: Path) -> aimrocks.DB:
    """Open a database, again where its writer removed a file meanwhile."""
    for attempt in range(_ATTEMPTS):
        try:
            return aimrocks.DB(str(folder), aimrocks.Options(paranoid_checks=False), read_only=True)
        except (Corruption, RocksIOError) as error:
            if attempt + 1 == _ATTEMPTS:
                raise _damaged(folder, error) from error
            time.sleep(_PAUSE_SECONDS)
    raise AssertionError("unreachable")


def _damaged(folder: Path, error: Exception) -> InputError:
    text = (
        error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
    )
    return InputError(f"the database {folder} is damaged: {text}.")

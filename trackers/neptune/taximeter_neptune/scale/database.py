"""Opens the client's database so that not a byte of it, or beside it, changes."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from taximeter.errors import InputError

NAME = "run_operations.sqlite3"

_HEADER = b"SQLite format 3\0"
_LOG_HEADER_BYTES = 32
_ATTEMPTS = 10


def is_database(path: Path) -> bool:
    """Tell whether `path` is a database of the client's."""
    return path.name == NAME and path.is_file() and _beginning(path, len(_HEADER)) == _HEADER


@contextmanager
def open_unchanged(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database as its last completed transaction left it.

    SQLite writes beside a database that has a write-ahead log, even to read it. A run that is closed has none; of
    one that is open, or was cut off, a copy is opened.

    Raises:
        InputError: it cannot be read.
    """
    try:
        if not _log_of(path):
            with closing(_connect(path, "mode=ro&immutable=1")) as database:
                yield database
            return
        with tempfile.TemporaryDirectory(prefix="taximeter-") as folder:
            copy = _copy(path, Path(folder))
            with closing(_connect(copy, "mode=rw")) as database:
                yield database
    except (sqlite3.Error, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def _copy(path: Path, folder: Path) -> Path:
    """Copy a database and then its log, again if the log was begun anew meanwhile.

    As long as the log is the same one, whatever is copied of it completes the database.
    """
    for _ in range(_ATTEMPTS):
        log, copy = _log_of(path), folder / path.name
        shutil.copyfile(path, copy)
        target = copy.with_name(f"{copy.name}-wal")
        target.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(_side(path), target)
        if _log_of(path) == log:
            return copy
    raise OSError("it changes all the time")


def _log_of(path: Path) -> bytes:
    """Return what tells one write-ahead log from the next; nothing where there is none."""
    return _beginning(_side(path), _LOG_HEADER_BYTES)


def _beginning(file: Path, size: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(size)
    except FileNotFoundError:
        return b""


def _side(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True)

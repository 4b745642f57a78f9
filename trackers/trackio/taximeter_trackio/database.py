"""Reads a project's database so that not a byte of it, or beside it, changes."""

import fcntl
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from taximeter.errors import InputError

_T = TypeVar("_T")
_HEADER = b"SQLite format 3\0"
_SIDES = ("-wal", "-journal")
_ATTEMPTS = 4
_PAUSE_SECONDS = 0.02


def read_unchanged(path: Path, read: Callable[[sqlite3.Connection], _T]) -> _T:
    """Return what `read` makes of the database as its last completed transaction left it.

    SQLite writes beside a database with a write-ahead log, even to read it. Where Trackio has closed the log, the
    file is read as one that does not change; where a log is there, or somebody wrote meanwhile, a copy is read.

    Raises:
        InputError: the file is no database that can be read, or changes all the time.
    """
    try:
        before = _states(path)
        if not any(before[1:]):
            with suppress(_Changed):
                return _read_plain(path, read, before)
        with tempfile.TemporaryDirectory(prefix="taximeter-") as folder:
            _copy(path, Path(folder))
            with closing(sqlite3.connect(Path(folder, path.name))) as database:
                return read(database)
    except (sqlite3.Error, OSError, ValueError, _Changed) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def state_of(path: Path) -> object:
    """Return something that changes whenever the database does."""
    return _states(path)


def is_database(path: Path) -> bool:
    """Tell whether `path` is a file that begins as databases of SQLite do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def is_project(path: Path) -> bool:
    """Tell whether `path` is a database with the tables of a Trackio project."""
    if not is_database(path):
        return False
    try:
        return read_unchanged(path, lambda database: {"run_name", "metrics"} <= columns(database, "metrics"))
    except InputError:
        return False


def columns(database: sqlite3.Connection, table: str) -> set[str]:
    """Return the names of a table's columns; none where the database is older than the table."""
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


class _Changed(Exception):  # noqa: N818 - no error yet
    """Somebody wrote meanwhile."""


def _read_plain(path: Path, read: Callable[[sqlite3.Connection], _T], before: object) -> _T:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as database:
            result = read(database)
    except (sqlite3.Error, ValueError):
        if _states(path) == before:
            raise
        raise _Changed from None
    if _states(path) != before:
        raise _Changed
    return result


def _copy(path: Path, folder: Path) -> None:
    """Copy the database with its log or journal; if they never keep still, while Trackio's writers wait."""
    if any(_is_copied(path, folder) for _ in range(_ATTEMPTS)):
        return
    with _writers_held(path):
        if not any(_is_copied(path, folder) for _ in range(_ATTEMPTS)):
            raise _Changed("it is written to all the time")


def _is_copied(path: Path, folder: Path) -> bool:
    """Copy a database and what is beside it; tell whether they kept still, or else pause a little."""
    before = _states(path)
    for file in (path, *_sides(path)):
        target = folder / file.name
        target.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(file, target)
    if _states(path) == before:
        return True
    time.sleep(_PAUSE_SECONDS)
    return False


@contextmanager
def _writers_held(path: Path) -> Iterator[None]:
    """Hold the lock that Trackio's writers take, and wait up to ten seconds for; it is a file without content.

    A writer may still empty its log into the database a moment after it let go of the lock.
    """
    lock = path.with_suffix(".lock")
    if not lock.exists():
        yield
        return
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _states(path: Path) -> list[tuple[int, int, int] | None]:
    """Return what tells versions of a database and its logs apart; an empty log is none."""
    return [_state(path), *map(_state, _sides(path))]


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        state = file.stat()
    except FileNotFoundError:
        return None
    return (state.st_mtime_ns, state.st_size, state.st_ino) if state.st_size else None


def _sides(path: Path) -> list[Path]:
    return [path.with_name(path.name + side) for side in _SIDES]

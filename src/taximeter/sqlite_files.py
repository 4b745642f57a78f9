"""Databases of SQLite, for trackers that read them so that not a byte of them, or beside them, changes."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from taximeter.errors import InputError

_T = TypeVar("_T")
_Read = Callable[[sqlite3.Connection], _T]
_HEADER = b"SQLite format 3\0"
_VERSIONS = slice(18, 20)
_WAL = 2
_LOG_HEADER_BYTES = 32
_SIDES = ("-wal", "-journal")
_LOCK_SECONDS = 20.0
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.02


def is_database(path: Path) -> bool:
    """Tell whether `path` is a file that begins as databases of SQLite do."""
    return path.is_file() and _beginning(path, len(_HEADER)) == _HEADER


def read_unchanged(
    path: Path,
    read: _Read[_T],
    *,
    text_factory: Callable[[bytes], Any] = str,
    writers_held: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> _T:
    """Return what `read` makes of a database as its last completed transaction left it.

    SQLite repairs what a crash left half-written when it opens a database, and a write-ahead log needs files of
    its own even to be read. So a database is read where it lies only if it has neither; else a copy is read.

    Args:
        path: the database.
        read: is called again where somebody wrote meanwhile; what it returns must not read on.
        text_factory: makes a string of the bytes of a text.
        writers_held: holds whatever the vendor's writers wait for, in case they never let a copy be made.

    Raises:
        InputError: it cannot be read, `read` raised a ValueError of what it holds, or it changes all the time.
    """
    try:
        with suppress(_UnsettledError):
            return _read_in_place(path, read, text_factory)
        with TemporaryDirectory(prefix="taximeter-") as folder:
            copy = _copy(path, Path(folder), writers_held)
            return _read(copy, "mode=rw", read, text_factory)
    except (sqlite3.Error, OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def state_of(path: Path) -> object:
    """Return something that changes whenever a database does."""
    return [_state(file) for file in (path, *(_side(path, ending) for ending in _SIDES))]


def columns(database: sqlite3.Connection, table: str) -> set[str]:
    """Return the names of a table's columns; none where the database is older than the table."""
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


class _UnsettledError(Exception):
    """A database cannot be read where it lies."""


def _read_in_place(path: Path, read: _Read[_T], text_factory: Callable[[bytes], Any]) -> _T:
    """Read a database with SQLite's locks, or as one that does not change where those would need a log."""
    version, journal = _version(path), _side(path, "-journal")
    has_log = _WAL in _beginning(path, _VERSIONS.stop)[_VERSIONS]
    if _log_of(path) or (has_log and journal.exists()):
        raise _UnsettledError
    try:
        result = _read(path, "mode=ro&immutable=1" if has_log else "mode=ro", read, text_factory)
    except Exception:
        if _version(path) == version and not journal.exists():
            raise
        raise _UnsettledError from None
    if has_log and _version(path) != version:
        raise _UnsettledError
    return result


def _read(path: Path, mode: str, read: _Read[_T], text_factory: Callable[[bytes], Any]) -> _T:
    """Return what `read` makes of one transaction."""
    address = f"{path.absolute().as_uri()}?{mode}"
    with closing(sqlite3.connect(address, _LOCK_SECONDS, isolation_level=None, uri=True)) as database:
        database.text_factory = text_factory
        database.execute("BEGIN")
        return read(database)


def _copy(path: Path, folder: Path, writers_held: Callable[[], AbstractContextManager[object]]) -> Path:
    """Copy a database and what is beside it; if they never keep still, while its writers wait."""
    for held in (nullcontext, writers_held):
        with held():
            for _ in range(_ATTEMPTS):
                if copy := _copy_once(path, folder):
                    return copy
                time.sleep(_PAUSE_SECONDS)
    raise OSError("it is written to all the time")


def _copy_once(path: Path, folder: Path) -> Path | None:
    """Copy a database and then what is beside it; None if that does not belong together.

    As long as the log is the same one, whatever is copied of it completes the database.
    """
    version, copy = _version(path), folder / "database"
    shutil.copyfile(path, copy)
    for ending in _SIDES:
        _side(copy, ending).unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(_side(path, ending), _side(copy, ending))
    return copy if _version(path) == version else None


def _version(path: Path) -> object:
    """Return what tells one write-ahead log from the next, or where there is none, the states of the files."""
    return _log_of(path) or state_of(path)


def _log_of(path: Path) -> bytes:
    """Return the header of the write-ahead log, which each has its own; nothing where there is none."""
    return _beginning(_side(path, "-wal"), _LOG_HEADER_BYTES)


def _beginning(file: Path, size: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(size)
    except FileNotFoundError:
        return b""


def _state(file: Path) -> tuple[int, int, int] | None:
    """Return what tells versions of a file apart; an empty one is none."""
    try:
        state = file.stat()
    except FileNotFoundError:
        return None
    return (state.st_mtime_ns, state.st_size, state.st_ino) if state.st_size else None


def _side(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)

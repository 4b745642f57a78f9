"""Opens a database of SQLite so that not a byte of it, or beside it, changes."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from taximeter.errors import InputError

_HEADER = b"SQLite format 3\0"
_WAL = 2
_SECONDS = 20.0
_ATTEMPTS = 5


def has_sqlite_header(path: Path) -> bool:
    """Tell whether `path` is a file that begins as databases of SQLite do."""
    return _header(path).startswith(_HEADER)


@contextmanager
def open_unchanged(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for reading, as its last completed transaction left it.

    SQLite repairs what a crash left half-written when it opens a database, and a write-ahead log needs files of
    its own even to be read; so where there is a log or a journal to be dealt with, a copy is opened.

    Raises:
        InputError: the file is no database that can be read.
    """
    try:
        if database := _open_plain(path):
            with closing(database):
                yield database
            return
        with _copy(path) as copy, closing(_connect(copy, "mode=rw")) as database:
            yield database
    except sqlite3.Error as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def _open_plain(path: Path) -> sqlite3.Connection | None:
    """Open the file as it is, if SQLite can read it without a repair and without files beside it."""
    if _WAL in _header(path)[18:20]:
        return None
    database = _connect(path, "mode=ro")
    try:
        database.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        database.close()
        if _side(path, "-journal").exists():
            return None
        raise
    return database


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, timeout=_SECONDS)


def _header(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(100)


@contextmanager
def _copy(path: Path) -> Iterator[Path]:
    """Copy the database with its log or journal, again while somebody writes to it."""
    with tempfile.TemporaryDirectory(prefix="taximeter-") as folder:
        _copy_whole(path, Path(folder))
        yield Path(folder, path.name)


def _copy_whole(path: Path, folder: Path) -> None:
    files = [path, _side(path, "-wal"), _side(path, "-journal")]
    for _ in range(_ATTEMPTS):
        before = _states(files)
        for file in files:
            target = folder / file.name
            target.unlink(missing_ok=True)
            if file.exists():
                shutil.copyfile(file, target)
        if _states(files) == before:
            return


def _states(files: list[Path]) -> list[tuple[int, int] | None]:
    states = [file.stat() if file.exists() else None for file in files]
    return [(state.st_mtime_ns, state.st_size) if state else None for state in states]


def _side(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)

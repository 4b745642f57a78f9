"""A project's database: what tells that it is one, and how it is read while Trackio writes to it."""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from taximeter.errors import InputError
from taximeter.sqlite_files import columns, is_database, read_unchanged

_T = TypeVar("_T")


def read_project(path: Path, read: Callable[[sqlite3.Connection], _T]) -> _T:
    """Return what `read` makes of a project's database, unchanged.

    Raises:
        InputError: the file is no database that can be read, or changes all the time.
    """
    return read_unchanged(path, read, writers_held=partial(_writers_held, path))


def is_project(path: Path) -> bool:
    """Tell whether `path` is a database with the tables of a Trackio project."""
    if not is_database(path):
        return False
    try:
        return {"run_name", "metrics"} <= read_project(path, partial(columns, table="metrics"))
    except InputError:
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

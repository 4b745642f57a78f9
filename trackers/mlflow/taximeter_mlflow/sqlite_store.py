"""Opens a database of SQLite with MLflow's store, and makes it where there is none."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import event
from sqlalchemy.engine import Engine

from taximeter_mlflow.location import ARTIFACTS, Location, quoted
from taximeter_mlflow.schema import check_schema

_PLAIN_PATH = re.compile(r"[\w/.\- ]+")


def open_database(place: Location) -> SqlAlchemyStore:
    """Open the database of which the artifacts lie in a folder beside it, whatever the current directory is."""
    folder = place.folder / ARTIFACTS
    root = str(folder) if _PLAIN_PATH.fullmatch(str(folder)) else folder.as_uri()
    if place.path.exists():
        check_schema(place.uri)
    else:
        _create_database(place.path, root)
    return SqlAlchemyStore(place.uri, root)  # type: ignore[no-untyped-call]


def _create_database(path: Path, root: str) -> None:
    """Create a database under another name first, so that one whose migrations were interrupted is never seen."""
    ending = ".taximeter-partial"
    for left in path.parent.glob(f".{path.name}.*{ending}*"):
        left.unlink()
    partial = path.with_name(f".{path.name}.{os.getpid()}{ending}")
    with _unsynced():
        store = SqlAlchemyStore(f"sqlite:///{quoted(partial)}", root)  # type: ignore[no-untyped-call]
        store.engine.dispose()
    with partial.open("rb") as made:
        os.fsync(made.fileno())
    try:
        path.hardlink_to(partial)  # which leaves one alone that another program has made meanwhile
    except FileExistsError:
        partial.unlink()
    except OSError:  # a file system without links
        partial.replace(path)
    else:
        partial.unlink()


@contextmanager
def _unsynced() -> Iterator[None]:
    """Let databases be written without waiting for the disk: migrations would wait for it hundreds of times."""

    def relax(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(Engine, "connect", relax)

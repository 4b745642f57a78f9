"""A database of SQLite: made with MLflow's store where there is none, and given experiments and many points."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from mlflow.entities import Metric
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import event, tuple_
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.engine import Engine

from taximeter_mlflow.batches import identity
from taximeter_mlflow.location import ARTIFACTS, Location, quoted
from taximeter_mlflow.schema import check_schema

_PLAIN_PATH = re.compile(r"[\w/.\- ]+")
_COLUMNS = ("run_uuid", "key", "timestamp", "step", "value", "is_nan")
_ORDER = ("step", "timestamp", "value")
"""By which MLflow tells the latest of a metric's points."""


def make_ready(place: Location) -> None:
    """Make the database where there is none, and see to it that opening one that is there would not change it."""
    if place.path.exists():
        check_schema(place.uri)
    else:
        _create_database(place)


def create_experiment(place: Location, name: str) -> str:
    """Create an experiment whose artifacts lie in a folder beside the database; return MLflow's id of it."""
    store = SqlAlchemyStore(place.uri, _artifact_root(place))  # type: ignore[no-untyped-call]
    created: str = store.create_experiment(name)  # type: ignore[no-untyped-call]
    store.engine.dispose()
    return created


def insert_points(store: SqlAlchemyStore, run_id: str, metrics: Iterable[Metric]) -> None:
    """Insert points that are not there yet in one transaction, and note the latest ones, as MLflow itself does.

    MLflow's way is an object of its mapping for each row, which takes several times as long.
    """
    rows: list[dict[str, Any]] = [
        dict(zip(_COLUMNS, (run_id, *identity(metric)), strict=True)) for metric in metrics
    ]
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        latest[row["key"]] = max(latest.get(row["key"], row), row, key=itemgetter(*_ORDER))
    with store.ManagedSessionMaker() as session:
        session.execute(insert(SqlMetric.__table__).on_conflict_do_nothing(), rows)
        session.execute(_insert_latest(), [*latest.values()])


def _insert_latest() -> Insert:
    """Return what notes a point as its metric's latest, unless a later one is noted."""
    table = SqlLatestMetric.__table__
    new = insert(table)
    is_later = tuple_(*(new.excluded[name] for name in _ORDER)) > tuple_(*(table.c[name] for name in _ORDER))
    changed = {name: new.excluded[name] for name in (*_ORDER, "is_nan")}
    return new.on_conflict_do_update(index_elements=["key", "run_uuid"], set_=changed, where=is_later)


def _artifact_root(place: Location) -> str:
    """Return the folder beside the database, whatever the current directory is."""
    folder = place.folder / ARTIFACTS
    return str(folder) if _PLAIN_PATH.fullmatch(str(folder)) else folder.as_uri()


def _create_database(place: Location) -> None:
    """Create a database under another name first, so that one whose migrations were interrupted is never seen."""
    path = place.path
    ending = ".taximeter-partial"
    for left in path.parent.glob(f".{path.name}.*{ending}*"):
        left.unlink()
    partial = path.with_name(f".{path.name}.{os.getpid()}{ending}")
    with _unsynced():
        store = SqlAlchemyStore(f"sqlite:///{quoted(partial)}", _artifact_root(place))  # type: ignore[no-untyped-call]
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

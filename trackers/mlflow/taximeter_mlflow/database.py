"""Reads the tables of an MLflow database of SQLite, of any version of MLflow, read-only."""

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from taximeter.errors import InputError
from taximeter.record import Series
from taximeter.sqlite_files import columns, read_unchanged
from taximeter_mlflow import tags as tag
from taximeter_mlflow.artifacts import Artifacts, LocalArtifacts, locate
from taximeter_mlflow.datasets import StoredDataset
from taximeter_mlflow.location import ARTIFACTS, SERVER_ARTIFACTS, Location
from taximeter_mlflow.reading import Reader, StoredFacts, StoredModel, StoredRun, microseconds

_T = TypeVar("_T")
_RUNS = f"""
SELECT runs.run_uuid, experiments.name, COALESCE(NULLIF(runs.name, ''), names.value, ''), runs.status,
       runs.start_time, runs.end_time, ours.value
FROM runs
JOIN experiments ON experiments.experiment_id = runs.experiment_id
LEFT JOIN tags AS ours ON ours.run_uuid = runs.run_uuid AND ours.key = '{tag.RUN_ID}'
LEFT JOIN tags AS names ON names.run_uuid = runs.run_uuid AND names.key = '{tag.RUN_NAME}'
WHERE runs.lifecycle_stage = 'active'
"""  # noqa: S608 - constants
_FIND = """
SELECT runs.run_uuid FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid
WHERE tags.key = ? AND tags.value = ? AND runs.lifecycle_stage = 'active' ORDER BY runs.rowid DESC
"""
_DATASETS = """
SELECT datasets.name, datasets.digest, datasets.dataset_source_type, datasets.dataset_source,
       datasets.dataset_schema, datasets.dataset_profile, input_tags.value
FROM inputs
JOIN datasets ON datasets.dataset_uuid = inputs.source_id
LEFT JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid AND input_tags.name = ?
WHERE inputs.source_type = 'DATASET' AND inputs.destination_type = 'RUN' AND inputs.destination_id = ?
ORDER BY inputs.rowid
"""
_MODELS = """
SELECT model_id, name, artifact_location FROM logged_models
WHERE source_run_id = ? AND lifecycle_stage = 'active' ORDER BY creation_timestamp_ms, rowid
"""
_RUN_DEPTH = 3  # experiment/run/artifacts
_MODEL_DEPTH = 4  # experiment/models/model/artifacts


class DatabaseReader(Reader):
    """Reads a database, and the artifacts that lie beside it."""

    def __init__(self, place: Location) -> None:
        self._path = place.path
        self._store = place.folder
        self._roots = [self._store / ARTIFACTS, self._store / SERVER_ARTIFACTS]

    def stored_runs(self) -> Iterator[StoredRun]:
        """Yield the runs in the order in which they began."""
        query = f"{_RUNS} ORDER BY runs.start_time, runs.rowid"
        yield from (StoredRun(*row) for row in self._read(lambda database: database.execute(query).fetchall()))

    def find(self, run_id: str) -> str | None:
        """Return MLflow's id of a run."""
        return self._read(partial(_find, run_id=run_id))

    def stored_run(self, vendor_id: str) -> StoredRun:
        """Return a row of the table of runs."""
        return StoredRun(*self._row(f"{_RUNS} AND runs.run_uuid = ?", vendor_id))

    def facts(self, vendor_id: str) -> StoredFacts:
        """Return a run's rows."""
        return self._read(partial(_facts, vendor_id=vendor_id))

    def last_point(self, vendor_id: str, key: str) -> tuple[Any, Any] | None:
        """Return the value and step of the row that was added last."""
        query = "SELECT value, step FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY rowid DESC LIMIT 1"
        row: tuple[Any, Any] | None = self._read(lambda tables: tables.execute(query, (vendor_id, key)).fetchone())
        return row

    def artifacts(self, vendor_id: str) -> Artifacts:
        """Return the artifacts, wherever the database now lies."""
        (uri,) = self._row("SELECT artifact_uri FROM runs WHERE run_uuid = ?", vendor_id)
        return self._artifacts(uri, _RUN_DEPTH)

    def models(self, vendor_id: str) -> list[StoredModel]:
        """Return the models that a run logged, if the database is of MLflow 3."""
        return [
            StoredModel(name, tags, self._artifacts(uri, _MODEL_DEPTH))
            for name, uri, tags in self._read(partial(_models, vendor_id=vendor_id))
        ]

    def _artifacts(self, uri: str | None, depth: int) -> Artifacts:
        return LocalArtifacts(locate(uri, self._store, self._roots, depth), self._store)

    def _row(self, query: str, vendor_id: str) -> Any:
        row = self._read(lambda database: database.execute(query, (vendor_id,)).fetchone())
        if row is None:
            raise InputError(f"there is no run {vendor_id!r} any more.")
        return row

    def _read(self, read: Callable[[sqlite3.Connection], _T]) -> _T:
        if not self._path.exists():
            raise InputError(f"there is no MLflow database {self._path}.")
        return read_unchanged(self._path, read)


def _find(database: sqlite3.Connection, run_id: str) -> str | None:
    row = database.execute(_FIND, (tag.RUN_ID, run_id)).fetchone()
    row = row or database.execute(f"{_RUNS} AND runs.run_uuid = ?", (run_id,)).fetchone()
    return row[0] if row else None


def _facts(database: sqlite3.Connection, vendor_id: str) -> StoredFacts:
    return StoredFacts(
        params=_texts(database, "params", vendor_id),
        tags=_texts(database, "tags", vendor_id),
        metrics=_metrics(database, vendor_id),
        datasets=_datasets(database, vendor_id),
    )


def _texts(database: sqlite3.Connection, table: str, vendor_id: str) -> dict[str, str]:
    query = f"SELECT key, value FROM {table} WHERE run_uuid = ? ORDER BY rowid"  # noqa: S608 - a name of ours
    return {key: value or "" for key, value in database.execute(query, (vendor_id,))}


def _metrics(database: sqlite3.Connection, vendor_id: str) -> dict[str, Series]:
    """Return the points in the order in which they were logged, which is that of their rows."""
    names = columns(database, "metrics")
    step = "step" if "step" in names else "0"
    is_nan = "is_nan" if "is_nan" in names else "0"
    query = f"SELECT key, value, {step}, timestamp, {is_nan} FROM metrics WHERE run_uuid = ? ORDER BY rowid"  # noqa: S608
    metrics: dict[str, Series] = {}
    for key, value, step_, time, nan in database.execute(query, (vendor_id,)):
        series = metrics.get(key) or metrics.setdefault(key, Series())
        series.append(float("nan") if nan else value, int(step_), microseconds(time))
    return metrics


def _datasets(database: sqlite3.Connection, vendor_id: str) -> list[StoredDataset]:
    if not columns(database, "datasets"):
        return []
    return [StoredDataset(*row) for row in database.execute(_DATASETS, (tag.CONTEXT, vendor_id))]


def _models(database: sqlite3.Connection, vendor_id: str) -> list[tuple[str, str, dict[str, str]]]:
    """Return name, URI and tags of each model that a run logged."""
    if not columns(database, "logged_models"):
        return []
    query = "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?"
    rows = database.execute(_MODELS, (vendor_id,)).fetchall()
    return [(name, uri, dict(database.execute(query, (model,)))) for model, name, uri in rows]

"""MLflow at one place, opened for writing; the client of each place is made once in a process."""

import re
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import DatasetInput, Metric
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST, INTERNAL_ERROR, RESOURCE_ALREADY_EXISTS, ErrorCode

from taximeter.errors import TrackerError
from taximeter_mlflow.batches import Identity, identity
from taximeter_mlflow.database import DatabaseReader
from taximeter_mlflow.folder import FolderReader
from taximeter_mlflow.location import Location
from taximeter_mlflow.names import cut_name
from taximeter_mlflow.readers import reader_of
from taximeter_mlflow.schema import check_schema

_LONGEST_EXPERIMENT = 500
_DEFAULT_EXPERIMENT = "Default"
_KIND = ("mlflow.experimentKind", "custom_model_development")  # its UI shows agents and prompts otherwise
_RUN_ARTIFACTS = "artifacts"
_EXISTS = ErrorCode.Name(RESOURCE_ALREADY_EXISTS)
_REFUSED = {ErrorCode.Name(code) for code in (BAD_REQUEST, INTERNAL_ERROR)}  # what a database's own errors become

_connections: "dict[str, Connection]" = {}


def connect(place: Location) -> "Connection":
    """Return the connection to a store, which is made where it does not exist."""
    known = _connections.get(place.uri)
    if known is None or known.is_gone():
        _connections[place.uri] = known = Connection(place)
    return known


class Connection:
    """A store that is open for writing.

    The first process makes the store, and any process an experiment, while the others wait: MLflow's own
    migrations and its file store do not survive two at once.
    """

    def __init__(self, place: Location) -> None:
        self.place = place
        self._lock = _lock_for(place)
        with self._lock:
            _make_ready(place)
            self.client: Any = MlflowClient(tracking_uri=place.uri)
        self._identity = self._identify()
        self.reader = reader_of(place)

    @property
    def _store(self) -> Any:
        """What the client itself writes to."""
        return self.client._tracking_client.store  # noqa: SLF001 - another one takes its time to open

    def is_gone(self) -> bool:
        """Tell whether the store was removed, or replaced by another one, since it was opened."""
        if self._identify() == self._identity:
            return False
        if self.place.kind == "sqlite":
            self._store.engine.dispose()  # its open files are those of the removed database
        return True

    def experiment_id(self, name: str) -> str:
        """Return MLflow's id of an experiment, which is created where it does not exist.

        Raises:
            TrackerError: it was deleted, and only its owner can say what should become of it.
        """
        name = self._experiment_name(name)
        found = self._experiment(name)
        if found is None:
            with self._lock:
                found = self._experiment(name) or self._create_experiment(name)
        if found.lifecycle_stage != "active":
            raise TrackerError(
                f"the MLflow experiment {name!r} was deleted; restore it with "
                f"`mlflow experiments restore -x {found.experiment_id}`, or name another one."
            )
        return str(found.experiment_id)

    def add_dataset(self, run_id: str, dataset: DatasetInput) -> None:
        """Note an input of a run; runs of an experiment share what they say of the same dataset.

        MLflow looks whether it has it and then adds it, which fails when another process did the same in between;
        the second time it finds it.
        """
        try:
            self.client.log_inputs(run_id, datasets=[dataset])
        except Exception as error:  # its file store raises a bare one
            if isinstance(error, MlflowException) and error.error_code not in _REFUSED:
                raise
            self.client.log_inputs(run_id, datasets=[dataset])

    def written(self, run_id: str) -> Counter[Identity]:
        """Return the points that a run has, where MLflow may append them again: in files, also behind a server."""
        if isinstance(self.reader, DatabaseReader):
            return Counter()
        if isinstance(self.reader, FolderReader):
            self.reader.mend(run_id)
        return Counter(
            identity(Metric(key, value, time // 1000, step))
            for key, series in self.reader.facts(run_id).metrics.items()
            for value, step, time in series
        )

    def log_points(self, run_id: str, metrics: list[Metric]) -> None:
        """Log points in one transaction; a database takes those that it has already for what they are."""
        if self.place.kind == "sqlite":
            from taximeter_mlflow.sqlite_store import insert_points  # noqa: PLC0415 - see `_make_ready`

            insert_points(self._store, run_id, metrics)
        else:
            self.client.log_batch(run_id, metrics=metrics, synchronous=True)

    def _experiment(self, name: str) -> Any:
        return self.client.get_experiment_by_name(name)

    def _create_experiment(self, name: str) -> Any:
        try:
            created = self._create(name)
            self.client.set_experiment_tag(created, *_KIND)
            return self._experiment(name)
        except MlflowException as error:
            if error.error_code != _EXISTS:
                raise
            return self._experiment(name)  # another client of the same server was faster

    def _create(self, name: str) -> str:
        """Create an experiment, which has its artifacts where its kind of store has them."""
        if self.place.kind == "sqlite":
            from taximeter_mlflow.sqlite_store import create_experiment  # noqa: PLC0415 - see `_make_ready`

            return create_experiment(self.place, name)
        return str(self.client.create_experiment(name))

    def _experiment_name(self, name: str) -> str:
        """Return the name that MLflow takes; its file store looks names up in a query that it does not quote."""
        if self.place.kind == "folder":
            name = re.sub(r"['\"\\`\x00-\x1f\x7f]", lambda odd: f"_x{ord(odd.group()):04X}_", name)
        return cut_name(name, _LONGEST_EXPERIMENT) or _DEFAULT_EXPERIMENT

    def _identify(self) -> tuple[int, int] | None:
        if self.place.kind == "other":
            return None
        return _inode(self.place.path)


def _make_ready(place: Location) -> None:
    """Make a store where there is none, and refuse one that MLflow would change or not find again.

    What speaks SQL is imported for databases only: it takes half as long as MLflow itself.
    """
    match place.kind:
        case "sqlite":
            from taximeter_mlflow.sqlite_store import make_ready  # noqa: PLC0415 - as above

            make_ready(place)
        case "folder":
            if _RUN_ARTIFACTS in place.path.parts:
                raise TrackerError(f"MLflow finds no runs below a folder called {_RUN_ARTIFACTS!r}: {place.path}")
            from mlflow.store.tracking.file_store import FileStore  # noqa: PLC0415 - for folders only

            FileStore(place.uri, place.uri)  # type: ignore[no-untyped-call]
        case "other":
            if place.is_database:
                check_schema(place.uri)


def _lock_for(place: Location) -> AbstractContextManager[object]:
    if place.kind == "other":
        return nullcontext()
    place.path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(place.path.with_name(f".{place.path.name}.taximeter-lock"))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_dev, state.st_ino

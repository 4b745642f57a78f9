"""Records runs with MLflow, and reads MLflow's stores: databases, folders and tracking servers."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.errors import InputError
from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import RECORD_PATH, Feature, Gap, RunSummary, RunWriter, Tracker
from taximeter.ui import BrowserUI
from taximeter_mlflow.location import Location, is_database, is_file_store, quoted
from taximeter_mlflow.quiet import SETTINGS, quieten

if TYPE_CHECKING:
    from taximeter.plain import PlainRun
    from taximeter_mlflow.reading import Reader


class MlflowTracker(Tracker):
    """An MLflow store at a tracking URI: ``sqlite:///…``, a folder, a tracking server or another database.

    Databases of SQLite and folders are read from their tables and files, read-only and without MLflow, so one that
    an older MLflow wrote is never migrated.
    """

    name = "mlflow"
    vendor = "mlflow"
    features = frozenset(Feature) - {Feature.ENVIRONMENT}
    gaps: ClassVar = {
        Feature.ENVIRONMENT: Gap("not theirs", "MLflow notes an environment for a model, not for a run")
    }
    issues: ClassVar = {
        15: "https://github.com/mlflow/mlflow/issues/11471",
        27: "https://github.com/mlflow/mlflow/pull/22826",
    }
    spared_imports = ("pandas", "pyarrow", "scipy")  # half a second; mlflow-skinny is without them too
    old_requirements: ClassVar = {"<3.13": ["sqlalchemy<2.1"]}
    ui = BrowserUI(
        command="mlflow ui --backend-store-uri {location}",
        serve="mlflow ui --backend-store-uri {location} --host 127.0.0.1 --port {port} --workers 1",
        page="/#/runs/{run}",
        shows=("{name}", "{metric}"),
        clicks=("[data-component-id='mlflow.assistant.chat_panel.close']",),
        caption="The run's page in MLflow: the last values of its metrics, its params, datasets and tags.",
        height=1400,
        environment=SETTINGS | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
    )

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self._place = Location.parse(location)
        self._reader: Reader | None = None

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the URI of the database that MLflow's users keep in a folder."""
        return f"sqlite:///{quoted(folder.absolute())}/mlflow.db"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is a database with MLflow's tables, or a folder of its file store."""
        return is_database(path) or is_file_store(path)

    @classmethod
    def serve(cls, folder: Path, python: str) -> AbstractContextManager[str]:
        """Serve the database of a folder with MLflow's tracking server."""
        from taximeter_mlflow.serving import serving  # noqa: PLC0415 - recording and reading need no HTTP

        return serving(cls.location_in(folder), folder, python)

    def open_run(self, started: Started) -> RunWriter:
        """Begin a run, or continue the one that carries its id as a tag."""
        quieten()  # MLflow reads its settings when it is imported
        from taximeter_mlflow.writer import MlflowWriter  # noqa: PLC0415 - the vendor is met here only

        return MlflowWriter(self._place, started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run with MLflow's fluent interface."""
        quieten()
        from taximeter_mlflow.plain import MlflowPlainRun  # noqa: PLC0415 - the vendor is met here only

        return MlflowPlainRun(self.location, experiment, name)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run that is not deleted, of every experiment."""
        yield from sorted(self._read().runs(), key=lambda run: run.started)

    def read_native(self, run_id: str) -> RunRecord:
        """Read what MLflow's own tables, files or server hold."""
        reader = self._read()
        return reader.record(self._find(run_id))

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point as it is in a database of SQLite, whose columns take any number."""
        found = self._read().last_point(self._find(run_id), key)
        return super().read_last(run_id, key) if found is None else found

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the record from the run's artifacts."""
        try:
            with self._read().artifacts(self._find(run_id)).open(RECORD_PATH) as lines:
                return RunRecord.from_lines(lines)
        except FileNotFoundError:
            return None

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open an artifact of the run, or of a model that it logged."""
        return self._read().open_artifact(self._find(run_id), path)

    def files(self) -> Iterator[Path]:
        """Yield the database and its artifacts, or the folder."""
        return self._place.files()

    def _read(self) -> "Reader":
        if self._reader is None:
            from taximeter_mlflow.readers import reader_of  # noqa: PLC0415 - a training reads no YAML

            self._reader = reader_of(self._place)
        return self._reader

    def _find(self, run_id: str) -> str:
        found = self._read().find(run_id)
        if found is None:
            raise InputError(f"{self.location} holds no run {run_id!r}.")
        return found

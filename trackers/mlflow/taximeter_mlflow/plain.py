"""A run with MLflow's fluent interface, as its quickstart writes it."""

import shutil
import time as clock
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Self

import mlflow
from mlflow import MlflowClient
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Metric

from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter_mlflow import MlflowTracker

_MILLISECOND = 1000
_LARGEST_BATCH = 1000


class MlflowPlainRun(PlainRun):
    """The active run of this process; artifacts go where MLflow puts them by default, in ``mlruns``."""

    tracker = MlflowTracker

    def __init__(self, uri: str, experiment: str, name: str, parent_id: str | None = None) -> None:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment(experiment)
        self._client = MlflowClient()
        self._uri = uri
        self._experiment = experiment
        nested = parent_id is not None
        self.id = str(mlflow.start_run(run_name=name, nested=nested, parent_run_id=parent_id).info.run_id)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params."""
        mlflow.log_params(dict(params))

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Log one value for each key; MLflow's times are milliseconds."""
        timestamp = None if time is None else time // _MILLISECOND
        mlflow.log_metrics(dict(metrics), step=step, timestamp=timestamp)

    def log_points(self, key: str, points: Sequence[tuple[float, int]]) -> None:
        """Log points with the client's `log_batch`, as many at once as it takes."""
        now = round(clock.time() * 1000)
        metrics = [Metric(key, value, now, step) for value, step in points]
        for start in range(0, len(metrics), _LARGEST_BATCH):
            self._client.log_batch(self.id, metrics[start : start + _LARGEST_BATCH])

    def finish(self, status: Status = "finished") -> None:
        """End the run with MLflow's word for the status."""
        mlflow.end_run(status.upper())

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags."""
        mlflow.set_tags(dict(tags))

    def add_note(self, text: str) -> None:
        """Set the description, which MLflow documents as this tag."""
        mlflow.set_tag("mlflow.note.content", text)

    def log_artifact(self, file: Path, name: str) -> None:
        """Log a file: MLflow takes its folder, and the name of the file itself."""
        path = PurePosixPath(name)
        with TemporaryDirectory(prefix="taximeter-") as folder:
            copy = shutil.copyfile(file, Path(folder, path.name))
            mlflow.log_artifact(str(copy), None if path.parent == PurePosixPath() else str(path.parent))

    def log_figure(self, figure: Any, name: str) -> None:
        """Log a figure as PNG."""
        mlflow.log_figure(figure, f"{name}.png")

    def log_table(self, table: Any, name: str) -> None:
        """Log a data frame as a JSON table."""
        mlflow.log_table(table, f"{name}.json")

    def log_text(self, text: str, name: str) -> None:
        """Log a text file."""
        mlflow.log_text(text, f"{name}.txt")

    def log_dataset(self, dataset: Dataset) -> None:
        """Log an input of which only the description is known."""
        source = resolve_dataset_source(dataset.source)
        described = MetaDataset(source, dataset.name, dataset.sha256)  # type: ignore[abstract]
        mlflow.log_input(described, context=dataset.role)

    def log_model(self, model: Any, name: str) -> None:
        """Log a model."""
        import mlflow.sklearn  # noqa: PLC0415 - seconds to import, and only models need it

        has_names = "name" in signature(mlflow.sklearn.log_model).parameters  # since MLflow 3
        mlflow.sklearn.log_model(model, **{"name" if has_names else "artifact_path": name})

    def start_child(self, name: str) -> Self:
        """Start a nested run."""
        return type(self)(self._uri, self._experiment, name, self.id)

"""Writes one run as ClearML's own users would see theirs after the import."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from clearml.backend_interface.metrics.events import PlotEvent

from taximeter.artifact_files import keep_artifact
from taximeter.events import MetricsLogged, Started
from taximeter.files import describe_file
from taximeter.record import Dataset, Environment, Model, RunRecord, Source
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter_clearml import ClearMLTracker
from taximeter_clearml.description import TaskDescription, model_entry
from taximeter_clearml.names import metric_place, server_name, vendor_id_for
from taximeter_clearml.session import OfflineSession, Point, ShownFile

_MICROSECONDS = 1_000_000


class ClearMLWriter(RunWriter):
    """A session that is being written; no point of it waits in this process."""

    tracker = ClearMLTracker

    def __init__(self, offline: Path, started: Started) -> None:
        self._task = TaskDescription(started)
        project, folder = server_name(started.experiment), offline / vendor_id_for(started.run_id)
        self._session = OfflineSession(folder, project, self._task.fields)
        self._step, self._time = 0, started.time

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add hyperparameters to the section that `Task.connect` takes."""
        self._task.params |= params
        self._session.touch()

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Report the finite points, each with its own step and time; ClearML would show the others as zeros."""
        self._step, self._time = rows[-1].step, rows[-1].time
        self._session.report(
            Point(self._session, metric_place(key), value, row.step, _milliseconds(row.time))
            for row in rows
            for key, value in row.values.items()
            if math.isfinite(value)
        )

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set ClearML's tags, which are bare text: ``name=value``."""
        self._task.tags |= tags
        self._session.touch()

    def add_note(self, text: str) -> None:
        """Add to the task's comment, which ClearML shows as its description."""
        self._task.notes.append(text)
        self._session.touch()

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - the path says it
        """Keep a copy as an artifact."""
        kept = keep_artifact(file, self._session.data / "artifacts", path)
        self._task.add_artifact(path, kept, describe_file(kept, path), self._time // _MICROSECONDS)
        self._session.touch()

    def log_figure(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - the kept copy is shown
        """Show the artifact among the debug samples."""
        kept, time = self._task.file_of(path), _milliseconds(self._time)
        self._session.report([ShownFile(self._session, kept, metric_place(path), self._step, time)])

    def log_table(self, path: str, file: Path, media_type: str) -> None:
        """Show the first rows as a plot."""
        from taximeter_clearml.tables import table_plot  # noqa: PLC0415 - pyarrow takes its time, and few log tables

        title, series = metric_place(path)
        if plot := table_plot(file, media_type, title, series):
            self._session.report([PlotEvent(title, series, plot, self._step, timestamp=_milliseconds(self._time))])

    log_text = log_figure

    def log_dataset(self, dataset: Dataset) -> None:
        """Add an artifact that the task takes in."""
        self._task.add_dataset(dataset, self._time // _MICROSECONDS)
        self._session.touch()

    def log_model(self, path: str, folder: Path, model: Model) -> None:
        """Add an output model, whose weights are its one file, or a package of all."""
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        names = [file.relative_to(folder).as_posix() for file in files]
        number = len(self._session.models) + 1
        if len(files) == 1:
            weights = self._task.file_of(f"{path}/{names[0]}")
        else:
            weights = self._session.folder / "models" / f"{number}.zip"
            _pack(dict(zip(names, files, strict=True)), weights)
        vendor_id = f"{self._session.folder.name}-{number}"
        self._session.models.append(model_entry(vendor_id, path, model, weights, is_package=len(files) != 1))
        self._session.touch()

    def capture_source(self, source: Source) -> None:
        """Describe the script."""
        self._task.describe_source(source)
        self._session.touch()

    def capture_environment(self, environment: Environment) -> None:
        """Describe the requirements and the machine."""
        self._task.describe_environment(environment)
        self._session.touch()

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Set the last status, keep the exact record as an artifact, and write the zip file."""
        self._task.notes = list(record.notes)
        self._task.set_end(record.status, record.ended)
        self.log_artifact(RECORD_PATH, record_file, "")
        self._session.close()


def _pack(files: Mapping[str, Path], package: Path) -> None:
    package.parent.mkdir(exist_ok=True)
    with ZipFile(package, "w", ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, file in files.items():
            archive.write(file, name)


def _milliseconds(time: int) -> int:
    """Return a time as ClearML has it; it would take a zero for no time at all."""
    return time // 1000 or 1
